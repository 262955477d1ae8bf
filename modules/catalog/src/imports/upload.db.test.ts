import { join } from "node:path";

import { deleteSource, getEntity, importSource, listSources, syncSource } from "@roadbed/contracts/catalog";
import { createCel, type Cel } from "@roadbed/cel";
import { testSource } from "@roadbed/contracts/catalog/connections";
import { applyUpload, previewUpload } from "@roadbed/contracts/catalog/imports";
import { getKind, saveKind } from "@roadbed/contracts/catalog/kinds";
import { InvalidError } from "@roadbed/core";
import { openRepositories } from "@roadbed/git";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { component, useWorld } from "../world.suite.ts";

const world = useWorld();
const { ask, put, refs } = world;
let cel: Cel;
beforeAll(() => void (cel = createCel()));
afterAll(() => cel.close());
beforeEach(async () => {
  await world.catalog.stop();
  world.catalog = world.open({ cel });
});

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

test("a file that describes nothing is refused, and takes nothing away", async () => {
  await ask(applyUpload, { format: "csv", name: "table", text: "name,owner\norders,team-a\n" });
  const before = await refs();
  for (const [format, text] of [
    ["csv", "name,owner\n"],
    ["csv", "just one line"],
    ["port", '{"blueprints": [], "entities": []}'],
  ] as const)
    await expect(ask(applyUpload, { format, name: "table", text })).rejects.toMatchObject({ code: "INVALID", problems: [{ at: "text" }] });
  expect(await refs()).toEqual(before);
});

test("an upload has nothing to be read again", async () => {
  const { source } = await ask(applyUpload, { text: TABLE, name: "x" });
  const { source: after } = await ask(syncSource, { id: source.id });
  expect(after).toMatchObject({ state: "failed", lastError: expect.stringContaining("Upload it again") });
  expect(await refs()).toHaveLength(2);
  await expect(ask(applyUpload, { text: "nothing known", name: "x" })).rejects.toBeInstanceOf(InvalidError);
});

const PORT = JSON.stringify({
  blueprints: [
    {
      identifier: "cloud_resource",
      title: "Cloud resource",
      schema: {
        properties: { region: { type: "string", enum: ["eu", "us"], enumColors: { eu: "blue" } }, size: { type: "number" } },
        required: ["region"],
      },
      relations: {
        runs_in: { title: "Runs in", target: "environment", many: false, required: true },
        used_by: { target: "service", many: true },
      },
    },
    { identifier: "environment", title: "Environment", schema: { properties: {} }, relations: {} },
    { identifier: "service", title: "Service", schema: { properties: {} }, relations: {} },
  ],
  entities: [
    { identifier: "orders", blueprint: "service", team: "team-a", properties: {} },
    { identifier: "prod", blueprint: "environment", properties: {} },
    {
      identifier: "orders-db",
      title: "Orders DB",
      blueprint: "cloud_resource",
      team: ["team-a"],
      properties: { region: "eu", size: null },
      relations: { runs_in: "prod", used_by: ["orders"] },
    },
    { identifier: "wrong", blueprint: "cloud_resource", properties: { region: "moon" }, relations: { runs_in: "prod" } },
  ],
});

