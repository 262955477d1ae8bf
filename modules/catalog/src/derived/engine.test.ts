import { createCel, type Cel } from "@roadbed/cel";
import type { Entity } from "@roadbed/contracts/catalog";
import { quietLog } from "@roadbed/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createDocumentCache, type StoredEntity } from "../estate/document-cache.ts";
import { createEstate, type Estate } from "../estate/estate.ts";
import { createKinds, type KindRegistry } from "../kinds/registry.ts";
import { createEngine, type Engine } from "./engine.ts";
import { finish } from "../source/turns.ts";
import { createEvaluator } from "./evaluate.ts";

let cel: Cel;
beforeAll(() => void (cel = createCel()));
afterAll(() => cel.close());

/** A process in small: an estate that is told of changes, and everything derived of it. */
interface Process {
  readonly kinds: KindRegistry;
  readonly estate: Estate;
  readonly engine: Engine;
  define(kinds: readonly object[]): void;
  apply(entities: readonly Entity[], gone?: readonly string[]): void;
  /** Everything that is derived, by reference. */
  picture(): Promise<unknown>;
}

function createProcess(): Process {
  const kinds = createKinds(cel);
  const estate = createEstate(kinds);
  const cache = createDocumentCache();
  const sql = { query: async () => ({ rows: [], rowCount: 0 }) };
  const evaluator = createEvaluator({ sql, estate, cache, cel });
  const engine = createEngine({ estate, kinds, evaluator, log: quietLog });
  return {
    kinds,
    estate,
    engine,
    define: (documents) => {
      const changed = kinds.set(documents);
      engine.define();
      if (changed.length === 0) return finish(engine.arrived([], []));
      // As the feed does: entities of these kinds are read again.
      const again = estate.all().map((id) => JSON.parse(cache.get(estate.refOf(id))!.document) as Entity);
      apply(again.filter(({ kind }) => changed.includes(kind.toLowerCase())));
    },
    apply,
    picture: async () => {
      await engine.settled();
      const items = estate.all().map((id) => estate.at(id)!);
      const values = items.map(({ ref, derived }) => [ref, derived ?? {}]);
      const inferred = items.flatMap(({ id, ref }) =>
        estate.neighbours(id).flatMap((one) => (one.rule === undefined ? [] : [`${ref} ${one.type} ${one.ref}`])),
      );
      return { values: Object.fromEntries(values), inferred: inferred.sort() };
    },
  };

  function apply(entities: readonly Entity[], gone: readonly string[] = []): void {
    const arrivals = entities.map((entity) => ({ ref: refOf(entity), entity, sourceId: "s", sample: false, docsRoot: undefined }));
    for (const ref of gone) cache.forget(ref);
    for (const { ref, entity } of arrivals) cache.put({ ref, document: JSON.stringify(entity) } as StoredEntity);
    const taken = arrivals.map(({ ref, entity: one }) => ({ ref, picked: engine.pick(one) }));
    estate.apply(
      arrivals.map((arrival) => estate.prepare(arrival)),
      gone,
    );
    finish(engine.arrived(taken, gone));
  }
}

function refOf({ kind, metadata }: Entity): string {
  return `${kind}:default/${metadata.name}`.toLowerCase();
}

function kind(name: string, spec: object): object {
  return { apiVersion: "roadbed.dev/v1", kind: "Kind", metadata: { name }, spec };
}

function entity(kindName: string, name: string, spec: object = {}, metadata: object = {}): Entity {
  return { apiVersion: "x/v1", kind: kindName, metadata: { name, namespace: "default", ...metadata }, spec: { ...spec } };
}

const component = (name: string, spec: object = {}): Entity => entity("Component", name, spec);
const system = (name: string, spec: object = {}): Entity => entity("System", name, spec);

async function derived(it: Process, ref: string): Promise<Record<string, unknown>> {
  await it.engine.settled();
  return { ...it.estate.get(ref)!.derived };
}

