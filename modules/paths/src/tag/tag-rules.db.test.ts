import { InvalidError, type Call } from "@roadbed/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";

import { createBench, type Bench } from "../testing/bench.suite.ts";
import { folderOf, template } from "../testing/preview.ts";

const SERVICE = `
parameters:
  required: [name, size]
  properties:
    name: { type: string }
    size: { type: string, "backstage:permissions": { tags: [platform] } }
steps:
  - { id: files, action: "fetch:template", input: { url: ./skeleton, values: "\${{ parameters }}" } }
  - { id: extra, action: "fetch:plain", input: { url: ./extra }, "backstage:permissions": { tags: [platform] } }
  - { id: publish, action: "publish:git", input: { name: "\${{ parameters.name }}" } }
`;
const HIDDEN = `steps: [{ id: a, action: "debug:log", "backstage:permissions": { tags: [platform] } }]`;

let bench: Bench;
beforeAll(async () => {
  const home = await folderOf({
    "service/template.yaml": stringify(template(SERVICE, "service")),
    "service/skeleton/README.md": "# ${{ values.name }} ${{ values.size }}\n",
    "service/extra/EXTRA.md": "more\n",
    "inner/template.yaml": stringify(template(HIDDEN, "inner")),
  });
  bench = await createBench(home, {
    deps: () => ({
      conditions: {
        holds: async () => true,
        // As CEL would: the two rules of this test, and one that does not compile.
        evaluate: async (expression, { actor, part }) => {
          const inPlatform = (actor as { groups: string[] }).groups.includes("group:default/platform");
          if (expression === "in platform") return inPlatform;
          if (expression === "only steps are hidden") return part === "parameters" || inPlatform;
          if (expression === "a text") return "text";
          throw new InvalidError("does not compile");
        },
      },
      people: {
        describe: async ({ actor }) => ({ name: "id" in actor ? actor.id : "nobody" }),
        identitiesOf: async ({ actor }) =>
          new Set("id" in actor && actor.id === "ada" ? ["user:default/ada", "group:default/platform"] : []),
      },
    }),
  });
});
afterAll(() => bench.close());

const as = (id: string): Partial<Call> => ({
  actor: { kind: "user", id, name: id },
  scopes: new Set(["paths:read", "paths:write", "paths:admin"]),
});
const call = <T>(name: string, input: unknown, who: string): Promise<T> => bench.call<T>(name, input, as(who));

test("a tag without a rule hides nothing, and the list says so", async () => {
  const { items } = await call<{ items: object[] }>("paths.tag-rule.list", {}, "bob");
  expect(items).toEqual([{ tag: "platform", paths: ["inner", "service"] }]);
  expect(await call("paths.path.show", { path: "service" }, "bob")).toMatchObject({ steps: [{}, { id: "extra" }, {}] });
});

test("a rule that gives no yes or no, or does not compile, is not kept", async () => {
  await expect(call("paths.tag-rule.save", { tag: "platform", when: "a text" }, "ada")).rejects.toMatchObject({
    problems: [{ at: "when" }],
  });
  await expect(call("paths.tag-rule.save", { tag: "platform", when: "1 +" }, "ada")).rejects.toMatchObject({ code: "INVALID" });
});

test("with a rule, fields and steps are not there for others: in the form, in what is accepted, in what is done, and in the list", async () => {
  await call("paths.tag-rule.save", { tag: "platform", when: "in platform", because: "Sizes cost money" }, "ada");
  const [seen, own] = [
    await call<any>("paths.path.show", { path: "service" }, "bob"),
    await call<any>("paths.path.show", { path: "service" }, "ada"),
  ];
  expect(seen.steps.map(({ id }: any) => id)).toEqual(["files", "publish"]);
  expect(seen.pages[0].schema).toMatchObject({ required: ["name"], properties: { name: {} } });
  expect(JSON.stringify(seen)).not.toContain("size");
  expect(own.steps).toHaveLength(3);
  expect((await call<any>("paths.path.list", {}, "bob")).items.map(({ name }: any) => name)).toEqual(["service"]);
  await expect(call("paths.path.show", { path: "inner" }, "bob")).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(call("paths.path.run", { path: "service", values: { name: "a", size: "xl" } }, "bob")).rejects.toMatchObject({
    problems: [{ at: "size" }],
  });

  expect(await bench.run("service", { name: "bobs" }, as("bob"))).toMatchObject({ status: "succeeded" });
  expect(await bench.repositories.listFiles("bobs", "main")).toEqual(["README.md"]);
  // The version is one, whoever saw how much of it: it is on its path, and no upgrade would bring it what was hidden.
  const { items } = await call<{ items: { id: string; state: string }[] }>("paths.ledger.list", {}, "ada");
  expect(items.map(({ state }) => state)).toEqual(["current"]);
}, 90_000);

test("fields and steps are told apart, and without the rule all is seen again", async () => {
  await call("paths.tag-rule.save", { tag: "platform", when: "only steps are hidden" }, "ada");
  const seen = await call<any>("paths.path.show", { path: "service" }, "bob");
  expect([Object.keys(seen.pages[0].schema.properties), seen.steps.length]).toEqual([["name", "size"], 2]);
  expect(await call("paths.tag-rule.delete", { tag: "platform" }, "ada")).toEqual({ deleted: true });
  expect((await call<any>("paths.path.show", { path: "service" }, "bob")).steps).toHaveLength(3);
});
