import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { deleteEntity, importSource, syncSource } from "@roadbed/contracts/catalog";
import { objectsQuarantined, sourceFailed, sourceHeld } from "@roadbed/contracts/catalog/connections";
import { apiChanged } from "@roadbed/contracts/catalog/docs";
import { factLocked } from "@roadbed/contracts/catalog/facts";
import { handedOver } from "@roadbed/contracts/catalog/ownership";
import { diffTime, listChanges } from "@roadbed/contracts/catalog/time";
import { restrictSource } from "@roadbed/contracts/catalog/visibility";
import { deploymentFinished } from "@roadbed/contracts/delivery";
import { decisionMade } from "@roadbed/contracts/standards";
import { incidentOpened } from "@roadbed/contracts/telemetry";
import { InvalidError, type EventType } from "@roadbed/core";
import { beforeEach, describe, expect, test } from "vitest";

import { component, entityOf, useWorld } from "../world.suite.ts";

type EventPayload = ReturnType<typeof objectsQuarantined.payload.parse>;

const world = useWorld();
const { ask, put, write } = world;
const refOf = (name: string): string => `component:default/${name}`;

const listener = () => world.catalog.subscriptions.find(({ name }) => name === "catalog.happenings")!;

/** A little later than the newest change. */
async function instant(): Promise<string> {
  const { rows } = await write((ctx) =>
    ctx.sql.query<{ at: Date }>("update catalog.clock set at = greatest(at + interval '2 ms', now()) returning at"),
  );
  return rows[0]!.at.toISOString();
}

beforeEach(() => write(async (ctx) => void (await ctx.sql.query("delete from catalog.happening"))));

describe("the difference between two instants", () => {
  test("says what came, went and changed, by whom and why; what changed back is no difference", async () => {
    for (const name of ["stays", "goes", "changes", "returns"]) await put(`${name}.yaml`, component(name));
    const { source } = await ask(importSource, { target: world.folder, watch: false });
    const from = await instant();
    await put("changes.yaml", component("changes", "  dependsOn: [component:stays]\n").replace("production", "deprecated"));
    await put("returns.yaml", component("returns").replace("production", "deprecated"));
    await put("comes.yaml", component("comes"));
    await ask(syncSource, { id: source.id });
    await put("returns.yaml", component("returns"));
    await ask(syncSource, { id: source.id });
    await rm(join(world.folder, "goes.yaml"));
    await ask(deleteEntity, { ref: refOf("goes"), reason: "nobody runs it" });
    const to = await instant();
    await put("later.yaml", component("later"));
    await ask(syncSource, { id: source.id });

    const answer = await ask(diffTime, { from, to });
    expect(answer.items.map(({ ref, change }) => [ref, change])).toEqual([
      [refOf("changes"), "changed"],
      [refOf("comes"), "added"],
      [refOf("goes"), "removed"],
    ]);
    expect(answer.counts).toEqual({ added: 1, removed: 1, changed: 1 });
    expect(answer.fields).toEqual([
      { field: "spec.dependsOn", count: 1 },
      { field: "spec.lifecycle", count: 1 },
    ]);
    const [changed, , gone] = answer.items;
    expect(changed!.values).toEqual([
      { field: "spec.dependsOn", after: ["component:stays"] },
      { field: "spec.lifecycle", before: "production", after: "deprecated" },
    ]);
    expect(gone).toMatchObject({ acts: 1, by: [{ actor: "user:ada", reason: "nobody runs it", change: "removed" }] });
    // Backwards in time, half-open: nothing of it is in the stretch after.
    expect((await ask(diffTime, { from: to })).items.map(({ ref }) => ref)).toEqual([refOf("later")]);
    await expect(ask(diffTime, { from: to, to: from })).rejects.toBeInstanceOf(InvalidError);
  });

  test("is paged, narrowed by a filter that holds at either instant, and by the sort of change", async () => {
    for (const name of ["a", "b", "c"]) await put(`${name}.yaml`, component(name));
    const { source } = await ask(importSource, { target: world.folder, watch: false });
    const from = await instant();
    for (const name of ["a", "b", "c"]) await put(`${name}.yaml`, component(name).replace("team-a", name === "b" ? "team-b" : "team-c"));
    await ask(syncSource, { id: source.id });
    const page = await ask(diffTime, { from, limit: 2 });
    expect(page.items.map(({ ref }) => ref)).toEqual([refOf("a"), refOf("b")]);
    const next = await ask(diffTime, { from, limit: 2, cursor: page.nextCursor });
    expect(next).toMatchObject({ to: page.to, items: [{ ref: refOf("c") }], total: 3 });
    expect(next.nextCursor).toBeUndefined();
    const filtered = async (filter: string): Promise<number> => (await ask(diffTime, { from, filter })).total!;
    expect(await filtered("spec.owner=team-b")).toBe(1);
    expect(await filtered("spec.owner=team-a")).toBe(3);
    expect(await filtered("kind=api")).toBe(0);
    expect((await ask(diffTime, { from, change: "added" })).total).toBe(0);
  });
});

