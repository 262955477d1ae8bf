import { createCel } from "@roadbed/cel";
import {
  deleteEntity,
  getEntity,
  graphEntities,
  importSource,
  listEntities,
  listSources,
  syncSource,
  validateEntity,
} from "@roadbed/contracts/catalog";
import { InvalidError, NotFoundError } from "@roadbed/core";
import { eventually } from "@roadbed/testkit";
import { beforeEach, describe, expect, test } from "vitest";

import { component, entityOf, useWorld } from "../world.suite.ts";

const world = useWorld();
const { open, ask, write, put, refs } = world;

describe("reading", () => {
  beforeEach(async () => {
    const names = ["cart", "bill", "auth", "dash"];
    await put(
      "all.yaml",
      names.map((name, at) => component(name, `  system: shop\n  dependsOn: [component:${names[(at + 1) % 4]}]\n`)).join("---\n"),
    );
    await ask(importSource, { target: world.folder });
  });

  test("pages hold together while rows come and go", async () => {
    const first = await ask(listEntities, { limit: 2 });
    expect(first.items.map(({ name }) => name)).toEqual(["auth", "bill"]);
    expect(first.total).toBe(4);
    await ask(deleteEntity, { ref: "component:default/bill" });
    await write((ctx) => world.catalog.registerEntity(ctx, { entity: entityOf("aaa"), source: "test" }));
    const second = await ask(listEntities, { limit: 2, cursor: first.nextCursor });
    expect(second.items.map(({ name }) => name)).toEqual(["cart", "dash"]);
    expect(second.nextCursor).toBeUndefined();
    const last = await ask(listEntities, { limit: 3, sort: "-name" });
    expect(last.items.map(({ name }) => name)).toEqual(["dash", "cart", "auth"]);
    expect((await ask(listEntities, { limit: 3, sort: "-name", cursor: last.nextCursor })).items.map(({ name }) => name)).toEqual(["aaa"]);
    await expect(ask(listEntities, { cursor: "nonsense" })).rejects.toBeInstanceOf(InvalidError);
    await expect(ask(listEntities, { sort: "kind", cursor: first.nextCursor })).rejects.toBeInstanceOf(InvalidError);
  });

  test("text and filter work together", async () => {
    expect((await ask(listEntities, { text: "about bil", filter: "kind=component" })).items.map(({ name }) => name)).toEqual(["bill"]);
    expect((await ask(listEntities, { text: "bill", filter: "kind=api" })).items).toEqual([]);
  });

  test("expressions are answered by the engine, over whole entities with their relations", async () => {
    const asked: string[] = [];
    const cel = createCel();
    const expressive = open({
      cel: {
        ...cel,
        matches: (expression, entities) => {
          asked.push(expression);
          return cel.matches(expression, entities);
        },
      },
    });
    const filter = 'entity.relations.exists(r, r.targetRef == "component:default/cart")';
    expect((await ask(listEntities, { filter }, expressive)).items.map(({ name }) => name)).toEqual(["bill", "dash"]);
    await ask(listEntities, { filter, limit: 1 }, expressive);
    expect(asked).toHaveLength(1);
    const owned = 'entity.kind == "Component" && entity.spec.owner == "team-a" && entity.metadata.name.startsWith("c")';
    expect((await ask(listEntities, { filter: owned }, expressive)).items.map(({ name }) => name)).toEqual(["cart"]);
    // What some entities lack is false for them, not an error.
    expect((await ask(listEntities, { filter: "entity.spec.port > 80" }, expressive)).items).toEqual([]);
    await ask(deleteEntity, { ref: "component:default/bill" });
    await expressive.start();
    await eventually(async () => {
      expect((await ask(listEntities, { filter }, expressive)).items.map(({ name }) => name)).toEqual(["dash"]);
    });
    await expect(ask(listEntities, { filter: "entity.(" }, expressive)).rejects.toBeInstanceOf(InvalidError);
    await expressive.stop();
    await cel.close();
    await expect(ask(listEntities, { filter })).rejects.toBeInstanceOf(InvalidError);
  });

  test("the graph is walked up and down", async () => {
    const down = await ask(graphEntities, { ref: "component:default/cart", direction: "down", depth: 2 });
    expect(down.nodes.map(({ name, depth }) => [name, depth])).toEqual([
      ["cart", 0],
      ["bill", 1],
      ["auth", 2],
    ]);
    expect(down.edges).toHaveLength(2);
    const up = await ask(graphEntities, { ref: "component:default/cart", direction: "up", depth: 1 });
    expect(up.nodes.map(({ ref, depth, found }) => `${ref} ${depth} ${found}`).sort()).toEqual([
      "component:default/cart 0 true",
      "component:default/dash 1 true",
      "system:default/shop 1 false",
    ]);
    const owned = await ask(graphEntities, { ref: "group:default/team-a", direction: "down" });
    expect(owned.reached).toBe(5);
    const cut = await ask(graphEntities, { ref: "component:default/cart", direction: "down", depth: 5, limit: 2 });
    expect([cut.nodes.length, cut.reached, cut.truncated]).toEqual([2, 4, true]);
    const whole = await ask(graphEntities, { filter: "kind=component", types: "dependsOn" });
    expect([whole.nodes.length, whole.edges.length]).toEqual([4, 4]);
    await expect(ask(graphEntities, { ref: "component:default/cart", types: "likes" })).rejects.toBeInstanceOf(InvalidError);
    await expect(ask(graphEntities, { ref: "component:default/none" })).rejects.toBeInstanceOf(NotFoundError);
  });

  test("what was mistyped is guessed", async () => {
    await expect(ask(getEntity, { ref: "component:default/crat" })).rejects.toMatchObject({ mend: "Did you mean component:default/cart?" });
  });

  test("validate says everything that is wrong, by line", async () => {
    expect(await ask(validateEntity, { yaml: component("ok") })).toEqual({ ok: true, refs: ["component:default/ok"], problems: [] });
    const bad = await ask(validateEntity, { yaml: `${component("ü")}---\n${component("ok")}---\n{{ x }}: [` });
    expect(bad.ok).toBe(false);
    expect(bad.refs).toEqual(["component:default/ok"]);
    expect(bad.problems.map(({ line, at }) => [line, at])).toEqual([
      [4, "metadata.name"],
      [expect.any(Number), ""],
    ]);
    expect((await ask(validateEntity, { yaml: "" })).ok).toBe(false);
  });

  test("a deleted entity comes back with the next reading of its source", async () => {
    await ask(deleteEntity, { ref: "component:default/cart" });
    expect(await refs()).toHaveLength(3);
    await expect(ask(deleteEntity, { ref: "component:default/cart" })).rejects.toBeInstanceOf(NotFoundError);
    const [source] = (await ask(listSources, {})).items;
    await ask(syncSource, { id: source!.id });
    expect(await refs()).toHaveLength(4);
  });

  test("another process sees the same", async () => {
    const other = open();
    await other.start();
    expect((await ask(listEntities, {}, other)).total).toBe(4);
    await ask(deleteEntity, { ref: "component:default/cart" });
    await eventually(async () => expect((await ask(listEntities, {}, other)).total).toBe(3));
    await expect(ask(getEntity, { ref: "component:default/cart" }, other)).rejects.toBeInstanceOf(NotFoundError);
    await other.stop();
  });

  test("a write that is rolled back is never seen", async () => {
    await refs();
    const failing = write(async (ctx) => {
      await world.catalog.registerEntity(ctx, { entity: entityOf("ghost"), source: "test" });
      expect((await ask(listEntities, {})).total).toBe(4);
      throw new InvalidError("no");
    });
    await expect(failing).rejects.toBeInstanceOf(InvalidError);
    expect((await ask(listEntities, {})).total).toBe(4);
    await write((ctx) => world.catalog.registerEntity(ctx, { entity: entityOf("real"), source: "test" }));
    expect((await ask(listEntities, {})).total).toBe(5);
  });
});
