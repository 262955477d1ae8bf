import { rm } from "node:fs/promises";
import { join } from "node:path";

import { createCel } from "@roadbed/cel";
import { deleteEntity, facetEntities, getEntity, graphEntities, importSource, listEntities, syncSource } from "@roadbed/contracts/catalog";
import { exportGraph, findPaths, viewGraph } from "@roadbed/contracts/catalog/graph";
import { restoreEntity } from "@roadbed/contracts/catalog/time";
import { InvalidError, NotFoundError } from "@roadbed/core";
import { eventually } from "@roadbed/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";

import { createTraces } from "../observed/traces.suite.ts";
import { component, entityOf, useWorld } from "../world.suite.ts";

const world = useWorld();
const { ask, put, write } = world;

/** The instant of the newest change. */
async function newest(): Promise<string> {
  const { rows } = await write((ctx) => ctx.sql.query<{ at: Date }>("select at from catalog.clock"));
  return rows[0]!.at.toISOString();
}

/** All that can be asked of the estate at an instant, or now. */
async function pictureOf(asOf?: string, by = world.catalog): Promise<unknown> {
  const when = asOf === undefined ? {} : { asOf };
  const { items, total } = await ask(listEntities, { limit: 500, ...when }, by);
  const documents = [];
  for (const { ref } of items) {
    const { entity, neighbours, provenance } = await ask(getEntity, { ref, ...when }, by);
    documents.push({ entity, neighbours, source: provenance.sourceName, location: provenance.location });
  }
  const { nodes, edges } = await ask(graphEntities, { limit: 500, ...when }, by);
  const view = await ask(viewGraph, { groupBy: "owner", open: "group:default/x", ...when }, by);
  const filter = "spec.type=service,relations.dependsOn=component:default/b";
  return {
    items,
    total,
    documents,
    facets: (await ask(facetEntities, { facets: "kind,spec.owner,spec.lifecycle,relations.dependsOn", ...when }, by)).facets,
    dependents: (await ask(listEntities, { filter, ...when }, by)).items.map(({ ref }) => ref),
    // The order of nodes is each process's own.
    nodes: nodes.map((node) => JSON.stringify(node)).sort(),
    edges: edges.map((edge) => JSON.stringify(edge)).sort(),
    view: {
      ...view,
      nodes: view.nodes.map((node) => JSON.stringify(node)).sort(),
      edges: view.edges.map((edge) => JSON.stringify(edge)).sort(),
    },
  };
}

const NAMES = ["a", "b", "c", "d"];
const Move = fc.oneof(
  fc.record({
    act: fc.constant("register" as const),
    name: fc.constantFrom(...NAMES),
    owner: fc.constantFrom("x", "y"),
    needs: fc.constantFrom(...NAMES),
  }),
  fc.record({ act: fc.constant("write" as const), name: fc.constantFrom(...NAMES), lifecycle: fc.constantFrom("old", "new", "Old") }),
  fc.record({ act: fc.constant("unlink" as const), name: fc.constantFrom(...NAMES) }),
  fc.record({ act: fc.constant("delete" as const), name: fc.constantFrom(...NAMES) }),
  fc.record({ act: fc.constant("restore" as const), name: fc.constantFrom(...NAMES) }),
);

test("at any time, asOf(t) is what was seen at t", { timeout: 120_000 }, async () => {
  let other = world.open();
  await fc.assert(
    fc.asyncProperty(fc.array(Move, { minLength: 3, maxLength: 10 }), async (moves) => {
      await put("z.yaml", component("z"));
      const { source } = await ask(importSource, { target: world.folder, watch: false });
      const seen: { readonly at: string; readonly picture: unknown }[] = [];
      for (const move of moves) {
        await perform(move, source.id);
        seen.push(await look());
      }
      for (const { at, picture } of seen) {
        expect(await pictureOf(at)).toEqual(picture);
        // A process that remembers nothing says the same.
        expect(await pictureOf(at, other)).toEqual(picture);
      }
      // Up to the very millisecond before the next change nothing is different.
      for (const { at, picture } of seen) {
        const next = await changeAfter(at);
        if (next !== undefined) expect(await pictureOf(new Date(next.getTime() - 1).toISOString())).toEqual(picture);
      }
      await other.stop();
      other = world.open();
    }),
    { numRuns: 4, endOnFailure: true },
  );
  await other.stop();
});

