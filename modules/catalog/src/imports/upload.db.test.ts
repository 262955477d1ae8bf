import { deleteSource, getEntity, importSource, listSources, syncSource } from "@roadbed/contracts/catalog";
import { applyUpload, previewUpload } from "@roadbed/contracts/catalog/imports";
import { InvalidError } from "@roadbed/core";
import { expect, test } from "vitest";

import { component, useWorld } from "../world.suite.ts";

const world = useWorld();
const { ask, put, refs } = world;

const TABLE = "name,team,status\norders,team-a,live\nbill,team-b,beta\n,x,\n";

test("a table is looked at before anything is written, then brought in, replaced and removed", async () => {
  await put("bill.yaml", component("bill"));
  await ask(importSource, { target: world.folder, watch: false });
  const preview = await ask(previewUpload, { text: TABLE });
  expect(preview).toMatchObject({
    format: "csv",
    total: 2,
    entities: [
      { line: 2, ref: "component:default/orders", owner: "team-a", change: "new" },
      { line: 3, ref: "component:default/bill", change: "taken" },
    ],
    problems: [{ line: 4, at: "name" }],
    mapping: { "metadata.name": "name", "spec.owner": "team", "spec.lifecycle": "status" },
  });
  expect(await refs()).toEqual(["component:default/bill"]);

  const applied = await ask(applyUpload, { text: TABLE, name: "services" });
  expect(applied).toMatchObject({
    source: { kind: "upload", name: "services", state: "partial", entities: 1 },
    counts: { read: 3, registered: 1, failed: 1, conflicts: 1 },
  });
  const { entity, provenance } = await ask(getEntity, { ref: "component:default/orders" });
  expect(entity.spec).toMatchObject({ owner: "team-a", lifecycle: "production" });
  expect(provenance).toMatchObject({ sourceName: "services", location: "upload:services", line: 2 });
  expect((await ask(previewUpload, { text: TABLE })).entities[0]).toMatchObject({ change: "same" });

  const replaced = await ask(applyUpload, { text: "name,team\ncart,team-a\n", name: "services" });
  expect(replaced.counts).toMatchObject({ registered: 1, removed: 1 });
  expect((await ask(listSources, {})).items).toHaveLength(2);
  await ask(deleteSource, { id: applied.source.id });
  expect(await refs()).toEqual(["component:default/bill"]);
});

test("a row that is wrong now keeps what it brought before", async () => {
  const row = (type: string): string =>
    `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: orders}\nspec: {type: ${type}, lifecycle: x, owner: a}\n`;
  await ask(applyUpload, { text: row("service"), name: "x" });
  const { counts, problems } = await ask(applyUpload, { text: row("[1]"), name: "x" });
  expect(counts).toMatchObject({ failed: 1, removed: 0 });
  expect(problems).toMatchObject([{ line: 1, at: "spec.type", ref: "component:default/orders" }]);
  expect(await refs()).toEqual(["component:default/orders"]);
});

test("an upload has nothing to be read again", async () => {
  const { source } = await ask(applyUpload, { text: TABLE, name: "x" });
  const { source: after } = await ask(syncSource, { id: source.id });
  expect(after).toMatchObject({ state: "failed", lastError: expect.stringContaining("Upload it again") });
  expect(await refs()).toHaveLength(2);
  await expect(ask(applyUpload, { text: "nothing known", name: "x" })).rejects.toBeInstanceOf(InvalidError);
});