describe("derived properties", () => {
  test("mirror, calculate and aggregate, five hops of definitions away, and no data is not zero", async () => {
    const it = createProcess();
    it.define([
      kind("Component", {
        derived: {
          cents: { calculate: "entity.spec.cost * 100" },
          bill: { mirror: "partOf[System].derived.total" },
          team: { mirror: "ownedBy.title" },
          colleagues: { mirror: "partOf[System].hasPart[Component].name", many: true },
        },
      }),
      kind("System", {
        derived: {
          parts: { aggregate: { relation: "hasPart[Component]", function: "count" } },
          total: { aggregate: { relation: "hasPart[Component]", function: "sum", property: "derived.cents" } },
          live: { aggregate: { relation: "hasPart[Component]", filter: "spec.lifecycle=production", function: "count" } },
          dear: { aggregate: { relation: "hasPart[Component]", filter: "entity.spec.cost > 2", function: "max", property: "spec.cost" } },
          mid: { aggregate: { relation: "hasPart[Component]", function: "median", property: "spec.cost" } },
        },
      }),
      kind("Domain", {
        derived: {
          total: { aggregate: { relation: "hasPart[System]", function: "sum", property: "derived.total" } },
          all: { aggregate: { kind: "Component", function: "count" } },
          label: { calculate: "entity.metadata.name + ': ' + string(entity.derived.total)" },
        },
      }),
    ]);
    it.apply([
      component("a", { cost: 1, system: "s", owner: "g", lifecycle: "production" }),
      component("b", { cost: 4, system: "s" }),
      component("c", { system: "s" }),
      system("s", { domain: "d" }),
      system("empty"),
      entity("Domain", "d"),
      entity("Group", "g", {}, { title: "The G" }),
    ]);
    expect(await derived(it, "component:default/a")).toEqual({ cents: 100, bill: 500, team: "The G", colleagues: ["a", "b", "c"] });
    expect(await derived(it, "component:default/c")).toEqual({ bill: 500, colleagues: ["a", "b", "c"] });
    expect(await derived(it, "system:default/s")).toEqual({ parts: 3, total: 500, live: 1, dear: 4, mid: 2.5 });
    expect(await derived(it, "system:default/empty")).toEqual({ parts: 0, live: 0 });
    expect(await derived(it, "domain:default/d")).toEqual({ total: 500, all: 3, label: "d: 500" });
    // One number, and everything that follows from it.
    it.apply([component("c", { cost: 2, system: "s" })]);
    expect(await derived(it, "domain:default/d")).toEqual({ total: 700, all: 3, label: "d: 700" });
    expect((await derived(it, "component:default/a"))["bill"]).toBe(700);
    it.apply([], ["component:default/b"]);
    expect(await derived(it, "domain:default/d")).toEqual({ total: 300, all: 2, label: "d: 300" });
    expect(await derived(it, "component:default/a")).toMatchObject({ colleagues: ["a", "c"] });
    // They are found where filters look.
    expect(it.estate.select([{ key: "derived.total", values: ["300"] }]).map((id) => it.estate.refOf(id))).toHaveLength(2);
    expect(
      it.estate.orders
        .by("derived.parts")
        .map(({ name }) => name)
        .slice(0, 2),
    ).toEqual(["empty", "s"]);
  });

  test("rules make relations that other definitions follow", async () => {
    const it = createProcess();
    it.define([
      kind("Component", {
        derived: { zone: { mirror: "runsOn.metadata.labels.zone" } },
        rules: {
          equal: { type: "runsOn", inverse: "runs", target: "Resource", when: { equal: { a: "source.spec.cluster", b: "target.name" } } },
          member: { type: "dependsOn", target: "API", when: { member: { list: "source.spec.calls", value: "target.metadata.name" } } },
          cel: { type: "near", inverse: "nearTo", target: "Resource", when: { cel: "source.spec.size > target.spec.size" } },
        },
      }),
      kind("Resource", { derived: { load: { aggregate: { relation: "runs", function: "count" } } } }),
    ]);
    it.apply([
      component("a", { cluster: "k", calls: ["x", "y"], size: 2 }),
      entity("Resource", "k", { size: 1 }, { labels: { zone: "z1" } }),
    ]);
    it.apply([entity("API", "x"), component("b", { cluster: "k", size: 1 })]);
    const picture = (await it.picture()) as { inferred: string[] };
    expect(picture.inferred).toContain("component:default/a dependsOn api:default/x");
    expect(picture.inferred.filter((line) => line.includes(" near"))).toEqual([
      "component:default/a near resource:default/k",
      "resource:default/k nearTo component:default/a",
    ]);
    expect(await derived(it, "component:default/a")).toEqual({ zone: "z1" });
    expect(await derived(it, "resource:default/k")).toEqual({ load: 2 });
    it.apply([component("a", { cluster: "none", size: 1 })]);
    expect(((await it.picture()) as typeof picture).inferred).toEqual([
      "component:default/b runsOn resource:default/k",
      "resource:default/k runs component:default/b",
    ]);
    expect(await derived(it, "resource:default/k")).toEqual({ load: 1 });
    it.define([]);
    expect(await it.picture()).toMatchObject({ inferred: [], values: { "resource:default/k": {} } });
  });

  test("whatever happens in whatever order, the result is that of working everything out anew", async () => {
    const names = ["a", "b", "c", "d"];
    const name = fc.constantFrom(...names);
    const spec = fc.record(
      {
        cost: fc.nat(9),
        tier: fc.constantFrom("x", "y"),
        system: name,
        domain: name,
        dependsOn: fc.array(
          name.map((one) => `component:${one}`),
          { maxLength: 2 },
        ),
        tags: fc.array(name, { maxLength: 2 }),
      },
      { requiredKeys: [] },
    );
    const thing = fc.tuple(fc.constantFrom("Component", "System", "Domain"), name, spec).map((parts) => entity(...parts));
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ put: fc.array(thing, { minLength: 1, maxLength: 3 }) }) },
      { weight: 3, arbitrary: fc.record({ gone: thing }) },
      { weight: 1, arbitrary: fc.record({ kinds: fc.subarray(KINDS, { minLength: 1 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), fc.boolean(), async (steps, waits) => {
        const it = createProcess();
        let kinds: readonly object[] = KINDS;
        it.define(kinds);
        const there = new Map<string, Entity>();
        for (const one of steps as { put?: Entity[]; gone?: Entity; kinds?: object[] }[]) {
          for (const put of one.put ?? []) there.set(refOf(put), put);
          if (one.put) it.apply([...new Map(one.put.map((put) => [refOf(put), put])).values()]);
          if (one.gone && there.delete(refOf(one.gone))) it.apply([], [refOf(one.gone)]);
          if (one.kinds) it.define((kinds = one.kinds));
          // Some changes come while the one before is still being worked off.
          if (waits) await it.engine.settled();
        }
        const anew = createProcess();
        anew.define(kinds);
        anew.apply([...there.values()]);
        expect(await it.picture()).toEqual(await anew.picture());
      }),
      { numRuns: 120 },
    );
  }, 120_000);

  test("what comes while an answer is awaited waits for it: an older answer never stands over a newer one", async () => {
    const it = createProcess();
    it.define([
      kind("System", {
        derived: { low: { aggregate: { relation: "hasPart[Component]", filter: "entity.spec.cost < 5", function: "count" } } },
      }),
    ]);
    it.apply([component("a")]);
    it.apply([component("a", { system: "s" })]);
    it.apply([component("a", { cost: 0, system: "s" }), component("b")]);
    it.apply([system("s"), component("c")]);
    it.apply([component("c")]);
    expect(await derived(it, "system:default/s")).toEqual({ low: 1 });
  });

  test("what reads itself is left out and told, and the rest goes on", async () => {
    const it = createProcess();
    it.define([
      kind("Component", { derived: { a: { mirror: "partOf[System].derived.b" }, fine: { mirror: "partOf[System].name" } } }),
      kind("System", { derived: { b: { aggregate: { relation: "hasPart[Component]", function: "sum", property: "derived.a" } } } }),
    ]);
    it.apply([component("c", { system: "s" }), system("s")]);
    expect(await derived(it, "component:default/c")).toEqual({ fine: "s" });
    expect(it.kinds.definitions.circles.map((circle) => circle.map(({ id }) => id))).toEqual([["Component.a", "System.b", "Component.a"]]);
    const { faults } = it.kinds.compile(
      kind("Component", { derived: { x: { calculate: "entity.derived.y" }, y: { calculate: "entity.derived.x + 1" } } }),
    );
    expect(faults[0]!.reason).toBe("goes in a circle: Component.x → Component.y → Component.x");
    const rule = { type: "dependsOn", target: "Component", when: { equal: { a: "source.derived.n", b: "target.derived.n" } } };
    const around = it.kinds.compile(
      kind("API", { derived: { n: { aggregate: { relation: "dependsOn", function: "count" } } }, rules: { r: rule } }),
    );
    expect(around.faults[0]!.reason).toContain("API.n → API rule r → API.n");
  });
});

