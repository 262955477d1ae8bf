import { once } from "node:events";
import { cp, mkdir, readdir, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { Preview, Run } from "@roadbed/contracts/paths";
import { createTestDatabase, eventually, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { stringify } from "yaml";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { migrations } from "../index.ts";
import { folderOf, template } from "../testing/preview.ts";
import { kill, startRunServer, type Server } from "../testing/start-run-server.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";

interface Logs {
  readonly items: readonly { readonly seq: number; readonly level: string; readonly message: string; readonly stepId?: string }[];
  readonly next: number;
  readonly done: boolean;
}

const DIGEST = `sha256:${"1".repeat(64)}`;
const SERVICE = template(
  `
parameters:
  required: [name]
  properties:
    name: { type: string, pattern: "^[a-z-]+$" }
    image: { type: string, default: "node:24@${DIGEST}" }
    pauseMs: { type: number, default: 0 }
    pin: { type: string, ui:widget: password }
steps:
  - { id: fetch, name: Fill in, action: "fetch:template", input: { url: ./skeleton, values: "\${{ parameters }}" } }
  - { id: pause, action: "debug:wait", input: { milliseconds: "\${{ parameters.pauseMs }}" } }
  - { id: add, action: "fetch:plain", input: { url: ./more, targetPath: docs } }
  - { id: move, action: "fs:rename", input: { files: [{ from: docs/a.md, to: docs/b.md }] } }
  - { id: say, action: "debug:log", input: { message: "hello \${{ secrets.token }}" } }
  - { id: publish, name: Make the repository, action: "publish:git", input: { name: "\${{ parameters.name }}" } }
  - { id: register, action: "catalog:register", input: { repoContentsUrl: "\${{ steps.publish.output.repoContentsUrl }}" } }
  - { id: deploy, action: "roadbed:deploy:wait", input: { entityRef: "\${{ steps.register.output.entityRef }}" } }
  - { id: tidy, if: "\${{ failure() }}", action: "debug:log", input: { message: tidying up } }
output:
  links:
    - { title: Open, url: "\${{ steps.deploy.output.url }}" }
    - { title: Not shown, url: "http://x", if: "\${{ parameters.pauseMs > 100000 }}" }
  commit: "\${{ steps.publish.output.commitHash }}"
`,
  "service",
);

let database: TestDatabase;
let dataDir: string;
let goldenPathsDir: string;
let server: Server;

beforeEach(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  await database.db.query(`
    create schema test;
    create table test.die (place text);
    create table test.entity (ref text primary key, entity jsonb);
    create table test.repository (name text primary key, key text, files jsonb);
    create table test.call (what text);
    create table test.decision (id serial, verdict text, subject text);
    create table test.unhealthy (ref text)`);
  dataDir = await temporaryFolder();
  goldenPathsDir = await folderOf({
    "service/template.yaml": stringify(SERVICE),
    "service/skeleton/catalog-info.yaml":
      "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: ${{ values.name }} }\nspec: { type: service, owner: payments }\n",
    "service/skeleton/Dockerfile": "FROM ${{ values.image }}\n",
    "service/more/a.md": "# Docs\n",
  });
  server = await startServer();
});
afterEach(async () => {
  await kill(server.child);
  await database.drop();
});

test("a run makes what the preview showed, and says where it is", async () => {
  const preview = await server.call<Preview>("paths.path.preview", { path: "service", values: { name: "orders" } });
  const started = await server.call("paths.path.run", { path: "service", values: { name: "orders" }, secrets: { token: "t0p-s3cret" } });
  expect(started).toMatchObject({ status: "queued", path: "template:default/service", actor: "user:ada", actorName: "Ada" });
  const run = await finished(started.id);
  expect(run).toMatchObject({
    status: "succeeded",
    outputs: {
      entityRef: "component:default/orders",
      cloneUrl: "http://localhost:4400/git/orders.git",
      serviceUrl: "http://localhost:4401/dev/orders/",
      commit: "c".repeat(40),
    },
    links: [{ title: "Open", url: "http://localhost:4401/dev/orders/" }],
    decisionId: "dec_1",
  });
  expect(run.steps.map(({ status }) => status)).toEqual([...Array(8).fill("completed"), "skipped"]);
  const { rows } = await database.db.query<{ files: Record<string, string>; key: string }>("select * from test.repository");
  expect(rows.map(({ key }) => key)).toEqual([`${run.id}:publish`]);
  expect(rows[0]?.files).toEqual(Object.fromEntries(preview.files.map(({ path, text }) => [path, text])));

  const logs = await server.call<Logs>("paths.run.logs", { id: run.id });
  expect(logs.items.map(({ seq }) => seq)).toEqual(logs.items.map((_, index) => index + 1));
  expect(logs.done).toBe(true);
  expect(logs.items.find(({ stepId, message }) => stepId === "say" && message === "***")).toBeDefined();
  expect(JSON.stringify([logs, run])).not.toContain("t0p-s3cret");
  const kept = await database.db.query("select sealed, shown_values from paths.run");
  expect(kept.rows).toEqual([{ sealed: null, shown_values: { name: "orders", image: `node:24@${DIGEST}`, pauseMs: 0 } }]);
  // A moment after it has ended, its workspace is gone.
  await eventually(async () => (await readdir(join(dataDir, "paths", "runs"))).length === 0);
  const events = await database.db.query<{ name: string }>("select name from kernel.event order by seq");
  expect(events.rows[0]?.name).toBe("paths.run.requested");
  expect(events.rows.at(-1)?.name).toBe("paths.run.finished");
  expect(events.rows.filter(({ name }) => name === "paths.run.progressed")).toHaveLength(17);
});

describe("killed at once, and started again, a run goes on and makes nothing twice", () => {
  const places = ["judge", "publish:before", "publish:after", "register:before", "register:after", "deploy:request", "deploy:wait"];
  test.each(places)("at %s", async (place) => {
    await database.db.query("insert into test.die values ($1)", [place]);
    const { id } = await server.call("paths.path.run", { path: "service", values: { name: "orders" }, secrets: { token: "t0p-s3cret" } });
    await dead(server);
    server = await startServer();
    await expectOnce(await finished(id));
  });

  test("at any time, again and again", async () => {
    const { id } = await server.call("paths.path.run", {
      path: "service",
      values: { name: "orders", pauseMs: 300 },
      secrets: { token: "t0p-s3cret" },
    });
    for (const afterMs of [40, 150, 260, 380, 90]) {
      await sleep(afterMs);
      await kill(server.child);
      server = await startServer();
    }
    await expectOnce(await finished(id));
  }, 120_000);

  async function expectOnce(run: Run): Promise<void> {
    expect(run).toMatchObject({ status: "succeeded", outputs: { entityRef: "component:default/orders" } });
    const made = await database.db.query("select what from test.call where what = 'repository made'");
    expect(made.rowCount).toBe(1);
    const { rows } = await database.db.query<{ files: object }>("select files from test.repository");
    expect(Object.keys(rows[0]?.files ?? {}).toSorted()).toEqual(["Dockerfile", "catalog-info.yaml", "docs/b.md"]);
    const finishes = await database.db.query("select 1 from kernel.event where name = 'paths.run.finished'");
    expect(finishes.rowCount).toBe(1);
  }
});

test("a workspace that is lost with its machine is made again from the steps that are done", async () => {
  await database.db.query("insert into test.die values ('publish:before')");
  const { id } = await server.call("paths.path.run", { path: "service", values: { name: "orders" } });
  await dead(server);
  dataDir = await moveKey(dataDir);
  server = await startServer();
  const run = await finished(id);
  expect(run.status).toBe("succeeded");
  const { rows } = await database.db.query<{ files: object }>("select files from test.repository");
  expect(Object.keys(rows[0]?.files ?? {}).toSorted()).toEqual(["Dockerfile", "catalog-info.yaml", "docs/b.md"]);
});

test("policy says no: nothing is made, and the decision is stored with its reasons", async () => {
  const error = await server
    .call("paths.path.run", { path: "service", values: { name: "orders", image: "node:latest" } })
    .catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    code: "DENIED",
    decisionId: "dec_1",
    problems: [{ at: "Dockerfile", reason: "The image node:latest is not pinned.", mend: "Mend it." }],
  });
  expect((await database.db.query("select verdict, subject from test.decision")).rows).toEqual([
    { verdict: "deny", subject: "paths.path.run service" },
  ]);
  expect((await database.db.query("select 1 from paths.run")).rowCount).toBe(0);
  expect((await database.db.query("select 1 from test.repository")).rowCount).toBe(0);
});

