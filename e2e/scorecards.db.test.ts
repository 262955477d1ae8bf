/** Scorecards over the real catalogue: what changes there is seen in the results, whichever process works them out. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { createCatalog, migrations as catalogTables, type Catalog } from "@roadbed/catalog";
import { createCel } from "@roadbed/cel";
import { deleteEntity, importSource, syncSource } from "@roadbed/contracts/catalog";
import { saveEntity } from "@roadbed/contracts/catalog/kinds";
import {
  deleteScorecard,
  getScorecard,
  listScorecards,
  listScorecardVersions,
  saveScorecard,
  testScorecard,
} from "@roadbed/contracts/standards/scorecards";
import { getEntityScores, getMatrix, getTrend, listScoreChanges, listScores, type EntityScore } from "@roadbed/contracts/standards/scores";
import { getCampaign, listCampaigns, listCampaignThings, saveCampaign } from "@roadbed/contracts/standards/campaigns";
import { removeStage, setStage } from "@roadbed/contracts/standards/stages";
import { approveWaiver, requestWaiver, revokeWaiver, type Waiver } from "@roadbed/contracts/standards/waivers";
import { perform, type Call, type InputOf, type Operation, type OutputOf } from "@roadbed/core";
import { openRepositories } from "@roadbed/git";
import { createRuntime } from "@roadbed/postgres";
import { createStandards, migrations as standardsTables, type Standards } from "@roadbed/standards";
import { callAs, createTestDatabase, quietLog, recordingLog, type TestDatabase } from "@roadbed/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const cel = createCel({ deadlineMs: 2_000 });
const empty = await mkdtemp(join(tmpdir(), "scorecards-"));
const repositories = openRepositories(join(empty, "git"));
let database: TestDatabase;
let catalog: Catalog;
let standards: Standards;
/** What is measured of things, as telemetry would say it. */
const measured = new Map<string, readonly object[]>();
/** The clock of calls; the real one unless a test sets it. */
let clock: (() => Date) | undefined;

const rule = (id: string, expression: string, more: object = {}) => ({
  id,
  title: id,
  expression,
  level: "one",
  message: `${id} fails`,
  mend: `mend ${id}`,
  ...more,
});
const scorecard = (name: string, rules: readonly object[], spec: object = {}) => ({
  apiVersion: "roadbed.dev/v1",
  kind: "Scorecard",
  metadata: { name, title: name },
  spec: {
    levels: [
      { name: "one", title: "One" },
      { name: "two", title: "Two" },
    ],
    rules,
    ...spec,
  },
});

beforeAll(async () => {
  database = await createTestDatabase([catalogTables, standardsTables]);
});
beforeEach(async () => {
  clock = undefined;
  await standards?.stop();
  await catalog?.stop();
  for (const table of ["catalog.entity", "catalog.removed_entity", "catalog.history", "catalog.source", "kernel.event"])
    await database.db.query(`delete from ${table}`);
  for (const table of ["", "_version", "_due", "_result", "_history"]) await database.db.query(`delete from standards.scorecard${table}`);
  catalog = openCatalog();
  standards = openStandards(catalog);
});
afterAll(async () => {
  await standards.stop();
  await catalog.stop();
  await cel.close();
  await database.drop();
  await rm(empty, { recursive: true });
});

function openCatalog(): Catalog {
  return createCatalog({ db: database.db, runtime: database.runtime, log: quietLog, cel, repositories, dataDir: join(empty, "data") });
}

function openStandards(of: Catalog, folders: readonly string[] = [], log = quietLog): Standards {
  return createStandards({
    log,
    cel,
    policies: [],
    scorecards: {
      db: database.db,
      things: of.subjects,
      measures: { objectivesOf: async () => measured },
      folders,
      publicUrl: "http://localhost",
    },
  });
}

async function ask<O extends Operation>(operation: O, input: InputOf<O>, who: Partial<Call> = {}): Promise<OutputOf<O>> {
  const handler = [...catalog.handlers, ...standards.handlers].find((one) => one.operation.name === operation.name)!;
  const runtime = clock ? createRuntime({ db: database.db, log: quietLog, may: async () => {}, now: clock }) : database.runtime;
  return (await perform(runtime, handler, callAs(who), input)) as OutputOf<O>;
}

const put = (name: string, spec: object, more: { kind?: string; metadata?: object } = {}) =>
  ask(saveEntity, {
    entity: {
      apiVersion: "backstage.io/v1alpha1",
      kind: more.kind ?? "Component",
      metadata: { name, ...more.metadata },
      spec: { ...(more.kind === undefined ? { type: "service", lifecycle: "production" } : {}), ...spec },
    },
  });
const putGroup = (name: string, spec: object = {}) => put(name, { type: "team", children: [], ...spec }, { kind: "Group" });
const save = (document: object) => ask(saveScorecard, { scorecard: document as Record<string, unknown> });
const settled = () => standards.scorecards!.settled();

