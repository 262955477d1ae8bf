import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import {
  deleteSource,
  entityHistory,
  facetEntities,
  getEntity,
  getSource,
  importSource,
  listEntities,
  listSources,
  syncSource,
} from "@roadbed/contracts/catalog";
import { ForbiddenError, InvalidError, NotFoundError, TooManyError } from "@roadbed/core";
import { eventually } from "@roadbed/testkit";
import { describe, expect, test } from "vitest";

import { component, entityOf, useWorld } from "../world.suite.ts";

const world = useWorld();
const { open, ask, write, put, refs, events, forgetEvents } = world;

describe("a folder", () => {
  test("is read, with relations both ways, and answers when it can be asked for", async () => {
    await put("catalog-info.yaml", component("orders", "  dependsOn: [resource:db]\n"));
    await put(
      "deep/all.yml",
      `${component("web", "  dependsOn: [component:orders]\n")}---\napiVersion: v1\nkind: Service\nmetadata: {name: not-ours}\n`,
    );
    await put("deep/other.yaml", "just: yaml\n");
    await put("node_modules/x/catalog-info.yaml", component("not-ours"));
    const { source, counts, problems } = await ask(importSource, { target: world.folder });
    expect(problems).toEqual([]);
    expect(counts).toEqual({ read: 2, registered: 2, changed: 0, unchanged: 0, removed: 0, failed: 0, conflicts: 0 });
    expect(source).toMatchObject({ kind: "folder", target: world.folder, state: "ok", entities: 2, problems: 0 });
    const view = await ask(getEntity, { ref: "Component:default/Orders" });
    expect(view.entity.relations).toEqual([
      { type: "dependencyOf", targetRef: "component:default/web" },
      { type: "dependsOn", targetRef: "resource:default/db" },
      { type: "ownedBy", targetRef: "group:default/team-a" },
    ]);
    expect(view.neighbours.map(({ ref, found }) => [ref, found])).toEqual([
      ["component:default/web", true],
      ["resource:default/db", false],
      ["group:default/team-a", false],
    ]);
    expect(view.provenance).toMatchObject({ location: join(world.folder, "catalog-info.yaml"), line: 1, sample: false, orphan: false });
    expect(view.entity.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(await events()).toEqual([
      "catalog.entity.registered component:default/orders",
      "catalog.entity.registered component:default/web",
      "catalog.source.synced",
    ]);
  });

  test("is compared with what is there: only differences are written, noted and told", async () => {
    await put("a.yaml", component("a"));
    await put("b.yaml", component("b"));
    await put("c.yaml", component("c"));
    const { source } = await ask(importSource, { target: world.folder });
    const { uid } = (await ask(getEntity, { ref: "component:default/b" })).entity.metadata;
    await forgetEvents();
    await put("b.yaml", component("b").replace("type: service", "type: library"));
    await rm(join(world.folder, "c.yaml"));
    await put("d.yaml", component("d"));
    const { counts } = await ask(syncSource, { id: source.id });
    expect(counts).toMatchObject({ registered: 1, changed: 1, unchanged: 1, removed: 1 });
    expect(await refs()).toEqual(["component:default/a", "component:default/b", "component:default/d"]);
    expect((await ask(getEntity, { ref: "component:default/b" })).entity).toMatchObject({ metadata: { uid }, spec: { type: "library" } });
    expect(await events()).toEqual([
      "catalog.entity.registered component:default/d",
      "catalog.entity.changed component:default/b",
      "catalog.entity.removed component:default/c",
      "catalog.source.synced",
    ]);
    const history = await ask(entityHistory, { ref: "component:default/b" });
    expect(history.items.map(({ change, fields }) => [change, fields])).toEqual([
      ["changed", ["spec.type"]],
      ["registered", []],
    ]);
  });

  test("a file that comes back brings its entity back, and the history knows both", async () => {
    await put("b.yaml", component("b"));
    await put("a.yaml", component("a"));
    const { source } = await ask(importSource, { target: world.folder });
    await rm(join(world.folder, "a.yaml"));
    await ask(syncSource, { id: source.id });
    await expect(ask(getEntity, { ref: "component:default/a" })).rejects.toBeInstanceOf(NotFoundError);
    await put("a.yaml", component("a"));
    await ask(syncSource, { id: source.id });
    expect((await ask(getEntity, { ref: "component:default/a" })).ref).toBe("component:default/a");
    const first = await ask(entityHistory, { ref: "component:default/a", limit: 2 });
    expect(first.items.map(({ change }) => change)).toEqual(["registered", "removed"]);
    const second = await ask(entityHistory, { ref: "component:default/a", limit: 2, cursor: first.nextCursor });
    expect(second.items.map(({ change }) => change)).toEqual(["registered"]);
  });

  test("what cannot be read keeps its last good state, and is told by file, line, reason and mend", async () => {
    await put("a.yaml", `${component("a")}---\n${component("b")}`);
    await put("c.yaml", component("c"));
    const { source } = await ask(importSource, { target: world.folder });
    await put("a.yaml", `${component("a").replace("type: service", "type: library")}---\napiVersion: backstage.io/v1alpha1\nkind: [\n`);
    await put("c.yaml", component("c").replace("owner: team-a", "owner:"));
    const { counts, problems, source: after } = await ask(syncSource, { id: source.id });
    expect(counts).toMatchObject({ changed: 1, failed: 2, removed: 0 });
    expect(problems).toMatchObject([
      { file: "a.yaml", reason: expect.stringMatching(/^not YAML/) },
      { file: "c.yaml", line: 9, at: "spec.owner", reason: "is missing: a Component needs it", ref: "component:default/c" },
    ]);
    expect(problems.every(({ mend }) => mend)).toBe(true);
    expect(after.state).toBe("partial");
    expect(await refs()).toHaveLength(3);
    expect((await ask(getEntity, { ref: "component:default/b" })).provenance.orphan).toBe(true);
    expect((await ask(getEntity, { ref: "component:default/a" })).provenance.orphan).toBe(false);
    await put("a.yaml", component("a"));
    await put("c.yaml", component("c"));
    await ask(syncSource, { id: source.id });
    expect(await refs()).toEqual(["component:default/a", "component:default/c"]);
    expect((await ask(getEntity, { ref: "component:default/c" })).provenance.orphan).toBe(false);
  });

  test("the first source to claim a name keeps it; the other is told, and gets it when it is free", async () => {
    await put("a.yaml", component("a"));
    const other = join(world.home, `other-${Date.now()}`);
    await mkdir(other);
    await writeFile(join(other, "x.yaml"), component("A").replace("About", "Not about"));
    const { source: first } = await ask(importSource, { target: world.folder, name: "first" });
    const second = await ask(importSource, { target: other, name: "second" });
    expect(second.counts).toMatchObject({ conflicts: 1, registered: 0 });
    expect(second.problems).toMatchObject([
      { file: "x.yaml", line: 1, ref: "component:default/a", reason: expect.stringContaining('source "first"') },
    ]);
    expect((await ask(getEntity, { ref: "component:default/a" })).entity.metadata.description).toBe("About a.");
    expect(await ask(deleteSource, { id: first.id })).toEqual({ removedEntities: 0 });
    await eventually(async () => {
      expect((await ask(getEntity, { ref: "component:default/a" })).entity.metadata.description).toBe("Not about A.");
    });
  });

  test("a name described twice in one source is the first one's", async () => {
    await put("a.yaml", `${component("a")}---\n${component("a")}`);
    const { counts, problems } = await ask(importSource, { target: world.folder });
    expect(counts).toMatchObject({ registered: 1, failed: 1 });
    expect(problems).toMatchObject([
      { file: "a.yaml", line: 14, reason: "component:default/a is described twice: first in a.yaml, line 1" },
    ]);
  });

  test("a link that leaves the folder is not followed; one inside is", async () => {
    await writeFile(join(world.home, "secret.yaml"), component("secret"));
    await put("real/a.yaml", component("a"));
    await symlink(join(world.home, "secret.yaml"), join(world.folder, "leak.yaml"));
    await symlink(join(world.folder, "real"), join(world.folder, "again"));
    const { problems } = await ask(importSource, { target: world.folder });
    expect(await refs()).toEqual(["component:default/a"]);
    expect(problems).toMatchObject([{ file: "leak.yaml", reason: "is a link that leaves the folder" }]);
  });

  test("locations are followed inside the source, and nowhere else", async () => {
    await put(
      "catalog-info.yaml",
      `apiVersion: backstage.io/v1alpha1
kind: Location
metadata: {name: all}
spec:
  targets: [./parts/*.txt, ./parts/one.txt, ../secret.yaml, /etc/passwd, https://example.com/x.yaml, ./missing.yaml]
`,
    );
    await put("parts/one.txt", component("one"));
    await put("parts/two.txt", component("two"));
    const { problems, counts } = await ask(importSource, { target: world.folder });
    expect(await refs("kind=component")).toEqual(["component:default/one", "component:default/two"]);
    expect(counts).toMatchObject({ registered: 3, failed: 0 });
    expect(problems.map(({ at, reason }) => `${at} ${reason}`)).toEqual([
      "spec.targets.2 ../secret.yaml leaves the source",
      "spec.targets.3 /etc/passwd leaves the source",
      "spec.targets.4 https://example.com/x.yaml is not part of this source and is not fetched",
      "spec.targets.5 there is no file ./missing.yaml",
    ]);
  });

  test("placeholders are filled from files of the source", async () => {
    const api = (name: string, definition: string): string => `apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: ${name}}
spec: {type: openapi, lifecycle: production, owner: a, definition: ${definition}}
`;
    await put(
      "a.yaml",
      [
        api("in", "{$text: ./api.txt}"),
        api("out", "{$text: ../../etc/passwd}"),
        api("far", "{$text: https://a.b/c}"),
        api("no", "{$text: ./no.txt}"),
      ].join("---\n"),
    );
    await put("api.txt", "openapi: 3.0.0 <script>");
    const { counts, problems } = await ask(importSource, { target: world.folder });
    expect(counts).toMatchObject({ registered: 2, failed: 2 });
    expect(problems.map(({ line, at, reason }) => `${line} ${at} ${reason}`)).toEqual([
      "9 spec.definition ../../etc/passwd leaves the source",
      "14 spec.definition https://a.b/c is not fetched; the entity is kept without that text",
      "19 spec.definition there is no file ./no.txt",
    ]);
    expect((await ask(getEntity, { ref: "api:default/in" })).entity.spec).toMatchObject({ definition: "openapi: 3.0.0 <script>" });
  });

  test("a document nested without end spoils nothing else", async () => {
    const deep = `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`;
    await put(
      "a.ndjson",
      `${JSON.stringify(entityOf("a"))}\n{"apiVersion":"backstage.io/v1alpha1","kind":"System","metadata":{"name":"s"},"spec":{"owner":"a","deep":${deep}}}\n`,
    );
    await put("b.yaml", `${component("b")}---\n${component("c")}  deep: ${"[".repeat(50_000)}\n`);
    const { counts, problems } = await ask(importSource, { target: world.folder });
    expect(counts).toMatchObject({ registered: 2, failed: 2 });
    expect(problems.map(({ file, line }) => `${file} ${line}`)).toEqual(["a.ndjson 2", "b.yaml 10"]);
  });

  test("text that would be code elsewhere is text here", async () => {
    const nasty = `"'; drop table catalog.entity; --\\u0000 <img src=x onerror=alert(1)>"`;
    await put("a.yaml", component("a").replace("About a.", nasty));
    expect((await ask(importSource, { target: world.folder })).problems).toEqual([]);
    const { entity } = await ask(getEntity, { ref: "component:default/a" });
    expect(entity.metadata.description).toBe("'; drop table catalog.entity; --\u0000 <img src=x onerror=alert(1)>");
    expect((await ask(listEntities, { filter: "metadata.name='; drop table catalog.entity; --" })).items).toEqual([]);
  });

  test("one file can hold 10,000 documents, and a descriptor of more than 2 MB is refused", async () => {
    await put("many.yaml", Array.from({ length: 10_000 }, (_, at) => component(`many-${at}`)).join("---\n"));
    await put("huge.yaml", `${component("huge")}  text: ${"x".repeat(2_200_000)}\n---\n${component("beside")}`);
    const { counts, problems } = await ask(importSource, { target: world.folder });
    expect(counts).toMatchObject({ read: 10_002, registered: 10_001, failed: 1 });
    expect(problems).toMatchObject([{ file: "huge.yaml", line: 1, reason: expect.stringContaining("2 MB is the most") }]);
    expect((await ask(facetEntities, { facets: "kind" })).facets["kind"]).toEqual([{ value: "Component", count: 10_001 }]);
    expect(await events()).toEqual(["catalog.source.synced", "catalog.source.quarantined"]);
  });

  test("that is not there, or may not be read, is refused and leaves nothing", async () => {
    await expect(ask(importSource, { target: join(world.folder, "nowhere") })).rejects.toBeInstanceOf(InvalidError);
    await expect(ask(importSource, { target: "relative/path" })).rejects.toBeInstanceOf(InvalidError);
    const strict = open({ allowedFolders: [join(world.home, "allowed")] });
    await expect(ask(importSource, { target: world.folder }, strict)).rejects.toBeInstanceOf(ForbiddenError);
    expect((await ask(listSources, {})).items).toEqual([]);
  });

  test("that vanishes later leaves its entities, and says so", async () => {
    await put("a.yaml", component("a"));
    const { source } = await ask(importSource, { target: world.folder });
    await rm(world.folder, { recursive: true });
    const answer = await ask(syncSource, { id: source.id });
    expect(answer.source).toMatchObject({ state: "failed", lastError: expect.stringContaining("is not there") });
    expect(await refs()).toEqual(["component:default/a"]);
    expect((await ask(getSource, { id: source.id })).syncs.map(({ error }) => error !== undefined)).toEqual([true, false]);
  });

  test("that is watched is followed without being asked", async () => {
    await put("a.yaml", component("a"));
    await world.catalog.start();
    await ask(importSource, { target: world.folder, watch: true });
    await put("new/b.yaml", component("b"));
    await eventually(async () => expect(await refs()).toEqual(["component:default/a", "component:default/b"]));
    // The folder is new: it must be watched by now as well.
    await put("new/b.yaml", component("c"));
    await eventually(async () => expect(await refs()).toEqual(["component:default/a", "component:default/c"]));
  });

  test("that changed while nobody watched is read at the start", async () => {
    await put("a.yaml", component("a"));
    await ask(importSource, { target: world.folder, watch: true });
    await world.catalog.stop();
    await put("b.yaml", component("b"));
    world.catalog = open();
    await world.catalog.start();
    await eventually(async () => expect(await refs()).toHaveLength(2));
    expect((await world.catalog.health()).ok).toBe(true);
  });

  test("that many ask for at once is read by each, and nobody waits for ever", async () => {
    await put("a.yaml", component("a"));
    await put("b.yaml", component("b"));
    const other = open();
    const calls = Array.from({ length: 12 }, (_, at) => async () => {
      if (at % 3 === 2) return write((ctx) => world.catalog.registerEntity(ctx, { entity: entityOf(`call-${at}`), source: "calls" }));
      return ask(importSource, { target: world.folder, name: `name ${at}`, watch: false }, at % 2 === 0 ? world.catalog : other);
    });
    const outcomes = await Promise.allSettled(calls.map((run) => run()));
    const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as Error] : []));
    // Reading takes memory: who comes while three are at it is told to come again.
    expect(failures.filter((error) => !(error instanceof TooManyError))).toEqual([]);
    expect(await refs()).toEqual(["a", "b", "call-11", "call-2", "call-5", "call-8"].map((name) => `component:default/${name}`));
    expect((await ask(listSources, {})).items).toHaveLength(2);
  });
});