/** Sources are read again in the background, too: a picture counts when nothing changed while it was taken. */
async function look(): Promise<{ readonly at: string; readonly picture: unknown }> {
  for (;;) {
    const at = await newest();
    const picture = await pictureOf();
    if ((await newest()) === at) return { at, picture };
  }
}

async function changeAfter(at: string): Promise<Date | undefined> {
  const { rows } = await write((ctx) =>
    ctx.sql.query<{ at: Date | null }>("select min(at) as at from catalog.history where at > $1", [at]),
  );
  return rows[0]!.at ?? undefined;
}

async function perform(move: typeof Move extends fc.Arbitrary<infer M> ? M : never, sourceId: string): Promise<void> {
  const ref = `component:default/${move.name}`;
  // What may not be done (a file describes it, it is gone) is not done.
  const quietly = (work: Promise<unknown>): Promise<unknown> => work.catch(() => undefined);
  if (move.act === "register") {
    const entity = entityOf(move.name, { owner: move.owner, dependsOn: [`component:${move.needs}`] });
    await quietly(write((ctx) => world.catalog.registerEntity(ctx, { entity, source: "calls" })));
  } else if (move.act === "delete") await quietly(ask(deleteEntity, { ref }));
  else if (move.act === "restore") {
    await quietly(ask(restoreEntity, { ref }));
    // The source that it came from is read again by itself: let that be before the next move.
    await quietly(ask(syncSource, { id: sourceId }));
  } else {
    if (move.act === "write") await put(`${move.name}.yaml`, component(move.name).replace("production", move.lifecycle));
    else await rm(join(world.folder, `${move.name}.yaml`), { force: true });
    await quietly(ask(syncSource, { id: sourceId }));
  }
}

test("an instant before everything is empty; one that is still to come is refused", async () => {
  await put("a.yaml", component("a"));
  await ask(importSource, { target: world.folder, watch: false });
  const came = await newest();
  expect(await ask(listEntities, { asOf: "1999-12-31" })).toEqual({ items: [], total: 0 });
  expect(await ask(graphEntities, { asOf: "1999-12-31" })).toMatchObject({ nodes: [], edges: [] });
  const error = await ask(getEntity, { ref: "component:default/a", asOf: "1999-12-31" }).catch(
    (thrown: unknown) => thrown as NotFoundError,
  );
  expect(error).toBeInstanceOf(NotFoundError);
  expect((error as NotFoundError).mend).toBe(`It came at ${came}.`);
  await expect(ask(listEntities, { asOf: "2199-01-01" })).rejects.toBeInstanceOf(InvalidError);
  await expect(ask(listEntities, { asOf: "yesterday" })).rejects.toThrow("must be a moment");
  expect((await ask(listEntities, { asOf: "-1s" })).total).toBeLessThanOrEqual(1);
});

test("a page of the past is followed by the next page of the same moment, whatever changes", async () => {
  for (const name of ["a", "b", "c"]) await put(`${name}.yaml`, component(name));
  const { source } = await ask(importSource, { target: world.folder, watch: false });
  const then = await newest();
  const first = await ask(listEntities, { limit: 2, asOf: then });
  await rm(join(world.folder, "c.yaml"));
  await put("bb.yaml", component("bb"));
  await ask(syncSource, { id: source.id });
  const second = await ask(listEntities, { limit: 2, asOf: "-0s", cursor: first.nextCursor });
  expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(["a", "b", "c"]);
});

test("words and expressions are answered from the past too", async () => {
  await put("a.yaml", component("a"));
  const { source } = await ask(importSource, { target: world.folder, watch: false });
  const then = await newest();
  await put("a.yaml", component("a").replace("About a", "Something else").replace("production", "deprecated"));
  await ask(syncSource, { id: source.id });
  expect((await ask(listEntities, { text: "about", asOf: then })).total).toBe(1);
  expect((await ask(listEntities, { text: "about" })).total).toBe(0);
  const cel = createCel();
  const by = world.open({ cel });
  expect((await ask(listEntities, { filter: 'entity.spec.lifecycle == "production"', asOf: then }, by)).total).toBe(1);
  expect((await ask(listEntities, { filter: 'entity.spec.lifecycle == "production"' }, by)).total).toBe(0);
  await by.stop();
  await cel.close();
});

