import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Environment } from "@roadbed/contracts/delivery/environments";
import type { rebuildDelivery } from "@roadbed/contracts/delivery/gitops";
import type { Promotion } from "@roadbed/contracts/delivery/promotions";
import type { checkSource, SourceEdit } from "@roadbed/contracts/delivery/source";
import { perform, type Call, type OutputOf } from "@roadbed/core";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";

import { service } from "../fixtures/apps.ts";
import { fetchText, pushTo } from "../fixtures/clients.ts";
import { ALLOW, startServer, type TestServer } from "../fixtures/server.ts";
import { GITOPS_REPOSITORY } from "../gitops/gitops-repository.ts";
import { migrations } from "../index.ts";
import { pushRepository } from "../internal-operations.ts";

const ORDERS = "component:default/orders";
const PROD = "environments/prod.yaml";
const INTENT = "workloads/prod/orders.yaml";
let database: TestDatabase;
let dataDir: string;
let server: TestServer;

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "source-"));
  server = await startServer({
    databaseUrl: database.url,
    dataDir,
    log: quietLog,
    ports: { policies: ALLOW },
    // A process that takes its time to start on a busy machine is not what is tested here.
    timing: { startMs: 60_000 },
  });
  await call("delivery.environment.create", { name: "prod", upstream: ["dev"], region: "eu-central-1" });
  await server.runtime.write(callAs(), pushRepository, {} as never, undefined, (ctx) =>
    server.delivery.createRepository(ctx, {
      name: "orders",
      description: "",
      branch: "main",
      files: service({ version: "v1" }),
      message: "first",
      author: { name: "Ada Example", email: "ada@example.org" },
      key: "orders",
    }),
  );
  await promoted("dev", 1);
  await call("delivery.promotion.create", { release: "orders#1", environment: "prod" });
  await promoted("prod", 1);
}, 240_000);
afterAll(async () => {
  await server.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

test("main says what each environment asks for and is to have", async () => {
  const texts = await within(async () => {
    const found = [await fileOf(PROD), await fileOf(INTENT), await fileOf("workloads/dev/orders.yaml")];
    if (found.includes("")) throw new Error("not written yet");
    return found;
  });
  expect(texts.map((text) => parse(text) as unknown)).toEqual([
    {
      apiVersion: "roadbed.dev/v1",
      kind: "Environment",
      metadata: { name: "prod" },
      spec: { title: "Prod", region: "eu-central-1", upstream: ["dev"], madeBy: "user:ada" },
    },
    intent({ release: 1 }, "prod"),
    intent({ release: 1 }, "dev"),
  ]);
});

test("a pushed change of a workload goes through the gates, and its comments stay", async () => {
  await push("promoter", INTENT, `# Why: more to read.\n${INTENT_HEAD}  overrides: { env: { GREETING: moin } }\n`);
  const edit = await lastEdit(INTENT);
  expect(edit).toMatchObject({ state: "taken", entityRef: ORDERS, environment: "prod", pushedBy: "user:ada" });
  const done = await within(async () => {
    const one = await call<Promotion>("delivery.promotion.get", { id: edit.promotionId });
    if (one.state !== "promoted") throw new Error(JSON.stringify(one));
    return one;
  });
  expect(done.gates.find(({ name }) => name === "policies")).toMatchObject({ verdict: "passed" });
  expect(done.reason).toContain("on main");
  expect(parse(await fileOf("apps/orders/workload.yaml", "env/prod"))).toMatchObject({ spec: { release: 1, env: { GREETING: "moin" } } });
  expect(await variable("GREETING")).toBe("moin");
  expect(await fileOf(INTENT)).toContain("# Why: more to read.");
  // Somebody else's release keeps what is wanted there, and the file follows it.
  await commit({ version: "v2" });
  await promoted("dev", 2);
  await call("delivery.promotion.create", { release: "orders#2", environment: "prod" });
  await promoted("prod", 2);
  expect(await variable("GREETING")).toBe("moin");
  await within(async () =>
    expect(parse(await fileOf(INTENT))).toEqual(intent({ release: 2, overrides: { env: { GREETING: "moin" } } }, "prod")),
  );
  expect(await fileOf(INTENT)).toContain("# Why: more to read.");
}, 240_000);

test("a stop is said in Git like anything else, and so is its end", async () => {
  await push("promoter", INTENT, `${INTENT_HEAD.replace("release: 1", "release: 2")}  suspended: true\n`);
  await promoted("prod", 2, 3);
  await within(async () => expect((await fetchText(`${server.routerUrl}/prod/orders/env`))[0]).not.toBe(200));
  expect(parse(await fileOf("apps/orders/workload.yaml", "env/prod"))).toMatchObject({
    spec: { suspended: true, env: { GREETING: "hello" } },
  });
  expect((await call<{ items: unknown[] }>("delivery.workload-drift.list", { open: true })).items).toEqual([]);
  await push("promoter", INTENT, INTENT_HEAD.replace("release: 1", "release: 2"));
  await promoted("prod", 2, 4);
  expect(await variable("GREETING")).toBe("hello");
}, 240_000);

test("a wrong file is refused with line, field and mend, is put back, and changes nothing", async () => {
  const before = await call<Environment>("delivery.environment.get", { name: "prod" });
  const good = await fileOf(PROD);
  await push("admin", PROD, `${good.trimEnd()}\n  soakMinutes: never\n  aprovals: []\n`);
  const lines = good.trimEnd().split("\n").length;
  expect((await lastEdit(PROD)).problems).toEqual([
    expect.objectContaining({ at: `${PROD}:${lines + 1}`, field: "spec.soakMinutes" }),
    expect.objectContaining({ at: `${PROD}:${lines + 2}`, field: "spec.aprovals" }),
  ]);
  expect(await fileOf(PROD)).toBe(good);
  const [last] = await server.repositories.log(GITOPS_REPOSITORY, { ref: "main", limit: 1 });
  expect(last!.message).toMatch(/^Put environments\/prod\.yaml back\n[^]*soakMinutes/);
  // What only the catalogue or the graph knows is said by its line as well.
  await push("admin", PROD, good.replace("- dev", "- nowhere"));
  expect((await lastEdit(PROD)).problems[0]).toMatchObject({
    at: `${PROD}:${lineOf(good, "- dev")}`,
    reason: "there is no environment nowhere",
  });
  // Who may push may not for that describe environments, or promote.
  await push("promoter", PROD, good.replace("eu-central-1", "eu-west-1"));
  expect((await lastEdit(PROD)).problems[0]).toMatchObject({ reason: expect.stringContaining("delivery:admin") });
  await push("writer", INTENT, INTENT_HEAD);
  expect((await lastEdit(INTENT)).problems[0]).toMatchObject({ reason: expect.stringContaining("delivery:write") });
  await push("promoter", INTENT, `${INTENT_HEAD.replace("release: 1", "release: 2")}  overrides: { limits: { memoryMb: lots } }\n`);
  expect((await lastEdit(INTENT)).problems[0]).toMatchObject({
    field: "spec.overrides.limits.memoryMb",
    at: expect.stringMatching(/:\d+$/),
  });
  // Records are nobody's but the platform's.
  await push("admin", "holds.json", "[]\n[]\n");
  await within(async () => expect(await fileOf("holds.json")).not.toContain("[]\n[]"));
  expect(await call("delivery.environment.get", { name: "prod" })).toEqual(before);
  expect(await fileOf(INTENT)).toContain("release: 2");
}, 240_000);

test("a good file changes an environment, and makes one", async () => {
  const good = await fileOf(PROD);
  await push("admin", PROD, `${good.trimEnd()}\n  soakMinutes: 5 # a coffee\n`);
  expect(await lastEdit(PROD)).toMatchObject({ state: "taken", problems: [] });
  expect(await call("delivery.environment.get", { name: "prod" })).toMatchObject({ soakMinutes: 5, region: "eu-central-1" });
  const text =
    "apiVersion: roadbed.dev/v1\nkind: Environment\nmetadata: { name: edge }\nspec: { upstream: [prod], approvals: [{ by: owner }] }\n";
  expect(await call<OutputOf<typeof checkSource>>("delivery.gitops-edit.check", { path: "environments/edge.yaml", text })).toEqual({
    ok: true,
    outcome: "edge is made.",
    problems: [],
  });
  await push("admin", "environments/edge.yaml", text);
  expect(await call("delivery.environment.get", { name: "edge" })).toMatchObject({ title: "Edge", approvals: [{ by: "owner", count: 1 }] });
  // By another way: their words stay.
  await call("delivery.environment.update", { name: "prod", soakMinutes: 0, automatic: true });
  await within(async () => expect(parse(await fileOf(PROD))).toMatchObject({ spec: { automatic: true } }));
  expect(await fileOf(PROD)).not.toContain("soakMinutes");
  await call("delivery.environment.end", { name: "edge", reason: "not needed" });
  await within(async () => expect(await fileOf("environments/edge.yaml")).toBe(""));
}, 240_000);

test("a commit of ours whose transaction was lost is made anew, and nobody is told", async () => {
  await server.relay.settled();
  const edits = async (): Promise<number> => (await call<{ items: unknown[] }>("delivery.gitops-edit.list", { limit: 200 })).items.length;
  const before = { edits: await edits(), prod: await fileOf(PROD) };
  const files = [
    { path: PROD, content: before.prod.replace("Prod", "Production") },
    { path: "environments/gone.yaml", content: "kind: Environment\n" },
    { path: "apps/orders/releases/99.json", content: "{}\n" },
  ];
  const author = { name: "Roadbed", email: "delivery@roadbed.invalid" };
  await server.repositories.commitFiles(GITOPS_REPOSITORY, { branch: "main", files, message: "Record 1 release", author });
  await call("delivery.environment.update", { name: "prod", description: "Where customers are" });
  await within(async () =>
    expect(parse(await fileOf(PROD))).toMatchObject({ spec: { description: "Where customers are", title: "Prod" } }),
  );
  expect([await fileOf("environments/gone.yaml"), await fileOf("apps/orders/releases/99.json")]).toEqual(["", ""]);
  expect(await edits()).toBe(before.edits);
});

test("environments and what is wanted come back from Git, too", async () => {
  await push("promoter", INTENT, `${INTENT_HEAD.replace("release: 1", "release: 2")}  overrides: { env: { GREETING: moin } }\n`);
  await promoted("prod", 2, 5);
  await call("delivery.freeze.create", {
    title: "Quiet",
    reason: "few people",
    environments: ["prod"],
    until: "2099-01-01T00:00:00Z",
  }).catch(() => {});
  await server.relay.settled();
  const all = async (): Promise<unknown> => {
    const rows = async (text: string): Promise<unknown> => (await server.db.query(text)).rows;
    return [
      await rows("select to_jsonb(e) - 'created_at' - 'ended_at' as e from delivery.environment e where ended_at is null order by name"),
      await rows("select entity_ref, environment, release_id from delivery.desired order by 1, 2"),
      await rows("select entity_ref, environment, release_id, changes, intent, accepted_by from delivery.accepted order by 1, 2"),
      await rows("select id, intent, state from delivery.promotion order by id"),
      await rows("select id, title, environments from delivery.freeze order by id"),
      (await call<{ items: Environment[] }>("delivery.environment.list", {})).items.map(({ name, upstream }) => [name, upstream]),
    ];
  };
  const head = await server.repositories.head(GITOPS_REPOSITORY, "main");
  const before = await all();
  await server.db.query(
    "truncate delivery.environment, delivery.promotion, delivery.desired, delivery.accepted, delivery.hold, delivery.freeze, delivery.gitops_branch, delivery.release, delivery.source_file cascade",
  );
  const said = await call<OutputOf<typeof rebuildDelivery>>("delivery.gitops.rebuild", {});
  expect(said).toMatchObject({ environments: 2, releases: 2, problems: [] });
  expect(await all()).toEqual(before);
  // Nothing is taken for an edit, and nothing has to be written anew.
  await call("delivery.environment.update", { name: "dev", description: "Every push" });
  await within(async () => expect(await fileOf("environments/dev.yaml")).toContain("Every push"));
  const since = await server.repositories.log(GITOPS_REPOSITORY, { ref: "main", limit: 10, since: head });
  expect(since).toHaveLength(1);
  expect(await server.repositories.differences(GITOPS_REPOSITORY, head!, since[0]!.hash)).toEqual([
    { path: "environments/dev.yaml", status: "changed" },
  ]);
}, 240_000);

const INTENT_HEAD = `apiVersion: roadbed.dev/v1\nkind: Intent\nmetadata: { name: orders, environment: prod }\nspec:\n  component: ${ORDERS}\n  release: 1\n`;

function intent(spec: object, environment: string): unknown {
  return { apiVersion: "roadbed.dev/v1", kind: "Intent", metadata: { name: "orders", environment }, spec: { component: ORDERS, ...spec } };
}

/** However busy the machine is: what is waited for comes, or the test says what was there instead. */
function within<T>(holds: () => Promise<T>): Promise<T> {
  return eventually(holds, 120_000);
}

async function call<T>(name: string, input: unknown, by: Partial<Call> = {}): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name)!;
  return (await perform(server.runtime, handler, callAs({ actor: { kind: "user", id: "ada", name: "Ada" }, ...by }), input)) as T;
}

