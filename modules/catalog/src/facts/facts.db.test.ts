import { hash } from "node:crypto";

import {
  deleteSource,
  entityHistory,
  getEntity,
  importSource,
  listEntities,
  removeSample,
  syncSource,
  type Entity,
} from "@roadbed/contracts/catalog";
import {
  askQuestions,
  clearFact,
  confirmFact,
  getTrustRules,
  listFacts,
  listPrecedence,
  listQuestions,
  lockFact,
  proposeFact,
  setFact,
  setPrecedence,
  setTrustRules,
  unlockFact,
  type Fact,
} from "@roadbed/contracts/catalog/facts";
import type { OutputOf } from "@roadbed/core";
import { openRepositories } from "@roadbed/git";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";

import { createKinds } from "../kinds/registry.ts";
import { applySnapshot } from "../source/apply-snapshot.ts";
import type { Enrichment } from "../source/snapshot.ts";
import { ensureSource } from "../source/source-store.ts";
import { component, useWorld } from "../world.suite.ts";

const world = useWorld();
const { ask, put, write, events, forgetEvents } = world;
const ref = "component:default/orders";

const GROUPS = `apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: team-a }
spec: { type: team, children: [], members: [ada, bo] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: ada }
spec: { memberOf: [] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: bo }
spec: { memberOf: [] }
`;

beforeEach(async () => {
  for (const table of ["overlay", "precedence", "source_trust", "confirmation", "question"]) {
    await world.sql(`delete from catalog.${table}`);
  }
  await world.sql(
    'update catalog.trust_rule set thresholds = \'{"spec.owner": 0.5, "spec.lifecycle": 0.4}\', questions_per_week = 5, days_between = 30',
  );
});

async function fact(property: string): Promise<Fact> {
  const { items } = await ask(listFacts, { ref, property });
  return items[0]!;
}

async function entity(of = ref): Promise<Entity> {
  return (await ask(getEntity, { ref: of })).entity;
}

const importFolder = async (name = "files"): Promise<string> => {
  const { source } = await ask(importSource, { target: world.folder, name, watch: false });
  return source.id;
};

/** What a connector's reading becomes. */
function adds(spec: object, over: Partial<Enrichment> = {}): Enrichment {
  const json = JSON.stringify({ spec });
  return { about: { ref }, json, hash: hash("sha256", json), location: "https://pager.example.com/1", ...over };
}

async function connect(name: string, enrichments: readonly Enrichment[], over: object = {}): Promise<string> {
  const id = await write(async (ctx) => {
    const source = await ensureSource(ctx.sql, { kind: "inline", target: name, name, watch: false }, ctx.now());
    const nothing = {
      read: 0,
      failed: 0,
      candidates: [],
      problems: [],
      doubtful: new Set<string>(),
      doubtfulRefs: new Set<string>(),
      docs: [],
    };
    await applySnapshot(
      ctx,
      source,
      { ...nothing, fingerprint: "x", durationMs: 1, enrichments, ...over },
      { cause: "asked", kinds: createKinds() },
    );
    return source.id;
  });
  await world.catalog.settled();
  return id;
}

/** Makes everything look as if it had been said so many days earlier. */
async function grow(days: number): Promise<void> {
  await world.sql(`update catalog.history set at = at - interval '${days} days'`);
  await world.sql(`update catalog.entity set observed_at = observed_at - interval '${days} days'`);
  await world.sql(`update catalog.confirmation set at = at - interval '${days} days'`);
  await world.sql(`update catalog.question set asked_at = asked_at - interval '${days} days'`);
}

