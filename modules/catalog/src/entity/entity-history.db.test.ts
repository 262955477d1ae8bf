import { rm } from "node:fs/promises";
import { join } from "node:path";

import { deleteEntity, entityHistory, getEntity, importSource, syncSource } from "@roadbed/contracts/catalog";
import { expect, test } from "vitest";

import { component, useWorld } from "../world.suite.ts";

const world = useWorld();
const { ask, put } = world;
const ref = "component:default/a";

test("history says who, why, from which source and in which run; a thing that comes back is the same thing", async () => {
  await put("a.yaml", component("a"));
  // A source that is emptied asks first.
  await put("rest.yaml", component("rest"));
  const { source } = await ask(importSource, { target: world.folder, watch: false });
  const { uid } = (await ask(getEntity, { ref })).entity.metadata;
  await put("a.yaml", component("a").replace("production", "deprecated"));
  await ask(syncSource, { id: source.id });
  await rm(join(world.folder, "a.yaml"));
  await ask(syncSource, { id: source.id });
  await put("a.yaml", component("a"));
  await ask(syncSource, { id: source.id });
  await ask(deleteEntity, { ref, reason: "nobody runs it" });

  const { items } = await ask(entityHistory, { ref });
  expect(items.map(({ change, fields, reason }) => [change, fields, reason])).toEqual([
    ["removed", [], "nobody runs it"],
    ["registered", [], "its descriptor appeared"],
    ["removed", [], "its descriptor is gone"],
    ["changed", ["spec.lifecycle"], "its descriptor changed"],
    ["registered", [], "its descriptor appeared"],
  ]);
  expect(items.every(({ actor, sourceId }) => actor === "user:ada" && sourceId === source.id)).toBe(true);
  expect(items[0]!.syncId).toBeUndefined();
  expect(new Set(items.slice(1).map(({ syncId }) => syncId)).size).toBe(4);
  const numbers = items.map(({ number }) => number);
  expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));

  await ask(syncSource, { id: source.id });
  expect((await ask(getEntity, { ref })).entity.metadata.uid).toBe(uid);
});

test("instants stand in the order in which changes commit, whatever the clock does", async () => {
  const ahead = new Date(Date.now() + 3_600_000);
  ahead.setMilliseconds(500);
  await world.write((ctx) => ctx.sql.query("update catalog.clock set at = $1", [ahead]));
  await put("a.yaml", component("a"));
  const { source } = await ask(importSource, { target: world.folder, watch: false });
  await put("a.yaml", component("a").replace("production", "deprecated"));
  await ask(syncSource, { id: source.id });
  expect((await ask(entityHistory, { ref })).items.map(({ at }) => Date.parse(at) - ahead.getTime())).toEqual([2, 1]);
  await world.write((ctx) => ctx.sql.query("update catalog.clock set at = now()"));
});
