import { cp } from "node:fs/promises";
import { join } from "node:path";

import { createCel, type Cel } from "@roadbed/cel";
import { getEntity, importSource, listEntities } from "@roadbed/contracts/catalog";
import { saveEntity } from "@roadbed/contracts/catalog/kinds";
import { eventually } from "@roadbed/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { component, useWorld } from "../world.suite.ts";

const world = useWorld();
let cel: Cel;
beforeAll(() => void (cel = createCel()));
afterAll(() => cel.close());

test("the example is read as it stands, and what it promises is there", async () => {
  world.catalog = world.open({ cel });
  const { ask, put } = world;
  await cp(join(import.meta.dirname, "../../../../examples/kinds"), world.folder, { recursive: true });
  await put("components.yaml", `${component("checkout")}---\n${component("search")}`);
  expect(await ask(importSource, { target: world.folder })).toMatchObject({ problems: [], counts: { registered: 7 } });
  const group = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Group",
    metadata: { name: "team-a", title: "Team A" },
    spec: { type: "team", children: [] },
  };
  await ask(saveEntity, { entity: group });
  const cluster = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Resource",
    metadata: { name: "main" },
    spec: { type: "cluster", owner: "team-a" },
  };
  await ask(saveEntity, { entity: cluster });
  await eventually(async () => {
    const { items } = await ask(listEntities, { filter: "kind=environment", fields: "derived.workloads,derived.monthly" });
    expect(items[0]!.values).toEqual({ "derived.workloads": 2, "derived.monthly": 400 });
    const { derived, neighbours } = await ask(getEntity, { ref: "workload:default/checkout-live" });
    expect(Object.fromEntries(derived.map(({ name, value }) => [name, value]))).toEqual({
      team: "Team A",
      share: 0.75,
      environmentCost: 400,
    });
    expect(neighbours).toContainEqual(expect.objectContaining({ type: "runsOn", ref: "resource:default/main", origin: "inferred" }));
  });
});
