import { getEntity, importSource, syncSource } from "@roadbed/contracts/catalog";
import { lockFact } from "@roadbed/contracts/catalog/facts";
import {
  assignOwner,
  exportOrphans,
  getOnCall,
  getOwnership,
  handOver,
  listHandOvers,
  listLeavers,
  listOrphans,
  listOnCall,
  listOwned,
  listTeams,
  previewHandOver,
  undoHandOver,
} from "@roadbed/contracts/catalog/ownership";
import { ConflictError, ForbiddenError, NotFoundError, type Call } from "@roadbed/core";
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, test } from "vitest";

import type { Catalog } from "../index.ts";
import { component, useWorld } from "../world.suite.ts";

const world = useWorld();
const { open, put, sql } = world;
const ask: typeof world.ask = (operation, input, by = catalog, who) => world.ask(operation, input, by, who);
let catalog: Catalog;
afterAll(() => catalog?.stop());

const IDENTITIES: Readonly<Record<string, readonly string[]>> = {
  lea: ["user:default/lea", "group:default/red", "group:default/all"],
  bob: ["user:default/bob", "group:default/blue"],
};
const as = (id: string): Partial<Call> => ({
  actor: { kind: "user", id, name: id },
  scopes: new Set(["catalog:read", "catalog:write"]),
});

interface Thing {
  readonly kind?: string;
  readonly name: string;
  readonly annotations?: object;
  readonly spec: object;
}

const write = ({ kind = "Component", name, annotations, spec }: Thing): string =>
  JSON.stringify({ apiVersion: "backstage.io/v1alpha1", kind, metadata: { name, ...(annotations ? { annotations } : {}) }, spec });
const group = (name: string, spec: object = {}): Thing => ({ kind: "Group", name, spec: { type: "team", children: [], ...spec } });
const user = (name: string, memberOf: readonly string[], annotations?: object): Thing => ({
  kind: "User",
  name,
  ...(annotations ? { annotations } : {}),
  spec: { memberOf },
});
const service = (name: string, owner: string, more: object = {}): Thing => ({
  name,
  spec: { type: "service", lifecycle: "production", owner, ...more },
});
const LEFT = { "roadbed.dev/active": "false" };

async function estate(things: readonly Thing[]): Promise<void> {
  await put("all.ndjson", things.map(write).join("\n"));
  await ask(importSource, { target: world.folder });
}

const ESTATE: readonly Thing[] = [
  group("all"),
  group("red", { parent: "all" }),
  group("blue", { parent: "all" }),
  group("void", { parent: "all" }),
  group("ring-a", { parent: "ring-b" }),
  group("ring-b", { parent: "ring-a" }),
  user("lea", ["red"]),
  user("bob", ["blue"]),
  user("kim", ["ring-a"]),
  user("gone", ["red"], LEFT),
  { kind: "System", name: "shop", spec: { owner: "red", onCall: [{ name: "Bob", person: "user:default/bob", source: "pagerduty" }] } },
  service("cart", "red"),
  service("till", "red", { onCall: "lea" }),
  service("web", "all"),
  service("lost", "nobody-knows", { system: "shop" }),
  service("hollow", "void"),
  service("widow", "user:gone"),
  service("round", "ring-b"),
];

beforeEach(async () => {
  await catalog?.stop();
  // Both outlive the entities that they are about.
  await sql("delete from catalog.overlay");
  await sql("delete from catalog.hand_over");
  catalog = open({ viewers: { identitiesOf: async ({ actor }) => new Set(actor.kind === "user" ? IDENTITIES[actor.id] : []) } });
});

const documents = async (): Promise<string[]> =>
  (await sql("select ref, document::text as document, base::text as base, hash from catalog.entity order by ref")).rows.map((row) =>
    JSON.stringify(row),
  );
const ownerOf = async (name: string): Promise<unknown> =>
  (await ask(getEntity, { ref: `component:default/${name}` })).entity.spec?.["owner"];

