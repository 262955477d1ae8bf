import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { openRepositories } from "@roadbed/git";
import { createRuntime } from "@roadbed/postgres";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";

import { findEnvironment } from "../environment/environment-store.ts";
import { startServer } from "../fixtures/server.ts";
import { GITOPS_REPOSITORY } from "../gitops/gitops-repository.ts";
import { promotionsIn } from "../gitops/trailer.ts";
import { migrations } from "../index.ts";
import { movePromotion } from "../internal-operations.ts";
import { makeRelease } from "../release/make-release.ts";
import { findRepository } from "../repository/repository-store.ts";
import { requestPromotion } from "./request-promotion.ts";

const SERVER = join(import.meta.dirname, "../fixtures/server.ts");
const author = { name: "Ada Example", email: "ada@example.org" };
const NAME = "pages";
const REF = `component:default/${NAME}`;
let database: TestDatabase;
let dataDir: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "promotion-kill-"));
});
afterEach(async () => {
  await kill();
  const last = await startServer({ databaseUrl: database.url, dataDir, log: quietLog });
  await last.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

test("killed while it waits, is written, is deployed, or a moment later, a release is promoted once, and Git, tables and what runs agree", async () => {
  const repositories = openRepositories(join(dataDir, "git"));
  const runtime = createRuntime({ db: database.db, log: quietLog, may: async () => {} });
  await database.db.query("insert into delivery.environment (name, title, runtime) values ('one', 'One', 'local')");
  await repositories.init(NAME, { defaultBranch: "main" });
  await database.db.query(
    "insert into delivery.repository (name, description, default_branch, entity_ref, made_by, created_at) values ($1, '', 'main', $2, 'test', now())",
    [NAME, REF],
  );
  for (const [n, stage] of (["waiting", "writing", "deploying", "writing"] as const).entries()) {
    await repositories.commitFiles(NAME, {
      branch: "main",
      files: [
        { path: "roadbed.yaml", content: "kind: site\n" },
        { path: "public/index.html", content: `page ${n}` },
      ],
      message: `page ${n}`,
      author,
    });
    if (child === undefined) await start();
    const { release, promotion } = await runtime.write(callAs(), movePromotion, { id: "new" }, undefined, async (ctx) => {
      const repository = await findRepository(ctx.sql, NAME);
      const [commit] = await repositories.log(NAME, { ref: "main", limit: 1 });
      const { row } = await makeRelease({ repositories }, ctx, { entityRef: REF, repository, commit, parts: [], how: "hand" });
      const environment = await findEnvironment(ctx.sql, "one");
      return { release: row, promotion: await requestPromotion({}, ctx, { release: row, environment: environment!, automatic: false }) };
    });
    const stateOf = async (): Promise<string> =>
      (await database.db.query<{ state: string }>("select state from delivery.promotion where id = $1", [promotion.id])).rows[0]!.state;
    const order = ["waiting", "writing", "deploying", "promoted"];
    while (order.indexOf(await stateOf()) < order.indexOf(stage)) await pause(2);
    await pause(n * 15);
    await kill();
    await start();
    await eventually(async () => expect(await stateOf()).toBe("promoted"), 40_000);
    const commits = await repositories.log(GITOPS_REPOSITORY, { ref: "env/one", limit: 100 });
    const named = commits.flatMap(({ message, hash }) => promotionsIn(message).map(({ id }) => ({ id, hash })));
    expect(named.filter(({ id }) => id === promotion.id)).toHaveLength(1);
    const text = Buffer.from((await repositories.readFile(GITOPS_REPOSITORY, "env/one", `apps/${NAME}/release.yaml`)) ?? []).toString();
    expect(parse(text)).toMatchObject({ spec: { id: release.id, number: n + 1 } });
    const { rows: desired } = await database.db.query("select release_id, git_commit from delivery.desired where environment = 'one'");
    expect(desired).toEqual([{ release_id: release.id, git_commit: named.find(({ id }) => id === promotion.id)?.hash }]);
    const { rows: deployments } = await database.db.query(
      "select status from delivery.deployment where environment = 'one' and commit = $1 and status <> 'superseded'",
      [release.commit],
    );
    expect(deployments).toEqual([{ status: "healthy" }]);
    const { rows: told } = await database.db.query(
      "select 1 from kernel.event where name = 'delivery.promotion.finished' and payload->>'promotionId' = $1",
      [promotion.id],
    );
    expect(told).toHaveLength(1);
  }
}, 180_000);

async function start(): Promise<void> {
  child = fork(SERVER, [database.url, dataDir], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  await once(child, "message");
}

async function kill(): Promise<void> {
  if (child === undefined) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
  child = undefined;
}
