import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createCel } from "@roadbed/cel";
import type { Entity } from "@roadbed/contracts/catalog";
import type { Deployment, Workload } from "@roadbed/contracts/delivery";
import type { Rollout } from "@roadbed/contracts/delivery/rollouts";
import { perform } from "@roadbed/core";
import type { FileChange } from "@roadbed/git";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { service } from "../fixtures/apps.ts";
import { fetchText } from "../fixtures/clients.ts";
import { load, release, type ReleaseOptions } from "../fixtures/releases.ts";
import { startServer, type TestServer } from "../fixtures/server.ts";
import { migrations } from "../index.ts";
import { identityOf } from "../runtime/process-identity.ts";

const author = { name: "Ada Example", email: "ada@example.org" };
const everyone = callAs();
const WAIT = 60_000;
const cel = createCel();

let database: TestDatabase;
let dataDir: string;
let server: TestServer;

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "rollout-"));
  server = await startServer({ databaseUrl: database.url, dataDir, log: quietLog, ports: { fetch, conditions: cel } });
});
afterAll(async () => {
  await server.stop();
  await cel.close();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

describe("several processes", () => {
  const two = "scale: { replicas: 2 }\nrollout: { strategy: rolling }\n";

  test("answer by turns, are started again one by one, and are replaced without a lost request", async () => {
    await deploy("pair", { version: "v1", manifest: two });
    const pids = async () => new Set(await Promise.all(Array.from({ length: 20 }, () => pidOf("pair"))));
    await eventually(async () => expect((await pids()).size).toBe(2));
    const [one, other] = [...(await pids())];
    const calls = load(urlOf("pair"), 3);
    process.kill(Number(one), "SIGKILL");
    await eventually(async () => {
      const { health, replicas = [], restarts } = await workloadOf("pair");
      expect([health, replicas.map((replica) => replica.health), restarts]).toEqual(["healthy", ["healthy", "healthy"], 1]);
    });
    expect((await pids()).has(other!)).toBe(true);
    await push("pair", { version: "v2", manifest: two });
    await eventually(async () => expect((await deploymentsOf("pair"))[0]?.status).toBe("healthy"), WAIT);
    await eventually(async () => (await identityOf(Number(other))) === undefined, WAIT);
    await calls.stop();
    expect([...calls.answers.keys()].sort()).toEqual(["v1 200", "v2 200"]);
    expect((await pids()).size).toBe(2);
  });

  test("go on as they were when the new ones do not come up", async () => {
    await deploy("pair-bad", { version: "v1", manifest: two });
    await push("pair-bad", { version: "v2", health: "never", manifest: two });
    await eventually(async () => expect((await deploymentsOf("pair-bad"))[0]?.status).toBe("failed"), WAIT);
    expect(await fetchText(urlOf("pair-bad"))).toEqual([200, "v1"]);
    expect((await workloadOf("pair-bad")).replicas).toHaveLength(2);
  });
});

describe("a canary", () => {
  const canary = (weight: number, seconds = 600) =>
    `rollout:\n  strategy: canary\n  steps:\n    - weight: ${weight}\n    - analysis: { deadlineSeconds: ${seconds} }\n  analysis: { everySeconds: 1 }\n`;
  /** Only a wire can end it: on a slow machine the statistics may be quicker. */
  const wires =
    "rollout:\n  strategy: canary\n  steps:\n    - weight: 50\n    - analysis: {}\n  analysis: { everySeconds: 1, falseAlarm: 1.0e-9, slow: { quantiles: [], proven: [] } }\n";

  test("that fails is found and rolled back under load, and not one error is from the release before", async () => {
    await deploy("bad", { version: "v1" });
    const calls = load(urlOf("bad"), 6);
    await push("bad", { version: "v2", failing: 0.1, deaf: true, manifest: canary(20) });
    const pid = await eventually(async () => (await answerOf("bad", "v2")) ?? false, WAIT);
    const rollout = await ended("bad");
    const before = new Map(calls.answers);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await calls.stop();
    expect(rollout).toMatchObject({ state: "rolled-back", weight: 0, strategy: "canary" });
    expect(rollout.reason).toContain("Worse than the release before. errors:");
    expect(rollout.restoredMs).toEqual(expect.any(Number));
    const [errors] = rollout.analysis!.criteria;
    expect(errors!.evidenceOfRegression).toBeGreaterThanOrEqual(errors!.alarmAt);
    expect(errors!.baseline.events).toBe(0);
    expect([...calls.answers.keys()].filter((said) => !["v1 200", "v2 200", "v2 500"].includes(said))).toEqual([]);
    expect(calls.answers.get("v2 500")).toBe(before.get("v2 500"));
    // It does not end when it is asked to: it is made to, and nobody waits for that.
    await eventually(async () => (await identityOf(Number(pid))) === undefined, WAIT);
    expect((await deploymentsOf("bad"))[0]).toMatchObject({ status: "rolled-back", error: rollout.reason });
    expect(await workloadOf("bad")).toMatchObject({ health: "healthy", commit: rollout.stableCommit });
  }, 120_000);

  test("that is as good is proven so and promoted, and nobody notices", async () => {
    await deploy("good", { version: "v1" });
    const calls = load(urlOf("good"), 8);
    await push("good", { version: "v2", manifest: canary(50) });
    const rollout = await ended("good", 90_000);
    await eventually(async () => expect(await fetchText(urlOf("good"))).toEqual([200, "v2"]));
    await calls.stop();
    expect(rollout).toMatchObject({ state: "promoted", weight: 100 });
    expect([...calls.answers.keys()].sort()).toEqual(["v1 200", "v2 200"]);
    expect((await deploymentsOf("good"))[0]).toMatchObject({ status: "healthy" });
    expect(await workloadOf("good")).toMatchObject({ health: "healthy", commit: rollout.commit });
  }, 120_000);

  test.concurrent("that nobody asks is held at its deadline, and goes on when somebody says so", async () => {
    await deploy("quiet", { version: "v1" });
    await push("quiet", { version: "v2", manifest: canary(10, 10) });
    const held = await inState("quiet", "held");
    expect(held.reason).toMatch(/^Nothing can be said after 1\d s: the new release was asked nothing\.$/);
    expect((await deploymentsOf("quiet"))[0]).toMatchObject({ status: "held" });
    await expect(call("delivery.rollout.hold", { id: held.id, reason: "again" })).rejects.toMatchObject({ code: "CONFLICT" });
    await call("delivery.rollout.resume", { id: held.id, reason: "It was tried by hand", full: true });
    expect(await ended("quiet")).toMatchObject({
      state: "promoted",
      decidedBy: expect.stringMatching(/^user:/),
      reason: "It was tried by hand",
    });
    await eventually(async () => expect(await fetchText(urlOf("quiet"))).toEqual([200, "v2"]));
  }, 120_000);

  test("that crashes again and again trips a wire at once", async () => {
    await deploy("crashing", { version: "v1" });
    const calls = load(urlOf("crashing"), 2);
    await push("crashing", { version: "v2", crashesAfter: 3, manifest: wires });
    const rollout = await ended("crashing");
    await calls.stop();
    expect(rollout.reason).toMatch(/^Tripwire: (crashes|failed requests)/);
    expect(await fetchText(urlOf("crashing"))).toEqual([200, "v1"]);
    expect([...calls.answers.keys()].filter((said) => said.startsWith("v1") && said !== "v1 200")).toEqual([]);
  }, 120_000);

  test("that leaks is ended for its memory until a wire trips", async () => {
    await deploy("leaking", { version: "v1" });
    const calls = load(urlOf("leaking"), 1);
    await push("leaking", { version: "v2", leaks: 40, manifest: `limits: { memoryMb: 64 }\n${wires}` });
    const rollout = await ended("leaking");
    await calls.stop();
    expect(rollout.reason).toMatch(/^Tripwire: (crashes|failed requests)/);
    expect([...calls.answers.keys()].filter((said) => said.startsWith("v1") && said !== "v1 200")).toEqual([]);
  }, 120_000);

  test("that answers a quarter of the requests slowly is found, though it answers all of them", async () => {
    await deploy("slow", { version: "v1" });
    const calls = load(urlOf("slow"), 8);
    await push("slow", { version: "v2", slow: 150, manifest: canary(50) });
    const rollout = await ended("slow");
    await calls.stop();
    expect(rollout).toMatchObject({ state: "rolled-back", reason: expect.stringContaining("slower than p") });
    expect([...calls.answers.keys()].sort()).toEqual(["v1 200", "v2 200"]);
  }, 120_000);

  test.concurrent("that does not come up fails, and what ran before is not touched", async () => {
    await deploy("stillborn", { version: "v1" });
    await push("stillborn", { version: "v2", health: "never", manifest: canary(50) });
    expect(await ended("stillborn")).toMatchObject({ state: "rolled-back", reason: expect.stringContaining("/healthz answered 500") });
    expect((await deploymentsOf("stillborn"))[0]).toMatchObject({ status: "failed" });
    expect(await fetchText(urlOf("stillborn"))).toEqual([200, "v1"]);
  });

  test.concurrent("gives way to a newer release", async () => {
    await deploy("overtaken", { version: "v1" });
    await push("overtaken", { version: "v2", manifest: canary(50) });
    const first = await inState("overtaken", "analysing");
    await push("overtaken", { version: "v3" });
    await eventually(async () => expect(await fetchText(urlOf("overtaken"))).toEqual([200, "v3"]), WAIT);
    expect(await call("delivery.rollout.get", { id: first.id })).toMatchObject({
      state: "rolled-back",
      reason: "A newer release is deployed instead.",
    });
    await eventually(async () =>
      expect((await deploymentsOf("overtaken")).map(({ status }) => status)).toEqual(["healthy", "superseded", "healthy"]),
    );
  });
});

describe("blue-green", () => {
  test("is looked at by a header, led over by a word, and back by another", async () => {
    const manifest = "rollout: { strategy: blue-green }\n";
    await deploy("colours", { version: "v1" });
    await push("colours", { version: "v2", manifest });
    const waiting = await inState("colours", "pausing");
    const preview = await fetch(urlOf("colours"), { headers: { "x-roadbed-preview": "1" } });
    expect([await preview.text(), await fetchText(urlOf("colours"))]).toEqual(["v2", [200, "v1"]]);
    await call("delivery.rollout.resume", { id: waiting.id, reason: "Looks well" });
    await eventually(async () => expect(await fetchText(urlOf("colours"))).toEqual([200, "v2"]));
    await call("delivery.rollout.abort", { id: waiting.id, reason: "It does not" });
    const back = await ended("colours");
    expect(await fetchText(urlOf("colours"))).toEqual([200, "v1"]);
    expect(back).toMatchObject({ state: "rolled-back", reason: "It does not" });
    expect(back.restoredMs).toEqual(expect.any(Number));
    await expect(call("delivery.rollout.abort", { id: waiting.id, reason: "again" })).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

test("a shadow is asked what the release before is asked, its answers are compared, and nobody gets them", async () => {
  const manifest = "rollout:\n  strategy: shadow\n  steps:\n    - mirror: { percent: 100 }\n    - pause: {}\n";
  await deploy("shaded", { version: "v1" });
  await push("shaded", { version: "v2", manifest });
  const waiting = await inState("shaded", "pausing");
  await eventually(async () => {
    expect(await fetchText(urlOf("shaded"))).toEqual([200, "v1"]);
    const { mirrored } = await call<Rollout>("delivery.rollout.get", { id: waiting.id });
    expect(mirrored?.different).toBeGreaterThan(0);
  }, 15_000);
  const { items } = await call<{ items: Rollout[] }>("delivery.rollout.list", { active: true, entityRef: "component:default/shaded" });
  expect(items.map(({ id, weight }) => [id, weight])).toEqual([[waiting.id, 0]]);
  await call("delivery.workload.stop", { entityRef: "component:default/shaded" });
  expect(await ended("shaded")).toMatchObject({ state: "rolled-back", reason: "The workload was stopped." });
}, 90_000);

test("an AnalysisTemplate of the repository is a tripwire: what cannot be read is said before anything begins, and what fails takes the release back", async () => {
  let rate = 0.99;
  const answers = createServer((_request, response) => response.end(JSON.stringify({ rate }))).listen(0, "127.0.0.1");
  await once(answers, "listening");
  const template = (provider: string): FileChange => ({
    path: "analysis/answers.yaml",
    content: `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: answers }
spec:
  args: [{ name: host }, { name: of }]
  metrics:
    - name: answers
      interval: 1s
      successCondition: result >= 0.95
      provider: { ${provider} }
`,
  });
  const host = `127.0.0.1:${(answers.address() as AddressInfo).port}`;
  const manifest = `rollout:
  strategy: canary
  steps: [{ weight: 20 }, { pause: {} }]
  tripwires: { templates: [{ file: analysis/answers.yaml, args: { host: "${host}", of: "\${component} in \${environment}" } }] }
`;
  await deploy("watched", { version: "v1" });
  await push("watched", [...release({ version: "v2", manifest }), template("job: { spec: {} }")]);
  await eventually(async () => expect((await deploymentsOf("watched"))[0]?.status).toBe("failed"), WAIT);
  expect((await deploymentsOf("watched"))[0]!.error).toContain(
    "analysis/answers.yaml:10: spec.metrics.0.provider.job: this provider is not read: it would run a Job in a cluster",
  );
  expect(await rolloutsOf("watched")).toEqual([]);
  await push("watched", [
    ...release({ version: "v3", manifest }),
    template('web: { url: "http://{{args.host}}/?of={{args.of}}", jsonPath: "{$.rate}" }'),
  ]);
  const waiting = await inState("watched", "pausing");
  const metricOf = async () => (await call<Rollout>("delivery.rollout.get", { id: waiting.id })).metrics![0]!;
  await eventually(async () => expect((await metricOf()).successful).toBeGreaterThan(0), WAIT);
  expect(await metricOf()).toMatchObject({ provider: "web", place: host, successCondition: "result >= 0.95" });
  rate = 0.2;
  const over = await ended("watched");
  expect(over).toMatchObject({ state: "rolled-back", reason: "Tripwire: answers of analysis/answers.yaml failed once: measured 0.2." });
  expect(over.metrics).toMatchObject([{ outcome: "failed", failed: 1 }]);
  answers.closeAllConnections();
  answers.close();
}, 120_000);

test("samples of answers are taken once each, and decide about a release that answers worse", async () => {
  const manifest =
    "rollout:\n  strategy: canary\n  steps: [{ weight: 20 }, { analysis: {} }]\n  analysis: { everySeconds: 1, samples: { score: {}, tokens: {} } }\n";
  await deploy("judged", { version: "v1" });
  await push("judged", { version: "v2", manifest });
  const { id, commit, stableCommit } = await inState("judged", "analysing");
  const sample = (samples: readonly unknown[], lines = "") => call("delivery.rollout.sample", { id, samples, lines });
  await expect(sample([{ id: "a", arm: "candidate", signal: "mood", value: 1 }])).rejects.toMatchObject({
    code: "INVALID",
    problems: [{ at: "samples/0/signal", mend: "It is one of score, tokens, cost, ttft." }],
  });
  await expect(sample([{ id: "a", arm: "candidate", signal: "cost", value: 1 }])).rejects.toMatchObject({
    mend: "Name it in roadbed.yaml: rollout.analysis.samples.cost.",
  });
  await expect(sample([{ id: "a", release: "0000000", signal: "score", value: 2 }])).rejects.toMatchObject({
    problems: [{ at: "samples/0/value" }, { at: "samples/0/release" }],
  });
  await expect(sample([], '{"id":"a"}')).rejects.toMatchObject({ problems: [{ at: "lines:1" }] });
  const scores = Array.from({ length: 100 }, (_, at) => [
    { id: `c${at}`, release: commit.slice(0, 8), signal: "score", value: 0.1 },
    { id: `b${at}`, release: stableCommit, signal: "score", value: 0.9 },
  ]).flat();
  expect(await sample(scores.slice(0, 10))).toEqual({ taken: 10, known: 0 });
  expect(await sample(scores.slice(0, 10), '{"id":"t","arm":"stable","signal":"tokens","value":812}\n')).toEqual({ taken: 1, known: 10 });
  await sample(scores);
  const over = await ended("judged");
  expect(over).toMatchObject({
    state: "rolled-back",
    reason: "Worse than the release before. score: 0.1 on average, the baseline 0.9.",
  });
  expect(over.analysis!.criteria.find(({ name }) => name === "score")).toMatchObject({
    verdict: "regression",
    score: { candidate: expect.closeTo(0.1), baseline: expect.closeTo(0.9), candidates: 100, baselines: 100, pairs: 100 },
  });
  await expect(sample(scores)).rejects.toMatchObject({ code: "CONFLICT" });
}, 120_000);

test("what is compared is started anew with the stable release when a credential of it changes, and the rollout goes on", async () => {
  const manifest =
    'kind: service\nstart: [node, server.mjs]\nrollout:\n  strategy: canary\n  steps: [{ header: { name: x-canary, value: "yes" } }, { pause: {} }]\n';
  for (const name of ["caller", "called"]) server.entities.set(`component:default/${name}`, entityOf(name));
  await deploy("caller", service({ version: "v1", manifest }));
  await push("caller", service({ version: "v2", manifest }));
  const waiting = await inState("caller", "pausing");
  const given = async (headers: Record<string, string>) => {
    const env = (await (await fetch(`${urlOf("caller")}env`, { headers })).json()) as Record<string, string | undefined>;
    return { token: env["CALLED_TOKEN"], commit: env["ROADBED_COMMIT"] };
  };
  const both = async () => [await given({}), await given({ "x-canary": "yes" })] as const;
  const before = await both();
  expect(before.map(({ commit }) => commit)).toEqual([waiting.stableCommit, waiting.commit]);
  await call("delivery.credential.create", { caller: "component:default/caller", callee: "component:default/called", environment: "dev" });
  await eventually(async () => {
    const [stable, candidate] = await both();
    expect([stable.commit, candidate.commit]).toEqual([waiting.stableCommit, waiting.commit]);
    expect(stable.token).toMatch(/^rbs_/);
    expect(candidate.token).toBe(stable.token);
  }, WAIT);
  expect(await inState("caller", "pausing")).toMatchObject({ id: waiting.id, step: waiting.step });
}, 120_000);

async function deploy(name: string, options: ReleaseOptions | FileChange[]): Promise<void> {
  const operation = server.delivery.handlers.find((handler) => handler.operation.name === "delivery.deployment.create")!.operation;
  const files = filesOf(options);
  await server.runtime.write(everyone, operation, { name }, undefined, (ctx) =>
    server.delivery.createRepository(ctx, { name, description: "", branch: "main", files, message: "first", author, key: name }),
  );
  await eventually(async () => expect((await deploymentsOf(name))[0]).toMatchObject({ status: "healthy" }), WAIT);
}

function entityOf(name: string): Entity {
  return { apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name } };
}

function filesOf(options: ReleaseOptions | FileChange[]): FileChange[] {
  return Array.isArray(options) ? options : release(options);
}

async function push(name: string, options: ReleaseOptions | FileChange[]): Promise<void> {
  const { hash } = await server.repositories.commitFiles(name, {
    branch: "main",
    message: "another",
    author,
    files: filesOf(options),
  });
  await call("delivery.deployment.create", { entityRef: `component:default/${name}`, commit: hash });
}

async function rolloutsOf(name: string): Promise<Rollout[]> {
  return (await call<{ items: Rollout[] }>("delivery.rollout.list", { entityRef: `component:default/${name}` })).items;
}

function inState(name: string, state: Rollout["state"]): Promise<Rollout> {
  return eventually(async () => {
    const [found] = await rolloutsOf(name);
    return found?.state === state ? found : false;
  }, WAIT) as Promise<Rollout>;
}

async function ended(name: string, ms = WAIT): Promise<Rollout> {
  const found = (await eventually(async () => {
    const [newest] = await rolloutsOf(name);
    return newest?.endedAt === undefined ? false : newest;
  }, ms)) as Rollout;
  return call<Rollout>("delivery.rollout.get", { id: found.id });
}

async function deploymentsOf(name: string): Promise<Deployment[]> {
  return (await call<{ items: Deployment[] }>("delivery.deployment.list", { entityRef: `component:default/${name}` })).items;
}

async function workloadOf(name: string): Promise<Workload> {
  return (await call<{ items: Workload[] }>("delivery.workload.list", { entityRef: `component:default/${name}` })).items[0]!;
}

function urlOf(name: string): string {
  return `${server.routerUrl}/dev/${name}/`;
}

/** The process of a version, once it answers. */
async function answerOf(name: string, version: string): Promise<string | undefined> {
  const answer = await fetch(urlOf(name));
  return (await answer.text()) === version ? (answer.headers.get("x-pid") ?? undefined) : undefined;
}

async function pidOf(name: string): Promise<string | null> {
  return (await fetch(urlOf(name))).headers.get("x-pid");
}

function call<T>(name: string, input: unknown): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name);
  return perform(server.runtime, handler!, everyone, input) as Promise<T>;
}
