import { getEntity, importSource } from "@roadbed/contracts/catalog";
import { readEntities, readEntitiesByRef, readFacets } from "@roadbed/contracts/catalog/backstage";
import { perform, type Operation, type OutputOf } from "@roadbed/core";
import { callAs } from "@roadbed/testkit";
import { expect, test } from "vitest";

import { useWorld } from "../world.suite.ts";

const w = useWorld();
const STEPS = "steps: [{ action: 'debug:log' }]";
const ASKED = { lacking: "last", order: [], fields: [], limit: 20, count: true };

const asBackstage = async <O extends Operation>(operation: O, input: unknown): Promise<OutputOf<O>> => {
  const handler = w.catalog.backstage.find((one) => one.operation.name === operation.name);
  const runtime = {
    may: async () => {},
    read: (_call: unknown, work: (ctx: never) => unknown) => work({ ...callAs(), sql: w.db, now: () => new Date() } as never),
  };
  return (await perform(runtime as never, handler!, callAs(), input)) as OutputOf<O>;
};

test("a GoldenPath is an entity of its own kind with owner, and a Template for whoever asks for templates", async () => {
  await w.put(
    "a.yaml",
    `apiVersion: roadbed.dev/v1\nkind: GoldenPath\nmetadata: { name: ours }\nspec: { type: service, owner: group:default/platform, version: 1.2.0, ${STEPS} }\n`,
  );
  await w.put(
    "b.yaml",
    `apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: { name: theirs }\nspec: { type: service, ${STEPS} }\n`,
  );
  await w.ask(importSource, { target: w.folder });
  expect(await w.refs("kind=goldenpath")).toEqual(["goldenpath:default/ours"]);
  expect(await w.refs("kind=template")).toEqual(["template:default/theirs"]);
  const { entity } = await w.ask(getEntity, { ref: "goldenpath:default/ours" });
  expect(entity.relations).toContainEqual({ type: "ownedBy", targetRef: "group:default/platform" });
  expect((await w.write((ctx) => w.catalog.listTemplates(ctx))).map((one) => one.entity.metadata.name).sort()).toEqual(["ours", "theirs"]);

  const listed = await asBackstage(readEntities, { ...ASKED, filter: ["kind=template"] });
  expect(
    listed.texts
      .map((text) => JSON.parse(text) as { apiVersion: string; kind: string; metadata: { name: string } })
      .map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.name}`)
      .sort(),
  ).toEqual(["scaffolder.backstage.io/v1beta3 Template ours", "scaffolder.backstage.io/v1beta3 Template theirs"]);
  const all = await asBackstage(readEntities, { ...ASKED, filter: [] });
  expect(all.texts.map((text) => (JSON.parse(text) as { kind: string }).kind).sort()).toEqual(["GoldenPath", "Template"]);
  const { texts } = await asBackstage(readEntitiesByRef, {
    refs: ["template:default/ours", "goldenpath:default/ours", "template:default/none"],
    fields: [],
    filter: [],
  });
  expect(texts.map((text) => (text === null ? null : (JSON.parse(text) as { kind: string }).kind))).toEqual([
    "Template",
    "GoldenPath",
    null,
  ]);
  const { facets } = await asBackstage(readFacets, { facets: ["spec.type"], filter: ["kind=template"] });
  expect(facets["spec.type"]).toEqual([{ value: "service", count: 2 }]);
});
