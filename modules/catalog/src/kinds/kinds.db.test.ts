import { createCel, type Cel } from "@roadbed/cel";
import {
  facetEntities,
  getEntity,
  getSource,
  graphEntities,
  importSource,
  listEntities,
  syncSource,
  validateEntity,
} from "@roadbed/contracts/catalog";
import { deleteKind, getKind, listKinds, saveEntity, saveKind, testKind } from "@roadbed/contracts/catalog/kinds";
import { ConflictError, InvalidError, NotFoundError } from "@roadbed/core";
import { eventually } from "@roadbed/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { Catalog } from "../index.ts";
import { component, useWorld } from "../world.suite.ts";

const world = useWorld();
const { open, put } = world;
let cel: Cel;
let catalog: Catalog;
beforeAll(() => void (cel = createCel()));
afterAll(() => cel.close());
beforeEach(() => void (catalog = world.catalog = open({ cel })));
const ask: typeof world.ask = (operation, input, by = catalog) => world.ask(operation, input, by);

function kind(name: string, spec: object = {}, metadata: object = {}): Record<string, unknown> {
  return { apiVersion: "roadbed.dev/v1", kind: "Kind", metadata: { name, ...metadata }, spec };
}

const ENVIRONMENT = kind(
  "Environment",
  {
    plural: "Environments",
    schema: {
      properties: { stage: { type: "string", enum: ["test", "live"] }, code: { type: "string", pattern: "^[a-z]+$" } },
      required: ["stage"],
      additionalProperties: false,
    },
    relations: {
      owner: { type: "ownedBy", target: "Group" },
      runs: { type: "runs", inverse: "runsIn", target: "Component", many: true },
    },
    columns: ["spec.stage", "relations.runs"],
  },
  { title: "Environment", icon: "server" },
);

function environment(name: string, spec: object): Record<string, unknown> {
  return { apiVersion: "roadbed.dev/v1", kind: "Environment", metadata: { name }, spec };
}

const YAML = (document: object): string => JSON.stringify(document);

test("a kind is data: entities of it are checked, listed, related and walked at once", async () => {
  await expect(ask(saveEntity, { entity: environment("live", { stage: "live" }) })).rejects.toThrow(/no such kind: Environment/);
  expect(await ask(saveKind, { kind: ENVIRONMENT })).toEqual({
    name: "Environment",
    ref: "kind:default/environment",
    change: "created",
    invalid: 0,
  });
  await put("a.yaml", component("orders"));
  await ask(importSource, { target: world.folder });
  expect(await ask(saveEntity, { entity: environment("live", { stage: "live", owner: "team-a", runs: ["orders", "ghost"] }) })).toEqual({
    ref: "environment:default/live",
    change: "registered",
  });
  const wrong = ask(saveEntity, { entity: environment("test", { stage: "prod", code: "A1", runs: ["system:x"], size: 3 }) });
  await expect(wrong).rejects.toMatchObject({
    problems: [
      { at: "spec.runs.0", reason: expect.stringContaining("not to component") },
      { at: "spec.size", reason: "is not a field of a Environment" },
      { at: "spec.stage", reason: '"prod" is not one of test, live' },
      { at: "spec.code" },
    ],
  });
  const refs = async (filter: string): Promise<string[]> => (await ask(listEntities, { filter })).items.map(({ ref }) => ref);
  expect(await refs("kind=environment,spec.stage=live")).toEqual(["environment:default/live"]);
  expect(await refs("relations.runsin=environment:default/live")).toEqual(["component:default/orders"]);
  expect((await ask(facetEntities, { facets: ["relations.runs"] })).facets["relations.runs"]).toHaveLength(2);
  const { neighbours, entity } = await ask(getEntity, { ref: "component:default/orders" });
  expect(neighbours).toContainEqual(
    expect.objectContaining({ type: "runsIn", ref: "environment:default/live", found: true, origin: "declared" }),
  );
  expect(entity.relations).toContainEqual({ type: "runsIn", targetRef: "environment:default/live" });
  const graph = await ask(graphEntities, { ref: "environment:default/live", direction: "down", types: "runs" });
  expect(graph.edges).toContainEqual({ from: "environment:default/live", to: "component:default/orders", type: "runs" });
  expect((await ask(graphEntities, { ref: "component:default/orders", direction: "up", depth: 2 })).nodes.map(({ ref }) => ref)).toContain(
    "environment:default/live",
  );
  await expect(ask(graphEntities, { types: "flies" })).rejects.toThrow(/no relation flies/);
});

test("another process follows, and so does one that starts later", async () => {
  const other = open({ cel });
  await other.start();
  await ask(listEntities, {}, other);
  await ask(saveKind, { kind: ENVIRONMENT });
  await ask(saveEntity, { entity: environment("live", { stage: "live", runs: ["orders"] }) });
  await eventually(async () => {
    expect((await ask(getKind, { name: "environment" }, other)).entities).toBe(1);
    expect((await ask(getEntity, { ref: "environment:default/live" }, other)).neighbours).toHaveLength(1);
  });
  await other.stop();
  const later = open({ cel });
  expect((await ask(getEntity, { ref: "environment:default/live" }, later)).neighbours).toHaveLength(1);
  await later.stop();
});