describe("an estate that means harm", () => {
  test("parts of each other, groups in each other, 20,000 members, 5,000 relations: all of it is answered, and rightly", async () => {
    const it = createProcess();
    it.define([
      kind("Component", {
        derived: { above: { mirror: "partOf.partOf.name" }, needs: { aggregate: { relation: "dependsOn", function: "count" } } },
      }),
      kind("Group", {
        derived: {
          people: { aggregate: { relation: "hasMember", function: "count" } },
          peers: { aggregate: { relation: "childOf.parentOf", function: "count" } },
        },
      }),
      kind("User", { derived: { teams: { aggregate: { relation: "memberOf", function: "count" } } } }),
    ]);
    it.apply([
      component("a", { subcomponentOf: "b" }),
      component("b", { subcomponentOf: "a" }),
      component("self", { subcomponentOf: "self" }),
      entity("Group", "g", { parent: "h" }),
      entity("Group", "h", { parent: "g" }),
      component("hub", { dependsOn: Array.from({ length: 5_000 }, (_, at) => `component:c${at}`) }),
      ...Array.from({ length: 5_000 }, (_, at) => component(`c${at}`)),
      ...Array.from({ length: 20_000 }, (_, at) => entity("User", `u${at}`, { memberOf: ["g"] })),
    ]);
    expect(await derived(it, "component:default/a")).toEqual({ above: "a", needs: 0 });
    expect(await derived(it, "component:default/self")).toEqual({ above: "self", needs: 0 });
    expect(await derived(it, "component:default/hub")).toEqual({ needs: 5_000 });
    expect(await derived(it, "group:default/g")).toEqual({ people: 20_000, peers: 1 });
    it.apply([entity("User", "u7", { memberOf: ["h"] })], ["component:default/c9"]);
    expect(await derived(it, "group:default/g")).toMatchObject({ people: 19_999 });
    expect(await derived(it, "group:default/h")).toMatchObject({ people: 1 });
    expect(await derived(it, "component:default/hub")).toEqual({ needs: 4_999 });
  }, 120_000);
});

