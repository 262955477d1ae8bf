import { globSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { Entity } from "@roadbed/contracts/catalog";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";

import { createActions } from "../action/actions.ts";
import { createPreviewBench } from "../testing/preview.ts";
import { createWorld, entity, PUBLIC_URL } from "../testing/ports.ts";
import { fieldsOf } from "./form.ts";
import { parsePath } from "./template.ts";

const root = fileURLToPath(new URL("../../fixtures/real-templates", import.meta.url));
const world = createWorld();
const actions = createActions({ ...world.ports, publicUrl: PUBLIC_URL });
const bench = await createPreviewBench(world);
afterAll(() => bench.close());

const templates = globSync("**/template.yaml", { cwd: root })
  .toSorted()
  .map((file) => ({ file, entity: Entity.parse(parse(readFileSync(`${root}/${file}`, "utf8"))) }));

test("all 27 parse, and what each lacks here is known by name", () => {
  const missing = templates.map(({ file, entity: template }) => {
    const path = parsePath({ entity: template });
    expect(path.steps.length, file).toBeGreaterThan(0);
    expect(fieldsOf(path).length, file).toBeGreaterThan(0);
    return path.steps.map(({ action }) => action).filter((action) => !actions.has(action));
  });
  expect(missing).toHaveLength(27);
  const counted = Object.fromEntries(
    Object.entries(Object.groupBy(missing.flat(), (action) => action)).map(([action, all]) => [action, all?.length]),
  );
  expect(counted).toEqual({
    "publish:github": 19,
    "publish:github:pull-request": 8,
    "publish:gitlab": 1,
    "publish:gitlab:merge-request": 1,
    "publish:azure": 1,
    "argocd:create-resources": 1,
    "fetch:cookiecutter": 1,
    "fetch:rails": 1,
    "github:actions:dispatch": 1,
    "github:pages:enable": 1,
    "notification:send": 1,
    "roadiehq:utils:merge": 1,
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
  await expect(bench.preview(found.entity, undefined, values)).rejects.toThrow(
    "This path needs the action publish:github, which Roadbed does not have.",
  );
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
