/**
 * Promotion of many workloads, and everything read back from Git: `npm run bench -- delivery [workloads]`.
 * A real Postgres, the real Git host, the real gates but for policies, which are measured by `-- policy`. Releases of the bench have a
 * `roadbed.yaml` and two manifests to be rendered, and no code to be built. Promotion: from the call until all of them stand in a commit on the
 * environment's branch, as Git says it. Rebuild: from emptied tables until all of it is there again, and the same.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { perform } from "@roadbed/core";
import { startPostgres } from "@roadbed/postgres";
import { callAs, createTestDatabase, quietLog } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";

import { ALLOW, startServer } from "../modules/delivery/src/fixtures/server.ts";
import { GITOPS_REPOSITORY } from "../modules/delivery/src/gitops/gitops-repository.ts";
import { promotionsIn } from "../modules/delivery/src/gitops/trailer.ts";
import { migrations } from "../modules/delivery/src/index.ts";

const WORKLOADS = Number(process.argv[2] ?? 500);
const TOGETHER = Math.min(200, WORKLOADS);
const ENVIRONMENTS = ["one", "two", "three", "four"];
const folder = mkdtempSync(join(tmpdir(), "roadbed-bench-"));
const postgres = await startPostgres({ dataDir: join(folder, "postgres"), log: quietLog });
process.env["ROADBED_TEST_POSTGRES"] = postgres.url;
const database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
const server = await startServer({ databaseUrl: database.url, dataDir: folder, log: quietLog, ports: { policies: ALLOW } });

try {
  await makeReleases();
  for (const [n, name] of ENVIRONMENTS.entries())
    await call("delivery.environment.create", { name, upstream: n === 0 ? [] : [ENVIRONMENTS[n - 1]!] });
  await server.db.query(
    `insert into delivery.promotion (id, entity_ref, environment, release_id, kind, state, automatic, hotfix, requested_by, requester, look_at, created_at)
     select 'prm_first_' || id, entity_ref, 'one', id, 'promote', 'waiting', false, false, 'user:bench', '{"kind":"user","id":"bench","name":"bench"}', now(), now()
     from delivery.release`,
  );
  await promoted("one", WORKLOADS);

  const refs = Array.from({ length: TOGETHER }, (_, n) => refOf(n));
  const began = performance.now();
  await call("delivery.promotion.batch", { from: "one", to: "two", entityRefs: refs });
  const asked = performance.now();
  while ((await inGit("two")).promotions < TOGETHER) await pause(25);
  const promotedIn = (performance.now() - began) / 1_000;
  const { commits } = await inGit("two");
  await promoted("two", TOGETHER);
  const done = (performance.now() - began) / 1_000;

  for (const [n, name] of ENVIRONMENTS.entries()) {
    if (n === 0) continue;
    await call("delivery.promotion.batch", { from: ENVIRONMENTS[n - 1]!, to: name });
    await promoted(name, WORKLOADS);
  }
  await recorded();

  const before = await snapshot();
  await server.db.query(
    "truncate delivery.promotion, delivery.promotion_vote, delivery.desired, delivery.hold, delivery.gitops_branch, delivery.release",
  );
  const rebuilding = performance.now();
  const said = await call<{ problems: string[] }>("delivery.gitops.rebuild", {});
  const rebuilt = (performance.now() - rebuilding) / 1_000;
  const after = await snapshot();
  process.stderr.write(`rebuilt ${JSON.stringify(after)} with ${said.problems.length} problems\n`);
  if (JSON.stringify(before) !== JSON.stringify(after)) throw new Error(`not the same: ${JSON.stringify(before)}`);
  process.stdout.write(
    `${JSON.stringify({
      bench: "delivery",
      workloads: WORKLOADS,
      promoted_together: TOGETHER,
      commits_for_them: commits,
      promote_to_commit_s: round(promotedIn),
      of_which_asking_s: round((asked - began) / 1_000),
      promote_to_the_end_s: round(done),
      rebuild_environments: ENVIRONMENTS.length,
      rebuild_s: round(rebuilt),
    })}\n`,
  );
} finally {
  await server.stop();
  await database.drop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}

function refOf(n: number): string {
  return `component:default/bench-${String(n).padStart(4, "0")}`;
}

async function makeReleases(): Promise<void> {
  const config = JSON.stringify({
    "roadbed.yaml": "kind: service\nstart: [node, server.mjs]\nenv: { LOG_LEVEL: info, REGION: eu }\nlimits: { memoryMb: 256 }\n",
    "deploy/service.yaml":
      "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80 }], selector: { app: web } }\n",
    "deploy/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { level: info, region: eu }\n",
  });
  for (let n = 0; n < WORKLOADS; n++) {
    await server.db.query(
      `insert into delivery.release (id, entity_ref, number, title, parts, made_by, how, digest, config, created_at)
       values ($1, $2, 1, 'bench', $3, 'user:bench', 'hand', $4, $5, now())`,
      [`rel_bench_${n}`, refOf(n), JSON.stringify([{ kind: "prompt", name: `bench-${n}`, version: "1" }]), `sha256:${n}`, config],
    );
  }
}

async function call<T>(name: string, input: unknown): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name)!;
  return (await perform(server.runtime, handler, callAs({ actor: { kind: "user", id: "bench", name: "bench" } }), input)) as T;
}

async function promoted(environment: string, count: number): Promise<void> {
  for (;;) {
    const { rows } = await server.db.query<{ n: number }>(
      "select count(*)::int n from delivery.promotion where environment = $1 and state = 'promoted'",
      [environment],
    );
    if (rows[0]!.n >= count) return;
    await pause(50);
  }
}

async function recorded(): Promise<void> {
  for (;;) {
    const { rows } = await server.db.query<{ n: number }>(
      "select (select count(*) from delivery.promotion where recorded_at is null)::int + (select count(*) from delivery.release where recorded_at is null)::int as n",
    );
    if (rows[0]!.n === 0) return;
    await pause(100);
  }
}

async function inGit(environment: string): Promise<{ promotions: number; commits: number }> {
  if (!(await server.repositories.exists(GITOPS_REPOSITORY))) return { promotions: 0, commits: 0 };
  const commits = await server.repositories.log(GITOPS_REPOSITORY, { ref: `env/${environment}`, limit: 1_000 });
  return { promotions: commits.reduce((sum, { message }) => sum + promotionsIn(message).length, 0), commits: commits.length };
}

async function snapshot(): Promise<unknown> {
  const tables = ["release", "promotion", "desired"];
  const counts: Record<string, unknown> = {};
  for (const table of tables) {
    const columns = {
      release: "id, entity_ref, number, parts, config, digest",
      promotion: "id, state, git_commit, gates",
      desired: "entity_ref, environment, release_id, git_commit",
    }[table];
    const { rows } = await server.db.query(
      `select count(*)::int as n, md5(string_agg(r::text, '' order by r::text)) as digest from (select ${columns} from delivery.${table}) r`,
    );
    counts[table] = rows[0];
  }
  return counts;
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