async function scoreOf(name: string, of = "mine"): Promise<EntityScore | undefined> {
  const { scores } = await ask(getEntityScores, { ref: `component:default/${name}` });
  return scores.find((one) => one.scorecard === of);
}
const outcomes = (score: EntityScore | undefined): Record<string, string> =>
  Object.fromEntries(score?.rules.map(({ id, outcome }) => [id, outcome]) ?? []);

test("results follow what they see: the entity, who it relates to, and what is gone", async () => {
  await save(
    scorecard("mine", [
      rule("owned", "owner.found", { effort: "minutes" }),
      rule("peopled", "owner.found && owner.members > 0", { level: "two", effort: "days" }),
      rule("called", "onCall.found", { level: "two", effort: "minutes" }),
      rule("known", "related.dependsOn.all(d, d.found)", { level: "two" }),
    ]),
  );
  await put("shop", { owner: "red", dependsOn: ["component:default/till"] });
  await settled();
  expect(await scoreOf("shop")).toMatchObject({ rank: 0, score: 0, next: { level: "one", steps: [{ id: "owned", mend: "mend owned" }] } });
  // Others come: the entity itself stays as it is.
  await putGroup("red");
  await settled();
  expect(await scoreOf("shop")).toMatchObject({
    rank: 1,
    level: "one",
    next: { level: "two", steps: [{ id: "called" }, { id: "known" }, { id: "peopled" }] },
  });
  await put("lea", { memberOf: ["red"] }, { kind: "User" });
  await put("till", { owner: "red" });
  await putGroup("red", { onCall: "Lea" });
  await settled();
  expect(await scoreOf("shop")).toMatchObject({ rank: 2, level: "two", score: 1 });
  expect((await scoreOf("shop"))?.next).toBeUndefined();
  // And go.
  await ask(deleteEntity, { ref: "user:default/lea" });
  await settled();
  expect(outcomes(await scoreOf("shop"))).toMatchObject({ owned: "pass", peopled: "fail" });
  await ask(deleteEntity, { ref: "component:default/shop" });
  await settled();
  expect((await ask(listScores, { name: "mine" })).items.map(({ ref }) => ref)).toEqual(["component:default/till"]);
});

test("a relation that the other end states no more is gone here too", async () => {
  await save(scorecard("mine", [rule("provided", "related.apiProvidedBy.size() > 0")], { kinds: ["API"] }));
  await put("fares", { type: "openapi", lifecycle: "production", owner: "red", definition: "openapi: 3.0.0" }, { kind: "API" });
  await put("shop", { owner: "red", providesApis: ["fares"] });
  await settled();
  const rank = async () => (await ask(getEntityScores, { ref: "api:default/fares" })).scores[0]!.rank;
  expect(await rank()).toBe(2);
  await put("shop", { owner: "red" });
  await settled();
  expect(await rank()).toBe(0);
});

test("what cannot be evaluated is unknown, says why, and is no pass", async () => {
  const endless =
    "entity.spec.list.all(a, entity.spec.list.all(b, entity.spec.list.all(c, entity.spec.list.all(d, a + b + c + d < 9999999))))";
  await save(
    scorecard("mine", [
      rule("absent", "entity.spec.nothing.here == 1"),
      rule("text", "entity.spec.owner"),
      rule("endless", endless),
      rule("fine", "true"),
      rule("not-about-it", "false", { filter: "entity.spec.type == 'library'" }),
      rule("worded", "size(entity.spec.list) < 3", { messageExpression: "'it has ' + string(size(entity.spec.list))" }),
    ]),
  );
  await put("shop", { owner: "red", list: Array.from({ length: 300 }, (_, n) => n) });
  await settled();
  const score = await scoreOf("shop");
  expect(score?.rank).toBe(0);
  expect(score?.rules).toMatchObject([
    { outcome: "unknown", message: expect.stringContaining("No such key: nothing") },
    { outcome: "unknown", message: expect.stringContaining("not true or false") },
    { outcome: "unknown", message: expect.any(String) },
    { outcome: "pass" },
    { outcome: "not-applicable" },
    { outcome: "fail", message: "it has 300" },
  ]);
  // As a whole as well: a filter of the scorecard that fails hides nothing.
  await save(scorecard("mine", [rule("fine", "true")], { filter: "entity.spec.none == 1" }));
  await settled();
  expect(outcomes(await scoreOf("shop"))).toEqual({ fine: "unknown" });
});