test("changing a kind says what would become invalid, and saving needs to be told so", async () => {
  await ask(saveKind, { kind: ENVIRONMENT });
  await ask(saveEntity, { entity: environment("live", { stage: "live", runs: ["orders"] }) });
  const narrower = structuredClone(ENVIRONMENT) as any;
  narrower.spec.schema.properties.stage.enum = ["test"];
  narrower.spec.relations.runs.type = "hosts";
  narrower.spec.relations.runs.inverse = "hostedBy";
  narrower.spec.columns = [];
  const tested = await ask(testKind, { kind: narrower });
  expect(tested).toMatchObject({
    ok: false,
    change: "changed",
    entities: 1,
    invalid: { count: 1, items: [{ ref: "environment:default/live", at: "spec.stage" }] },
  });
  await expect(ask(saveKind, { kind: narrower })).rejects.toBeInstanceOf(ConflictError);
  expect(await ask(saveKind, { kind: narrower, confirm: true })).toMatchObject({ change: "changed", invalid: 1 });
  // The relation has another name from now on, though nobody touched the entity.
  expect((await ask(getEntity, { ref: "environment:default/live" })).neighbours.map(({ type }) => type)).toEqual(["hosts"]);
  expect((await ask(getKind, { name: "Environment" })).versions).toBe(2);
  expect(await ask(testKind, { kind: narrower })).toMatchObject({ change: "unchanged" });
});

test("a kind in use is not removed, one that is not is", async () => {
  await ask(saveKind, { kind: ENVIRONMENT });
  await ask(saveKind, { kind: kind("Slot", { relations: { env: { type: "slotOf", inverse: "hasSlot", target: "Environment" } } }) });
  await ask(saveEntity, { entity: environment("live", { stage: "live" }) });
  await expect(ask(deleteKind, { name: "Environment" })).rejects.toThrow(/1 entity is of this kind.*Slot has relations that lead to it/);
  await expect(ask(deleteKind, { name: "Component" })).rejects.toBeInstanceOf(InvalidError);
  await expect(ask(deleteKind, { name: "Nothing" })).rejects.toBeInstanceOf(NotFoundError);
  expect(await ask(deleteKind, { name: "slot" })).toEqual({ removed: "Slot" });
  expect((await ask(listKinds, {})).items.map(({ name }) => name)).not.toContain("Slot");
  await expect(ask(getKind, { name: "Slot" })).rejects.toBeInstanceOf(NotFoundError);
});

describe("built-in kinds", () => {
  test("are extended by optional fields and relations, and never weakened", async () => {
    const extension = kind("component", {
      schema: { properties: { tier: { type: "integer", minimum: 1 } } },
      relations: { runbook: { type: "hasRunbook", inverse: "runbookOf", target: ["Resource", "API"] } },
    });
    expect(await ask(saveKind, { kind: extension })).toMatchObject({ name: "Component", change: "created" });
    const check = async (more: string): Promise<string[]> =>
      (await ask(validateEntity, { yaml: component("a", more) })).problems.map(({ at, reason }) => `${at} ${reason}`);
    expect(await check("  tier: 2\n  runbook: resource:book\n")).toEqual([]);
    expect(await check("  tier: 0\n")).toEqual([expect.stringContaining("spec.tier must be >= 1")]);
    expect(await check("  runbook: book\n")).toEqual([expect.stringContaining("spec.runbook")]);
    const weak = kind("Component", {
      schema: { properties: { owner: {} }, required: ["tier"] },
      relations: { system: { type: "partOf", required: true } },
    });
    expect((await ask(testKind, { kind: weak })).problems.map(({ at }) => at).sort()).toEqual([
      "spec.relations.system",
      "spec.relations.system.required",
      "spec.schema.owner",
      "spec.schema.required",
    ]);
    expect(await ask(deleteKind, { name: "component" })).toEqual({ removed: "Component" });
    expect(await check("  tier: 0\n")).toEqual([]);
  });

  test("cannot be taken by a kind of one's own, and Kind stays what it is", async () => {
    expect((await ask(testKind, { kind: kind("Kind") })).problems).toMatchObject([{ reason: "Kind itself cannot be changed" }]);
    await expect(ask(saveEntity, { entity: ENVIRONMENT })).rejects.toThrow(/not saved as an entity/);
  });
});

