import { createCel } from "@roadbed/cel";
import {
  deleteEntity,
  entityHistory,
  facetEntities,
  getDocs,
  getEntity,
  getSource,
  graphEntities,
  importSource,
  listEntities,
  listSources,
  searchAll,
  syncSource,
} from "@roadbed/contracts/catalog";
import { restrictSource } from "@roadbed/contracts/catalog/visibility";
import { NotFoundError, type Call } from "@roadbed/core";
import { callAs, eventually } from "@roadbed/testkit";
import { afterAll, beforeEach, describe, expect, test } from "vitest";

import type { Catalog } from "../index.ts";
import { component, useWorld } from "../world.suite.ts";

const world = useWorld();
const { open, ask, put } = world;
const cel = createCel();
let catalog: Catalog;
afterAll(async () => {
  await catalog?.stop();
  await cel.close();
});

/** Ada is in security; Bob is in another team, Olga in the one that owns everything here; all may read the catalogue, none administers it. */
const IDENTITIES: Readonly<Record<string, readonly string[]>> = {
  ada: ["user:default/ada", "group:default/security"],
  bob: ["user:default/bob", "group:default/team-b"],
  olga: ["user:default/olga", "group:default/team-a"],
};

function as(id: string): Partial<Call> {
  return { actor: { kind: "user", id, name: id }, scopes: new Set(["catalog:read", "catalog:write"]) };
}

const annotated = (name: string, viewers: string, more = ""): string =>
  component(name, more).replace(
    `  name: ${name}\n`,
    `  name: ${name}\n  annotations: { roadbed.dev/visible-to: "${viewers}", backstage.io/techdocs-ref: "dir:." }\n  tags: [vaulty]\n`,
  );

/** front → vault → store: the vault is for the security team only; without it, nothing leads from front to store. */
beforeEach(async () => {
  await catalog?.stop();
  catalog = open({ cel, viewers: { identitiesOf: async ({ actor }) => new Set(actor.kind === "user" ? IDENTITIES[actor.id] : []) } });
  await put("open/all.yaml", [component("front", "  dependsOn: [component:vault]\n"), component("store")].join("---\n"));
  await put("vault/vault.yaml", annotated("vault", "security, user:ada", "  system: keys\n  dependsOn: [component:store]\n"));
  await put("vault/docs/index.md", "# The keyhole\n\nHow the quibbler turns.");
  await put("vault/mkdocs.yml", "site_name: vault\n");
  await ask(importSource, { target: world.folder }, catalog);
});

const VAULT = "component:default/vault";