test("a rule that never ends is stopped once, and not again for each entity; the others go on", async () => {
  const endless =
    "entity.spec.list.all(a, entity.spec.list.all(b, entity.spec.list.all(c, entity.spec.list.all(d, a + b + c + d < 9999999))))";
  const list = Array.from({ length: 300 }, (_, n) => n);
  for (let n = 0; n < 30; n++) await put(`c${n}`, { owner: "red", list });
  await save(scorecard("mine", [rule("endless", endless), rule("fine", "true"), rule("odd", "true", { filter: endless })]));
  // Thirty entities with two endless expressions: one by one they would take longer than this test may.
  await settled();
  const { items } = await ask(listScores, { name: "mine", rule: "endless", outcome: "unknown" });
  expect(items).toHaveLength(30);
  expect(outcomes(await scoreOf("c7"))).toEqual({ endless: "unknown", fine: "pass", odd: "unknown" });
});

test("rules read what is measured: what was not counted is no pass, and a judged objective is looked at again", async () => {
  await save(
    scorecard("mine", [
      rule("measured", "objectives.size() > 0"),
      rule("budget", "objectives.all(one, one.remaining > 0.1)", { filter: "objectives.size() > 0" }),
    ]),
  );
  await put("shop", { owner: "red" });
  await settled();
  expect(outcomes(await scoreOf("shop"))).toEqual({ measured: "fail", budget: "not-applicable" });
  const judge = async (objective: object): Promise<void> => {
    measured.set("component:default/shop", [{ name: "shop-answers", target: 0.99, ...objective }]);
    const payload = { slo: "shop-answers", entityRef: "component:default/shop", state: "ok" };
    const [subscription] = standards.subscriptions;
    await database.runtime.write(callAs({}), saveEntity, {} as never, undefined, (ctx) =>
      subscription!.receive(ctx, { name: "telemetry.slo.judged", payload } as never),
    );
    await settled();
  };
  await judge({ state: "unknown" });
  expect(outcomes(await scoreOf("shop"))).toEqual({ measured: "pass", budget: "unknown" });
  await judge({ state: "ok", remaining: 0.4 });
  expect(outcomes(await scoreOf("shop"))).toEqual({ measured: "pass", budget: "pass" });
  await judge({ state: "ok", remaining: 0.05 });
  expect(outcomes(await scoreOf("shop"))).toEqual({ measured: "pass", budget: "fail" });
});

test("files of the repository are read, as text and as data, and read again when they change", async () => {
  const folder = await mkdtemp(join(empty, "repo-"));
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  await write(
    "catalog-info.yaml",
    "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: shop}\nspec: {type: service, lifecycle: production, owner: red}\n",
  );
  await write("package.json", '{"engines": {"node": ">=24"}}');
  await write("deploy/app.yaml", "replicas: 1\n");
  await write("pyproject.toml", '[project]\nname = "shop"\n');
  await save(
    scorecard("mine", [
      rule("json", 'repo.files["package.json"].data.engines.node == ">=24"', { reads: ["package.json"] }),
      rule("yaml", 'repo.files["deploy/app.yaml"].data.replicas > 1', { reads: ["deploy/*.yaml"] }),
      rule("toml", 'repo.files["pyproject.toml"].data.project.name == "shop"', { reads: ["pyproject.toml"] }),
      rule("grep", 'repo.files["package.json"].text.matches("(?m)engines")', { reads: ["package.json"] }),
      rule("none", '"LICENSE" in repo.paths'),
    ]),
  );
  const { source } = await ask(importSource, { target: folder, watch: false });
  await settled();
  expect(outcomes(await scoreOf("shop"))).toEqual({ json: "pass", yaml: "fail", toml: "pass", grep: "pass", none: "fail" });
  await write("LICENSE", "free");
  await write("deploy/app.yaml", "replicas: 3\n");
  await ask(syncSource, { id: source.id });
  // The descriptor is the same: what tells of it is the event of the source.
  const [subscription] = standards.subscriptions;
  await database.runtime.write(callAs(), { ...saveScorecard }, {}, undefined, (ctx) =>
    subscription!.receive(ctx, {
      name: "catalog.source.synced",
      payload: {
        sourceId: source.id,
        counts: source.counts ?? { read: 1, registered: 0, changed: 0, unchanged: 1, removed: 0, failed: 0, conflicts: 0 },
      },
    } as never),
  );
  await settled();
  expect(outcomes(await scoreOf("shop"))).toEqual({ json: "pass", yaml: "pass", toml: "pass", grep: "pass", none: "pass" });
});

test("files of a repository of the embedded host count from the push on; what cannot be read is not known, and says why", async () => {
  const commit = (files: Record<string, string>, removed: readonly string[] = []) =>
    repositories.commitFiles("cart", {
      branch: "main",
      files: Object.entries(files).map(([path, content]) => ({ path, content })),
      removed,
      message: "push",
      author: { name: "Ada", email: "ada@example.org" },
    });
  await repositories.init("cart");
  await commit({
    "catalog-info.yaml":
      "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: cart}\nspec: {type: service, lifecycle: production, owner: red}\n",
  });
  await save(scorecard("mine", [rule("license", '"LICENSE" in repo.paths'), rule("owned", "owner.found")], { filter: "repo.found" }));
  const { source } = await ask(importSource, { target: "repository:cart", watch: false });
  await settled();
  expect(outcomes(await scoreOf("cart"))).toEqual({ license: "fail", owned: "fail" });
  const { hash } = await commit({ LICENSE: "free" });
  await synced(source.id);
  expect(outcomes(await scoreOf("cart"))).toEqual({ license: "pass", owned: "fail" });
  await repositories.moveBranch("cart", "main", hash, null);
  await synced(source.id);
  const dark = await scoreOf("cart");
  expect(outcomes(dark)).toEqual({ license: "unknown", owned: "unknown" });
  expect(dark?.rules[0]?.message).toBe("Its files are not known, because the repository cart has no branch main.");
});

