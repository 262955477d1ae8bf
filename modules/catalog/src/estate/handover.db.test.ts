import { facetEntities, getEntity, importSource, listEntities, syncSource } from "@roadbed/contracts/catalog";
import { quietLog } from "@roadbed/testkit";
import { afterEach, expect, test } from "vitest";

import { lockCatalog, nextChange, transactionOf, writeEntities } from "../entity/entity-store.ts";
import { digestOf } from "../facts/merge-entities.ts";
import type { Catalog } from "../index.ts";
import { entityOf, useWorld } from "../world.suite.ts";
import { createCatalogue, type Catalogue } from "./catalogue.ts";

const world = useWorld();
const { ask, put } = world;

const MANY = 700;
let opened: Catalog | undefined;
let catalogue: Catalogue | undefined;
afterEach(async () => {
  await opened?.stop();
  await catalogue?.feed.stop();
  [opened, catalogue] = [undefined, undefined];
});

test("what is handed over is what another process reads", async () => {
  await put(
    "all.ndjson",
    lines((at) => ({ dependsOn: [`component:e${at + 1}`], ...(at % 7 === 0 ? { lifecycle: "old" } : {}) })),
  );
  const { source } = await ask(importSource, { target: world.folder, watch: false });
  await same();
  // A second reading in which all change, some go and some come.
  await put(
    "all.ndjson",
    lines((at) => ({ owner: "team-b", dependsOn: [`component:e${at + 2}`] }), 5),
  );
  await world.db.query("update catalog.source set threshold_percent = 100 where id = $1", [source.id]);
  await ask(syncSource, { id: source.id });
  await same();

  async function same(): Promise<void> {
    opened = world.open();
    for (const filter of [undefined, "spec.owner=team-b", "spec.lifecycle=old", "relations.dependsOn=component:default/e9"]) {
      const asked = { filter, limit: 500, sort: "name" } as const;
      expect(await ask(listEntities, asked)).toEqual(await ask(listEntities, asked, opened));
    }
    const facets = { facets: ["spec.owner", "spec.lifecycle", "metadata.name"] };
    expect(await ask(facetEntities, facets)).toEqual(await ask(facetEntities, facets, opened));
    for (const ref of ["component:default/e9", "component:default/e10"])
      expect(await ask(getEntity, { ref })).toEqual(await ask(getEntity, { ref }, opened));
    await opened.stop();
  }
});

test("what was handed over by a transaction that was rolled back is forgotten, though another took its number", async () => {
  await put("one.json", JSON.stringify(entityOf("one")));
  const { source } = await ask(importSource, { target: world.folder, watch: false });
  const here = (catalogue = createCatalogue({ sql: world.db, log: quietLog }));
  await here.feed.caughtUp();
  const numbers: number[] = [];
  const writing = (names: readonly string[], fails: boolean): Promise<void> =>
    world.write(async ({ sql }) => {
      await lockCatalog(sql);
      const change = await nextChange(sql);
      numbers.push(change);
      const writes = names.map((name) => {
        const entity = entityOf(name);
        const json = JSON.stringify(entity);
        return { ref: `component:default/${name}`, entity, json, hash: digestOf(json), location: "x", line: 1, docsRoot: null };
      });
      const handover = here.feed.handover();
      await writeEntities(sql, source.id, writes, change, new Date(), (batch) => handover.take({ id: source.id, sample: false }, batch));
      handover.complete(await transactionOf(sql));
      if (fails) here.feed.expect(change, handover);
      if (fails) throw new Error("rolled back");
    });
  await expect(writing(["ghost"], true)).rejects.toThrow("rolled back");
  await writing(["real"], false);
  expect(numbers[0]).toBe(numbers[1]);
  await here.feed.caughtUp();
  expect(here.estate.get("component:default/real")).toBeDefined();
  expect(here.estate.get("component:default/ghost")).toBeUndefined();
});

function lines(more: (at: number) => object, from = 0): string {
  return Array.from({ length: MANY }, (_, at) => JSON.stringify(entityOf(`e${from + at}`, more(from + at)))).join("\n");
}