describe("what is for some only", () => {
  test("is in the lists, counts and totals of those, of its owners and of administrators, and of nobody else", async () => {
    const names = async (who: Partial<Call>, filter?: string, text?: string): Promise<string> => {
      const { items, total } = await ask(listEntities, { filter, text, limit: 100 }, catalog, who);
      expect(total).toBe(items.length);
      return items.map(({ name }) => name).join(" ");
    };
    expect(await names(as("ada"))).toBe("front store vault");
    expect(await names(callAs())).toBe("front store vault");
    expect(await names(as("bob"))).toBe("front store");
    expect(await names(as("bob"), undefined, "vault")).toBe("");
    expect(await names(as("bob"), "metadata.tags=vaulty")).toBe("");
    expect(await names(as("ada"), 'entity.metadata.name.startsWith("v")')).toBe("vault");
    expect(await names(as("bob"), 'entity.metadata.name.startsWith("v")')).toBe("");
    expect(await names(as("olga"))).toBe("front store vault");
    const page = await ask(listEntities, { limit: 1, sort: "-name" }, catalog, as("bob"));
    expect(page.items.map(({ name }) => name)).toEqual(["store"]);
    expect((await ask(listEntities, { limit: 5, sort: "-name", cursor: page.nextCursor }, catalog, as("bob"))).nextCursor).toBeUndefined();
  });

  test("is not counted in facets, nor named by them", async () => {
    const facets = async (who: string) =>
      (await ask(facetEntities, { facets: "kind,metadata.tags,relations.dependsOn,relations.dependencyOf" }, catalog, as(who))).facets;
    expect(await facets("ada")).toMatchObject({
      kind: [{ value: "Component", count: 3 }],
      "metadata.tags": [{ value: "vaulty", count: 1 }],
    });
    expect(await facets("bob")).toEqual({
      kind: [{ value: "Component", count: 2 }],
      "metadata.tags": [],
      "relations.dependsOn": [],
      "relations.dependencyOf": [],
    });
  });

  test("cannot be asked for by its relations", async () => {
    const found = async (who: string, filter: string): Promise<number> =>
      (await ask(listEntities, { filter, limit: 10 }, catalog, as(who))).items.length;
    expect(await found("ada", `relations.dependencyOf=${VAULT}`)).toBe(1);
    expect(await found("bob", `relations.dependencyOf=${VAULT}`)).toBe(0);
    expect(await found("ada", "relations.dependencyOf,metadata.name=store")).toBe(1);
    expect(await found("bob", "relations.dependencyOf,metadata.name=store")).toBe(0);
    const expression = `entity.relations.exists(r, r.targetRef == "${VAULT}")`;
    expect(await found("ada", expression)).toBe(2);
    expect(await found("bob", expression)).toBe(0);
  });

  test("is not found, and not guessed when somebody mistypes", async () => {
    expect((await ask(getEntity, { ref: VAULT }, catalog, as("ada"))).ref).toBe(VAULT);
    const none = await ask(getEntity, { ref: "component:default/none" }, catalog, as("bob")).catch((error: unknown) => error);
    const hidden = await ask(getEntity, { ref: VAULT }, catalog, as("bob")).catch((error: unknown) => error);
    expect(hidden).toBeInstanceOf(NotFoundError);
    expect((hidden as NotFoundError).mend).toBe((none as NotFoundError).mend);
    await expect(ask(getEntity, { ref: "component:default/vaul" }, catalog, as("ada"))).rejects.toMatchObject({
      mend: `Did you mean ${VAULT}?`,
    });
    await expect(ask(getEntity, { ref: "component:default/vaul" }, catalog, as("bob"))).rejects.not.toMatchObject({
      mend: expect.stringContaining("vault") as string,
    });
  });

  test("is no neighbour, and no walk leads to it or through it", async () => {
    const neighbours = async (who: string): Promise<string[]> =>
      (await ask(getEntity, { ref: "component:default/store" }, catalog, as(who))).neighbours.map(({ ref }) => ref);
    expect(await neighbours("ada")).toContain(VAULT);
    expect(await neighbours("bob")).toEqual(["group:default/team-a"]);
    const { entity } = await ask(getEntity, { ref: "component:default/store" }, catalog, as("bob"));
    expect(JSON.stringify(entity.relations)).not.toContain("vault");
    const walk = (who: string, o: object = {}) => ask(graphEntities, { ref: "component:default/front", depth: 5, ...o }, catalog, as(who));
    expect((await walk("ada", { direction: "down" })).reached).toBe(3);
    const down = await walk("bob", { direction: "down" });
    expect([down.reached, down.nodes.length, down.edges.length, down.truncated]).toEqual([1, 1, 0, false]);
    expect((await walk("bob", { ref: "component:default/store", direction: "up" })).reached).toBe(1);
    await expect(walk("bob", { ref: VAULT })).rejects.toBeInstanceOf(NotFoundError);
    const whole = await ask(graphEntities, {}, catalog, as("bob"));
    expect(whole.nodes.map(({ name }) => name)).toEqual(["front", "store"]);
    expect(whole.edges).toEqual([]);
  });

  test("is not found by words, by slips or in its documentation", async () => {
    const found = async (who: string, q: string): Promise<string[]> =>
      (await ask(searchAll, { q }, catalog, as(who))).items.map(({ kind, ref }) => `${kind} ${ref}`);
    expect(await found("ada", "vault")).toContain(`entity ${VAULT}`);
    expect(await found("ada", "quibbler")).toEqual([`doc ${VAULT}`]);
    for (const q of ["vault", "vualt", "aul", "quibbler", "vaulty", "keyhole"]) expect(await found("bob", q)).toEqual([]);
    expect((await ask(getDocs, { ref: VAULT }, catalog, as("ada"))).page.title).toBe("The keyhole");
    const none = await ask(getDocs, { ref: "component:default/none" }, catalog, as("bob")).catch((error: Error) => error);
    const hidden = await ask(getDocs, { ref: VAULT }, catalog, as("bob")).catch((error: Error) => error);
    expect((hidden as Error).message.replace("vault", "none")).toBe((none as Error).message);
  });

  test("has no history for others, not even after it is gone, and no news", async () => {
    const history = async (who: string): Promise<number> => (await ask(entityHistory, { ref: VAULT }, catalog, as(who))).items.length;
    expect([await history("ada"), await history("bob")]).toEqual([1, 0]);
    const tells = (who: string): Promise<boolean> => catalog.seesNewsOf(callAs(as(who)), VAULT);
    expect([await tells("ada"), await tells("bob")]).toEqual([true, false]);
    await ask(deleteEntity, { ref: VAULT }, catalog);
    await catalog.settled();
    expect([await tells("ada"), await tells("bob")]).toEqual([true, false]);
    expect([await history("ada"), await history("bob")]).toEqual([2, 0]);
    expect(await catalog.seesNewsOf(callAs(as("bob")), "component:default/front")).toBe(true);
    expect(await catalog.seesNewsOf(callAs(as("bob")), "anything else")).toBe(true);
  });

  test("is not there for the neighbours of the catalogue either", async () => {
    const asker = (who: string) => world.write((ctx) => catalog.getEntity({ ...ctx, ...as(who) }, VAULT));
    expect((await asker("ada"))?.metadata.name).toBe("vault");
    expect(await asker("bob")).toBeUndefined();
    expect([await catalog.sees(callAs(as("ada")), VAULT), await catalog.sees(callAs(as("bob")), VAULT)]).toEqual([true, false]);
  });

  test("is shown again when the descriptor no longer says so, and what names nobody is for its owners only", async () => {
    await put("vault/vault.yaml", component("vault"));
    const [source] = (await ask(listSources, {}, catalog)).items;
    await ask(syncSource, { id: source!.id }, catalog);
    expect((await ask(listEntities, {}, catalog, as("bob"))).total).toBe(3);
    await put("vault/vault.yaml", annotated("vault", ":/,"));
    await ask(syncSource, { id: source!.id }, catalog);
    expect((await ask(listEntities, {}, catalog, as("ada"))).total).toBe(2);
    expect((await ask(listEntities, {}, catalog, as("olga"))).total).toBe(3);
  });
});

