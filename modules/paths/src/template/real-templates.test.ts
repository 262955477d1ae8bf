import { existsSync, globSync, readFileSync } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { Entity } from "@roadbed/contracts/catalog";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";

import { createPreviewBench } from "../testing/preview.ts";
import { createWorld, entity } from "../testing/ports.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { Outside } from "../deps.ts";
import { fieldsOf } from "./form.ts";
import { parsePath } from "./template.ts";

const root = fileURLToPath(new URL("../../fixtures/real-templates", import.meta.url));
const world = createWorld();
/** The hosts that the templates name, with a token for each and nothing behind it: a preview asks no host. */
const outside: Outside = {
  fetch: () => Promise.reject(new Error("a preview asks no host")),
  push: () => Promise.reject(new Error("a preview pushes nothing")),
  async clone({ dir }) {
    // As if every repository elsewhere held the same.
    await mkdir(join(dir, "backstage-community-sessions"), { recursive: true });
    await writeFile(join(dir, "catalog-info.yaml"), DESCRIPTOR);
    await writeFile(join(dir, "package.json"), "{}");
    return { hash: "a".repeat(40) };
  },
  connection: async ({ host }) => ({ api: `https://${host}`, token: "t", name: host }),
  hosts: async () => [],
};
const connections = { get: async (name: string) => ({ name, url: "https://argocd.example.org", headers: {} }) };
const bench = await createPreviewBench(world, {}, { outside, connections });
afterAll(() => bench.close());

const templates = globSync("**/template.yaml", { cwd: root })
  .toSorted()
  .map((file) => ({ file, entity: Entity.parse(parse(readFileSync(`${root}/${file}`, "utf8"))) }));

/** Values that fit a form, made of its own schemas. */
function sampleOf(template: Entity): Record<string, unknown> {
  const { pages } = parsePath({ entity: template });
  const values: Record<string, unknown> = {};
  for (const { schema } of pages) fill(schema);
  return values;

  function fill(schema: Record<string, any>): void {
    for (const [name, field] of Object.entries<Record<string, any>>(schema["properties"] ?? {})) values[name] ??= one(name, field);
    // What an answer calls for: the branch that its choice fits.
    for (const [on, part] of Object.entries<Record<string, any>>(schema["dependencies"] ?? {})) {
      if (values[on] === undefined) continue;
      const branches: Record<string, any>[] = part["oneOf"] ?? [part];
      const fits = branches.find((branch) => (branch["properties"]?.[on]?.enum ?? [values[on]]).includes(values[on]));
      if (fits) fill(fits);
    }
    for (const part of schema["allOf"] ?? []) {
      const wanted = Object.entries<any>(part["if"]?.properties ?? {});
      fill((wanted.every(([name, { const: value }]) => values[name] === value) ? part["then"] : part["else"]) ?? {});
    }
  }

  function one(name: string, field: Record<string, any>): unknown {
    // One template gives an object where it asks for a text; a person would type one.
    if (field["default"] !== undefined && typeof field["default"] === (field["type"] ?? typeof field["default"])) return field["default"];
    if (field["enum"] !== undefined) return field["enum"][0];
    if (field["ui:field"] === "RepoUrlPicker")
      return `${field["ui:options"]?.allowedHosts?.[0] ?? "github.com"}?owner=acme&repo=orders&organization=acme&project=p`;
    if (field["ui:field"] === "OwnerPicker") return "group:default/web";
    if (field["ui:field"] === "EntityPicker") return entityFor(field);
    if (field["type"] === "boolean") return false;
    if (field["type"] === "number" || field["type"] === "integer") return field["minimum"] ?? 1;
    if (field["type"] === "array") return [];
    if (field["type"] === "object") return {};
    return name.toLowerCase().includes("url") ? "https://example.org" : "orders";
  }
}

function entityFor(field: Record<string, any>): string {
  const filter = [field["ui:options"]?.catalogFilter ?? []].flat()[0] as { kind?: string | string[] } | undefined;
  const kind = [filter?.kind ?? field["ui:options"]?.allowedKinds ?? "Component"].flat()[0] as string;
  const ref = `${kind.toLowerCase()}:default/web`;
  world.entities.set(ref, entity(kind, "web"));
  return ref;
}

/** Skeletons are not with the templates: where one is not here, a descriptor stands in for it, so that every step is reached. */
async function addSkeletons(place: string, template: Entity, file: string): Promise<void> {
  const urls = parsePath({ entity: template }).steps.flatMap(({ input }) => (typeof input["url"] === "string" ? [input["url"]] : []));
  // Some choose the folder by an expression.
  const relative = urls.flatMap((url) => (url.includes("${{") ? ["../../../skeletons/github-actions"] : url.includes(":") ? [] : [url]));
  for (const url of relative) {
    const folder = join(place, dirname(file), url);
    if (existsSync(folder)) continue;
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "catalog-info.yaml"), DESCRIPTOR);
    await writeFile(join(folder, "package.json"), "{}");
  }
}