test("a repository of somebody else stops the run, and a retry goes on from there", async () => {
  const { id } = await server.call("paths.path.run", { path: "service", values: { name: "orders", pauseMs: 1_000 } });
  await database.db.query("insert into test.repository (name, key, files) values ('orders', 'somebody', '{}')");
  const failed = await finished(id);
  expect(failed).toMatchObject({ status: "failed", error: "A repository named orders is there already." });
  expect(failed.steps.map(({ status }) => status)).toEqual([
    "completed",
    "completed",
    "completed",
    "completed",
    "completed",
    "failed",
    "skipped",
    "skipped",
    "completed",
  ]);
  const linesBefore = (await server.call<Logs>("paths.run.logs", { id })).items.length;

  await database.db.query("delete from test.repository");
  await database.db.query("update paths.run set ended_at = ended_at - interval '30 minutes' where id = $1", [id]);
  expect(await server.call("paths.run.retry", { id })).toMatchObject({ status: "queued" });
  const people = await server.call<Run>("paths.run.get", { id });
  expect(people).toMatchObject({
    handOffs: 0,
    waits: [{ reason: "input", what: "The run failed", by: [{ actor: "user:ada", name: "Ada" }] }],
  });
  expect(people.humanMinutes).toBeGreaterThanOrEqual(30);
  const run = await finished(id);
  expect(run).toMatchObject({ status: "succeeded", outputs: { entityRef: "component:default/orders" } });
  const { items } = await server.call<Logs>("paths.run.logs", { id, after: linesBefore });
  expect(items.map(({ message }) => message)).not.toContain("Beginning step Fill in");
  await expect(server.call("paths.run.retry", { id })).rejects.toMatchObject({ code: "CONFLICT" });
});

