import { createCel, type Cel } from "@roadbed/cel";
import { facetEntities, getEntity, graphEntities, listEntities } from "@roadbed/contracts/catalog";
import { getKind, propertyChanged, saveEntity, saveKind, testKind } from "@roadbed/contracts/catalog/kinds";
import { createRelay } from "@roadbed/postgres";
import { eventually, quietLog } from "@roadbed/testkit";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { entityOf, useWorld } from "../world.suite.ts";

const world = useWorld();
const { ask } = world;
let cel: Cel;
beforeAll(() => void (cel = createCel()));
afterAll(() => cel.close());
beforeEach(() => void (world.catalog = world.open({ cel })));

function kind(name: string, spec: object): Record<string, unknown> {
  return { apiVersion: "roadbed.dev/v1", kind: "Kind", metadata: { name }, spec };
}

const COMPONENT = kind("Component", {
  schema: { properties: { cost: { type: "number" } } },
  derived: { yearly: { title: "Per year", unit: "EUR", calculate: "entity.spec.cost * 12" } },
});
const SYSTEM = kind("System", {
  derived: {
    cost: { aggregate: { relation: "hasPart[Component]", function: "sum", property: "derived.yearly" } },
    parts: { aggregate: { relation: "hasPart", function: "count" } },
  },
});

const put = (name: string, spec: object): Promise<unknown> => ask(saveEntity, { entity: entityOf(name, spec) as never });
const putSystem = (name: string): Promise<unknown> =>
  ask(saveEntity, { entity: { apiVersion: "backstage.io/v1alpha1", kind: "System", metadata: { name }, spec: { owner: "team-a" } } });

test("derived properties are in views, filters, facets, sorted lists, columns and expressions", async () => {
  await ask(saveKind, { kind: COMPONENT });
  await ask(saveKind, { kind: SYSTEM });
  await putSystem("shop");
  await putSystem("empty");
  await put("a", { cost: 2, system: "shop" });
  await put("b", { cost: 10, system: "shop" });
  await put("c", { system: "empty" });
  await eventually(async () => {
    const { derived } = await ask(getEntity, { ref: "system:default/shop" });
    expect(derived).toEqual([
      { name: "cost", value: 144, how: "aggregate", text: "sum of derived.yearly over hasPart[Component]" },
      { name: "parts", value: 2, how: "aggregate", text: "count of hasPart" },
    ]);
  });
  // No data is not zero, and why there is none is told.
  const [yearly] = (await ask(getEntity, { ref: "component:default/c" })).derived;
  expect(yearly).toMatchObject({
    name: "yearly",
    title: "Per year",
    unit: "EUR",
    how: "calculate",
    fault: expect.stringContaining("cost"),
  });
  expect(yearly).not.toHaveProperty("value");
  const names = async (input: object): Promise<string[]> => (await ask(listEntities, input)).items.map(({ name }) => name);
  expect(await names({ filter: "kind=component", sort: "derived.yearly" })).toEqual(["a", "b", "c"]);
  expect(await names({ filter: "kind=component", sort: "-derived.yearly" })).toEqual(["c", "b", "a"]);
  expect(await names({ filter: "derived.yearly=120" })).toEqual(["b"]);
  expect(await names({ filter: 'entity.kind == "System" && entity.derived.cost > 100' })).toEqual(["shop"]);
  expect((await ask(facetEntities, { facets: ["derived.parts"] })).facets["derived.parts"]).toEqual([
    { value: "1", count: 1 },
    { value: "2", count: 1 },
  ]);
  const { items } = await ask(listEntities, {
    filter: "kind=component",
    fields: "derived.yearly,spec.cost,relations.partOf,spec.none",
    limit: 1,
  });
  expect(items[0]!.values).toEqual({ "derived.yearly": 24, "spec.cost": "2", "relations.partOf": ["system:default/shop"] });
  // Pages hold together.
  const first = await ask(listEntities, { filter: "kind=component", sort: "derived.yearly", limit: 2 });
  expect(await names({ filter: "kind=component", sort: "derived.yearly", limit: 2, cursor: first.nextCursor })).toEqual(["c"]);
  await put("a", { cost: 3, system: "shop" });
  await eventually(async () => expect(await names({ filter: 'entity.kind == "System" && entity.derived.cost == 156' })).toEqual(["shop"]));
});