describe("things that nobody owns", () => {
  test("are told with the reason, and whom to give them to", async () => {
    await estate(ESTATE);
    const { items, total, counts } = await ask(listOrphans, {});
    const byName = new Map(items.map((item) => [item.ref.split("/")[1], item]));
    expect(new Set(byName.keys())).toEqual(new Set(["hollow", "lost", "widow"]));
    expect(total).toBe(3);
    expect(counts).toEqual({ none: 0, unknown: 1, empty: 1, left: 1 });
    expect(byName.get("lost")!.suggestion).toMatchObject({ owner: "group:default/red", reasons: ["Owns shop, which it is part of"] });
    expect(byName.get("hollow")!.suggestion?.owner).toBe("group:default/all");
    expect(byName.get("widow")).toMatchObject({ reason: "left", said: "gone has left.", suggestion: { owner: "group:default/red" } });
    const summary = await ask(getOwnership, {});
    expect(summary).toMatchObject({ things: 8, owned: 5, left: 1, said: "5 of 8 things have an owner who is there." });
    expect((await ask(listOrphans, { reason: "empty" })).items.map(({ ref }) => ref)).toEqual(["component:default/hollow"]);
    expect((await ask(listOrphans, { system: "system:default/shop" })).total).toBe(1);
  });

  test("come page by page, and as a table that no spreadsheet runs", async () => {
    await estate([group("g"), user("u", ["g"]), ...["a", "b", "c"].map((name) => service(name, "nobody"))]);
    const first = await ask(listOrphans, { limit: 2 });
    const second = await ask(listOrphans, { limit: 2, cursor: first.nextCursor });
    expect([...first.items, ...second.items].map(({ ref }) => ref.slice(-1)).join("")).toBe("abc");
    expect(second.nextCursor).toBeUndefined();
    const { text } = await ask(exportOrphans, {});
    expect(text.split("\r\n")[1]).toBe("component:default/a,Component,a,,unknown,nobody is not in the catalogue.,,");
  });

  test("no group is called empty where the catalogue knows no people", async () => {
    await estate([group("g"), service("a", "g")]);
    expect(await ask(getOwnership, {})).toMatchObject({ owned: 1, limits: [expect.stringContaining("knows no people")] });
  });

  test("nothing is not zero of zero", async () => {
    expect((await ask(getOwnership, {})).said).toBe("There is nothing yet that should have an owner.");
  });

  test("are assigned at once, by those who may; the file that says otherwise stays as it is", async () => {
    await estate(ESTATE);
    const refs = ["component:default/lost", "component:default/hollow"];
    const refused = await ask(assignOwner, { owner: "group:default/blue", refs }, catalog, as("bob"));
    expect(refused).toMatchObject({ given: 0 });
    const { given, id } = await ask(assignOwner, { owner: "group:default/blue", refs, reason: "They are of the shop" });
    expect(given).toBe(2);
    expect(await ownerOf("lost")).toBe("group:default/blue");
    expect((await ask(listOrphans, {})).total).toBe(1);
    await ask(importSource, { target: world.folder });
    expect(await ownerOf("lost")).toBe("group:default/blue");
    await ask(undoHandOver, { id: id! });
    expect(await ownerOf("lost")).toBe("nobody-knows");
  });

  test("are the same as when each is looked at alone, whatever the estate", async () => {
    const names = ["a", "b", "c", "d"];
    const shape = fc.record({
      parents: fc.array(fc.option(fc.constantFrom(...names)), { minLength: 4, maxLength: 4 }),
      people: fc.array(fc.record({ in: fc.constantFrom(...names), left: fc.boolean() }), { minLength: 4, maxLength: 4 }),
      owners: fc.array(fc.constantFrom(...names, "nobody", "user:p0", "user:p1", "user:p9", "unowned"), { minLength: 8, maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ parents, people, owners }) => {
        await estate([
          ...names.map((name, at) => group(name, parents[at] === null ? {} : { parent: parents[at] })),
          ...people.map((person, at) => user(`p${at}`, [person.in], person.left ? LEFT : undefined)),
          ...owners.map((owner, at) => service(`s${at}`, owner)),
        ]);
        const peopled = (name: string, seen: readonly string[] = []): boolean =>
          !seen.includes(name) &&
          (people.some((person) => person.in === name && !person.left) ||
            names.some((child, at) => parents[at] === name && peopled(child, [...seen, name])));
        const reasonOf = (owner: string): string | undefined => {
          if (owner === "unowned") return "none";
          if (owner === "nobody") return "unknown";
          if (!owner.startsWith("user:")) return peopled(owner) ? undefined : "empty";
          const person = people[Number(owner.slice(-1))];
          return person === undefined ? "unknown" : person.left ? "left" : undefined;
        };
        const naive = owners.flatMap((owner, at) => (reasonOf(owner) === undefined ? [] : [`s${at} ${reasonOf(owner)}`]));
        const { items } = await ask(listOrphans, { limit: 500 });
        expect(items.map(({ ref, reason }) => `${ref.split("/")[1]} ${reason}`).sort()).toEqual(naive.sort());
      }),
      { numRuns: 15 },
    );
  });
});

