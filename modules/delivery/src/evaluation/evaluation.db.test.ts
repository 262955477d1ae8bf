import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Evaluation, EvaluationSet, getEvaluation } from "@roadbed/contracts/delivery/evaluations";
import type { Gate, Promotion } from "@roadbed/contracts/delivery/promotions";
import type { compareReleases, Release } from "@roadbed/contracts/delivery/releases";
import { ForbiddenError, perform, type OutputOf } from "@roadbed/core";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

import { ALLOW, startServer, type TestServer } from "../fixtures/server.ts";
import { migrations } from "../index.ts";
import { pushRepository } from "../internal-operations.ts";

const author = { name: "Ada Example", email: "ada@example.org" };
const REF = "component:default/greeting";
const IDS = Array.from({ length: 200 }, (_, at) => `case-${at}`);
let database: TestDatabase;
let dataDir: string;
let server: TestServer;

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "evaluation-"));
  server = await startServer({
    databaseUrl: database.url,
    dataDir,
    log: quietLog,
    ports: { policies: ALLOW },
    may: async ({ actor }, operation, resource) => {
      if (actor.kind !== "user" || actor.id !== "eve" || operation.risk === "read" || resource?.kind !== "entity") return;
      throw new ForbiddenError(`Eve may not ${operation.name} ${resource.id}.`);
    },
  });
  server.entities.set(REF, { apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name: "greeting" } });
  await call("delivery.environment.create", { name: "prod", upstream: ["dev"], evaluation: { least: 0.8, worseBy: 0.05 } });
  const files = manifest("Say hello.", casesOf(IDS));
  await server.runtime.write(callAs(), pushRepository, {} as never, undefined, (ctx) =>
    server.delivery.createRepository(ctx, { name: "greeting", description: "", branch: "main", files, message: "One", author, key: "g" }),
  );
});
afterAll(async () => {
  await server.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

test("a release that says how it is evaluated is, and its score lets it through", async () => {
  await released(1);
  const [first] = await evaluations(1);
  expect(first).toMatchObject({
    release: { number: 1 },
    set: { name: "cases", version: 1, cases: 200 },
    grader: { name: "words", version: "1" },
    how: "run",
    scored: 200,
    missing: 0,
    tokensPerCase: 10,
    costPerCase: "0.000100",
    score: { estimate: 0.9, confidence: 0.95, count: 200 },
  });
  expect(first!.score!.lower).toBeGreaterThan(0.8);
  await promote(1);
});

test("a worse one is refused, with its interval and what it is compared with; an older set, other digests and few cases prove nothing", async () => {
  await push("Say bye. worse", casesOf(IDS), "Two");
  await released(2);
  await evaluations(2);
  const asked = await call<Promotion>("delivery.promotion.create", { release: "greeting#2", environment: "prod" });
  const gate = await gateOf(asked.id, ({ verdict }) => verdict === "blocked");
  expect(gate.why).toMatch(/clearly below 0\.8.*clearly worse/);
  expect(gate.intervals).toMatchObject([
    { label: "Score", mark: 0.8 },
    { label: "Against release 1", mark: -0.05 },
  ]);
  expect(gate.evidence.map(({ label }) => label)).toEqual(["Evaluation", "Cases", "Said by", "Evaluated"]);
  const [second] = await evaluations(2);
  const shown = await call<OutputOf<typeof getEvaluation>>("delivery.evaluation.get", { id: second!.id, environment: "prod", limit: 3 });
  expect(shown.against).toMatchObject({ with: { release: 1, environment: "prod" }, better: 0, difference: { count: 200 } });
  expect(shown.against!.difference.upper).toBeLessThan(-0.1);
  expect(shown.worst).toHaveLength(3);
  expect(shown.worst[0]).toMatchObject({ score: 0, before: 1, note: "wrong" });
  expect(shown.histogram.reduce((sum, { count }) => sum + count, 0)).toBe(200);

  const compared = await call<OutputOf<typeof compareReleases>>("delivery.release.compare", { release: "greeting#2", environment: "prod" });
  expect(compared.evaluations).toMatchObject([
    { set: { name: "cases" }, from: { score: { estimate: 0.9 } }, to: { score: { estimate: 0.6 } }, difference: { count: 200 } },
  ]);
  expect(compared.rendered.find(({ path }) => path === "apps/greeting/prompt.yaml")?.patch).toContain("+        text: Say bye. worse");

  // The same scores by hand are other evaluations: of a grader that says so, or of fewer cases, which count as 0.
  const record = (results: string, more: object = {}): Promise<Evaluation> =>
    call("delivery.evaluation.record", { release: "greeting#2", results, grader: "people", ...more });
  const some = await record(scores(IDS.slice(0, 100), () => 1));
  expect(some).toMatchObject({ scored: 100, missing: 100, score: { estimate: 0.5 } });
  expect((await record(scores(IDS.slice(0, 100), () => 1))).id).toBe(some.id);
  await expect(record(scores(["case-1", "case-1"], () => 1))).rejects.toMatchObject({ code: "INVALID", problems: [{ at: "line 2" }] });
  await expect(record('{"case":"case-1","score":NaN}')).rejects.toMatchObject({ code: "INVALID" });
  await expect(
    record(
      scores(IDS, () => 1),
      { subjectDigest: `sha256:${"0".repeat(64)}` },
    ),
  ).rejects.toMatchObject({
    code: "INVALID",
    problems: [{ at: "subjectDigest" }],
  });

  // Few cases: a wide interval, and how many more it would take.
  const few = await call<EvaluationSet>("delivery.evaluation-set.create", { entityRef: REF, cases: casesOf(IDS.slice(0, 12)) });
  expect(few).toMatchObject({ version: 2, cases: 12, from: "uploaded" });
  expect(await call("delivery.evaluation-set.create", { entityRef: REF, cases: casesOf(IDS.slice(0, 12)) })).toMatchObject({ id: few.id });
  await call("delivery.environment.update", { name: "prod", evaluation: { least: 0.8, worseBy: 0.05, confidence: 0.95 } });
  expect((await gateOf(asked.id, ({ why }) => why.includes("there is version 2"))).why).toContain("roadbed evaluation run");
  await record(scores(IDS.slice(0, 12), () => 1));
  const open = await gateOf(asked.id, ({ why }) => why.includes("not proven"));
  expect(open.why).toMatch(/About \d+ more cases like these would be needed/);
  expect(open.why).toContain("roadbed evaluation run component:default/greeting#1 --set-version 2");
  expect(open.verdict).toBe("blocked");
});

test("a better one passes, and back is one call", async () => {
  await push("Say hello. better", casesOf(IDS, " again"), "Three");
  await released(3);
  const [third] = await evaluations(3);
  expect(third!.set.version).toBe(3);
  await call("delivery.promotion.create", { release: "greeting#3", environment: "prod" });
  // What prod has is to be evaluated by the same version of the set.
  await call("delivery.evaluation.run", { release: "greeting#1", setVersion: 3 });
  await eventually(async () => expect((await call<Release>("delivery.release.get", { release: "greeting#3" })).in).toHaveLength(2), 20_000);
  await call("delivery.promotion.rollback", { entityRef: REF, environment: "prod", reason: "It is too friendly" });
  await eventually(
    async () => expect(await call("delivery.configuration.get", { entityRef: REF, environment: "prod" })).toMatchObject({ release: 1 }),
    20_000,
  );
});

test("who may not write to the component records no scores, and hears why; nothing is kept of them", async () => {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === "delivery.evaluation.record")!;
  const before = await server.db.query("select count(*)::int n from delivery.evaluation");
  const input = { release: "greeting#1", results: scores(IDS, () => 1), grader: "eve" };
  const eve = { actor: { kind: "user", id: "eve", name: "Eve" } } as const;
  await expect(perform(server.runtime, handler, callAs(eve), input)).rejects.toMatchObject({
    code: "FORBIDDEN",
    message: `Eve may not delivery.evaluation.record ${REF}.`,
  });
  await expect(perform(server.runtime, handler, callAs({ scopes: new Set(["delivery:read"]) }), input)).rejects.toMatchObject({
    code: "FORBIDDEN",
    message: expect.stringContaining("delivery:write"),
  });
  expect((await server.db.query("select count(*)::int n from delivery.evaluation")).rows).toEqual(before.rows);
}, 30_000);

test("a grader that fails, writes nothing or writes what is no score is told, and blocks", async () => {
  for (const [number, run, words] of [
    [4, "console.error('no model'); process.exit(3)", "exit"],
    [5, "", "wrote nothing"],
    [6, 'require(\'fs\').writeFileSync(process.env.ROADBED_EVALUATION_RESULTS, \'{"case":"case-1","score":2}\')', "must be from 0 to 1"],
  ] as const) {
    await push(`Say ${number}`, casesOf(IDS), `Number ${number}`, run);
    await released(number);
    const failed = await eventually(async () => {
      const { items } = await call<{ items: Evaluation[] }>("delivery.evaluation.list", { release: `greeting#${number}` });
      if (items[0]?.state !== "failed") throw new Error(JSON.stringify(items));
      return items[0];
    }, 60_000);
    expect(failed.error).toContain(words);
    if (number === 4) {
      expect((await call<OutputOf<typeof getEvaluation>>("delivery.evaluation.get", { id: failed.id })).log).toContain("no model");
      const { id } = await call<Promotion>("delivery.promotion.create", { release: "greeting#4", environment: "prod" });
      expect((await gateOf(id, ({ verdict }) => verdict === "blocked")).why).toContain("Its evaluation failed");
    }
  }
});

function casesOf(ids: readonly string[], more = ""): string {
  return ids.map((id) => JSON.stringify({ id, question: `What of ${id}?${more}` })).join("\n");
}

function scores(ids: readonly string[], of: (id: string) => number): string {
  return ids.map((id) => JSON.stringify({ case: id, score: of(id) })).join("\n");
}

/** Nine of ten are right; of a worse one six of ten, of a better one all. */
const GRADER = `
  const { readFileSync, writeFileSync } = require("node:fs");
  const text = JSON.parse(readFileSync(process.env.ROADBED_EVALUATION_SUBJECT, "utf8")).content.messages[0].text;
  const right = text.includes("worse") ? 6 : text.includes("better") ? 10 : 9;
  const cases = readFileSync(process.env.ROADBED_EVALUATION_CASES, "utf8").trim().split("\\n").map((line) => JSON.parse(line));
  const lines = cases.map(({ id }, at) => ({ case: id, score: at % 10 < right ? 1 : 0, tokens: 10, cost: "0.0001", ...(at % 10 < right ? {} : { note: "wrong" }) }));
  writeFileSync(process.env.ROADBED_EVALUATION_RESULTS, lines.map((line) => JSON.stringify(line)).join("\\n"));
`;

function manifest(text: string, cases: string, grader = GRADER): { path: string; content: string }[] {
  const roadbed = `kind: prompt
prompt: { messages: [{ role: system, text: ${JSON.stringify(text)} }] }
evaluation: { cases: cases.jsonl, run: [node, grade.cjs], grader: { name: words, version: 1 } }
`;
  return [
    { path: "roadbed.yaml", content: roadbed },
    { path: "grade.cjs", content: grader },
    { path: "cases.jsonl", content: cases },
  ];
}

async function push(text: string, cases: string, message: string, grader?: string): Promise<void> {
  await server.repositories.commitFiles("greeting", { branch: "main", files: manifest(text, cases, grader), message, author });
  await call("delivery.deployment.create", { entityRef: REF });
}

async function released(number: number): Promise<void> {
  await eventually(async () => {
    const found = await call<Release>("delivery.release.get", { release: `greeting#${number}` });
    if (!found.in.some(({ environment }) => environment === "dev")) throw new Error(`not in dev yet: ${JSON.stringify(found.in)}`);
  }, 60_000);
}

async function evaluations(number: number): Promise<Evaluation[]> {
  return eventually(async () => {
    const { items } = await call<{ items: Evaluation[] }>("delivery.evaluation.list", { release: `greeting#${number}` });
    if (items.length === 0 || items.some(({ state }) => state !== "recorded")) throw new Error(JSON.stringify(items));
    return items;
  }, 60_000);
}

async function promote(number: number): Promise<void> {
  const { id } = await eventually(
    () => call<Promotion>("delivery.promotion.create", { release: `greeting#${number}`, environment: "prod" }),
    20_000,
  );
  await eventually(async () => {
    const found = await call<Promotion>("delivery.promotion.get", { id });
    if (found.state !== "promoted") throw new Error(JSON.stringify(found.gates.filter(({ verdict }) => verdict !== "passed")));
  }, 20_000);
}

async function gateOf(id: string, when: (gate: Gate) => boolean): Promise<Gate> {
  return eventually(async () => {
    const { gates } = await call<Promotion>("delivery.promotion.get", { id });
    const gate = gates.find(({ name }) => name === "evaluation");
    if (gate === undefined || !when(gate)) throw new Error(JSON.stringify(gate ?? gates));
    return gate;
  }, 20_000);
}

async function call<T>(name: string, input: unknown): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name)!;
  return (await perform(server.runtime, handler, callAs({ actor: { kind: "user", id: "ada", name: "Ada" } }), input)) as T;
}