/** What the server hears after a source was read: the descriptor may be the same, files beside it need not be. */
async function synced(sourceId: string): Promise<void> {
  const [subscription] = standards.subscriptions;
  const counts = { read: 1, registered: 0, changed: 0, unchanged: 1, removed: 0, failed: 0, conflicts: 0 };
  await database.runtime.write(callAs(), { ...saveScorecard }, {}, undefined, (ctx) =>
    subscription!.receive(ctx, { name: "catalog.source.synced", payload: { sourceId, counts } } as never),
  );
  await settled();
}

test("a change is told once with what changed, and kept as history and trend, however many processes work", async () => {
  const others = [openCatalog(), openCatalog()].map((one) => ({ catalog: one, standards: openStandards(one) }));
  await save(scorecard("mine", [rule("owned", "owner.found"), rule("described", "has(entity.metadata.description)", { level: "two" })]));
  await put("shop", { owner: "red" });
  await settled();
  await database.db.query("delete from kernel.event");
  await Promise.all([standards, ...others.map((one) => one.standards)].map((one) => one.start()));
  await putGroup("red");
  await Promise.all([standards, ...others.map((one) => one.standards)].map((one) => one.scorecards!.settled()));
  const { rows } = await database.db.query<{ subject: string; payload: object }>(
    "select subject, payload from kernel.event where name = 'standards.scorecard.changed'",
  );
  expect(rows).toMatchObject([
    {
      subject: "component:default/shop",
      payload: { after: "one", rose: true, fell: false, cause: "entity", rules: [{ id: "owned", before: "fail", after: "pass" }] },
    },
  ]);
  const { items } = await ask(listScoreChanges, { name: "mine" });
  expect(items).toMatchObject([{ ref: "component:default/shop", after: "one", rose: true, rules: [{ id: "owned" }] }]);
  const trend = await ask(getTrend, { name: "mine" });
  expect(trend.days.at(-1)).toMatchObject({ things: 1, levelCounts: [0, 1, 0] });
  await Promise.all(others.flatMap((one) => [one.standards.stop(), one.catalog.stop()]));
});

test("versions are kept; a rule that was added says nothing of before, and removal takes the results away", async () => {
  await put("shop", { owner: "red" });
  expect(await save(scorecard("mine", [rule("owned", "owner.found")]))).toMatchObject({ version: 1, change: "created" });
  await settled();
  expect(await save(scorecard("mine", [rule("owned", "owner.found")]))).toMatchObject({ version: 1, change: "unchanged" });
  const more = [rule("typed", "entity.spec.type == 'service'"), rule("owned", "owner.found", { weight: 3 })];
  expect(await save(scorecard("mine", more))).toMatchObject({ version: 2, change: "changed" });
  // Until it is looked at anew, what is known is shown under its own rule.
  expect(outcomes(await scoreOf("shop"))).toEqual({ typed: "not-applicable", owned: "fail" });
  await settled();
  expect(outcomes(await scoreOf("shop"))).toEqual({ typed: "pass", owned: "fail" });
  expect((await ask(listScoreChanges, { name: "mine" })).items).toMatchObject([
    { cause: "scorecard", rules: [{ id: "typed", after: "pass" }] },
  ]);
  expect((await ask(listScorecardVersions, { name: "mine" })).items.map(({ version }) => version)).toEqual([2, 1]);
  await ask(deleteScorecard, { name: "mine" });
  await settled();
  expect((await ask(listScorecards, {})).items).toEqual([]);
  expect(await save(scorecard("mine", more))).toMatchObject({ version: 3, change: "created" });
});

test("a rule counts from its date on, and the day it does everything is looked at again", async () => {
  let now = new Date("2026-06-01T12:00:00Z");
  standards = createStandards({
    log: quietLog,
    cel,
    policies: [],
    scorecards: { db: database.db, things: catalog.subjects, folders: [], publicUrl: "", now: () => now },
  });
  await database.db.query("update standards.scorecard_state set swept_at = $1", [now]);
  await save(scorecard("mine", [rule("owned", "owner.found", { effectiveFrom: "2026-06-02" }), rule("fine", "true")]));
  await put("shop", { owner: "red" });
  await settled();
  const stored = async () => (await database.db.query("select rank, codes from standards.scorecard_result")).rows;
  expect(await stored()).toEqual([{ rank: 2, codes: "fp" }]);
  now = new Date("2026-06-02T00:00:01Z");
  await settled();
  expect(await stored()).toEqual([{ rank: 0, codes: "fp" }]);
  expect((await ask(listScoreChanges, { name: "mine" })).items).toMatchObject([{ cause: "time", before: "two", fell: true, rules: [] }]);
});

