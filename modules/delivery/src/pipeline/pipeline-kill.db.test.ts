import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createTestDatabase, eventually, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createKillableServer, type KillableServer } from "../fixtures/killable-server.ts";
import { migrations } from "../index.ts";
import { identityOf } from "../runtime/process-identity.ts";
import { readSteps } from "./pipeline-store.ts";

let database: TestDatabase;
let dataDir: string;
let server: KillableServer;

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "pipeline-kill-"));
  server = createKillableServer({ url: database.url, db: database.db }, dataDir);
});
afterAll(async () => {
  await server.kill();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

test("a run whose server is killed goes on: what ended is kept with its work tree, what was cut off begins again, and nothing is left running", async () => {
  const [once, gate, pids] = ["once", "gate", "pids"].map((name) => join(dataDir, name)) as [string, string, string];
  const first = `const fs = require("fs"); fs.appendFileSync(${JSON.stringify(once)}, "x"); fs.writeFileSync("made.txt", "made");`;
  const second = `const fs = require("fs"); fs.appendFileSync(${JSON.stringify(pids)}, process.pid + "\\n");
    setInterval(() => { if (fs.existsSync(${JSON.stringify(gate)})) { console.log(fs.readFileSync("made.txt", "utf8")); process.exit(0); } }, 30);`;
  const { url } = await server.start();
  await server.pushNew(url, "lib", [
    { path: "first.cjs", content: first },
    { path: "second.cjs", content: second },
    {
      path: ".roadbed/pipeline.yaml",
      content:
        "steps:\n  - { name: first, run: [[node, first.cjs]] }\n  - { name: second, needs: [first], run: [[node, second.cjs]], artefacts: [made.txt] }\n",
    },
  ]);
  const begun = await eventually(() => readFile(pids, "utf8"), 30_000);
  await server.kill();
  await server.start();
  await eventually(async () => {
    if ((await readFile(pids, "utf8")).trim().split("\n").length < 2) throw new Error("not begun again");
  }, 60_000);
  expect(await identityOf(Number(begun.trim()))).toBeUndefined();
  await writeFile(gate, "");
  const run = await eventually(async () => {
    const { rows } = await database.db.query<{ id: string; state: string }>("select id, state from delivery.pipeline_run");
    if (rows.length !== 1 || rows[0]!.state !== "succeeded") throw new Error(JSON.stringify(rows));
    return rows[0]!;
  }, 30_000);
  expect((await readSteps(database.db, run.id)).map(({ name, state, begun: times }) => [name, state, times])).toEqual([
    ["first", "succeeded", 1],
    ["second", "succeeded", 2],
  ]);
  expect(await readFile(once, "utf8")).toBe("x");
  const { rows } = await database.db.query("select 1 from kernel.event where name = 'delivery.pipeline.finished'");
  expect(rows).toHaveLength(1);
}, 180_000);
