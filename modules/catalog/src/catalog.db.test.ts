import { cp, rm } from "node:fs/promises";
import { join } from "node:path";

import {
  entityHistory,
  facetEntities,
  getDocs,
  getEntity,
  getSample,
  importSource,
  listEntities,
  listNeighbours,
  removeSample,
  searchAll,
  syncSource,
} from "@roadbed/contracts/catalog";
import { allOperations } from "@roadbed/contracts/all";
import { ConflictError, InvalidError, NotFoundError } from "@roadbed/core";
import { describe, expect, test } from "vitest";

import { component, entityOf, useWorld } from "./world.suite.ts";

const world = useWorld();
const { ask, write, put, refs, events } = world;

test("every operation has its handler", () => {
  const promised = allOperations.filter(({ name }) => name.startsWith("catalog."));
  expect(world.catalog.handlers.map(({ operation }) => operation.name).sort()).toEqual(promised.map(({ name }) => name).sort());
});

describe("neighbours", () => {
  test("register what no file describes; a file takes it over", async () => {
    const register = (over?: object) => write((ctx) => world.catalog.registerEntity(ctx, { entity: entityOf("a", over), source: "paths" }));
    expect(await register()).toEqual({ ref: "component:default/a" });
    await register();
    await register({ type: "library" });
    expect((await ask(entityHistory, { ref: "component:default/a" })).items.map(({ change }) => change)).toEqual(["changed", "registered"]);
    await put("a.yaml", component("a"));
    expect((await ask(importSource, { target: world.folder })).counts).toMatchObject({ changed: 1, conflicts: 0 });
    await expect(register()).rejects.toBeInstanceOf(ConflictError);
    await expect(write((ctx) => world.catalog.registerEntity(ctx, { entity: entityOf("ü"), source: "paths" }))).rejects.toBeInstanceOf(
      InvalidError,
    );
  });

  test("ask for owners, groups, templates and existence", async () => {
    const group = (name: string, spec: string): string =>
      `apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: ${name}}\nspec: {type: team, children: [], ${spec}}\n`;
    await put(
      "all.yaml",
      [
        component("a"),
        group("team-a", "parent: dep"),
        group("dep", "members: [bob]"),
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: ada}\nspec: {memberOf: [team-a]}\n",
        "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: t}\nspec: {type: service, steps: [{action: 'debug:log'}]}\n",
      ].join("---\n"),
    );
    await ask(importSource, { target: world.folder });
    await write(async (ctx) => {
      expect(await world.catalog.ownersOf(ctx, "component:default/a")).toEqual(["group:default/team-a"]);
      expect(await world.catalog.ownersOf(ctx, "component:default/none")).toEqual([]);
      expect(await world.catalog.groupsOf(ctx, "user:default/ada")).toEqual(["group:default/team-a", "group:default/dep"]);
      expect(await world.catalog.groupsOf(ctx, "user:default/bob")).toEqual(["group:default/dep"]);
      expect(await world.catalog.groupsOf(ctx, "user:default/nobody")).toEqual([]);
      expect((await world.catalog.listTemplates(ctx)).map(({ entity: { metadata } }) => metadata.name)).toEqual(["t"]);
      expect(await world.catalog.exists(ctx, "component:default/A")).toBe(true);
      expect(await world.catalog.exists(ctx, "component:default/b")).toBe(false);
      expect((await world.catalog.getEntity(ctx, "component:default/a"))?.kind).toBe("Component");
    });
  });
});

