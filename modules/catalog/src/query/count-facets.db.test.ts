import { facetEntities, importSource, syncSource } from "@roadbed/contracts/catalog";
import { expect, test } from "vitest";

import { component, useWorld } from "../world.suite.ts";

const world = useWorld();
const { ask, put } = world;

test("counts are those of the moment, however often they were asked for before", async () => {
  await put("a.yaml", component("a"));
  const { source } = await ask(importSource, { target: world.folder, watch: false });
  expect(await owners()).toEqual([{ value: "team-a", count: 1 }]);
  expect(await owners()).toEqual([{ value: "team-a", count: 1 }]);
  await put("b.yaml", component("b").replace("team-a", "team-b"));
  await ask(syncSource, { id: source.id });
  expect(await owners()).toEqual([
    { value: "team-a", count: 1 },
    { value: "team-b", count: 1 },
  ]);
  await put("a.yaml", component("a").replace("team-a", "team-b"));
  await ask(syncSource, { id: source.id });
  expect(await owners()).toEqual([{ value: "team-b", count: 2 }]);
  expect(await owners("metadata.name=b")).toEqual([{ value: "team-b", count: 1 }]);
});

async function owners(filter?: string): Promise<unknown> {
  return (await ask(facetEntities, { filter, facets: ["spec.owner"] })).facets["spec.owner"];
}