describe("files", () => {
  test("hold kinds beside their entities, in any order", async () => {
    await put("a/entities.yaml", YAML(environment("live", { stage: "live", runs: ["orders"] })));
    await put("b/kind.yaml", `---\n${YAML(ENVIRONMENT)}`);
    const { counts, problems } = await ask(importSource, { target: world.folder });
    expect({ counts, problems }).toMatchObject({ counts: { registered: 2, failed: 0 }, problems: [] });
    expect((await ask(getEntity, { ref: "environment:default/live" })).neighbours).toHaveLength(1);
    await expect(ask(saveKind, { kind: { ...ENVIRONMENT, metadata: { name: "Environment" } } })).rejects.toThrow(
      /is described by the source/,
    );
    await expect(ask(saveEntity, { entity: environment("live", { stage: "test" }) })).rejects.toThrow(/entities\.yaml/);
    // The kind goes, the entity cannot be checked any more: it stays as it was, and is told.
    await put("b/kind.yaml", "");
    const { sourceId } = (await ask(getEntity, { ref: "environment:default/live" })).provenance;
    await ask(syncSource, { id: sourceId });
    await eventually(async () => {
      expect((await ask(getSource, { id: sourceId })).problems).toMatchObject([{ reason: "no such kind: Environment" }]);
      expect((await ask(getEntity, { ref: "environment:default/live" })).provenance.orphan).toBe(true);
    });
  });

  test("that named a kind too early are read again when it is there", async () => {
    await put("a.yaml", YAML(environment("live", { stage: "live" })));
    expect((await ask(importSource, { target: world.folder })).problems).toMatchObject([{ reason: "no such kind: Environment" }]);
    await ask(saveKind, { kind: ENVIRONMENT });
    await eventually(async () => expect((await ask(getEntity, { ref: "environment:default/live" })).ref).toBe("environment:default/live"));
  });

  test("with a kind that is wrong are told so, by line and field", async () => {
    await put(
      "kind.yaml",
      "apiVersion: roadbed.dev/v1\nkind: Kind\nmetadata:\n  name: Slot\nspec:\n  schema:\n    $ref: https://example.com/a.json\n",
    );
    const { problems } = await ask(importSource, { target: world.folder });
    expect(problems).toMatchObject([{ file: "kind.yaml", line: 7, at: "spec.schema.$ref", mend: expect.stringContaining("$defs") }]);
  });
});

describe("a kind's document", () => {
  const said = async (spec: object, name = "Thing"): Promise<string[]> =>
    (await ask(testKind, { kind: kind(name, spec) })).problems.map(({ at, reason }) => `${at}: ${reason}`);

  test("is bounded: schemas that recurse, unfold, backtrack or fetch are refused", async () => {
    expect(await said({ schema: { $defs: { a: { $ref: "#/$defs/a" } }, properties: { a: { $ref: "#/$defs/a" } } } })).toEqual([
      expect.stringContaining("refers to itself"),
    ]);
    const laughs = Object.fromEntries(
      Array.from({ length: 30 }, (_, at) => [
        `d${at}`,
        at === 0 ? {} : { allOf: [{ $ref: `#/$defs/d${at - 1}` }, { $ref: `#/$defs/d${at - 1}` }] },
      ]),
    );
    expect((await said({ schema: { $defs: laughs, properties: { a: { $ref: "#/$defs/d29" } } } }))[0]).toMatch(/unfolds|levels/);
    expect((await said({ schema: { properties: { a: { type: "string", pattern: "(?=a)b" } } } }))[0]).toContain("linear time");
    // Linear, whatever the pattern: this one would need for ever with an engine that goes back.
    await ask(saveKind, { kind: kind("Thing", { schema: { properties: { a: { type: "string", pattern: "^(a+)+$" } } } }) });
    const slow = { apiVersion: "roadbed.dev/v1", kind: "Thing", metadata: { name: "x" }, spec: { a: `${"a".repeat(50_000)}!` } };
    await expect(ask(saveEntity, { entity: slow })).rejects.toThrow(/spec\.a/);
    expect((await said({ schema: { properties: { a: { uniqueItems: true } } } }))[0]).toContain("needs a limit");
    let deep: object = {};
    for (let level = 0; level < 30; level++) deep = { items: deep };
    expect((await said({ schema: { properties: { a: deep } } }))[0]).toContain("levels");
    expect((await said({ schema: { properties: { a: { type: "texts" } } } }))[0]).toContain("is no JSON Schema");
  });

  test("says of relations what others already said", async () => {
    await ask(saveKind, { kind: ENVIRONMENT });
    const relation = (one: object): Promise<string[]> => said({ relations: { r: one } });
    expect(await relation({ type: "runs", inverse: "ranBy" })).toEqual([
      "spec.relations.r.inverse: the inverse of runs is runsIn, not ranBy",
    ]);
    expect(await relation({ type: "runs" })).toEqual([]);
    expect(await relation({ type: "runsIn", target: "Environment" })).toEqual([]);
    expect(await relation({ type: "dependsOn", inverse: "x" })).toEqual([expect.stringContaining("is dependencyOf")]);
    expect(await relation({ type: "flies" })).toEqual([expect.stringContaining("is a new relation")]);
    expect(await relation({ type: "flies", inverse: "Flies".toLowerCase() })).toEqual([expect.stringContaining("another word")]);
    expect(await relation({ type: "flies", inverse: "ownerOf" })).toEqual([expect.stringContaining("inverse of ownedBy already")]);
  });

  test("names unknown fields", async () => {
    expect(await said({ colour: "red" })).toEqual(["spec.colour: is not a known field"]);
    expect(await said({}, "not a name")).toEqual([expect.stringContaining("metadata.name")]);
  });
});
