import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { UnavailableError } from "@roadbed/core";
import { quietLog } from "@roadbed/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { parseManifest } from "../workload/manifest.ts";
import { launch, type LaunchOptions } from "./launch.ts";
import { openLogFile } from "./log-file.ts";
import { openLedger } from "./process-ledger.ts";
import { createReplicaSet } from "./replica-set.ts";

const TIMING = {
  startMs: 10_000,
  buildMs: 1,
  healthEveryMs: 10_000,
  firstRestartMs: 100,
  graceMs: 1_000,
  tickMs: 1_000,
  lookEveryMs: 1_000,
  mirrorEveryMs: 60_000,
  mirrorPatienceMs: 1_000,
  requestEveryMs: 1_000,
  driftEveryMs: 60_000,
  driftSettleMs: 0,
};
const NO_PORT = new UnavailableError("This machine has no free port for another process (EADDRNOTAVAIL).");

let home: string;
let options: Omit<LaunchOptions, "signal">;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "launch-"));
  await writeFile(
    join(home, "server.mjs"),
    `import { createServer } from "node:http"; createServer((_q, s) => s.end()).listen(process.env.PORT, "127.0.0.1");`,
  );
  options = {
    spec: {
      key: { entityRef: "component:default/a", environment: "dev", name: "a" },
      commit: "0".repeat(40),
      deploymentId: "dep_1",
      manifest: parseManifest(`kind: service\nstart: [${JSON.stringify(process.execPath)}, server.mjs]\n`),
      dir: home,
    },
    env: {},
    log: await openLogFile({ dir: join(home, "log") }),
    ledger: openLedger(join(home, "ledger"), quietLog),
    timing: TIMING,
  };
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe("ports", () => {
  test("one that another program took meanwhile is given up for another", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const taken = (other.address() as AddressInfo).port;
    const free = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => free.once("listening", resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const ports = [taken, port];
    const instance = await launch({ ...options, signal: new AbortController().signal, findPort: async () => ports.shift()! });
    expect(instance.port).toBe(port);
    await instance.process?.stop(1_000);
    other.close();
  });

  test("that are all taken stop a release from coming up, in words, and leave what runs alone", async () => {
    const ports: (() => Promise<number>)[] = [];
    const set = createReplicaSet({
      spec: options.spec,
      timing: TIMING,
      log: options.log,
      launch: (_spec, signal) => launch({ ...options, signal, ...(ports.length > 0 && { findPort: ports[0]! }) }),
      drained: async () => {},
      onChange: () => {},
      retiring: () => {},
    });
    await set.scale(1);
    ports.push(() => Promise.reject(NO_PORT));
    await expect(set.scale(3)).rejects.toThrow("no free port");
    expect(set.sights().map(({ health }) => health)).toEqual(["healthy"]);
    expect(set.serving()).toHaveLength(1);
    await set.end();
  });
});
