import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { UnavailableError } from "@roadbed/core";

import { handOver, type Account } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { bootstrapCluster } from "./bootstrap-cluster.ts";
import type { Layout } from "./layout.ts";
import { runBinary } from "./run-binary.ts";
import { serverEnvironment } from "./server-environment.ts";

/** Makes the data directory, whole or not at all: it is made beside its place and moved there when it is ready. */
export async function initialiseCluster(layout: Layout, binaries: Binaries, account: Account | undefined): Promise<void> {
  const { cluster } = layout;
  if (existsSync(join(cluster, "PG_VERSION"))) return;
  const fresh = `${cluster}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  try {
    await make({ ...layout, cluster: fresh }, binaries, account);
  } catch (cause) {
    rmSync(fresh, { recursive: true, force: true });
    throw notMade(cause as Error);
  }
  rmSync(cluster, { recursive: true, force: true });
  renameSync(fresh, cluster);
}

async function make(layout: Layout, binaries: Binaries, account: Account | undefined): Promise<void> {
  const { cluster } = layout;
  handOver(account, cluster);
  if (account !== undefined && !account.named) return bootstrapCluster(layout, binaries, account);
  const locale = ["-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"];
  const made = await runBinary({
    file: binaries.initdb,
    args: ["-D", cluster, "-U", "postgres", ...locale, "--auth=trust", "--no-instructions"],
    env: serverEnvironment(),
    account,
  });
  if (made.status !== 0) throw new Error(made.stderr || made.error?.message || `ended with ${made.status ?? made.signal}`);
}

function notMade(cause: Error): UnavailableError {
  return new UnavailableError(`The database could not be made: ${cause.message.trim().slice(-800)}`, {
    mend: /no space/i.test(cause.message)
      ? "Free space on the disk of the data folder."
      : "Mend what the text above says and start again; nothing was left behind.",
    cause,
  });
}