test("a group of many answers the first of them and how many there are; the rest comes page by page", async () => {
  const user = (at: number): string =>
    `apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: u${String(at).padStart(4, "0")}}\nspec: {memberOf: [all]}\n`;
  const group = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: all}\nspec: {type: team, children: [], parent: top}\n";
  await put("a.yaml", [group, ...Array.from({ length: 450 }, (_, at) => user(at))].join("---\n"));
  await ask(importSource, { target: world.folder, watch: false });
  const ref = "group:default/all";
  const { neighbours, relationCounts, entity } = await ask(getEntity, { ref });
  expect(relationCounts).toEqual({ childOf: 1, hasMember: 450 });
  expect(neighbours).toHaveLength(201);
  expect(entity.relations).toHaveLength(201);
  const seen: string[] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await ask(listNeighbours, { ref, relation: "hasMember", limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    expect(page.total).toBe(450);
    seen.push(...page.items.map((one) => one.ref));
    cursor = page.nextCursor;
  }
  expect(seen).toEqual(Array.from({ length: 450 }, (_, at) => `user:default/u${String(at).padStart(4, "0")}`));
  expect((await ask(listNeighbours, { ref, limit: 1 })).items).toMatchObject([{ type: "childOf", ref: "group:default/top", found: false }]);
  await expect(ask(listNeighbours, { ref: "group:default/none" })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

describe("documentation", () => {
  test("is read beside the descriptor, in the order of mkdocs.yml, and can be searched", async () => {
    await put(
      "svc/catalog-info.yaml",
      component("svc").replace("  description", "  annotations: {backstage.io/techdocs-ref: 'dir:.'}\n  description"),
    );
    await put("svc/mkdocs.yml", "site_name: x\nnav:\n  - Home: index.md\n  - Deep:\n    - Run it: ops/run.md\n");
    await put("svc/docs/index.md", "# Welcome\n\n<script>alert(1)</script> ![pic](pic.png)\n");
    await put("svc/docs/ops/run.md", "Start the flux compensator.\n");
    await put("svc/docs/a-last-one.md", "no heading\n");
    await put("lone/catalog-info.yaml", component("lone"));
    await put("lone/README.md", "# Lone\n\nReadme words.\n");
    const { source } = await ask(importSource, { target: world.folder });
    const docs = await ask(getDocs, { ref: "component:default/svc" });
    expect(docs.pages).toEqual([
      { path: "index.md", title: "Home", section: [] },
      { path: "ops/run.md", title: "Run it", section: ["Deep"] },
      { path: "a-last-one.md", title: "A last one", section: [] },
    ]);
    expect(docs.page.markdown).toContain("<script>");
    expect((await ask(getDocs, { ref: "component:default/lone" })).page).toMatchObject({ path: "index.md", title: "Lone" });
    expect((await ask(getEntity, { ref: "component:default/svc" })).hasDocs).toBe(true);
    await expect(ask(getDocs, { ref: "component:default/svc", page: "../../etc/passwd" })).rejects.toBeInstanceOf(NotFoundError);
    const [hit] = (await ask(searchAll, { q: "flux compens" })).items;
    expect(hit).toMatchObject({ kind: "doc", ref: "component:default/svc", page: "ops/run.md", excerpt: "Start the flux compensator." });
    await put("svc/docs/ops/run.md", "Nothing here.\n");
    await ask(syncSource, { id: source.id });
    expect((await ask(searchAll, { q: "flux" })).items).toEqual([]);
    await rm(join(world.folder, "svc/docs"), { recursive: true });
    await ask(syncSource, { id: source.id });
    expect((await ask(getEntity, { ref: "component:default/svc" })).hasDocs).toBe(false);
    await expect(ask(getDocs, { ref: "component:default/svc" })).rejects.toBeInstanceOf(NotFoundError);
  });
});

test("the sample estate is labelled, and goes as a whole", async () => {
  await put("sample.yaml", `${component("s1")}---\n${component("s2")}`);
  expect(await ask(getSample, {})).toEqual({ loaded: false, entities: 0 });
  expect(await write((ctx) => world.catalog.importSample(ctx, world.folder))).toEqual({ entities: 2 });
  expect(await ask(getSample, {})).toEqual({ loaded: true, entities: 2 });
  expect((await ask(listEntities, {})).items.every(({ sample }) => sample)).toBe(true);
  await write((ctx) => world.catalog.registerEntity(ctx, { entity: entityOf("mine"), source: "test" }));
  expect(await ask(removeSample, {})).toEqual({ removedEntities: 2 });
  expect(await ask(getSample, {})).toEqual({ loaded: false, entities: 0 });
  expect(await refs()).toEqual(["component:default/mine"]);
  expect(await events()).toContain("catalog.sample.removed");
});

test("real catalogues load, and what is no descriptor yet spoils nothing", async () => {
  await cp(new URL("../fixtures/", import.meta.url), world.folder, { recursive: true });
  const { counts, problems } = await ask(importSource, { target: world.folder });
  const { facets } = await ask(facetEntities, { facets: "kind" });
  expect(Object.fromEntries(facets["kind"]!.map(({ value, count }) => [value, count]))).toEqual({
    Template: 27,
    AiResource: 6,
    API: 2,
    Component: 1,
    Location: 1,
  });
  expect(counts).toMatchObject({ registered: 37, conflicts: 0 });
  expect(problems.filter(({ mend }) => mend === undefined)).toEqual([]);
  // Every skeleton of a template is told as one.
  const skeletons = problems.filter(({ at }) => at === "" || at === "metadata.name");
  expect(skeletons.filter(({ mend, reason }) => !mend?.includes("template") && !reason.includes("an object"))).toEqual([]);
  expect((await ask(getEntity, { ref: "component:default/backstage-demo" })).entity.relations).toEqual([
    { type: "consumesApi", targetRef: "api:default/demo-graphql" },
    { type: "ownedBy", targetRef: "group:backstage/maintainers" },
  ]);
});
