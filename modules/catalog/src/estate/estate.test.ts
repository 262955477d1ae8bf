import { formatRef, type Entity } from "@roadbed/contracts/catalog";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { statementsOf, RELATION_TYPES } from "../entity/relations.ts";
import { createKinds } from "../kinds/registry.ts";
import { createEstate, FIRST_OBSERVED, type Arrival, type Estate } from "./estate.ts";
import { parseFilter } from "./filter.ts";

function entity(name: string, over: Partial<Omit<Entity, "metadata">> & { readonly metadata?: object } = {}): Entity {
  const { metadata, ...rest } = over;
  const spec = { type: "service", lifecycle: "production", owner: "team-a" };
  return { apiVersion: "backstage.io/v1alpha1", kind: "Component", spec, ...rest, metadata: { name, namespace: "default", ...metadata } };
}

function arrival(document: Entity): Arrival {
  const ref = formatRef({ kind: document.kind, namespace: document.metadata.namespace!, name: document.metadata.name });
  return { ref, entity: document, sourceId: "src", sample: false, docsRoot: undefined };
}

function estateOf(...documents: Entity[]): Estate {
  const estate = createEstate();
  estate.apply(
    documents.map((document) => estate.prepare(arrival(document))),
    [],
  );
  return estate;
}

function find(estate: Estate, filter: string): string[] {
  const parsed = parseFilter(filter);
  if (!("conditions" in parsed)) throw new Error("not a filter of pairs");
  return estate.select(parsed.conditions).map((id) => estate.refOf(id).replace("component:default/", ""));
}

describe("filters", () => {
  const estate = estateOf(
    entity("a", {
      metadata: { tags: ["java", "go"], annotations: { "github.com/project-slug": "Acme/A" }, empty: null, long: "x".repeat(201) },
    }),
    entity("b", {
      metadata: { tags: ["java"], labels: { "example.com/tier": "1" }, port: 80, on: true },
      spec: { type: "Service", owner: "team-b", dependsOn: ["component:a"] },
    }),
    entity("c", {
      kind: "Component",
      spec: { type: "library", owner: "group:other/team-a", nested: [{ deep: "Value" }, { deep: "more" }] },
    }),
  );

  test.each<[string, string[]]>([
    ["kind=component", ["a", "b", "c"]],
    ["KIND=COMPONENT", ["a", "b", "c"]],
    ["kind=api", []],
    ["spec.type=service", ["a", "b"]],
    ["spec.type=service,spec.type=library", ["a", "b", "c"]],
    ["spec.type=service,metadata.tags=go", ["a"]],
    ["metadata.tags.java=true", ["a", "b"]],
    ["metadata.tags.java", ["a", "b"]],
    ["metadata.tags.java=false", []],
    ["metadata.tags.rust=true", []],
    ["metadata.annotations.github.com/project-slug=acme/a", ["a"]],
    ["metadata.annotations.github.com/project-slug", ["a"]],
    ["metadata.labels.example.com/tier=1", ["b"]],
    ["metadata.port=80", ["b"]],
    ["metadata.on=true", ["b"]],
    ["metadata.empty", ["a"]],
    ["metadata.empty=null", []],
    ["metadata.long", ["a"]],
    [`metadata.long=${"x".repeat(201)}`, []],
    ["metadata.namespace=default", ["a", "b", "c"]],
    ["spec.nested.deep=value", ["c"]],
    ["spec.nested.deep=more,spec.nested.deep=value", ["c"]],
    ["relations.ownedby=group:default/team-a", ["a"]],
    ["relations.ownedBy=group:default/team-a,relations.ownedBy=group:other/team-a", ["a", "c"]],
    ["relations.dependsOn", ["b"]],
    ["relations.dependencyOf=component:default/b", ["a"]],
    ["nothing.like.that", []],
    ["nothing=x", []],
  ])("%s", (filter, expected) => {
    expect(find(estate, filter)).toEqual(expected);
  });

  test("facets count exactly, as values are written", () => {
    const {
      "spec.type": types,
      "metadata.tags": tags,
      "relations.ownedBy": owners,
    } = estate.facets(estate.all(), ["spec.type", "metadata.tags", "relations.ownedBy"]);
    expect(types).toEqual([
      { value: "Service", count: 1 },
      { value: "library", count: 1 },
      { value: "service", count: 1 },
    ]);
    expect(tags).toEqual([
      { value: "java", count: 2 },
      { value: "go", count: 1 },
    ]);
    expect(owners!.map(({ value }) => value)).toEqual(["group:default/team-a", "group:default/team-b", "group:other/team-a"]);
  });
});