describe("what changed here", () => {
  let seq = 0n;
  const hear = <P>(type: EventType<P>, subject: string, payload: P, time = new Date()): Promise<void> =>
    write((ctx) =>
      listener().receive(ctx, {
        id: randomUUID(),
        seq: ++seq,
        name: type.name,
        subject,
        time,
        actor: "user:grace",
        payload,
      }),
    );
  const deployed = (entityRef: string) => ({
    deploymentId: "dep_1",
    entityRef,
    environment: "dev",
    status: "healthy" as const,
    commit: "0123456789ab",
  });

  test("tells of every module, newest first, each once, by sort and by page", async () => {
    await put("all.yaml", [component("a"), component("b")].join("---\n"));
    await ask(importSource, { target: world.folder, watch: false });
    await hear(deploymentFinished, refOf("a"), deployed(refOf("a")));
    const opened = { incidentId: "inc_1", service: "B", severity: "sev2" };
    await hear(incidentOpened, "inc_1", opened);
    await hear(decisionMade, "x", { decisionId: "dec_1", subject: "paths.path.run x", verdict: "deny" as const });
    const answer = await ask(listChanges, {});
    expect(answer.items.map(({ sort, actor, text, refs, count }) => [sort, actor, text, refs, count])).toEqual([
      ["policy", "user:grace", "Policies answered deny to paths.path.run x", [], 1],
      ["incident", "user:grace", "An incident (sev2) of B was declared", [refOf("b")], 1],
      ["deployment", "user:grace", "The deployment of 01234567 to dev ended: healthy", [refOf("a")], 1],
      ["entity", "user:ada", expect.stringMatching(/^2 entities were registered by/) as string, [refOf("a"), refOf("b")], 2],
    ]);
    expect(answer.counts.reduce((sum, { count }) => sum + count, 0)).toBe(4);
    expect((await ask(listChanges, { sorts: "incident,policy" })).items).toHaveLength(2);
    const seen: string[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await ask(listChanges, { limit: 1, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.items.map(({ sort }) => sort));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(["policy", "incident", "deployment", "entity"]);
  });

  test("is asked about some entities, an owner, a system, with neighbours, around a moment", async () => {
    await put(
      "all.yaml",
      [component("a", "  dependsOn: [component:b]\n"), component("b").replace("team-a", "team-b"), component("c", "  system: s\n")].join(
        "---\n",
      ),
    );
    // A source that is emptied asks first.
    await put("rest.yaml", component("rest").replace("team-a", "team-z"));
    const { source } = await ask(importSource, { target: world.folder, watch: false });
    const begin = await instant();
    for (const name of ["a", "b", "c"]) await hear(deploymentFinished, refOf(name), deployed(refOf(name)));
    const deployments = async (input: object): Promise<string[]> =>
      (await ask(listChanges, { sorts: "deployment", ...input })).items.flatMap(({ refs }) => refs).sort();
    expect(await deployments({ refs: refOf("a") })).toEqual([refOf("a")]);
    expect(await deployments({ refs: refOf("a"), neighbours: "true" })).toEqual([refOf("a"), refOf("b")]);
    expect(await deployments({ owner: "group:default/team-b" })).toEqual([refOf("b")]);
    expect(await deployments({ system: "system:default/s" })).toEqual([refOf("c")]);
    expect(await deployments({ filter: "spec.owner=team-a" })).toEqual([refOf("a"), refOf("c")]);
    expect(await deployments({ around: begin, minutes: 1 })).toHaveLength(3);
    expect(await deployments({ before: begin, minutes: 1 })).toEqual([]);
    // What is gone by now was there when the stretch began.
    await rm(join(world.folder, "all.yaml"));
    await ask(syncSource, { id: source.id });
    expect(await deployments({ owner: "group:default/team-b", before: "-0s" })).toEqual([]);
    const { items } = await ask(listChanges, { refs: refOf("b") });
    expect(items.map(({ text }) => text)).toEqual([
      "It was removed",
      expect.stringContaining("deployment"),
      expect.stringContaining("registered"),
    ]);
  });

  test("tells of facts, owners, APIs and sources, to each whom it is about, and never names the other", async () => {
    const refs = { a: refOf("a"), b: refOf("b"), team: "group:default/team-a", other: "group:default/team-b" };
    await put("all.yaml", [component("a"), component("b")].join("---\n"));
    const { source } = await ask(importSource, { target: world.folder, watch: false });
    await hear(factLocked, refs.a, { ref: refs.a, property: "lifecycle", actor: "user:grace" });
    await hear(handedOver, refs.other, { id: "ho_1", to: refs.other, from: refs.team, things: 3, actor: "user:grace", reason: "it moved" });
    await hear(apiChanged, "api:default/x", { ref: "api:default/x", breaking: 1, risky: 0, consumers: [refs.a, refs.b] });
    const samples = { added: [], changed: [], removed: [refs.a, refs.b] };
    const hold = { at: new Date().toISOString(), reason: "it would remove all", owned: 2, added: 0, changed: 0, removed: 2, samples };
    await hear(sourceHeld, source.id, { sourceId: source.id, name: "shop", hold });
    const about = async (ref: string): Promise<string[]> =>
      (await ask(listChanges, { refs: ref, sorts: "fact,ownership,api,source" })).items.map(({ text }) => text);
    expect(await about(refs.a)).toEqual([
      'A run of "shop" waits for a decision: it would remove all',
      "An API that it uses changed: 1 change breaks who calls it, 0 may",
      "The field lifecycle was locked",
    ]);
    expect(await about(refs.other)).toEqual(["It was given 3 things: it moved"]);
    expect(await about(refs.team)).toEqual(["3 things of it went to another owner: it moved"]);
    const { items, counts } = await ask(listChanges, { sorts: "source,api" });
    expect(items.map(({ refs: those }) => those.length).sort((a, b) => a - b)).toEqual([1, 2, 2]);
    expect(items.map(({ count }) => count).sort((a, b) => a! - b!)).toEqual([1, 2, 2]);
    expect(counts).toEqual([
      { sort: "api", count: 2 },
      { sort: "source", count: 1 },
    ]);
  });

  test("what went into quarantine is told once, when it did", async () => {
    await put("a.yaml", component("a"));
    await put("b.yaml", component("b"));
    const { source } = await ask(importSource, { target: world.folder, watch: false });
    await world.forgetEvents();
    await put("a.yaml", component("a").replace("owner: team-a", "owner:"));
    await ask(syncSource, { id: source.id });
    await put("b.yaml", component("b", "  dependsOn: [component:a]\n"));
    await ask(syncSource, { id: source.id });
    const { rows } = await world.sql<{ payload: EventPayload }>(
      "select payload from kernel.event where name = 'catalog.source.quarantined'",
    );
    expect(rows.map(({ payload }) => payload)).toMatchObject([{ sourceId: source.id, total: 1, objects: [{ ref: refOf("a") }] }]);
    await hear(objectsQuarantined, source.id, rows[0]!.payload);
    expect((await ask(listChanges, { refs: refOf("a"), sorts: "source" })).items).toMatchObject([
      { text: expect.stringContaining("went into quarantine: spec.owner") as string, link: `/sources/${source.id}` },
    ]);
  });

  test("a change of its kind is one of what an entity means; what is told of a source that is hidden is not told", async () => {
    await put(
      "kind.yaml",
      "apiVersion: roadbed.dev/v1\nkind: Kind\nmetadata: { name: Component }\nspec: { schema: { properties: { tier: { type: string } } } }\n",
    );
    await put("a.yaml", component("a"));
    const { source } = await ask(importSource, { target: world.folder, watch: false });
    const { items } = await ask(listChanges, { refs: refOf("a") });
    expect(items.flatMap(({ refs }) => refs).sort()).toEqual([refOf("a"), "kind:default/component"]);
    await hear(sourceFailed, source.id, { sourceId: source.id, name: "shop", reason: "it is away" });
    const bob = { actor: { kind: "user", id: "bob", name: "bob" }, scopes: new Set(["catalog:read"]) } as const;
    const told = async () => (await ask(listChanges, { sorts: "source" }, world.catalog, bob)).items.length;
    expect(await told()).toBe(1);
    await ask(restrictSource, { id: source.id, visibleTo: ["user:default/ann"] });
    expect(await told()).toBe(0);
    expect((await ask(listChanges, { sorts: "source" }, world.catalog, bob)).counts).toEqual([]);
  });

  test("an event that is told twice is one happening; one that is not as it should be is none", async () => {
    const id = randomUUID();
    const event = { id, seq: 9n, name: deploymentFinished.name, subject: "x", time: new Date(), actor: "user:grace" };
    for (let time = 0; time < 2; time++) await write((ctx) => listener().receive(ctx, { ...event, payload: deployed(refOf("a")) }));
    await write((ctx) => listener().receive(ctx, { ...event, id: randomUUID(), payload: { entityRef: 1 } }));
    expect((await ask(listChanges, {})).items).toHaveLength(1);
  });

  test("tells nothing of what the caller may not see, also after it is gone", async () => {
    const viewers = { identitiesOf: async ({ actor }: { actor: { kind: string; id?: string } }) => new Set([`user:default/${actor.id}`]) };
    const by = world.open({ viewers });
    const as = (id: string) => ({ actor: { kind: "user", id, name: id }, scopes: new Set(["catalog:read"]) }) as const;
    const secret = { ...entityOf("secret"), metadata: { name: "secret", annotations: { "roadbed.dev/visible-to": "user:ann" } } };
    await write((ctx) => by.registerEntity(ctx, { entity: secret, source: "calls" }));
    await hear(deploymentFinished, refOf("secret"), deployed(refOf("secret")));
    const begin = await instant();
    const count = async (who: string): Promise<number> => (await ask(listChanges, {}, by, as(who))).items.length;
    expect([await count("ann"), await count("bob")]).toEqual([2, 0]);
    expect((await ask(diffTime, { from: "2000-01-01" }, by, as("bob"))).counts).toEqual({ added: 0, removed: 0, changed: 0 });
    await ask(deleteEntity, { ref: refOf("secret") }, by);
    expect(await count("bob")).toBe(0);
    expect((await ask(diffTime, { from: begin }, by, as("bob"))).items).toEqual([]);
    await by.stop();
  });
});
