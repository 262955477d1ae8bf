import { cp } from "node:fs/promises";
import { join } from "node:path";

import { deleteSource, importSource } from "@roadbed/contracts/catalog";
import { applyUpload } from "@roadbed/contracts/catalog/imports";
import { exportEntities, queryEntities } from "@roadbed/contracts/catalog/query";
import { InvalidError } from "@roadbed/core";
import fc from "fast-check";
import { expect, test } from "vitest";

import { parseYaml } from "../descriptor/parse-yaml.ts";
import { component, useWorld } from "../world.suite.ts";
import { toYaml } from "./export-entities.ts";

const world = useWorld();
const { ask, put, refs } = world;

async function exportAll(format: "yaml" | "ndjson", limit = 500): Promise<string> {
  let text = "";
  for (let cursor: string | undefined; ;) {
    const page = await ask(exportEntities, { format, limit, ...(cursor === undefined ? {} : { cursor }) });
    text += page.text;
    cursor = page.nextCursor;
    if (cursor === undefined) return text;
  }
}

test("real catalogues come back as they came in, in both formats", async () => {
  await cp(new URL("../../fixtures", import.meta.url), join(world.folder, "fixtures"), { recursive: true });
  let { source } = await ask(importSource, { target: world.folder, watch: false });
  const before = await refs();
  expect(before.length).toBeGreaterThan(30);
  for (const format of ["yaml", "ndjson"] as const) {
    const text = await exportAll(format, 7);
    await ask(deleteSource, { id: source.id });
    const again = await ask(applyUpload, { text, name: format });
    expect(again.counts).toMatchObject({ failed: 0, registered: before.length });
    expect(await refs()).toEqual(before);
    expect(await exportAll(format)).toBe(text);
    source = again.source;
  }
});

test("whatever a descriptor holds is given back unchanged", async () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
  const values = fc.dictionary(fc.stringMatching(/^[a-z$ÄÖ.-]{1,8}$/), fc.jsonValue({ depthSize: "small" }));
  const spec = fc.record({ type: name, lifecycle: name, owner: name, extra: values, nothing: fc.constant(null) });
  const metadata = fc.record({ name, title: fc.string({ minLength: 1 }), annotations: fc.dictionary(name, fc.string()), extra: values });
  const descriptors = fc.uniqueArray(
    fc.record({ apiVersion: fc.constant("backstage.io/v1alpha1"), kind: fc.constant("Component"), metadata, spec }),
    {
      minLength: 1,
      maxLength: 5,
      selector: (one) => one.metadata.name,
    },
  );
  await fc.assert(
    fc.asyncProperty(descriptors, async (entities) => {
      // Postgres keeps no NUL in a document.
      const text = entities.map((one) => JSON.stringify(one).replaceAll("\\u0000", "")).join("\n");
      const { counts } = await ask(applyUpload, { text, name: "x", format: "descriptors" });
      expect(counts.failed).toBe(0);
      const back = (await exportAll("ndjson"))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as (typeof entities)[number]);
      const sent = text.split("\n").map((line) => JSON.parse(line) as (typeof entities)[number]);
      for (const one of sent) {
        const found = back.find(({ metadata: { name: other } }) => other === one.metadata.name)!;
        expect(found).toEqual({ ...one, metadata: { namespace: "default", ...one.metadata } });
      }
    }),
    { numRuns: 15 },
  );
});

test("whatever a document holds, its YAML says the same", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (spec) => {
      const document = { apiVersion: "v1", kind: "X", metadata: { name: "a" }, spec };
      const [parsed] = [...parseYaml(toYaml(document))];
      expect("document" in parsed! && JSON.stringify(parsed.document.value)).toBe(JSON.stringify(document));
    }),
  );
});

test("entities are asked for in any order, by fields, predicates and expressions", async () => {
  await put("all.yaml", [component("cart"), component("bill", "  system: shop\n"), component("auth", "  system: other\n")].join("---\n"));
  await ask(importSource, { target: world.folder, watch: false });
  const names = async (input: object): Promise<unknown[]> => (await ask(queryEntities, input)).items.map((item: any) => item.metadata.name);
  expect(await names({ order: "spec.system,metadata.name" })).toEqual(["auth", "bill", "cart"]);
  expect(await names({ order: "-spec.system" })).toEqual(["bill", "auth", "cart"]);
  expect(await names({ predicate: { "spec.system": { $exists: true } }, order: "-metadata.name" })).toEqual(["bill", "auth"]);
  expect(await names({ contains: "About b", in: "metadata.description" })).toEqual(["bill"]);
  expect(await names({ filter: "spec.system=shop", predicate: { kind: "component" } })).toEqual(["bill"]);
  const first = await ask(queryEntities, { limit: 2, fields: "metadata.name", order: "metadata.name" });
  expect(first).toMatchObject({ items: [{ metadata: { name: "auth" } }, { metadata: { name: "bill" } }], total: 3 });
  const second = await ask(queryEntities, { limit: 2, order: "metadata.name", cursor: first.nextCursor });
  expect(second).toMatchObject({ items: [{ metadata: { name: "cart" } }] });
  const back = await ask(queryEntities, { limit: 2, order: "metadata.name", cursor: second.prevCursor });
  expect(back.items.map((item: any) => item.metadata.name)).toEqual(["auth", "bill"]);
  await expect(ask(queryEntities, { order: "kind", cursor: first.nextCursor })).rejects.toBeInstanceOf(InvalidError);
  await expect(ask(queryEntities, { predicate: { kind: { $like: "x" } } })).rejects.toBeInstanceOf(InvalidError);
});