/** Every sort of definition, reading each other. */
const KINDS = [
  kind("Component", {
    derived: {
      double: { calculate: "entity.spec.cost * 2" },
      sys: { mirror: "partOf[System].derived.total" },
      needs: { aggregate: { relation: "dependsOn", function: "count" } },
      far: { aggregate: { relation: "dependsOn.partOf[System]", function: "max", property: "derived.total" } },
      peers: { mirror: "partOf[System].hasPart[Component].name", many: true },
      links: { calculate: "size(entity.relations)" },
    },
    rules: {
      same: { type: "like", inverse: "likedBy", target: "System", when: { equal: { a: "source.spec.tier", b: "target.spec.tier" } } },
    },
  }),
  kind("System", {
    derived: {
      total: { aggregate: { relation: "hasPart[Component]", function: "sum", property: "derived.double" } },
      low: { aggregate: { relation: "hasPart[Component]", filter: "entity.spec.cost < 5", function: "count" } },
      tiers: { aggregate: { relation: "hasPart[Component]", filter: "spec.tier=x", function: "average", property: "spec.cost" } },
      fans: { aggregate: { relation: "likedBy", function: "count" } },
    },
  }),
  kind("Domain", {
    derived: {
      sum: { aggregate: { relation: "hasPart[System]", function: "sum", property: "derived.total" } },
      rich: { aggregate: { kind: "System", filter: "derived.total=4,derived.total=8", function: "count" } },
      word: { calculate: "entity.derived.sum > 3 ? 'much' : 'little'" },
    },
    rules: {
      tag: {
        type: "about",
        inverse: "aboutBy",
        target: "Component",
        when: { member: { list: "source.spec.tags", value: "target.name" }, cel: "target.spec.cost > 3" },
      },
    },
  }),
];