describe("teams", () => {
  test("nest, and survive circles", async () => {
    await estate(ESTATE);
    const { items } = await ask(listTeams, { top: true });
    expect(items.map(({ ref }) => ref)).toEqual(["group:default/all", "group:default/ring-a"]);
    expect(items[0]).toMatchObject({ owns: 1, ownsWithin: 5, people: 0, peopleWithin: 2, circle: false });
    expect(items[1]).toMatchObject({ owns: 0, ownsWithin: 1, people: 1, peopleWithin: 1, circle: true });
    const { items: things, team } = await ask(listOwned, { ref: "group:default/all", within: true, kind: "component" });
    expect(things.map(({ ref, owner }) => `${ref.split("/")[1]} ${owner.split("/")[1]}`)).toEqual([
      "cart red",
      "hollow void",
      "till red",
      "web all",
    ]);
    expect(team?.children).toHaveLength(3);
    expect((await ask(listOwned, { ref: "group:default/all" })).total).toBe(1);
    expect((await ask(listTeams, { parent: "group:default/all" })).total).toBe(3);
  });

  test("mine are those above me too", async () => {
    await estate(ESTATE);
    const { items } = await ask(listOwned, {}, catalog, as("lea"));
    expect(items.map(({ ref }) => ref.split("/")[1])).toEqual(["cart", "till", "web", "shop"]);
  });
});

describe("people who left", () => {
  test("are found where they still stand, marked or removed", async () => {
    await estate(ESTATE);
    expect(await ask(listLeavers, {})).toMatchObject({
      total: 1,
      items: [{ ref: "user:default/gone", how: "marked", counts: { owner: 1, member: 1 } }],
    });
    await estate([...ESTATE.filter(({ name }) => name !== "gone"), service("gate", "red", { approvers: ["gone"] })]);
    const { items } = await ask(listLeavers, {});
    expect(items).toMatchObject([{ how: "removed", since: expect.any(String), counts: { owner: 1, member: 0, approver: 1 } }]);
    const { given } = await ask(handOver, { from: "user:default/gone", to: "group:default/red" });
    expect(given).toBe(1);
    expect(await ownerOf("widow")).toBe("group:default/red");
  });
});

