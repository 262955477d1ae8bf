import { rm } from "node:fs/promises";
import { join } from "node:path";

import {
  deleteEntity,
  deleteSource,
  entityHistory,
  getEntity,
  importSource,
  listEntities,
  removeSample,
  syncSource,
} from "@roadbed/contracts/catalog";
import { listRemoved, restoreEntity } from "@roadbed/contracts/catalog/time";
import { ConflictError, NotFoundError } from "@roadbed/core";
import { eventually } from "@roadbed/testkit";
import { expect, test } from "vitest";

import { component, entityOf, useWorld } from "../world.suite.ts";
import { forgetOldTombstones } from "./tombstone-store.ts";

const world = useWorld();
const { ask, put, write, refs } = world;
const ref = "component:default/a";

async function imported(name = "a"): Promise<string> {
  await put(`${name}.yaml`, component(name));
  return (await ask(importSource, { target: world.folder, watch: false })).source.id;
}

/** Beside something else: a source that is emptied asks first. */
async function importedWithRest(): Promise<string> {
  await put("rest.yaml", component("rest"));
  return imported();
}

async function sync(id: string): Promise<void> {
  await ask(syncSource, { id });
}

test("what was removed is listed with who and why, and asking for it says so", async () => {
  const id = await importedWithRest();
  await rm(join(world.folder, "a.yaml"));
  await sync(id);
  const [gone] = (await ask(listRemoved, {})).items;
  expect(gone).toMatchObject({ ref, kind: "Component", actor: "user:ada", reason: "its descriptor is gone", sourceId: id });
  expect(gone!.location).toContain("a.yaml");
  const error = await ask(getEntity, { ref }).catch((thrown: unknown) => thrown as NotFoundError);
  expect(error).toBeInstanceOf(NotFoundError);
  expect((error as NotFoundError).mend).toMatch(
    /^It was removed at .* by user:ada: its descriptor is gone\. Until .* it can be had back: `roadbed entity restore component:default\/a`\.$/,
  );
  await expect(ask(getEntity, { ref: "component:default/never" })).rejects.not.toMatchObject({
    mend: expect.stringContaining("was removed") as string,
  });
});

test("the list of what was removed is paged, newest first, and can be narrowed", async () => {
  const names = ["a", "b", "c", "d", "e"];
  for (const name of names) await imported(name);
  for (const name of names) await ask(deleteEntity, { ref: `component:default/${name}` });
  const seen: string[] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await ask(listRemoved, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
    seen.push(...page.items.map(({ ref: one }) => one));
    cursor = page.nextCursor;
  }
  expect(seen).toEqual(names.toReversed().map((name) => `component:default/${name}`));
  expect((await ask(listRemoved, { text: "/C" })).items.map(({ ref: one }) => one)).toEqual(["component:default/c"]);
});

test("an entity that nothing names any more is held as it was until its source names it again", async () => {
  const id = await importedWithRest();
  const before = await ask(getEntity, { ref });
  await rm(join(world.folder, "a.yaml"));
  await sync(id);
  const answer = await ask(restoreEntity, { ref, reason: "it still runs" });
  expect(answer).toMatchObject({ ref, origin: "held" });
  const after = await ask(getEntity, { ref });
  expect(after.entity).toEqual(before.entity);
  expect(after.provenance.sourceName).toBe("Restored");
  expect((await ask(listRemoved, {})).items).toEqual([]);
  expect((await ask(entityHistory, { ref })).items[0]).toMatchObject({ change: "registered", reason: "it still runs", actor: "user:ada" });
  // Readings of the source that do not name it leave it alone.
  await put("b.yaml", component("b"));
  await sync(id);
  expect(await refs()).toEqual([ref, "component:default/b", "component:default/rest"]);
  await put("a.yaml", component("a"));
  await sync(id);
  expect((await ask(getEntity, { ref })).provenance.sourceId).toBe(id);
  await expect(ask(restoreEntity, { ref })).rejects.toBeInstanceOf(ConflictError);
});

