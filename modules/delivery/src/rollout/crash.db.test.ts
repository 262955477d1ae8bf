import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { seeded } from "../analysis/simulation.suite.ts";
import { fetchText, pushTo } from "../fixtures/clients.ts";
import { release } from "../fixtures/releases.ts";
import { createKillableServer, type KillableServer } from "../fixtures/killable-server.ts";
import { startServer } from "../fixtures/server.ts";
import { migrations } from "../index.ts";

const STEPS = `rollout:
  strategy: canary
  steps:
    - weight: 30
    - pause: { seconds: 1 }
    - weight: 60
    - pause: { seconds: 1 }
`;

describe("a server that is killed again and again during a rollout", () => {
  let database: TestDatabase;
  let dataDir: string;
  let killable: KillableServer;

  beforeEach(async () => {
    database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
    dataDir = await mkdtemp(join(tmpdir(), "rollout-kill-"));
    killable = createKillableServer(database, dataDir);
  });
  afterEach(async () => {
    await killable.kill();
    const last = await startServer({ databaseUrl: database.url, dataDir, log: quietLog });
    await last.stop();
    expect(await readdir(join(dataDir, "workloads", ".processes"))).toEqual([]);
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test.each([
    { end: "promoted", version: "v2", abort: false },
    { end: "rolled-back", version: "v1", abort: true },
  ])(
    "brings it to its end once: $end",
    async ({ end, version, abort }) => {
      let server = await killable.start();
      await killable.pushNew(server.url, "orders", release({ version: "v1" }));
      await eventually(async () => expect(await fetchText(`${server.routerUrl}/dev/orders/`)).toEqual([200, "v1"]), 30_000);
      await pushTo(`${server.url.replace("//", "//ada:writer@")}/git/orders.git`, release({ version: "v2", manifest: STEPS }));
      const random = seeded(abort ? 3 : 8);
      for (let crash = 0; crash < 3; crash++) {
        await delay(400 + random() * 1_500);
        if (abort && crash === 2) await askToAbort();
        await killable.kill();
        server = await killable.start();
        // Whatever it was doing: until it knows better, the release that was last promoted answers.
        await eventually(async () => {
          const [status, text] = await fetchText(`${server.routerUrl}/dev/orders/`);
          return status === 200 && (text === "v1" || text === "v2");
        }, 30_000);
      }
      if (abort) await askToAbort();
      await eventually(async () => expect(await rollouts()).toMatchObject([{ state: end }]), 60_000);
      await eventually(async () => {
        const answers = await Promise.all(Array.from({ length: 20 }, () => fetchText(`${server.routerUrl}/dev/orders/`)));
        expect(new Set(answers.map(([status, text]) => `${text} ${status}`))).toEqual(new Set([`${version} 200`]));
      }, 20_000);
      const { rows } = await database.db.query<{ status: string; n: number }>(
        `select payload->>'status' as status, count(*)::int n from kernel.event where name = 'delivery.deployment.finished' group by 1 order by 1`,
      );
      expect(rows).toEqual(
        end === "promoted"
          ? [{ status: "healthy", n: 2 }]
          : [
              { status: "healthy", n: 1 },
              { status: "rolled-back", n: 1 },
            ],
      );
    },
    240_000,
  );

  async function rollouts(): Promise<{ id: string; state: string }[]> {
    return (await database.db.query<{ id: string; state: string }>("select id, state from delivery.rollout")).rows;
  }

  async function askToAbort(): Promise<void> {
    const found = await eventually(async () => (await rollouts())[0] ?? false, 30_000);
    killable.send({ name: "delivery.rollout.abort", input: { id: (found as { id: string }).id, reason: "No" } });
    await delay(50);
  }
});