describe("relations", () => {
  test("dangle until the other end appears, and dangle again when it goes", () => {
    const estate = estateOf(entity("a", { spec: { owner: "team-a" } }));
    const group = estate.idOf("group:default/team-a")!;
    expect(estate.at(group)).toBeUndefined();
    expect(estate.neighbours(group)).toMatchObject([{ type: "ownerOf", ref: "component:default/a" }]);
    const team = entity("team-a", { kind: "Group", spec: { type: "team", children: [] } });
    estate.apply([estate.prepare(arrival(team))], []);
    expect(estate.at(group)?.kind).toBe("Group");
    estate.apply([], ["group:default/team-a"]);
    expect(estate.at(group)).toBeUndefined();
    expect(estate.neighbours(group)).toHaveLength(1);
  });

  test("a relation that both ends state is one, and stays until neither does", () => {
    const parent = (children: string[]): Entity => entity("p", { kind: "Group", spec: { type: "team", children } });
    const child = (spec: object): Entity => entity("c", { kind: "Group", spec: { type: "team", children: [], ...spec } });
    const estate = estateOf(parent(["c"]), child({ parent: "p" }));
    const relations = (): string[] => estate.neighbours(estate.idOf("group:default/p")!).map(({ type, ref }) => `${type} ${ref}`);
    expect(relations()).toEqual(["parentOf group:default/c"]);
    estate.apply([estate.prepare(arrival(parent([])))], []);
    expect(relations()).toEqual(["parentOf group:default/c"]);
    estate.apply([estate.prepare(arrival(child({})))], []);
    expect(relations()).toEqual([]);
  });
});

test("an estate that was changed step by step is the one that was loaded at once", () => {
  const name = fc.constantFrom("a", "b", "c", "d", "e");
  const document = fc
    .record({
      name,
      type: fc.constantFrom("x", "X", "y"),
      owner: name,
      dependsOn: fc.uniqueArray(name),
      children: fc.uniqueArray(name),
      tags: fc.uniqueArray(name),
      group: fc.boolean(),
    })
    .map(({ name: own, type, owner, dependsOn, children, tags, group }) =>
      group
        ? entity(own, { kind: "Group", metadata: { tags }, spec: { type, children, parent: owner } })
        : entity(own, { metadata: { tags }, spec: { type, owner, dependsOn: dependsOn.map((other) => `component:${other}`) } }),
    );
  const step = fc.oneof(document.map(arrival), fc.record({ gone: name, kind: fc.constantFrom("component", "group") }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const live = new Map<string, Arrival>();
      const changed = createEstate();
      // Asked once at the beginning, so that what is kept from then on is tested, not what is made anew.
      describeEstate(changed);
      for (const one of steps) {
        if ("gone" in one) {
          const ref = `${one.kind}:default/${one.gone}`;
          live.delete(ref);
          changed.apply([], [ref]);
        } else {
          live.set(one.ref, one);
          changed.apply([changed.prepare(one)], []);
        }
        changed.orders.by("type");
      }
      const loaded = createEstate();
      loaded.apply(
        [...live.values()].map((one) => loaded.prepare(one)),
        [],
      );
      expect(describeEstate(changed)).toEqual(describeEstate(loaded));
      expect(relationsOf(changed)).toEqual(truthOf([...live.values()]));
    }),
    { numRuns: 300 },
  );
});