describe("a hand-over", () => {
  const all = { from: "group:default/red", to: "group:default/blue" };

  test("is shown before, done at once, told once and taken back as it was", async () => {
    await estate(ESTATE);
    await ask(lockFact, { ref: "component:default/till", property: "spec.owner", reason: "by contract" });
    const before = await documents();
    const preview = await ask(previewHandOver, all);
    expect(preview).toMatchObject({ total: 2, kinds: { System: 1, Component: 1 }, descriptors: 2 });
    expect(preview.notGiven).toMatchObject([
      { ref: "component:default/till", why: expect.stringContaining("locked spec.owner (by contract)") },
    ]);
    expect(await documents()).toEqual(before);
    await world.forgetEvents();
    const { id, given } = await ask(handOver, { ...all, reason: "Red is dissolved" });
    expect(given).toBe(2);
    expect((await world.events()).filter((name) => name === "catalog.hand-over.made")).toHaveLength(1);
    expect(await ownerOf("cart")).toBe("group:default/blue");
    expect((await ask(listHandOvers, {})).items).toMatchObject([{ id, things: 2, reason: "Red is dissolved", actor: "user:ada" }]);
    expect(await ask(undoHandOver, { id: id! })).toMatchObject({ takenBack: 2, notGiven: [] });
    expect(await documents()).toEqual(before);
    expect((await ask(listHandOvers, {})).items).toMatchObject([{ undone: { actor: "user:ada" } }]);
    await expect(ask(undoHandOver, { id: id! })).rejects.toThrow(ConflictError);
  });

  test("may go on to a third, and comes back step by step; of a part only that part", async () => {
    await estate(ESTATE);
    const before = await documents();
    const first = await ask(handOver, { ...all, refs: ["component:default/cart"] });
    const second = await ask(handOver, { from: "group:default/blue", to: "group:default/all" });
    expect([first.given, second.given, await ownerOf("cart")]).toEqual([1, 1, "group:default/all"]);
    await expect(ask(undoHandOver, { id: first.id! })).rejects.toThrow("changed again since");
    await ask(undoHandOver, { id: second.id! });
    expect(await ownerOf("cart")).toBe("group:default/blue");
    await ask(undoHandOver, { id: first.id! });
    expect(await documents()).toEqual(before);
  });

  test("any, undone, leaves the very same documents", async () => {
    const owners = ["a", "b", "c"];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...owners), { minLength: 6, maxLength: 6 }),
        fc.array(fc.tuple(fc.constantFrom(...owners), fc.constantFrom(...owners)), { minLength: 1, maxLength: 3 }),
        async (things, acts) => {
          await estate([...owners.map((name) => group(name)), user("u", owners), ...things.map((owner, at) => service(`s${at}`, owner))]);
          const before = await documents();
          const ids: string[] = [];
          for (const [from, to] of acts) {
            if (from === to) continue;
            const { id } = await ask(handOver, { from: `group:default/${from}`, to: `group:default/${to}` });
            if (id !== undefined) ids.unshift(id);
          }
          for (const id of ids) await ask(undoHandOver, { id });
          expect(await documents()).toEqual(before);
        },
      ),
      { numRuns: 10 },
    );
  });

  test("two at once do not mix: each thing has one new owner, and both acts tell the truth", async () => {
    await estate(ESTATE);
    const [one, two] = await Promise.all([ask(handOver, all), ask(handOver, { from: "group:default/red", to: "group:default/all" })]);
    expect(one.given + two.given).toBe(3);
    expect([one.given, two.given].toSorted((a, b) => a - b)).toEqual([0, 3]);
    const winner = one.given === 3 ? "group:default/blue" : "group:default/all";
    expect([await ownerOf("cart"), await ownerOf("till")]).toEqual([winner, winner]);
  });

  test("is for those who may see and give", async () => {
    await estate(ESTATE);
    const { id } = await ask(handOver, all);
    await expect(ask(undoHandOver, { id: id! }, catalog, as("bob"))).rejects.toThrow(ForbiddenError);
    await expect(ask(handOver, { ...all, from: "group:default/never" })).rejects.toThrow(NotFoundError);
    await expect(ask(handOver, { ...all, to: "user:default/gone" })).rejects.toThrow("has left");
    await expect(ask(handOver, { ...all, to: "component:default/cart" })).rejects.toThrow("neither a group nor a person");
    await sql("update catalog.hand_over set at = at - interval '31 days'");
    await expect(ask(undoHandOver, { id: id! })).rejects.toThrow("older than 30 days");
  });

  test("what is hidden from somebody is not counted for them", async () => {
    await estate([...ESTATE, { ...service("vault", "nobody"), annotations: { "roadbed.dev/visible-to": "group:default/red" } }]);
    expect((await ask(listOrphans, {}, catalog, as("bob"))).total).toBe(3);
    expect((await ask(listOrphans, {}, catalog, as("lea"))).total).toBe(4);
    await expect(ask(assignOwner, { owner: "group:default/blue", refs: ["component:default/vault"] }, catalog, as("bob"))).rejects.toThrow(
      NotFoundError,
    );
  });
});