test("a run that waits is shown as waiting, can be cancelled, and goes on when it is retried", async () => {
  await database.db.query("insert into test.unhealthy values ('component:default/orders')");
  const { id } = await server.call("paths.path.run", { path: "service", values: { name: "orders" } });
  await eventually(async () => (await server.call("paths.run.get", { id })).status === "waiting");
  await server.call("paths.run.cancel", { id });
  const run = await finished(id);
  expect(run.status).toBe("cancelled");
  expect(run.steps.find(({ id: step }) => step === "deploy")?.status).toBe("cancelled");
  await expect(server.call("paths.run.cancel", { id })).rejects.toMatchObject({ code: "CONFLICT" });

  await database.db.query("delete from test.unhealthy");
  await server.call("paths.run.retry", { id });
  expect(await finished(id)).toMatchObject({ status: "succeeded", outputs: { serviceUrl: "http://localhost:4401/dev/orders/" } });
});

test("whoever waits for log lines gets them when they come", async () => {
  const { id } = await server.call("paths.path.run", { path: "service", values: { name: "orders", pauseMs: 700 } });
  const seen: string[] = [];
  for (let after = 0, done = false; !done;) {
    const page = await server.call<Logs>("paths.run.logs", { id, after, waitMs: 10_000 });
    seen.push(...page.items.map(({ message }) => message));
    ({ next: after, done } = page);
  }
  expect(seen.at(-1)).toBe("The run succeeded.");
  const all = await server.call<Logs>("paths.run.logs", { id });
  expect(seen).toEqual(all.items.map(({ message }) => message));
});