/** By the real git, with a token that may do so much. */
async function push(token: string, path: string, content: string): Promise<void> {
  await server.relay.settled();
  await pushTo(`${server.url.replace("http://", `http://x:${token}@`)}/git/${GITOPS_REPOSITORY}.git`, [{ path, content }]);
}

async function commit(o: { version: string }): Promise<void> {
  await pushTo(`${server.url.replace("http://", "http://x:writer@")}/git/orders.git`, service(o));
}

async function lastEdit(path: string): Promise<SourceEdit> {
  const { items } = await call<{ items: SourceEdit[] }>("delivery.gitops-edit.list", {});
  const found = items.find((one) => one.path === path);
  if (found === undefined) throw new Error(`nothing was heard of ${path}`);
  return found;
}

/** Until a release is what an environment has, by so many promotions. */
function promoted(environment: string, number: number, times = number): Promise<unknown> {
  return eventually(async () => {
    const { items } = await call<{ items: Promotion[] }>("delivery.promotion.list", { entityRef: ORDERS, environment });
    const [last] = items;
    if (last?.release.number !== number || last.state !== "promoted" || items.length < times) throw new Error(JSON.stringify(items[0]));
  }, 120_000);
}

async function variable(name: string): Promise<string> {
  return within(async () => {
    const [status, text] = await fetchText(`${server.routerUrl}/prod/orders/env`);
    if (status !== 200) throw new Error(text);
    return (JSON.parse(text) as Record<string, string>)[name] ?? "";
  });
}

async function fileOf(path: string, branch = "main"): Promise<string> {
  return Buffer.from((await server.repositories.readFile(GITOPS_REPOSITORY, branch, path)) ?? []).toString("utf8");
}

function lineOf(text: string, part: string): number {
  return text.split("\n").findIndex((line) => line.includes(part)) + 1;
}
