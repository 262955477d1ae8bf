import type { Entity } from "@roadbed/contracts/catalog";
import { expect, test } from "vitest";
import { parse } from "yaml";

import { tagsOf, withoutTags } from "./without-tags.ts";

const SECRET = `{ "backstage:permissions": { tags: [secret] } }`;
const entity = parse(`
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: service }
spec:
  type: service
  parameters:
    - title: What
      required: [name, key]
      properties:
        name: { type: string }
        tags: { type: string, default: "a field of that name" }
        key: { type: string, "backstage:permissions": { tags: [secret] } }
        database:
          type: object
          required: [host, password]
          properties: { host: { type: string }, password: { type: string, "backstage:permissions": { tags: [secret, other] } } }
      dependencies:
        key: { properties: { rotate: { type: boolean } } }
        name: { oneOf: [{ properties: { name: { const: a }, deep: ${SECRET} } }] }
    - { title: All gone, properties: { only: ${SECRET} } }
    - { title: A whole page, "backstage:permissions": { tags: [page] }, properties: { x: { type: string } } }
    - { title: Words alone, description: Read this }
  steps:
    - { id: one, action: debug:log }
    - { id: two, action: debug:log, "backstage:permissions": { tags: [step] } }
`) as Entity;

const listOf = (value: unknown): any[] => (Array.isArray(value) ? value : []);

test("every tag is known, of fields at any depth and of steps", () => {
  expect(tagsOf(entity)).toEqual({ parameters: new Set(["secret", "other", "page"]), steps: new Set(["step"]) });
});

test("hidden fields go with all that speaks of them, and an emptied page with its last field", () => {
  const { spec } = withoutTags(entity, { parameters: ["secret"], steps: [] })!;
  const pages = listOf(spec?.["parameters"]);
  expect(pages.map(({ title }) => title)).toEqual(["What", "A whole page", "Words alone"]);
  expect(pages[0]).toEqual({
    title: "What",
    required: ["name"],
    properties: {
      name: { type: "string" },
      tags: { type: "string", default: "a field of that name" },
      database: { type: "object", required: ["host"], properties: { host: { type: "string" } } },
    },
    dependencies: { name: { oneOf: [{ properties: { name: { const: "a" } } }] } },
  });
  expect(spec?.["steps"]).toHaveLength(2);
});

test("pages and steps are two matters; whoever has no step left has no path", () => {
  const { spec } = withoutTags(entity, { parameters: ["page"], steps: ["step", "secret"] })!;
  expect(listOf(spec?.["parameters"]).map(({ title }) => title)).toEqual(["What", "All gone", "Words alone"]);
  expect(listOf(spec?.["steps"]).map(({ id }) => id)).toEqual(["one"]);
  const all = { ...entity, spec: { ...entity.spec, steps: [listOf(entity.spec?.["steps"])[1]] } };
  expect(withoutTags(all, { parameters: [], steps: ["step"] })).toBeUndefined();
});

test("one form alone, hidden, is no form", () => {
  const one = { ...entity, spec: { ...entity.spec, parameters: listOf(entity.spec?.["parameters"])[2] } };
  expect(withoutTags(one, { parameters: ["page"], steps: [] })?.spec?.["parameters"]).toBeUndefined();
});