test("runs are listed newest first, filtered and in pages", async () => {
  const ids: string[] = [];
  for (const name of ["aa", "bb", "cc"])
    ids.push((await finished((await server.call("paths.path.run", { path: "service", values: { name } })).id)).id);
  const first = await server.call<{ items: Run[]; nextCursor: string }>("paths.run.list", { limit: 2, path: "service", mine: true });
  expect(first.items.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
  const second = await server.call<{ items: Run[]; nextCursor?: string }>("paths.run.list", { limit: 2, cursor: first.nextCursor });
  expect(second.items.map(({ id }) => id)).toEqual([ids[0]]);
  expect(second.nextCursor).toBeUndefined();
  const about = await server.call<{ items: Run[] }>("paths.run.list", { entityRef: "component:default/bb" });
  expect(about.items.map(({ id }) => id)).toEqual([ids[1]]);
  expect((await server.call<{ items: Run[] }>("paths.run.list", { status: "failed" })).items).toEqual([]);
  await expect(server.call("paths.run.get", { id: "run_none" })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("what a killed server left in the data folder is removed, and what a retry needs is kept", async () => {
  const { id } = await server.call("paths.path.run", { path: "service", values: { name: "orders", pauseMs: 1_000 } });
  await database.db.query("insert into test.repository (name, key, files) values ('orders', 'somebody', '{}')");
  expect((await finished(id)).status).toBe("failed");
  const runs = join(dataDir, "paths", "runs");
  await mkdir(join(runs, "run_forgotten"));
  await mkdir(join(dataDir, "paths", "previews", "p-old"), { recursive: true });
  const long = new Date(Date.now() - 7_200_000);
  await utimes(join(dataDir, "paths", "previews", "p-old"), long, long);
  await kill(server.child);
  server = await startServer();
  expect(await readdir(runs)).toEqual([id]);
  expect(await readdir(join(dataDir, "paths", "previews"))).toEqual([]);
  await database.db.query("update paths.run set ended_at = now() - interval '15 days'");
  await kill(server.child);
  server = await startServer();
  expect(await readdir(runs)).toEqual([]);
});

test("a run whose key is lost ends, and says what would have helped", async () => {
  const { id } = await server.call("paths.path.run", { path: "service", values: { name: "orders", pauseMs: 60_000 } });
  await eventually(async () => (await server.call("paths.run.get", { id })).steps[1]?.status === "processing");
  server.child.kill("SIGKILL");
  await once(server.child, "exit");
  await rm(join(dataDir, "paths/run-secrets.key"));
  server = await startServer();
  const run = await finished(id);
  expect(run).toMatchObject({ status: "failed", outputs: {} });
  expect(run.steps.map(({ status }) => status).slice(0, 3)).toEqual(["completed", "failed", "cancelled"]);
  expect(run.steps[1]?.error).toMatch(/sealed with another key.*ROADBED_SECRET_KEY/);
});

test("a secret of the form is not stored in the open", async () => {
  await database.db.query("insert into test.unhealthy values ('component:default/orders')");
  const run = await server.call("paths.path.run", {
    path: "service",
    values: { name: "orders", pin: "4711-4712" },
    secrets: { token: "t0p-s3cret" },
  });
  expect(run.values).toMatchObject({ pin: "***" });
  const { rows } = await database.db.query("select encode(sealed, 'escape') as sealed, to_jsonb(r) - 'sealed' as rest from paths.run r");
  expect(JSON.stringify(rows)).not.toMatch(/4711|t0p-s3cret/);
  const audit = await database.db.query("select to_jsonb(a) as row from kernel.audit a");
  expect(JSON.stringify(audit.rows)).not.toMatch(/4711|t0p-s3cret/);
});

test("told to end, the server lets the wait go, and the next one goes on", async () => {
  await database.db.query("insert into test.unhealthy values ('component:default/orders')");
  const { id } = await server.call("paths.path.run", { path: "service", values: { name: "orders" } });
  await eventually(async () => (await server.call("paths.run.get", { id })).status === "waiting");
  server.child.kill("SIGTERM");
  const [code] = (await once(server.child, "exit")) as [number];
  expect(code).toBe(0);
  await database.db.query("delete from test.unhealthy");
  server = await startServer();
  expect((await finished(id)).status).toBe("succeeded");
});

function finished(id: string): Promise<Run> {
  return eventually(async () => {
    const run = await server.call("paths.run.get", { id });
    if (run.endedAt === undefined)
      throw new Error(`still ${run.status}: ${run.steps.map((step) => `${step.id} ${step.status}`).join(", ")}`);
    return run;
  }, 40_000);
}

function startServer(): Promise<Server> {
  return startRunServer([database.url, dataDir, goldenPathsDir]);
}

async function dead({ child }: Server): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  expect(child.signalCode).toBe("SIGKILL");
}

/** A data folder of another machine: only the key that opens secrets is the same. */
async function moveKey(from: string): Promise<string> {
  const to = await temporaryFolder();
  await cp(join(from, "paths", "run-secrets.key"), join(to, "paths", "run-secrets.key"));
  return to;
}
