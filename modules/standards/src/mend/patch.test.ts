import { MendPatch } from "@roadbed/contracts/standards/scorecard-document";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

import { readShipped } from "../scorecard/load-shipped.ts";
import { applyPatch, fill, valuesOf } from "./patch.ts";

const names = {
  entity: { kind: "Component", metadata: { name: "shop", title: "Shop" }, spec: {} },
  owner: { name: "red" },
  values: { lifecycle: "production" },
};
const patchOf = (files: readonly object[], values: readonly object[] = []) => MendPatch.parse({ title: "Mend", files, values });
const apply = (files: readonly object[], there: Record<string, string> = {}, dir = "", system = "github") =>
  applyPatch(patchOf(files), names, {
    dir,
    descriptor: dir === "" ? "catalog-info.yaml" : `${dir}/catalog-info.yaml`,
    system,
    read: async (path) => there[path],
  });

describe("a mend", () => {
  test("makes a file of its template, beside the descriptor or at the root", async () => {
    const files = [
      { create: "README.md", content: "# {{ entity.metadata.title }}" },
      { create: "/CODEOWNERS", content: "* @{{owner.name}}\n" },
    ];
    expect(await apply(files, {}, "svc/shop")).toEqual([
      { path: "svc/shop/README.md", before: undefined, after: "# Shop\n" },
      { path: "CODEOWNERS", before: undefined, after: "* @red\n" },
    ]);
  });

  test("does not overwrite what somebody wrote, and says when nothing is left to do", async () => {
    await expect(apply([{ create: "README.md", content: "x" }], { "README.md": "# Mine" })).rejects.toThrow("README.md is there already.");
    await expect(apply([{ set: "package.json", key: "a", value: 1 }], { "package.json": '{\n  "a": 1\n}\n' })).rejects.toThrow(
      "Nothing has to be changed",
    );
  });

  test("sets a key of JSON in the indent of the file", async () => {
    const [file] = await apply([{ set: "package.json", key: "engines.node", value: ">=24" }], {
      "package.json": '{\n\t"name": "shop"\n}\n',
    });
    expect(file?.after).toBe('{\n\t"name": "shop",\n\t"engines": {\n\t\t"node": ">=24"\n\t}\n}\n');
  });

  test("sets a key in the one document that is about the entity, and leaves comments and the others alone", async () => {
    const other = "apiVersion: v1\nkind: API\nmetadata: {name: shop} # short\n";
    const own = "# the shop\napiVersion: v1\nkind: Component\nmetadata:\n  name: shop # here\nspec:\n  owner: red\n";
    const [file] = await apply(
      [
        { set: "catalog-info", key: "spec.lifecycle", value: "{{ values.lifecycle }}" },
        { set: "catalog-info", key: 'metadata.labels["example.com/tier"]', value: "2" },
      ],
      { "a/catalog-info.yaml": `${other}---\n${own}` },
      "a",
    );
    expect(file?.after.startsWith(`${other}---\n# the shop\n`)).toBe(true);
    expect(file?.after).toContain("name: shop # here");
    const mine = file!.after.slice(other.length);
    expect(parse(mine.replace(/^---\n/, ""))).toMatchObject({
      metadata: { labels: { "example.com/tier": "2" } },
      spec: { lifecycle: "production", owner: "red" },
    });
  });

  test("is of one host where it says so", async () => {
    const files = [
      { create: "/.github/workflows/check.yml", at: "github", content: "x" },
      { create: "/.gitlab-ci.yml", at: "gitlab", content: "y" },
    ];
    expect((await apply(files)).map(({ path }) => path)).toEqual([".github/workflows/check.yml"]);
    expect((await apply(files, {}, "", "gitlab")).map(({ path }) => path)).toEqual([".gitlab-ci.yml"]);
  });

  test("cannot leave the repository, and needs what it names", async () => {
    await expect(apply([{ create: "{{ entity.spec.path }}", content: "x" }])).rejects.toThrow("entity.spec.path is not known");
    for (const path of ["../x", "a/../../x", "/", ".git/config", "a//b"])
      await expect(apply([{ create: path, content: "x" }])).rejects.toThrow(/leaves the repository/);
  });
});

test("values have defaults, are asked for by name, and are one of those to choose from", () => {
  const patch = patchOf(
    [{ create: "a", content: "b" }],
    [
      { name: "lifecycle", title: "Lifecycle", default: "production", options: ["production", "experimental"] },
      { name: "why", title: "What it does" },
    ],
  );
  expect(valuesOf(patch, { why: "It sells." })).toEqual({ lifecycle: "production", why: "It sells." });
  expect(() => valuesOf(patch, {})).toThrow("why is needed: What it does.");
  expect(() => valuesOf(patch, { why: "x", lifecycle: "odd" })).toThrow('lifecycle is "odd".');
});

test("every mend that ships makes files that can be read, at each host", async () => {
  const { shipped } = readShipped([new URL("../../../../scorecards/", import.meta.url)], {
    check: () => ({ ok: true, type: "bool" }),
  } as never);
  const patches = shipped.flatMap(({ document }) =>
    document.spec.rules.flatMap(({ id, mend }) => (typeof mend === "string" ? [] : [[`${document.metadata.name}/${id}`, mend] as const])),
  );
  expect(patches.length).toBeGreaterThanOrEqual(8);
  const there: Record<string, string> = {
    "catalog-info.yaml": "kind: Component\nmetadata:\n  name: shop\n",
    "package.json": "{}\n",
  };
  for (const [id, patch] of patches) {
    const values = valuesOf(patch, Object.fromEntries(patch.values.map(({ name }) => [name, usual(patch, name)])));
    for (const system of ["github", "gitlab", "embedded"]) {
      const known = { ...names, values, owner: { name: "red", title: "Red" }, reviewers: "@acme/red" };
      const files = await applyPatch(patch, known, { dir: "", descriptor: "catalog-info.yaml", system, read: async (path) => there[path] });
      for (const { path, after } of files) {
        expect(after, `${id} ${path}`).not.toContain("{{");
        if (/\.ya?ml$/.test(path)) expect(parse(after), `${id} ${path}`).toBeTypeOf("object");
      }
    }
  }
});

function usual(patch: MendPatch, name: string): string {
  const value = patch.values.find((one) => one.name === name)!;
  return value.default ?? value.options[0] ?? "something";
}

test("a text without holes stays as it is", () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes("{{")),
      (text) => fill(text, names) === text,
    ),
  );
});