describe("facts", () => {
  test("each says where it is from, since when, how sure it is, and how far it may be trusted now", async () => {
    await put("catalog-info.yaml", component("orders"));
    const id = await importFolder();
    await grow(180);
    const { items, total } = await ask(listFacts, { ref });
    expect(items.map(({ property }) => property)).toEqual(["metadata.description", "spec.type", "spec.lifecycle", "spec.owner"]);
    expect(total).toBe(4);
    const owner = items.at(-1)!;
    expect(owner).toMatchObject({ value: "team-a", threshold: 0.5, stale: true, locked: false, losing: [] });
    expect(owner.winner).toMatchObject({ standing: "definition", sourceId: id, source: "files", confidence: 0.95, halfLifeDays: 180 });
    expect(owner.trust).toBeCloseTo(0.475, 2);
    expect(owner.winner?.location).toContain("catalog-info.yaml");
    const page = await ask(listFacts, { ref, limit: 3 });
    expect((await ask(listFacts, { ref, limit: 3, cursor: page.nextCursor })).items.map(({ property }) => property)).toEqual([
      "spec.owner",
    ]);
  });

  test("a changed value is new; the rest of the file grows old all the same", async () => {
    await put("catalog-info.yaml", component("orders"));
    const id = await importFolder();
    await grow(90);
    await put("catalog-info.yaml", component("orders").replace("owner: team-a", "owner: team-b"));
    await ask(syncSource, { id });
    expect((await fact("spec.owner")).trust).toBeCloseTo(0.95, 2);
    expect((await fact("spec.lifecycle")).trust).toBeCloseTo(0.95 * 0.5 ** 0.5, 2);
    const { history } = await fact("spec.owner");
    expect(history?.map(({ before }) => before)).toEqual(["team-a", undefined]);
  });

  test("an answer carries the trust of what it used, for one entity and for a list", async () => {
    await put("catalog-info.yaml", component("orders"));
    await importFolder();
    await grow(40);
    const expected = 0.95 * 0.5 ** (40 / 180);
    const view = await ask(getEntity, { ref, trust: true });
    expect(view.trust?.overall).toBeCloseTo(expected, 2);
    expect(view.trust?.properties["spec.owner"]).toBeCloseTo(expected, 2);
    expect(view.trust?.stale).toEqual([]);
    expect((await ask(getEntity, { ref })).trust).toBeUndefined();
    const { items } = await ask(listEntities, { trust: true });
    expect(items[0]?.trust).toBeCloseTo(expected, 2);
  });

  test("how fast a source ages is declared, and said back", async () => {
    await put("catalog-info.yaml", component("orders"));
    const id = await importFolder();
    await grow(30);
    await ask(setTrustRules, { source: id, halfLifeDays: 30, confidence: 0.8 });
    expect((await fact("spec.owner")).trust).toBeCloseTo(0.4, 2);
    await ask(setTrustRules, { source: id, agesFrom: "reading" });
    expect((await fact("spec.owner")).trust).toBeCloseTo(0.8, 2);
    await ask(setTrustRules, { property: "spec.type", threshold: 0.9 });
    expect(await fact("spec.type")).toMatchObject({ stale: true, threshold: 0.9 });
    const rules = await ask(getTrustRules, {});
    expect(rules.sources.find(({ source }) => source === id)).toMatchObject({
      halfLifeDays: 30,
      confidence: 0.8,
      agesFrom: "reading",
      usual: false,
    });
    await expect(ask(setTrustRules, { source: "src_none", confidence: 1 })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(ask(setTrustRules, { confidence: 1 })).rejects.toMatchObject({ code: "INVALID" });
  });
});

describe("several sources", () => {
  test("what a connector adds is in the document, says so, and goes with it", async () => {
    await put("catalog-info.yaml", component("orders"));
    await importFolder();
    await forgetEvents();
    const id = await connect("Pager", [adds({ onCall: "pia", owner: "team-p" }, { rule: "escalation policy 7", confidence: 0.6 })]);
    expect((await entity()).spec).toMatchObject({ owner: "team-a", onCall: "pia" });
    expect(await events()).toContain(`catalog.entity.changed ${ref}`);
    expect((await fact("spec.onCall")).winner).toMatchObject({
      standing: "connector",
      source: "Pager",
      rule: "escalation policy 7",
      confidence: 0.6,
    });
    const owner = await fact("spec.owner");
    expect(owner.losing).toMatchObject([{ source: "Pager", value: "team-p", agrees: false }]);
    // Somebody else is sure of something else: that costs trust.
    expect(owner.trust).toBeCloseTo(0.95 * (1 - 0.5 * 0.6), 2);
    const { items } = await ask(entityHistory, { ref });
    expect(items[0]).toMatchObject({ change: "changed", fields: ["spec.onCall"], source: "Pager" });
    await ask(deleteSource, { id });
    expect((await entity()).spec).toEqual({ type: "service", lifecycle: "production", owner: "team-a" });
    expect((await fact("spec.owner")).losing).toEqual([]);
  });

  test("what is about an annotation finds whoever has it, also one that comes later", async () => {
    const annotated = component("orders").replace("metadata:", "metadata:\n  annotations: { pagerduty.com/service-id: P1 }");
    await connect("Pager", [adds({ onCall: "pia" }, { about: { annotation: "pagerduty.com/service-id", value: "P1" } })]);
    await put("catalog-info.yaml", annotated);
    const id = await importFolder();
    expect((await entity()).spec).toMatchObject({ onCall: "pia" });
    await connect("Pager", [adds({ onCall: "ole" }, { about: { annotation: "pagerduty.com/service-id", value: "P1" } })]);
    expect((await entity()).spec).toMatchObject({ onCall: "ole" });
    await put("catalog-info.yaml", component("orders"));
    await ask(syncSource, { id });
    expect((await entity()).spec).not.toHaveProperty("onCall");
  });

  test("what would make the entity wrong is not believed, and is told", async () => {
    await put("catalog-info.yaml", component("orders"));
    await importFolder();
    await connect("Pager", [adds({ dependsOn: "not a list", onCall: "pia" })]);
    expect((await entity()).spec).not.toHaveProperty("dependsOn");
    expect((await fact("spec.dependsOn")).losing[0]?.refused).toContain("must be a list");
  });

  test("what could not be read this time stays", async () => {
    await put("catalog-info.yaml", component("orders"));
    await importFolder();
    await connect("Pager", [adds({ onCall: "pia" })]);
    await connect("Pager", [], { unchangedLocations: ["https://pager.example.com/"] });
    expect((await entity()).spec).toMatchObject({ onCall: "pia" });
    await connect("Pager", []);
    expect((await entity()).spec).not.toHaveProperty("onCall");
  });

  test("a second description is a problem and a claim that is seen; it takes over in the very act in which the first goes", async () => {
    await put("one/catalog-info.yaml", component("orders"));
    await put("two/catalog-info.yaml", component("orders", "  system: shop\n").replace("team-a", "team-b"));
    const first = await ask(importSource, { target: `${world.folder}/one`, name: "one", watch: false });
    const second = await ask(importSource, { target: `${world.folder}/two`, name: "two", watch: false });
    expect(second.problems).toMatchObject([{ at: "metadata.name" }]);
    expect((await entity()).spec).toEqual({ type: "service", lifecycle: "production", owner: "team-a" });
    const owner = await fact("spec.owner");
    expect(owner.losing).toMatchObject([{ standing: "standby", source: "two", value: "team-b" }]);
    // It may be another thing of the same name: it does not cast doubt.
    expect(owner.trust).toBeCloseTo(0.95, 2);
    await forgetEvents();
    const { uid } = (await entity()).metadata;
    await ask(lockFact, { ref, property: "metadata.description", value: "Held." });
    const [{ removed }] = [await write(async (ctx) => removedIn(ctx.sql))];
    await ask(deleteSource, { id: first.source.id });
    // Before anybody reads the second source again: nothing is missing in between, whatever happens.
    const taken = await entity();
    expect(taken.spec).toEqual({ type: "service", lifecycle: "production", owner: "team-b", system: "shop" });
    expect(taken.metadata).toMatchObject({ uid, description: "Held." });
    expect(await write(async (ctx) => removedIn(ctx.sql))).toEqual({ removed });
    expect(await events()).not.toContain(`catalog.entity.removed ${ref}`);
    expect((await fact("spec.owner")).losing).toEqual([]);
    const again = await ask(syncSource, { id: second.source.id });
    expect(again.problems).toEqual([]);
    expect(again.counts).toMatchObject({ unchanged: 1, changed: 0, conflicts: 0 });
  });

  test("a descriptor that leaves gives its name to the next, and the documentation comes with it", async () => {
    await put("one/catalog-info.yaml", component("orders"));
    await put("two/catalog-info.yaml", component("orders").replace("team-a", "team-b"));
    await put("two/docs/index.md", "# Two\n");
    const first = await ask(importSource, { target: `${world.folder}/one`, name: "one", watch: false });
    await ask(importSource, { target: `${world.folder}/two`, name: "two", watch: false });
    await put("one/catalog-info.yaml", component("other"));
    await ask(syncSource, { id: first.source.id });
    expect((await entity()).spec).toMatchObject({ owner: "team-b" });
    expect((await ask(getEntity, { ref })).provenance.sourceName).toBe("two");
  });

  test("whom to believe is declared for a property and a kind, and taken back", async () => {
    await put("catalog-info.yaml", component("orders"));
    await importFolder();
    await connect("Pager", [adds({ owner: "team-p" })]);
    expect(await ask(setPrecedence, { kind: "Component", property: "spec.owner", order: ["Pager", "definition"] })).toEqual({ changed: 1 });
    expect((await entity()).spec).toMatchObject({ owner: "team-p" });
    expect((await fact("spec.owner")).losing).toMatchObject([{ standing: "definition", value: "team-a" }]);
    expect((await ask(listPrecedence, {})).items).toMatchObject([
      { kind: "component", property: "spec.owner", order: ["pager", "definition"] },
    ]);
    expect(await ask(setPrecedence, { kind: "component", property: "spec.owner", order: [] })).toEqual({ changed: 1 });
    expect((await entity()).spec).toMatchObject({ owner: "team-a" });
    await expect(ask(setPrecedence, { property: "metadata.uid", order: ["x"] })).rejects.toMatchObject({ code: "INVALID" });
  });

  test("in whatever order sources come and people act, the same comes out", async () => {
    await put("catalog-info.yaml", component("orders"));
    const steps = {
      files: () => importFolder(),
      pager: () => connect("Pager", [adds({ onCall: "pia", owner: "team-p" })]),
      cloud: () => connect("Cloud", [adds({ region: "north", owner: "team-c" }, { location: "https://cloud.example.com/1" })]),
      order: () => ask(setPrecedence, { kind: "component", property: "spec.owner", order: ["cloud", "pager"] }),
      lock: () =>
        world.sql(
          `insert into catalog.overlay (ref, property, value, locked, actor, at) values ('${ref}', 'spec.lifecycle', '"beta"', true, 'user:ada', now())`,
        ),
    };
    const order = fc.shuffledSubarray(Object.keys(steps) as (keyof typeof steps)[], { minLength: 5 });
    await fc.assert(
      fc.asyncProperty(order, async (names) => {
        for (const table of ["entity", "claim", "overlay", "precedence", "source"]) await world.sql(`delete from catalog.${table}`);
        for (const name of names) await steps[name]();
        // Whoever wrote the overlay by hand above did not merge: reading the source again after a change does.
        await ask(setPrecedence, { kind: "component", property: "spec.type", order: ["definition"] });
        const { rows } = await world.sql<{ document: Entity }>(`select document from catalog.entity where ref = '${ref}'`);
        expect(rows[0]?.document.spec).toEqual({ type: "service", lifecycle: "beta", owner: "team-c", onCall: "pia", region: "north" });
      }),
      { numRuns: 12 },
    );
  });
});

async function removedIn(sql: { query(text: string): Promise<{ rows: unknown[] }> }): Promise<{ removed: unknown }> {
  return { removed: (await sql.query("select count(*)::int as n from catalog.history where change = 'removed'")).rows };
}

describe("what people say", () => {
  beforeEach(async () => {
    await put("catalog-info.yaml", component("orders"));
    await importFolder();
    await forgetEvents();
  });

  test("what is set is seen; over the descriptor only a lock counts, and it survives every reading until it is cleared", async () => {
    const set = await ask(setFact, { ref, property: "spec.owner", value: "team-b", reason: "we took it over" });
    expect(set).toMatchObject({
      believed: false,
      fact: { value: "team-a", losing: [{ value: "team-b", actor: "user:ada", reason: "we took it over" }] },
    });
    expect(set.note).toContain("Lock it");
    expect(await ask(setFact, { ref, property: "spec.onCall", value: "pia" })).toMatchObject({ believed: true, fact: { value: "pia" } });
    const locked = await ask(lockFact, { ref, property: "spec.owner", value: "team-b" });
    expect(locked).toMatchObject({ believed: true, fact: { value: "team-b", locked: true, losing: [{ value: "team-a" }] } });
    expect((await events()).filter((name) => name.startsWith("catalog.fact"))).toEqual([
      "catalog.fact.set",
      "catalog.fact.set",
      "catalog.fact.locked",
    ]);
    await put("catalog-info.yaml", component("orders").replace("team-a", "team-z"));
    const id = (await ask(getEntity, { ref })).provenance.sourceId;
    await forgetEvents();
    await ask(syncSource, { id });
    expect((await entity()).spec).toMatchObject({ owner: "team-b" });
    expect(await events()).toEqual(["catalog.source.synced"]);
    // Also one that was gone for a while comes back as it was.
    await put("catalog-info.yaml", component("other"));
    await ask(syncSource, { id });
    await put("catalog-info.yaml", component("orders"));
    await ask(syncSource, { id });
    expect((await entity()).spec).toMatchObject({ owner: "team-b", onCall: "pia" });
    expect(await ask(unlockFact, { ref, property: "spec.owner" })).toMatchObject({ fact: { value: "team-a", locked: false } });
    expect(await ask(clearFact, { ref, property: "spec.owner" })).toMatchObject({ fact: { value: "team-a", losing: [] } });
    await ask(clearFact, { ref, property: "spec.onCall" });
    expect((await entity()).spec).toEqual({ type: "service", lifecycle: "production", owner: "team-a" });
    await expect(ask(clearFact, { ref, property: "spec.onCall" })).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(ask(unlockFact, { ref, property: "spec.owner" })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("a lock without a value holds what there is", async () => {
    expect(await ask(lockFact, { ref, property: "spec.lifecycle" })).toMatchObject({ fact: { value: "production", locked: true } });
    await expect(ask(lockFact, { ref, property: "spec.nothing" })).rejects.toMatchObject({ code: "INVALID" });
  });

  test("what would make the entity wrong, and what is not for people to say, is refused, and nothing stays of it", async () => {
    await expect(ask(lockFact, { ref, property: "spec.dependsOn", value: "x" })).rejects.toMatchObject({
      code: "INVALID",
      problems: [{ at: "spec.dependsOn" }],
    });
    await expect(ask(lockFact, { ref, property: "spec.owner", value: null })).rejects.toMatchObject({ code: "INVALID" });
    for (const property of ["metadata.uid", "metadata.etag", "relations", "kind", "metadata.name", "spec", "nonsense"]) {
      await expect(ask(setFact, { ref, property, value: "x" }), property).rejects.toMatchObject({ code: "INVALID" });
    }
    await expect(ask(setFact, { ref: "component:default/none", property: "spec.owner", value: "x" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect((await ask(listFacts, { ref })).items.flatMap(({ losing }) => losing)).toEqual([]);
    const { rows } = await world.sql("select 1 from catalog.overlay");
    expect(rows).toEqual([]);
  });

  test("a yes makes a fact new, a no makes it worthless until it is another one", async () => {
    await grow(200);
    expect((await fact("spec.owner")).stale).toBe(true);
    const yes = await ask(confirmFact, { ref, property: "spec.owner", answer: "yes" });
    expect(yes).toMatchObject({ fact: { stale: false, trust: 1, answer: { correct: true, actor: "user:ada" } }, next: [] });
    await grow(180);
    expect((await fact("spec.owner")).trust).toBeCloseTo(0.5, 2);
    const no = await ask(confirmFact, { ref, property: "spec.owner", answer: "no" });
    expect(no.fact).toMatchObject({ value: "team-a", trust: 0, stale: true, answer: { correct: false } });
    expect(no.next.map(({ operation }) => operation)).toEqual(["catalog.fact.lock", "catalog.fact.lock", "catalog.fact.propose"]);
    const named = await ask(confirmFact, { ref, property: "spec.owner", answer: "no", value: "team-b" });
    expect(named.fact).toMatchObject({ value: "team-b", locked: true, trust: 1 });
    expect((await fact("spec.owner")).answers?.map(({ correct }) => correct)).toEqual([false, false, true]);
    const cleared = await ask(confirmFact, { ref, property: "spec.owner", answer: "no", clear: true });
    expect(cleared.fact.value).toBe("group:default/unowned");
  });

  test("a change in the descriptor is a patch for a folder", async () => {
    const { patch, file, commit } = await ask(proposeFact, { ref, property: "spec.owner", value: "team-b" });
    expect({ file, commit }).toEqual({ file: "catalog-info.yaml", commit: undefined });
    expect(patch).toContain("-  owner: team-a\n+  owner: team-b\n");
    await expect(ask(proposeFact, { ref, property: "spec.owner", value: null })).rejects.toMatchObject({ code: "INVALID" });
  });
});

test("what was said of the sample goes with it", async () => {
  await put("catalog-info.yaml", component("orders"));
  await write((ctx) => world.catalog.importSample(ctx, world.folder));
  await ask(lockFact, { ref, property: "spec.lifecycle", value: "beta" });
  await ask(confirmFact, { ref, property: "spec.owner", answer: "yes" });
  await ask(removeSample, {});
  const { rows } = await world.sql("select ref from catalog.overlay union all select ref from catalog.confirmation");
  expect(rows).toEqual([]);
});

test("a change in the descriptor is a commit in a repository of our own", async () => {
  const repositories = openRepositories(`${world.home}/git`);
  await repositories.init("shop");
  const author = { name: "Ada", email: "ada@example.com" };
  await repositories.commitFiles("shop", {
    branch: "main",
    files: [{ path: "catalog-info.yaml", content: component("orders") }],
    message: "x",
    author,
  });
  await ask(importSource, { target: "repository:shop", watch: false });
  const proposed: OutputOf<typeof proposeFact> = await ask(proposeFact, {
    ref,
    property: "spec.owner",
    value: "team-b",
    reason: "handed over",
  });
  expect(proposed.commit).toMatchObject({ repository: "shop", branch: "main" });
  const bytes = await repositories.readFile("shop", "main", "catalog-info.yaml");
  expect(new TextDecoder().decode(bytes)).toBe(component("orders").replace("team-a", "team-b"));
  const [commit] = await repositories.log("shop", { ref: "main", limit: 1 });
  expect(commit?.message).toContain("handed over");
});

describe("questions", () => {
  const as = (id: string) => world.open({ viewers: { identitiesOf: async () => new Set([`user:default/${id}`, "group:default/team-a"]) } });

  test("the owners of stale facts are asked, never above the limit, never twice within the days, and answers end them", async () => {
    await put("groups.yaml", GROUPS);
    for (let at = 0; at < 4; at++) await put(`c${at}/catalog-info.yaml`, component(`c${at}`));
    await importFolder();
    await grow(400);
    await ask(setTrustRules, { questionsPerWeek: 3, property: "spec.lifecycle", threshold: 0 });
    expect(await ask(askQuestions, {})).toEqual({ asked: 4, stale: 4, unasked: 0 });
    expect((await events()).filter((name) => name === "catalog.question.asked")).toHaveLength(4);
    const [ada, bo] = [as("ada"), as("bo")];
    const mine = await ask(listQuestions, {}, ada);
    expect(mine.items).toHaveLength(2);
    expect((await ask(listQuestions, {}, bo)).items).toHaveLength(2);
    expect(mine.items[0]).toMatchObject({ property: "spec.owner", value: "team-a", person: "user:default/ada" });
    // Asked again at once: nothing new.
    expect(await ask(askQuestions, {})).toEqual({ asked: 0, stale: 4, unasked: 0 });
    await ask(confirmFact, { ref: mine.items[0]!.ref, property: "spec.owner", answer: "yes" });
    expect((await ask(listQuestions, {}, ada)).items).toHaveLength(1);
    await ask(confirmFact, { ref: mine.items[1]!.ref, property: "spec.owner", answer: "no" });
    // What is known to be wrong is not asked about, what is open is not asked again; a month later the rest may be.
    await grow(31);
    expect((await ask(askQuestions, {})).asked).toBe(0);
    await world.sql("update catalog.question set answer = 'moot'");
    expect((await ask(askQuestions, {})).asked).toBe(2);
    await Promise.all([ada.stop(), bo.stop()]);
  });

  test("one person's week is full at the limit", async () => {
    await put("groups.yaml", GROUPS.replace("members: [ada, bo]", "members: [ada]"));
    for (let at = 0; at < 4; at++) await put(`c${at}/catalog-info.yaml`, component(`c${at}`));
    await put("d/catalog-info.yaml", component("d").replace("team-a", "nobody"));
    await importFolder();
    await grow(400);
    await ask(setTrustRules, { questionsPerWeek: 3, property: "spec.lifecycle", threshold: 0 });
    expect(await ask(askQuestions, {})).toEqual({ asked: 3, stale: 5, unasked: 2 });
    expect((await ask(askQuestions, {})).asked).toBe(0);
    await world.sql("update catalog.question set asked_at = asked_at - interval '8 days'");
    expect((await ask(askQuestions, {})).asked).toBe(1);
  });

  test("a question whose fact changed meanwhile is not asked any longer", async () => {
    await put("groups.yaml", GROUPS);
    await put("catalog-info.yaml", component("orders"));
    const id = await importFolder();
    await grow(400);
    await ask(setTrustRules, { property: "spec.lifecycle", threshold: 0 });
    await ask(askQuestions, {});
    const ada = as("ada");
    expect((await ask(listQuestions, {}, ada)).items).toHaveLength(1);
    await put("catalog-info.yaml", component("orders").replace("owner: team-a", "owner: team-b"));
    await ask(syncSource, { id });
    expect((await ask(listQuestions, {}, ada)).items).toEqual([]);
    await ada.stop();
  });
});