test("a change that is being written is waited for, and is then where its instant says", async () => {
  await put("a.yaml", component("a"));
  await ask(importSource, { target: world.folder, watch: false });
  let release!: () => void;
  const held = new Promise<void>((resolve) => (release = resolve));
  const writing = write(async (ctx) => {
    await world.catalog.registerEntity(ctx, { entity: entityOf("slow"), source: "calls" });
    await held;
  });
  await eventually(async () =>
    expect((await write((ctx) => ctx.sql.query("select 1 from catalog.clock for share skip locked"))).rowCount).toBe(0),
  );
  const asked = ask(listEntities, { asOf: new Date().toISOString() });
  setTimeout(release, 50);
  expect((await asked).items.map(({ name }) => name)).toEqual(["a", "slow"]);
  await writing;
});

test("what was hidden then, or is hidden now, is not in the past of those who may not see it", async () => {
  const viewers = { identitiesOf: async ({ actor }: { actor: { kind: string; id?: string } }) => new Set([`user:default/${actor.id}`]) };
  const by = world.open({ viewers });
  const bob = { actor: { kind: "user", id: "bob", name: "Bob" }, scopes: new Set(["catalog:read"]) } as const;
  const hidden = (name: string): string =>
    component(name).replace("  description", "  annotations: { roadbed.dev/visible-to: user:ada }\n  description");
  const names = async (asOf: string): Promise<string> =>
    (await ask(listEntities, { asOf }, by, bob)).items.map(({ name }) => name).join(" ");

  await put("a.yaml", component("a"));
  await put("opened.yaml", hidden("opened"));
  await put("closed.yaml", component("closed"));
  const { source } = await ask(importSource, { target: world.folder, watch: false }, by);
  const first = await newest();
  expect(await names(first)).toBe("a closed");
  await put("opened.yaml", component("opened"));
  await put("closed.yaml", hidden("closed"));
  await ask(syncSource, { id: source.id }, by);
  expect(await names(first)).toBe("a");
  expect(await names(await newest())).toBe("a opened");
  expect((await ask(viewGraph, { asOf: first }, by, bob)).nodes.map(({ name }) => name)).toEqual(["a"]);
  await expect(ask(viewGraph, { ref: "component:default/closed", asOf: first }, by, bob)).rejects.toBeInstanceOf(NotFoundError);
  await expect(ask(getEntity, { ref: "component:default/closed", asOf: first }, by, bob)).rejects.toMatchObject({
    mend: "Nothing is recorded of it.",
  });
  await by.stop();
});

test("the graph of an instant has the relations of then, and neither traces nor what is derived now", async () => {
  const traces = createTraces();
  const by = world.open({ observations: traces.port });
  const needs = (name: string, other: string): string => component(name, `  dependsOn: [component:${other}]\n`);
  for (const name of ["b", "c"]) await put(`${name}.yaml`, component(name));
  await put("a.yaml", needs("a", "b"));
  const { source } = await ask(importSource, { target: world.folder, watch: false }, by);
  const then = await newest();
  await put("a.yaml", needs("a", "c"));
  await rm(join(world.folder, "b.yaml"));
  await ask(syncSource, { id: source.id }, by);
  traces.saw("a", "c");
  await by.foldObservations();
  const edges = async (question: object): Promise<string[]> =>
    (await ask(viewGraph, question, by)).edges.map(({ from, to, origins }) => `${from} ${to} ${origins.join("+")}`);
  expect(await edges({})).toEqual(["component:default/a component:default/c declared+observed"]);
  expect(await edges({ asOf: then })).toEqual(["component:default/a component:default/b declared"]);
  const around = await ask(viewGraph, { ref: "component:default/b", asOf: then }, by);
  expect([around.reached, around.watchedFrom]).toEqual([2, undefined]);
  await expect(ask(viewGraph, { ref: "component:default/b" }, by)).rejects.toBeInstanceOf(NotFoundError);
  const way = { from: "component:default/a", to: "component:default/b" };
  expect((await ask(findPaths, { ...way, asOf: then }, by)).items.map(({ text }) => text)).toEqual(["a → b"]);
  expect((await ask(exportGraph, { format: "csv", asOf: then }, by)).text).toContain(
    "component:default/a,dependsOn,component:default/b,declared",
  );
  await expect(ask(viewGraph, { asOf: then, origins: "observed" }, by)).rejects.toMatchObject({
    mend: expect.stringContaining("declared"),
  });
  await by.stop();
});