describe("a restricted source", () => {
  test("hides all that it describes, and itself; other processes know at once", async () => {
    const other = open({ viewers: { identitiesOf: async () => new Set(["group:default/team-b"]) } });
    await other.start();
    expect((await ask(listEntities, {}, other, as("bob"))).total).toBe(2);
    const [source] = (await ask(listSources, {}, catalog, as("bob"))).items;
    expect(source).toMatchObject({ entities: 2 });
    await ask(restrictSource, { id: source!.id, visibleTo: "group:default/security" }, catalog);

    expect((await ask(listEntities, {}, catalog, as("bob"))).total).toBe(0);
    expect((await ask(listEntities, {}, catalog, as("ada"))).total).toBe(3);
    expect((await ask(listSources, {}, catalog, as("bob"))).items).toEqual([]);
    for (const operation of [getSource, syncSource]) {
      await expect(ask(operation, { id: source!.id }, catalog, as("bob"))).rejects.toBeInstanceOf(NotFoundError);
    }
    expect((await ask(getSource, { id: source!.id }, catalog, as("ada"))).source.visibleTo).toEqual(["group:default/security"]);
    await eventually(async () => expect((await ask(listEntities, {}, other, as("bob"))).total).toBe(0));
    await other.stop();

    await ask(restrictSource, { id: source!.id }, catalog);
    expect((await ask(listEntities, {}, catalog, as("bob"))).total).toBe(2);
  });

  test("takes names without telling where they are described", async () => {
    const [source] = (await ask(listSources, {}, catalog)).items;
    await ask(restrictSource, { id: source!.id, visibleTo: ["group:default/security"] }, catalog);
    await catalog.settled();
    const folder = world.folder;
    world.folder = `${folder}-2`;
    await put("all.yaml", component("front"));
    const { problems, counts } = await ask(importSource, { target: world.folder }, catalog, as("bob"));
    expect(counts.conflicts).toBe(1);
    expect(problems).toEqual([expect.objectContaining({ reason: "the name component:default/front is taken" })]);
    expect(JSON.stringify(problems)).not.toContain(folder + "/open");
  });
});