test("what was deleted by hand while its file is there is taken over by the file at once", async () => {
  const id = await imported();
  await ask(deleteEntity, { ref });
  expect((await ask(restoreEntity, { ref })).note).toContain("next reading");
  await eventually(async () => expect((await ask(getEntity, { ref })).provenance.sourceId).toBe(id));
});

test("what a call registered belongs to it again; what came from a source that is gone is held", async () => {
  await write((ctx) => world.catalog.registerEntity(ctx, { entity: entityOf("called"), source: "paths" }));
  await ask(deleteEntity, { ref: "component:default/called" });
  expect(await ask(restoreEntity, { ref: "component:default/called" })).toMatchObject({ origin: "source" });
  expect((await ask(getEntity, { ref: "component:default/called" })).provenance.sourceName).toBe("paths");

  const id = await imported();
  await ask(deleteSource, { id });
  expect((await ask(listRemoved, {})).items[0]).toMatchObject({ ref, reason: expect.stringContaining("was removed") as string });
  expect((await ask(restoreEntity, { ref })).note).toContain("no longer read");
  expect((await ask(getEntity, { ref })).entity.spec).toMatchObject({ owner: "team-a" });
});

test("after 30 days a tombstone is forgotten, its history is not", async () => {
  await imported();
  await ask(deleteEntity, { ref, reason: "old" });
  await write((ctx) => ctx.sql.query("update catalog.removed_entity set at = at - interval '29 days 23 hours'"));
  await write((ctx) => forgetOldTombstones(ctx.sql));
  expect((await ask(listRemoved, {})).items).toHaveLength(1);
  await write((ctx) => ctx.sql.query("update catalog.removed_entity set at = at - interval '2 hours'"));
  await expect(ask(restoreEntity, { ref })).rejects.toBeInstanceOf(NotFoundError);
  expect(await write((ctx) => forgetOldTombstones(ctx.sql))).toBe(1);
  await expect(ask(getEntity, { ref })).rejects.toMatchObject({ mend: expect.stringContaining("went too long ago") as string });
});

test("a renaming is recognised, also one that only changes the case is no removal at all", async () => {
  const id = await imported();
  await put("a.yaml", component("A"));
  await sync(id);
  expect((await ask(listRemoved, {})).items).toEqual([]);
  expect((await ask(entityHistory, { ref, values: true })).items[0]).toMatchObject({
    change: "changed",
    values: [
      { field: "metadata.description", before: "About a.", after: "About A." },
      { field: "metadata.name", before: "a", after: "A" },
    ],
  });
  await put("a.yaml", component("new-name"));
  await sync(id);
  expect((await ask(listRemoved, {})).items[0]).toMatchObject({ ref, becameRef: "component:default/new-name" });
  await expect(ask(getEntity, { ref: "component:default/A" })).rejects.toMatchObject({
    mend: expect.stringContaining("probably renamed: look at component:default/new-name") as string,
  });
});

test("no piece of the sample is left to be restored when the sample is removed", async () => {
  await put("s.yaml", component("s"));
  await write((ctx) => world.catalog.importSample(ctx, world.folder));
  const sample = "component:default/s";
  await ask(deleteEntity, { ref: sample });
  await ask(restoreEntity, { ref: sample });
  expect((await ask(listEntities, {})).items[0]).toMatchObject({ ref: sample, sample: true });
  await ask(removeSample, {});
  expect(await refs()).toEqual([]);
  expect((await ask(listRemoved, {})).items).toEqual([]);
});

test("history tells values before and after, on demand", async () => {
  const id = await imported();
  await put("a.yaml", component("a", "").replace("production", "deprecated"));
  await sync(id);
  await put("a.yaml", component("a", "  dependsOn: [component:b]\n"));
  await sync(id);
  const { items } = await ask(entityHistory, { ref, values: true });
  expect(items.map(({ values }) => values)).toEqual([
    [
      { field: "spec.dependsOn", after: ["component:b"] },
      { field: "spec.lifecycle", before: "deprecated", after: "production" },
    ],
    [{ field: "spec.lifecycle", before: "production", after: "deprecated" }],
    undefined,
  ]);
  expect((await ask(entityHistory, { ref })).items[0]!.values).toBeUndefined();
});