test("very many are taken up with stops: until the end all is as it was, and what was derived meanwhile stays", () => {
  const named = (at: number, spec: object = {}): Arrival => arrival(entity(`s${at}`, { spec: { type: "x", owner: "team-a", ...spec } }));
  const estate = createEstate();
  const begin = [0, 1, 2, 3].map((at) => named(at, { dependsOn: at > 0 ? [`component:s${at - 1}`] : [] }));
  estate.apply(
    begin.map((one) => estate.prepare(one)),
    [],
  );
  const before = describeEstate(estate);
  // More than are looked at between two stops; one that was there changes, one is gone.
  const many = Array.from({ length: 9_000 }, (_, at) => named(at + 2, { type: "y", dependsOn: [`component:s${at}`] }));
  const work = estate.applying(
    many.map((one) => estate.prepare(one)),
    ["component:default/s1"],
  );
  const [first, changed] = [estate.idOf("component:default/s0")!, estate.idOf("component:default/s2")!];
  const rule = estate.ruleNumber("rule");
  const code = kinds.relations.find("dependson")!;
  for (let turns = 0; !work.next().done; turns++) {
    expect(describeEstate(estate)).toEqual(before);
    if (turns !== 1) continue;
    estate.derive(new Map([first, changed].map((id) => [id, { tier: "one" }])));
    estate.infer(new Map([[changed, [code, first, rule]]]));
    estate.observe([{ from: first, to: changed, code: FIRST_OBSERVED }]);
  }
  expect(estate.size).toBe(4 - 1 - 2 + 9_000);
  expect(find(estate, "derived.tier=one")).toHaveLength(2);
  expect(find(estate, "spec.type=x")).toEqual(["s0"]);
  expect(estate.inferredBy(changed, code, first)).toBeUndefined();
  expect(estate.neighbours(changed).map(({ type, ref }) => `${type} ${ref}`)).toEqual([
    "dependencyOf component:default/s4",
    "dependsOn component:default/s0",
    "ownedBy group:default/team-a",
  ]);
  const seen: number[] = [];
  estate.graph.forEach(first, "out", (_, type) => seen.push(type));
  expect(seen).toContain(FIRST_OBSERVED);
  expect(estate.get("component:default/s1")).toBeUndefined();
});

test("what questions are answered from is made with stops, and what changes meanwhile is in the answers", async () => {
  const estate = estateOf(...Array.from({ length: 9_000 }, (_, at) => entity(`s${at}`, { spec: { type: at % 2 === 0 ? "x" : "y" } })));
  const made = Promise.all([estate.ready(["spec.type", "nothing", "relations.ownedby"]), estate.ready(["kind", "spec.type"])]);
  estate.apply([estate.prepare(arrival(entity("late", { spec: { type: "x" } })))], ["component:default/s0"]);
  await made;
  expect(find(estate, "spec.type=x,kind=component")).toHaveLength(4_500);
  expect(find(estate, "spec.type=x")).toContain("late");
  await estate.ready(["spec.type", "metadata.name"]);
  estate.apply([], ["component:default/late"]);
  expect(find(estate, "metadata.name=late")).toEqual([]);
  expect(estate.facets(estate.all(), ["spec.type"])["spec.type"]).toEqual([
    { value: "y", count: 4_500 },
    { value: "x", count: 4_499 },
  ]);
});

function describeEstate(estate: Estate): unknown {
  return {
    size: estate.size,
    orders: (["name", "type", "owner"] as const).map((key) => estate.orders.by(key).map(({ ref }) => ref)),
    facets: estate.facets(estate.all(), ["kind", "spec.type", "metadata.tags", "spec.owner"]),
    typed: find(estate, "spec.type=x").sort(),
    tagged: find(estate, "metadata.tags.a=true").sort(),
  };
}

function relationsOf(estate: Estate): string[] {
  const names = ["a", "b", "c", "d", "e"].flatMap((name) => [`component:default/${name}`, `group:default/${name}`]);
  return names
    .flatMap((ref) => {
      const id = estate.idOf(ref);
      return id === undefined ? [] : estate.neighbours(id).map(({ type, ref: target }) => `${ref} ${type} ${target}`);
    })
    .sort();
}

const kinds = createKinds();

function truthOf(arrivals: readonly Arrival[]): string[] {
  const truth = new Set<string>();
  for (const { ref, entity: document } of arrivals) {
    for (const { code, target } of statementsOf(document, kinds)) {
      truth.add(`${ref} ${RELATION_TYPES[code]} ${target}`);
      truth.add(`${target} ${RELATION_TYPES[code ^ 1]} ${ref}`);
    }
  }
  return [...truth].sort();
}