test("blueprints of Port become kinds with schema, relations and cardinality, and their entities are entities of them", async () => {
  const { counts, problems, source } = await ask(applyUpload, { text: PORT, name: "port" });
  expect(counts).toMatchObject({ read: 6, registered: 5, failed: 1 });
  expect(problems).toMatchObject([{ at: "spec.region", ref: "cloudresource:default/wrong" }]);
  const { relationFields, entities, form } = await ask(getKind, { name: "CloudResource" });
  expect(entities).toBe(1);
  expect(form).toMatchObject({ required: expect.arrayContaining(["region"]) });
  expect(relationFields.map(({ field, target, many, required }) => ({ field, target, many, required }))).toEqual(
    expect.arrayContaining([
      { field: "runs_in", target: ["environment"], many: false, required: true },
      { field: "used_by", target: ["component"], many: true, required: false },
    ]),
  );
  const { entity, neighbours } = await ask(getEntity, { ref: "cloudresource:default/orders-db" });
  expect(entity).toMatchObject({ kind: "CloudResource", spec: { region: "eu", runs_in: "environment:prod", owner: "group:team-a" } });
  expect(neighbours.map(({ type, ref }) => `${type} ${ref}`).sort()).toEqual([
    "ownedBy group:default/team-a",
    "runsIn environment:default/prod",
    "usedBy component:default/orders",
  ]);
  expect((await ask(previewUpload, { text: PORT })).entities.map(({ change }) => change)).toEqual(Array(5).fill("same"));
  await ask(deleteSource, { id: source.id });
  await expect(ask(getKind, { name: "CloudResource" })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("kinds come in only by those who may save kinds: others bring the rest, and are told why; later readings keep to it", async () => {
  const developer = { scopes: new Set(["catalog:read", "catalog:write"]) };
  const asDeveloper: typeof ask = (operation, input) => ask(operation, input, world.catalog, developer);
  await expect(asDeveloper(saveKind, { kind: {} })).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect((await asDeveloper(previewUpload, { text: PORT })).entities.map(({ ref }) => ref)).toEqual(["component:default/orders"]);
  const { counts, problems } = await asDeveloper(applyUpload, { text: PORT, name: "port" });
  expect(counts).toMatchObject({ registered: 1, failed: 5 });
  expect(problems).toContainEqual(
    expect.objectContaining({ ref: "kind:default/cloudresource", at: "kind", mend: expect.stringContaining("catalog:admin") }),
  );
  expect(await refs()).toEqual(["component:default/orders"]);

  // A repository is read again by the server itself: that is nobody's leave.
  const text = `apiVersion: roadbed.dev/v1
kind: Kind
metadata: {name: Rack}
spec: {}
---
apiVersion: roadbed.dev/v1
kind: Rack
metadata: {name: r1}
spec: {}
`;
  const git = openRepositories(join(world.home, "git"));
  await git.init("racks");
  await git.commitFiles("racks", {
    branch: "main",
    files: [{ path: "catalog-info.yaml", content: text }],
    message: "racks",
    author: { name: "Ada", email: "ada@example.com" },
    expectedParent: null,
  });
  const racks = await asDeveloper(importSource, { target: "repository:racks" });
  expect(racks.problems.map(({ ref }) => ref)).toEqual(["kind:default/rack", "rack:default/r1"]);
  expect((await asDeveloper(testSource, { id: racks.source.id })).counts).toMatchObject({ registered: 0, failed: 2 });
  await ask(syncSource, { id: racks.source.id });
  expect(await refs()).toEqual(["component:default/orders"]);
  await ask(importSource, { target: "repository:racks" });
  expect(await refs()).toContain("rack:default/r1");

  // Whoever may, imports it again: then it counts.
  expect((await ask(applyUpload, { text: PORT, name: "port" })).counts).toMatchObject({ registered: 4 });
  expect((await asDeveloper(applyUpload, { text: PORT, name: "port" })).counts).toMatchObject({ unchanged: 5 });
});

test("columns of a table can be expressions: they are worked out in the preview already, and what is wrong in them is told", async () => {
  const text = "Service,Team,Tier,Repo\norders,Team-A,1,acme/orders\nbill,TEAM-B,x,\n";
  const mapping = {
    "metadata.name": "Service",
    "spec.owner": "cel: row.Team.lowerAscii()",
    "spec.lifecycle": "=production",
    "spec.type": 'cel: int(row.Tier) < 2 ? "service" : "library"',
    "metadata.tags": 'cel: ["tier-" + row.Tier]',
    repository: 'cel: row.Repo == "" ? "" : "https://github.com/" + row.Repo',
  };
  const preview = await ask(previewUpload, { text, mapping });
  expect(preview.samples).toMatchObject([
    {
      metadata: { name: "orders", tags: ["tier-1"], annotations: { "github.com/project-slug": "acme/orders" } },
      spec: { owner: "team-a", type: "service", lifecycle: "production" },
    },
  ]);
  expect(preview.notes).toEqual([]);
  expect(preview.problems).toMatchObject([{ line: 3, at: "mapping.spec.type" }]);
  expect((await ask(applyUpload, { text, mapping, name: "x" })).counts).toMatchObject({ registered: 1, failed: 1 });
  await expect(ask(previewUpload, { text, mapping: { "metadata.name": "cel: row." } })).resolves.toMatchObject({
    total: 0,
    problems: [{ at: "mapping.metadata.name" }, { at: "mapping.metadata.name" }],
  });
});