const DESCRIPTOR =
  "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: orders}\nspec: {type: service, lifecycle: production, owner: web}\n";

test("all 27 parse, and each runs or says exactly what it needs", async () => {
  world.entities.set("group:default/web", entity("Group", "web"));
  const said: string[] = [];
  const place = await temporaryFolder();
  await cp(root, place, { recursive: true });
  for (const { file, entity: template } of templates) {
    expect(fieldsOf(parsePath({ entity: template })).length, file).toBeGreaterThan(0);
    await addSkeletons(place, template, file);
    const outcome = await bench.preview(template, dirname(join(place, file)), sampleOf(template), { USER_OAUTH_TOKEN: "t" }, place).then(
      ({ steps, resources }) =>
        `runs: ${steps.filter(({ skipped }) => !skipped).length} steps, ${resources.map(({ kind }) => kind).join(", ")}`,
      (error: Error) => error.message,
    );
    said.push(`${template.metadata.name}: ${outcome}`);
  }
  expect(said).toMatchSnapshot();
}, 120_000);

test("an action that is not here is told before the run, with what provides it and what may stand in its place", async () => {
  const azure = templates.find(({ file }) => file.includes("azure/"))!;
  const error = await bench.preview(azure.entity, undefined, sampleOf(azure.entity)).catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    message: "This path needs the action publish:azure, which Roadbed does not have.",
    mend: "Use publish:github, publish:gitlab or publish:git in place of publish:azure.",
    problems: [
      {
        at: "steps.publish",
        reason: expect.stringContaining("in Backstage it comes from @backstage/plugin-scaffolder-backend-module-azure"),
      },
    ],
  });
});

// Each publishes to GitHub; with the embedded host in that place (one word changed) they run, on what is here of their skeletons.
test.each([
  [
    "react-ssr-template",
    { component_id: "shop", description: "A shop", owner: "web", repoUrl: "github.com?owner=acme&repo=shop" },
    "component:default/shop",
  ],
  [
    "springboot-template",
    { component_id: "shop", description: "A shop", java_package_name: "shop", owner: "web", repoUrl: "github.com?owner=acme&repo=shop" },
    "component:default/shop",
  ],
  [
    "docs-template",
    { name: "guide", description: "A guide", owner: "web", repoUrl: "github.com?owner=acme&repo=guide" },
    "component:default/guide",
  ],
  [
    "create-react-app-template",
    { component_id: "app", description: "An app", owner: "web", repoUrl: "github.com?owner=acme&repo=app" },
    "component:default/app",
  ],
])("%s, with publish:git", async (name, values, ref) => {
  world.entities.set("group:default/web", entity("Group", "web"));
  const found = templates.find(({ entity: template }) => template.metadata.name === name);
  if (!found) throw new Error(`no template ${name}`);
  const changed = JSON.parse(JSON.stringify(found.entity).replaceAll('"publish:github"', '"publish:git"')) as Entity;
  const preview = await bench.preview(changed, dirname(`${root}/${found.file}`), values);
  expect(preview.verdict).toBe("allow");
  expect(preview.entities.map((made) => made.ref)).toEqual([ref]);
  expect(preview.resources.map(({ kind }) => kind)).toEqual(["Repository", "Entity"]);
});

test("a file name with an expression in it, from a real skeleton", async () => {
  const found = templates.find(({ entity: template }) => template.metadata.name === "backstage-system-template");
  const changed = JSON.parse(JSON.stringify(found?.entity).replaceAll('"publish:github"', '"publish:git"')) as Entity;
  const values = { orgName: "acme", repoName: "systems", owner: "group:default/web", systemName: "store", systemTitle: "Store" };
  const preview = await bench.preview(changed, dirname(`${root}/${found?.file}`), values);
  expect(preview.files.map(({ path }) => path)).toContain("systems/store.yaml");
});

test("a skeleton that is not here is named", async () => {
  const found = templates.find(({ entity: template }) => template.metadata.name === "react-ssr-template");
  const changed = JSON.parse(JSON.stringify(found?.entity).replaceAll('"publish:github"', '"publish:git"')) as Entity;
  const values = { component_id: "shop", owner: "web", repoUrl: "github.com?owner=acme&repo=shop" };
  await expect(bench.preview(changed, undefined, values)).rejects.toThrow(
    "The files of template:default/react-ssr-template are not on this machine.",
  );
  await expect(bench.preview(changed, root, values)).rejects.toThrow(
    "The folder ./skeleton that template:default/react-ssr-template names is not there.",
  );
});