describe("what is shown", () => {
  const nobody: Partial<Call> = { actor: { kind: "user", id: "eve", name: "Eve" }, scopes: new Set(["standards:read", "catalog:read"]) };

  test("lists, counts and pictures leave out what somebody may not see", async () => {
    await save(scorecard("mine", [rule("owned", "owner.found")], { rubric: true }));
    await putGroup("red");
    await put("open", { owner: "red" });
    await put("hidden", { owner: "red" }, { metadata: { annotations: { "roadbed.dev/visible-to": "group:default/red" } } });
    await settled();
    const counts = async (who: Partial<Call>) => ({
      list: (await ask(listScores, { name: "mine" }, who)).total,
      card: (await ask(getScorecard, { name: "mine" }, who)).ruleStates[0]!.passed,
      all: (await ask(listScorecards, {}, who)).items[0]!.things,
      matrix: (await ask(getMatrix, { name: "mine" }, who)).items.map(({ things }) => things),
      trend: (await ask(getTrend, { name: "mine" }, who)).days.at(-1)?.things,
    });
    expect(await counts({})).toEqual({ list: 2, card: 2, all: 2, matrix: [2], trend: 2 });
    expect(await counts(nobody)).toEqual({ list: 1, card: 1, all: 1, matrix: [1], trend: 1 });
    await expect(ask(getEntityScores, { ref: "component:default/hidden" }, nobody)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(
      ask(testScorecard, { yaml: JSON.stringify(scorecard("x", [rule("a", "true")])), ref: "component:default/hidden" }, nobody),
    ).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    // A picture by its address alone only where it is signed, and for this one thing only.
    const request = { ref: "component:default/hidden", theme: "light" } as const;
    const { things } = standards.scorecards!;
    const badge: NonNullable<typeof standards.scorecards>["badge"] = (...given) => standards.scorecards!.badge(...given);
    expect(await badge(request, {})).toBeUndefined();
    const view = await things.viewOf({ ...callAs(nobody), sql: database.db });
    expect(await badge(request, { view })).toBeUndefined();
    const handler = standards.handlers.find(({ operation }) => operation.name === "standards.badge.get")!;
    const { url } = (await perform(database.runtime, handler, callAs(), { ref: request.ref })) as { url: string };
    const signature = new URL(url).searchParams.get("sign")!;
    expect(await badge({ ...request, scorecard: "mine" }, { signature })).toContain("mine: Two");
    expect(await badge({ ...request, ref: "component:default/open", scorecard: "mine" }, { signature })).toBeUndefined();
  });

  test("lists go by level, rule, owner and page; the next step is named", async () => {
    await save(
      scorecard(
        "mine",
        [rule("owned", "owner.found"), rule("even", "int(entity.spec.n) % 2 == 0", { level: "two", effort: "minutes", category: "b" })],
        {
          categories: [
            { name: "a", title: "A" },
            { name: "b", title: "B" },
          ],
        },
      ),
    );
    await putGroup("red");
    for (let n = 0; n < 4; n++) await put(`c${n}`, { owner: n === 3 ? "blue" : "red", n });
    await settled();
    const refs = async (more: object) => (await ask(listScores, { name: "mine", ...more })).items.map(({ ref }) => ref.slice(18));
    expect(await refs({})).toEqual(["c3", "c1", "c0", "c2"]);
    expect(await refs({ level: "none" })).toEqual(["c3"]);
    expect(await refs({ level: "two", owner: "group:default/red" })).toEqual(["c0", "c2"]);
    expect(await refs({ category: "b", level: "one" })).toEqual(["c3", "c1"]);
    expect(await refs({ rule: "even", outcome: "fail" })).toEqual(["c3", "c1"]);
    const first = await ask(listScores, { name: "mine", limit: 3 });
    expect(first).toMatchObject({
      total: 4,
      items: [{ next: { id: "owned", steps: 1 } }, { next: { id: "even", effort: "minutes" } }, {}],
    });
    expect(await refs({ cursor: first.nextCursor })).toEqual(["c2"]);
    await expect(ask(listScores, { name: "mine", level: "three" })).rejects.toMatchObject({
      problems: [{ at: "level", mend: "There are one, two." }],
    });
  });

  test("a draft is tried on what there is, and changes nothing", async () => {
    await put("shop", { owner: "red" });
    const draft = scorecard("draft", [rule("owned", "owner.found"), rule("odd", "entity.spec.none == 1")]);
    expect(await ask(testScorecard, { scorecard: draft, ref: "component:default/shop" })).toMatchObject({
      ok: true,
      change: "created",
      looked: 1,
      levelCounts: [1, 0, 0],
      rules: [{ failed: 1 }, { unknown: 1, note: expect.stringContaining("none") }],
      score: { rank: 0 },
    });
    expect((await ask(listScorecards, {})).items).toEqual([]);
    await expect(save(scorecard("bad", [rule("x", "onCall.fuond")]))).rejects.toMatchObject({
      code: "INVALID",
      problems: [{ at: "spec.rules.0.expression", reason: expect.stringContaining("line 1, column 8") }],
    });
  });
});

test("shipped files come in, newer ones replace older ones, and what a person changed stays", async () => {
  const folder = await mkdtemp(join(empty, "shipped-"));
  const ship = (name: string, rules: readonly object[], spec: object = {}) =>
    writeFile(join(folder, `${name}.yaml`), JSON.stringify(scorecard(name, rules, spec)));
  const restart = async (): Promise<void> => {
    await standards.stop();
    standards = openStandards(catalog, [folder]);
    await standards.start();
  };
  await ship("rubric", [rule("a", "true")], { rubric: true });
  await ship("team", [rule("a", "true")]);
  await restart();
  await save(scorecard("team", [rule("b", "true")]));
  await expect(save(scorecard("second", [rule("a", "true")], { rubric: true }))).rejects.toMatchObject({ code: "CONFLICT" });
  await ship("rubric", [rule("a", "true"), rule("c", "true")], { rubric: true });
  await ship("team", [rule("a", "true"), rule("c", "true")]);
  await restart();
  const rules = async (name: string) => (await ask(getScorecard, { name })).ruleStates.map(({ id }) => id);
  expect(await rules("rubric")).toEqual(["a", "c"]);
  expect(await rules("team")).toEqual(["b"]);
  // A broken file is told, and spoils no other.
  await writeFile(join(folder, "broken.yaml"), "kind: Scorecard\n");
  const log = recordingLog();
  const broken = openStandards(catalog, [folder], log);
  expect(await broken.health()).toMatchObject({ ok: false, detail: expect.stringContaining("broken.yaml") });
  expect(log.lines.some(({ message }) => message === "a scorecard's file is broken")).toBe(true);
});

describe("campaigns", () => {
  const day = (offset: number): string => new Date(Date.parse("2026-06-01") + offset * 86_400_000).toISOString().slice(0, 10);
  let now: Date;

  beforeEach(async () => {
    await database.db.query("delete from standards.campaign");
    now = new Date("2026-06-01T12:00:00Z");
    clock = () => now;
    standards = createStandards({
      log: quietLog,
      cel,
      policies: [],
      scorecards: { db: database.db, things: catalog.subjects, folders: [], publicUrl: "", now: clock },
    });
    await database.db.query("update standards.scorecard_state set swept_at = $1", [now]);
    await save(
      scorecard("mine", [
        rule("owned", "owner.found", { effort: "minutes" }),
        rule("described", "has(entity.metadata.description)", { level: "two" }),
        rule("typed", "entity.spec.type != 'odd'", { level: "two" }),
      ]),
    );
    await putGroup("red");
    await putGroup("blue");
    for (const [name, owner] of [
      ["a", "red"],
      ["b", "red"],
      ["c", "blue"],
      ["d", "blue"],
    ] as const)
      await put(name, { owner });
    await settled();
  });

  const events = async (name: string) =>
    (
      await database.db.query<{ subject: string; payload: object }>(
        "select subject, payload from kernel.event where name = $1 order by seq",
        [name],
      )
    ).rows;

  test("count by team, say what is left, and burn down by the history of the results", async () => {
    await ask(saveCampaign, {
      name: "words",
      title: "Words",
      scorecard: "mine",
      level: "two",
      deadline: day(30),
      goal: 0.75,
      owner: "group:default/red",
    });
    expect(await ask(getCampaign, { name: "words" })).toMatchObject({
      state: "open",
      things: 4,
      done: 0,
      ruleTitles: [{ id: "owned" }, { id: "described" }, { id: "typed" }],
    });
    const { items } = await ask(listCampaignThings, { name: "words", owner: "group:default/blue" });
    expect(items).toMatchObject([
      { ref: "component:default/c", done: false, steps: [{ id: "described", mend: "mend described" }] },
      { done: false },
    ]);
    // Of a system that nothing is part of there is nothing, and a campaign about everybody is about everybody.
    expect((await ask(listCampaignThings, { name: "words", system: "system:default/none" })).items).toEqual([]);
    expect((await ask(listCampaigns, { owner: "group:default/blue" })).items).toHaveLength(1);
    expect((await ask(listCampaigns, { owner: "group:default/blue", state: "over" })).items).toEqual([]);
    await database.db.query("update standards.campaign set started_at = '2026-05-30T10:00Z'");
    await database.db.query("update standards.scorecard_state set change = change + 1");
    await database.db.query(
      "update standards.scorecard_result r set first_at = '2026-05-30T09:00Z', change = s.change from standards.scorecard_state s",
    );
    // The results change today and tomorrow.
    await put("a", { owner: "red" }, { metadata: { description: "Said." } });
    await settled();
    now = new Date("2026-06-02T12:00:00Z");
    await put("c", { owner: "blue" }, { metadata: { description: "Said." } });
    await settled();
    const known = await ask(getCampaign, { name: "words" });
    expect(known.teams).toMatchObject([
      { title: "blue", things: 2, done: 1, share: 0.5 },
      { title: "red", things: 2, done: 1 },
    ]);
    expect((await ask(listCampaignThings, { name: "words", done: true })).items.map(({ ref }) => ref)).toEqual([
      "component:default/a",
      "component:default/c",
    ]);
    expect(known.days.map(({ open }) => open)).toEqual([4, 4, 3, 2]);
  });

  test("close themselves when the goal is reached, and when the day is over; closed ones stay as they are", async () => {
    await ask(saveCampaign, { name: "quick", title: "Quick", scorecard: "mine", rules: ["owned"], deadline: day(5) });
    await ask(saveCampaign, { name: "slow", title: "Slow", scorecard: "mine", rules: ["described"], deadline: day(5) });
    await standards.scorecards!.lookAtCampaigns();
    expect((await ask(listCampaigns, {})).items.map(({ name, state }) => `${name} ${state}`)).toEqual(["slow open", "quick reached"]);
    now = new Date(`${day(6)}T00:00:01Z`);
    await Promise.all([standards.scorecards!.lookAtCampaigns(), standards.scorecards!.lookAtCampaigns()]);
    expect((await events("standards.campaign.closed")).map(({ payload }) => payload)).toMatchObject([
      { campaign: "quick", state: "reached", things: 4, done: 4 },
      { campaign: "slow", state: "over", things: 4, done: 0 },
    ]);
    await expect(
      ask(saveCampaign, { name: "slow", title: "Slow", scorecard: "mine", rules: ["owned"], deadline: "2099-01-01" }),
    ).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("remind the teams that are not done, once for each day that was named", async () => {
    await ask(saveCampaign, {
      name: "words",
      title: "Words",
      scorecard: "mine",
      rules: ["described"],
      deadline: day(10),
      remindDays: [7, 1],
    });
    await put("c", { owner: "blue" }, { metadata: { description: "Said." } });
    await put("d", { owner: "blue" }, { metadata: { description: "Said." } });
    await settled();
    await standards.scorecards!.lookAtCampaigns();
    expect(await events("standards.campaign.reminded")).toEqual([]);
    now = new Date(`${day(4)}T08:00:00Z`);
    for (let n = 0; n < 3; n++) await standards.scorecards!.lookAtCampaigns();
    expect(await events("standards.campaign.reminded")).toMatchObject([
      { subject: "group:default/red", payload: { campaign: "words", open: 2, daysLeft: 6, deadline: day(10) } },
    ]);
  });

  test("are about what there is: levels and rules that are not there are refused, and what may not be seen is not counted", async () => {
    const draft = { name: "x", title: "X", scorecard: "mine", deadline: "2099-01-01" };
    for (const [more, at] of [
      [{}, "level"],
      [{ level: "two", rules: ["owned"] }, "level"],
      [{ level: "three" }, "level"],
      [{ rules: ["none"] }, "rules"],
      [{ level: "two", deadline: "2020-01-01" }, "deadline"],
    ] as const)
      await expect(ask(saveCampaign, { ...draft, ...more } as never)).rejects.toMatchObject({ code: "INVALID", problems: [{ at }] });
    await put("b", { owner: "red" }, { metadata: { annotations: { "roadbed.dev/visible-to": "group:default/red" } } });
    await settled();
    await ask(saveCampaign, { ...draft, level: "two" });
    const eve: Partial<Call> = { actor: { kind: "user", id: "eve", name: "Eve" }, scopes: new Set(["standards:read"]) };
    expect(await ask(getCampaign, { name: "x" }, eve)).toMatchObject({ things: 3, teams: [{ things: 2 }, { things: 1 }] });
    expect((await ask(listCampaignThings, { name: "x" }, eve)).total).toBe(3);
    expect((await ask(listCampaigns, {}, eve)).items).toMatchObject([{ things: 3 }]);
  });
});

/** What the relay would bring of a waiver. */
async function tell({ id: waiverId, policy, entity, owner, expiresAt }: Waiver): Promise<void> {
  const payload = { waiverId, policy, ...(entity === undefined ? {} : { entity }), state: "approved", owner, expiresAt };
  const subscription = standards.subscriptions.find(({ name }) => name === "standards.note-due")!;
  await database.runtime.write(callAs(), saveScorecard, {}, undefined, (ctx) =>
    subscription.receive(ctx, { name: "standards.waiver.changed", payload } as never),
  );
  await settled();
}

test("a rule is waived for an entity or for what a team owns, until the waiver ends", async () => {
  await database.db.query("delete from standards.waiver");
  await save(scorecard("mine", [rule("described", "has(entity.metadata.description)"), rule("owned", "owner.found")]));
  await putGroup("red");
  await put("a", { owner: "red" });
  await put("b", { owner: "red" });
  await settled();
  expect(await scoreOf("a")).toMatchObject({ rank: 0 });
  await expect(
    ask(requestWaiver, { policy: "mine/none", entity: "component:default/a", reason: "It is being retired." }),
  ).rejects.toMatchObject({ code: "NOT_FOUND" });
  const asked = await ask(requestWaiver, { policy: "mine/described", entity: "component:default/a", reason: "It is being retired." });
  await tell(asked);
  expect(outcomes(await scoreOf("a"))).toEqual({ described: "fail", owned: "pass" });
  await ask(approveWaiver, { id: asked.id }, { actor: { kind: "user", id: "bea", name: "Bea" } });
  await tell(asked);
  expect(await scoreOf("a")).toMatchObject({ rank: 2, rules: [{ outcome: "waived" }, { outcome: "pass" }] });
  expect(await scoreOf("b")).toMatchObject({ rank: 0 });
  await ask(revokeWaiver, { id: asked.id });
  await tell(asked);
  expect(outcomes(await scoreOf("a"))).toEqual({ described: "fail", owned: "pass" });
  const team = await ask(requestWaiver, { policy: "mine/described", team: "group:default/red", reason: "They have just begun." });
  await ask(approveWaiver, { id: team.id }, { actor: { kind: "user", id: "bea", name: "Bea" } });
  await tell(team);
  expect(outcomes(await scoreOf("b"))).toEqual({ described: "waived", owned: "pass" });
});

test("a policy that holds at the scorecard is a rule by itself, as long as it holds there", async () => {
  const folder = await mkdtemp(join(empty, "policies-"));
  await writeFile(
    join(folder, "has-tier.yaml"),
    `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: has-tier
  annotations:
    roadbed.dev/version: "1.0.0"
    roadbed.dev/title: Everything has a tier
    roadbed.dev/why: Alerts are sorted by it.
    roadbed.dev/mend: Write the label tier.
    roadbed.dev/moments: scorecard=deny
spec:
  matchConstraints:
    resourceRules: [{ apiGroups: [backstage.io], apiVersions: ["*"], operations: [CREATE], resources: [components] }]
  variables: [{ name: tier, expression: "object.metadata.?labels[?'tier'].orValue('')" }]
  validations: [{ expression: "variables.tier != ''", messageExpression: "object.metadata.name + ' has no tier'" }]
`,
  );
  await standards.stop();
  await database.db.query("delete from standards.stage");
  standards = createStandards({
    log: quietLog,
    cel,
    policies: [folder],
    scorecards: { db: database.db, things: catalog.subjects, folders: [], publicUrl: "http://localhost" },
  });
  await standards.scorecards!.lookAtPolicies();
  await put("a", { owner: "red" });
  await put("b", { owner: "red" }, { metadata: { labels: { tier: "1" } } });
  await settled();
  const of = async (name: string) =>
    (await ask(getEntityScores, { ref: `component:default/${name}` })).scores.find((one) => one.scorecard === "policies");
  expect(await of("a")).toMatchObject({
    title: "Policies",
    rules: [
      {
        id: "has-tier",
        outcome: "fail",
        mend: "Write the label tier.",
        message: "a has no tier Alerts are sorted by it.",
      },
    ],
  });
  expect(await of("b")).toMatchObject({ rank: 1, rules: [{ outcome: "pass" }] });

  // A waiver of the policy is one of its rule.
  const waiver = await ask(requestWaiver, { policy: "has-tier", entity: "component:default/a", reason: "It is being retired." });
  await ask(approveWaiver, { id: waiver.id }, { actor: { kind: "user", id: "bea", name: "Bea" } });
  await tell(waiver);
  expect(await of("a")).toMatchObject({ rank: 1, rules: [{ outcome: "waived" }] });
  await ask(revokeWaiver, { id: waiver.id });
  await tell(waiver);
  expect(await of("a")).toMatchObject({ rules: [{ outcome: "fail" }] });

  // Switched off there, it is no rule any more; switched on again, it is.
  const stage = await ask(setStage, { policy: "has-tier", action: "off", moments: ["scorecard"] });
  await standards.scorecards!.lookAtPolicies();
  await settled();
  expect(await of("a")).toBeUndefined();
  await ask(removeStage, { id: stage.id });
  await standards.scorecards!.lookAtPolicies();
  await settled();
  expect(await of("a")).toMatchObject({ rules: [{ outcome: "fail" }] });
});
