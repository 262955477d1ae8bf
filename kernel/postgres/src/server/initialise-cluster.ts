import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { UnavailableError } from "@roadbed/core";

import { handOver, type Account } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import type { Layout } from "./layout.ts";

/** Makes the data directory, whole or not at all: it is made beside its place and moved there when it is ready. */
export function initialiseCluster(layout: Layout, binaries: Binaries, account: Account | undefined): void {
  if (existsSync(join(layout.cluster, "PG_VERSION"))) return;
  const fresh = `${layout.cluster}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  handOver(account, fresh);
  // Syncing forty megabytes of files that hold nothing yet takes longer than making them; the first checkpoint does it.
  const args = ["-D", fresh, "-U", "postgres", "-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"];
  const made = spawnSync(binaries.initdb, [...args, "--auth=trust", "--no-instructions"], {
    encoding: "utf8",
    env: serverEnvironment(),
    cwd: "/",
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
  });
  if (made.status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    throw new UnavailableError(`The database could not be made: ${(made.stderr || made.error?.message || "").trim().slice(-800)}`, {
      mend: /no space/i.test(made.stderr ?? "")
        ? "Free space on the disk of the data folder."
        : "See the text above; the data folder was left as it was.",
    });
  }
  rmSync(layout.cluster, { recursive: true, force: true });
  renameSync(fresh, layout.cluster);
}

/** The server inherits nothing of ours but what it needs: no secrets, one language for its messages, one time zone. */
export function serverEnvironment(): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LANG: "C", LC_ALL: "C", TZ: "UTC", PGTZ: "UTC" };
}