test("a change of a value is told exactly once, however many processes work it out", async () => {
  const others = [world.open({ cel }), world.open({ cel })];
  await ask(saveKind, { kind: COMPONENT });
  await ask(saveKind, { kind: SYSTEM });
  await putSystem("shop");
  await put("a", { cost: 1, system: "shop" });
  const relays = [world.catalog, ...others].map((catalog) =>
    createRelay({ db: world.db, log: quietLog, subscriptions: catalog.subscriptions, pollMs: 100 }),
  );
  for (const one of [world.catalog, ...others]) await one.start();
  for (const relay of relays) await relay.start();
  await relays[0]!.settled();
  await world.forgetEvents();
  for (let cost = 2; cost <= 6; cost++) {
    await put("a", { cost, system: "shop" });
    for (const relay of relays) await relay.settled();
  }
  const { rows } = await world.db.query<{ subject: string; payload: { property: string; before: unknown; after: unknown } }>(
    "select subject, payload from kernel.event where name = $1 order by seq",
    [propertyChanged.name],
  );
  const told = rows.filter(({ payload }) => payload.property === "cost").map(({ payload }) => [payload.before, payload.after]);
  expect(told).toEqual([
    [12, 24],
    [24, 36],
    [36, 48],
    [48, 60],
    [60, 72],
  ]);
  expect(rows.filter(({ payload }) => payload.property === "yearly")).toHaveLength(5);
  for (const relay of relays) await relay.stop();
  for (const one of others) await one.stop();
});

test("a circle is refused and shown, also one over two kinds", async () => {
  await ask(saveKind, { kind: COMPONENT });
  await ask(saveKind, { kind: SYSTEM });
  const around = kind("Component", { derived: { yearly: { mirror: "partOf[System].derived.cost" } } });
  const { ok, problems } = await ask(testKind, { kind: around });
  expect(ok).toBe(false);
  expect(problems).toMatchObject([
    { at: "spec.derived.yearly", reason: "goes in a circle: Component.yearly → System.cost → Component.yearly" },
  ]);
  await expect(ask(saveKind, { kind: around })).rejects.toThrow(/Component\.yearly → System\.cost → Component\.yearly/);
});

test("a rule is previewed, makes relations that are shown as inferred, and goes again", async () => {
  await put("a", { cluster: "x" });
  await put("b", { cluster: "y" });
  await put("x", {});
  const rule = (when: object): Record<string, unknown> =>
    kind("Component", { rules: { cluster: { type: "runsOn", inverse: "runs", target: "Component", when } } });
  const equal = { equal: { a: "source.spec.cluster", b: "target.metadata.name" } };
  expect((await ask(testKind, { kind: rule(equal) })).rules).toEqual([{ name: "cluster", edges: 1, cut: false }]);
  expect((await ask(testKind, { kind: rule({ cel: "source.spec.cluster == target.metadata.name" }) })).rules).toMatchObject([{ edges: 1 }]);
  await ask(saveKind, { kind: rule(equal) });
  await eventually(async () => {
    const { neighbours } = await ask(getEntity, { ref: "component:default/a" });
    expect(neighbours).toContainEqual(
      expect.objectContaining({ type: "runsOn", ref: "component:default/x", origin: "inferred", rule: "Component rule cluster" }),
    );
  });
  const { edges } = await ask(graphEntities, { ref: "component:default/a", direction: "down", types: "runsOn" });
  expect(edges).toEqual([
    { from: "component:default/a", to: "component:default/x", type: "runsOn", origin: "inferred", rule: "Component rule cluster" },
  ]);
  expect((await ask(getKind, { name: "Component" })).ruleStates).toEqual([
    { name: "cluster", type: "runsOn", target: "component", edges: 1, cut: false },
  ]);
  await put("a", {});
  await eventually(async () => expect((await ask(graphEntities, { types: "runsOn" })).edges).toEqual([]));
});
