import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openRepositories } from "@roadbed/git";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { service } from "./fixtures/apps.ts";
import { fetchText, pushTo } from "./fixtures/clients.ts";
import { createKillableServer, type KillableServer } from "./fixtures/killable-server.ts";
import { release } from "./fixtures/releases.ts";
import { startServer } from "./fixtures/server.ts";
import { migrations } from "./index.ts";
import { identityOf } from "./runtime/process-identity.ts";

const author = { name: "Ada Example", email: "ada@example.org" };
const everyone = callAs();

test("a server that is stopped in the middle of a deployment goes on with it at its next start", async () => {
  const database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  const dataDir = await mkdtemp(join(tmpdir(), "delivery-stop-"));
  const options = { databaseUrl: database.url, dataDir, log: quietLog };
  const first = await startServer(options);
  const operation = first.delivery.handlers[0]!.operation;
  const ready = join(dataDir, "ready");
  const files = service({ version: "v1", until: ready });
  await first.runtime.write(everyone, operation, {}, undefined, (ctx) =>
    first.delivery.createRepository(ctx, { name: "stopped", description: "", branch: "main", files, message: "first", author, key: "k" }),
  );
  const statusOf = async (): Promise<unknown> => (await database.db.query("select status from delivery.deployment")).rows[0]?.["status"];
  await eventually(async () => (await statusOf()) === "starting", 20_000);
  // The wrong way round on purpose: nothing may be lost by that either.
  await first.delivery.stop();
  await first.stop();
  expect(await statusOf()).toBe("starting");
  const second = await startServer(options);
  await writeFile(ready, "");
  await eventually(async () => (await statusOf()) === "healthy", 40_000);
  expect(await fetchText(`${second.routerUrl}/dev/stopped/`)).toEqual([200, "v1"]);
  await second.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

describe("after kill -9 of the server", () => {
  let database: TestDatabase;
  let dataDir: string;
  let killable: KillableServer;

  beforeEach(async () => {
    database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
    dataDir = await mkdtemp(join(tmpdir(), "delivery-kill-"));
    killable = createKillableServer(database, dataDir);
  });
  afterEach(async () => {
    await killable.kill();
    // What the killed server left behind is ended by the next one; after the last there is none.
    const last = await startServer({ databaseUrl: database.url, dataDir, log: quietLog });
    await last.stop();
    expect(await readdir(join(dataDir, "workloads", ".processes"))).toEqual([]);
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test("what ran runs again, once, and pushes that nobody heard of are heard of", async () => {
    const first = await killable.start();
    await killable.pushNew(first.url, "orders", service({ version: "v1" }));
    await eventually(async () => expect(await fetchText(`${first.routerUrl}/dev/orders/`)).toEqual([200, "v1"]), 30_000);
    const [, orphan] = await fetchText(`${first.routerUrl}/dev/orders/pid`);
    await killable.kill();
    expect(await identityOf(Number(orphan))).toBeDefined();
    const repositories = openRepositories(join(dataDir, "git"));
    await repositories.commitFiles("orders", { branch: "main", message: "unheard", author, files: service({ version: "v2" }) });
    const second = await killable.start();
    await eventually(async () => expect(await fetchText(`${second.routerUrl}/dev/orders/`)).toEqual([200, "v2"]), 30_000);
    expect(await identityOf(Number(orphan))).toBeUndefined();
    const { rows } = await database.db.query("select message, status from delivery.deployment order by id");
    expect(rows.map(({ message }) => message)).toEqual(["pushed", "unheard"]);
  });

  test("in the middle of a deployment, it goes on and ends well", async () => {
    const first = await killable.start();
    await killable.pushNew(first.url, "slow", service({ version: "v1", build: "setTimeout(() => {}, 1500)", slow: 500 }));
    await eventually(async () => (await statusOf("slow")) === "building", 20_000);
    await killable.kill();
    const second = await killable.start();
    await eventually(async () => expect(await fetchText(`${second.routerUrl}/dev/slow/`)).toEqual([200, "v1"]), 40_000);
    await eventually(async () => (await statusOf("slow")) === "healthy");
    const { rows } = await database.db.query("select count(*)::int n from kernel.event where name = 'delivery.deployment.finished'");
    expect(rows).toEqual([{ n: 1 }]);
  });

  test("a release that was being built is compared with the one that ran before, not put in its place", async () => {
    const first = await killable.start();
    // Deaf to SIGTERM: ending what the killed server left behind takes longer than the new release's build.
    await killable.pushNew(first.url, "orders", release({ version: "v1", deaf: true }));
    await eventually(async () => expect(await fetchText(`${first.routerUrl}/dev/orders/`)).toEqual([200, "v1"]), 30_000);
    const until = join(dataDir, "may-be-built");
    const waits = `const look = () => require("node:fs").existsSync(${JSON.stringify(until)}) || setTimeout(look, 20); look()`;
    const manifest = `build:\n  - [node, -e, ${JSON.stringify(waits)}]\nrollout: { strategy: canary, steps: [{ weight: 30 }, { pause: {} }] }\n`;
    await pushTo(`${first.url.replace("//", "//ada:writer@")}/git/orders.git`, release({ version: "v2", manifest }));
    await eventually(async () => (await statusOf("orders")) === "building", 20_000);
    await killable.kill();
    await writeFile(until, "");
    await killable.start();
    await eventually(async () => (await statusOf("orders")) === "rolling", 60_000);
  });

  async function statusOf(name: string): Promise<string | undefined> {
    const { rows } = await database.db.query<{ status: string }>(
      "select status from delivery.deployment where repository = $1 order by id desc limit 1",
      [name],
    );
    return rows[0]?.status;
  }
});