test("when neither a thing, its owner nor its system names anybody, its domain does, and then whoever owns that", async () => {
  const domain = "apiVersion: backstage.io/v1alpha1\nkind: Domain\nmetadata: {name: sales}\nspec: {owner: chiefs}\n";
  const system = "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: shop}\nspec: {owner: nobody, domain: sales}\n";
  const chiefs = (more: string): string =>
    `apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: chiefs}\nspec: {type: team, children: []${more}}\n`;
  await put("a.yaml", [domain, system, chiefs(", onCall: Pia"), component("orders", "  system: shop\n")].join("---\n"));
  const { source } = await ask(importSource, { target: world.folder, watch: false });
  const ref = "component:default/orders";
  expect(await ask(getOnCall, { ref })).toMatchObject({
    now: [{ name: "Pia" }],
    from: { ref: "group:default/chiefs", because: "owner-of-domain" },
    said: "Pia is on call, by the rota of chiefs, who own its domain.",
  });
  await put(
    "a.yaml",
    [
      domain.replace("owner: chiefs", "owner: chiefs, onCall: Ole"),
      system,
      chiefs(", onCall: Pia"),
      component("orders", "  system: shop\n"),
    ].join("---\n"),
  );
  await ask(syncSource, { id: source.id });
  expect((await ask(getOnCall, { ref })).from).toMatchObject({ ref: "domain:default/sales", because: "domain" });
});

test("on call is a thing's own, else its owner's or its system's, and it says which", async () => {
  await estate(ESTATE);
  expect(await ask(getOnCall, { ref: "component:default/till" })).toMatchObject({ now: [{ name: "lea" }], from: { because: "own" } });
  expect(await ask(getOnCall, { ref: "component:default/lost" })).toMatchObject({
    now: [{ name: "Bob", person: "user:default/bob" }],
    from: { ref: "system:default/shop", because: "system" },
    source: "pagerduty",
    observedAt: expect.any(String),
    said: "Bob is on call, by the rota of shop, its system.",
  });
  expect(await ask(getOnCall, { ref: "component:default/web" })).toMatchObject({
    now: [],
    said: expect.stringContaining("Nobody is named"),
  });
  const refs = ["till", "lost", "web", "no-such"].map((name) => `component:default/${name}`).join(",");
  expect((await ask(listOnCall, { refs })).items).toEqual([
    { ref: "component:default/till", names: ["lea"], from: "component:default/till", because: "own" },
    { ref: "component:default/lost", names: ["Bob"], from: "system:default/shop", because: "system" },
  ]);
  const hidden = { ...service("vault", "red", { onCall: "lea" }), annotations: { "roadbed.dev/visible-to": "group:default/red" } };
  await estate([...ESTATE, hidden]);
  expect((await ask(listOnCall, { refs: "component:default/vault" }, catalog, as("lea"))).items).toHaveLength(1);
  expect((await ask(listOnCall, { refs: "component:default/vault" }, catalog, as("bob"))).items).toEqual([]);
});
