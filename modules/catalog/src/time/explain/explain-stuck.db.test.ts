import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { importSource, syncSource } from "@roadbed/contracts/catalog";
import { createSource, dismissQuarantine, listQuarantine, rejectHold } from "@roadbed/contracts/catalog/connections";
import { acceptProposals, editProposal, refuseProposals } from "@roadbed/contracts/catalog/proposals";
import { explainEntity } from "@roadbed/contracts/catalog/time";
import { restrictSource } from "@roadbed/contracts/catalog/visibility";
import { beforeEach, describe, expect, test } from "vitest";

import { clones, discover, proposalFor, putClones } from "../../discovery/discovery.suite.ts";
import { defines, scriptedConnector, type Script } from "../../testing/scripted-connector.ts";
import { component, entityOf, useWorld } from "../../world.suite.ts";

const world = useWorld();
const { ask, put, write } = world;
const why = (what: string) => ask(explainEntity, { what });
const ref = (name: string): string => `component:default/${name}`;
const said = (text: string): string => expect.stringContaining(text) as string;

let script: Script;
beforeEach(async () => {
  script = { readings: [], reads: [] };
  await world.catalog.stop();
  world.catalog = world.open({ connectors: [scriptedConnector(script)], outbound: () => fetch, tickMs: 60_000, clones });
  await write(async ({ sql }) => {
    for (const table of ["discovery", "discovery_repository", "proposal", "login"]) await sql.query(`delete from catalog.${table}`);
  });
});

const say = (...names: string[]): void => void (script.readings = names.map((name) => defines(entityOf(name))));
const many = (count: number, prefix: string): string[] => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
async function connect(): Promise<string> {
  return (await ask(createSource, { connector: "scripted", name: "Inventory", settings: { org: "acme" } })).source.id;
}
async function imported(folder = world.folder): Promise<string> {
  return (await ask(importSource, { target: folder, watch: false })).source.id;
}
/** More problems than a source keeps, or a partial reading: only the quarantine still knows. */
const forgetProblems = (): Promise<unknown> => write(({ sql }) => sql.query("delete from catalog.source_problem"));

describe("quarantine", () => {
  test("an object that cannot be read is told with since when, why, and how to try again: by reference, by name and by place", async () => {
    say("a");
    const id = await connect();
    const at = "https://scripted.example/services/lost";
    script.readings = [
      defines(entityOf("a")),
      defines({ ...entityOf("bad"), spec: { type: "service" } }),
      { type: "problem", at, reason: "is not YAML" },
    ];
    await ask(syncSource, { id });
    await forgetProblems();
    for (const what of [ref("bad"), "bad"]) {
      expect(await why(what)).toMatchObject({
        verdict: "quarantined",
        says: said('"Inventory" describes it, but it stands in quarantine since'),
        mend: said(`roadbed quarantine retry ${id} "${ref("bad")}"`),
        link: `/sources/${id}`,
      });
    }
    expect(await why("lost")).toMatchObject({ verdict: "quarantined", says: said(`${at} of "Inventory" cannot be read`) });
    expect(await why(at)).toMatchObject({ verdict: "quarantined", says: said("is not YAML"), link: `/sources/${id}` });
    expect(await why("https://scripted.example/a")).toMatchObject({ verdict: "here", refs: [ref("a")] });
    await ask(dismissQuarantine, { sourceId: id, object: ref("bad") });
    expect((await why("bad")).steps.find(({ looked }) => looked.startsWith("the quarantine"))?.detail).toContain("somebody set it aside");
  });

  test("what is here only as it was last right says so", async () => {
    await put("a.yaml", component("a"));
    const id = await imported();
    await put("a.yaml", component("a").replace("owner: team-a", "owner:"));
    await ask(syncSource, { id });
    const [stuck] = (await ask(listQuarantine, {})).items;
    expect(await why("a")).toMatchObject({
      verdict: "here",
      says: said(`its newest description stands in quarantine since ${stuck!.since}`),
    });
    await put("broken.yaml", "apiVersion: backstage.io/v1alpha1\nkind: [\n");
    await ask(syncSource, { id });
    await forgetProblems();
    expect(await why("broken.yaml")).toMatchObject({ verdict: "quarantined", link: `/sources/${id}` });
    expect(await why("broken")).toMatchObject({ verdict: "quarantined", says: said("may describe it") });
  });
});

describe("runs that wait for a decision", () => {
  test("what such a run would bring is held, what it would take is here and says that it would go", async () => {
    say(...many(20, "old"));
    const id = await connect();
    say("new");
    await ask(syncSource, { id });
    expect(await why("new")).toMatchObject({
      verdict: "held",
      says: said("waits for a decision: it would remove 20 of 20 entities"),
      mend: said(`roadbed source approve ${id}`),
      link: `/sources/${id}`,
    });
    expect(await why("old3")).toMatchObject({ verdict: "here", says: said("the run that would remove it waits for a decision") });
    await ask(rejectHold, { id });
    expect(await why("old3")).toMatchObject({ verdict: "here", says: said("names it no more; somebody decided that it stays") });
  });

  test("of very many that it would bring, one that is not told by name may be among them; a file of such a source is held", async () => {
    for (const name of many(8, "old")) await put(`${name}.yaml`, component(name));
    const id = await imported();
    for (const name of many(8, "old")) await rm(join(world.folder, `${name}.yaml`));
    for (const name of many(30, "new")) await put(`${name}.yaml`, component(name));
    await put("keep.yaml", component("old0"));
    await ask(syncSource, { id });
    expect(await why("new9")).toMatchObject({ verdict: "held", says: expect.stringMatching(/would bring 30 entities|describes it/) });
    expect(await why(join(world.folder, "new29.yaml"))).toMatchObject({ verdict: "held", says: said("has changed nothing") });
    expect(await why(join(world.folder, "no.yaml"))).toMatchObject({ verdict: "no-such-file" });
  });
});

describe("claims", () => {
  test("a second description is seen, and not believed: by its place a conflict, by its name a word beside the first", async () => {
    await put("b.yaml", component("b"));
    await imported();
    await put("../second/b.yaml", component("b").replace("About", "Else"));
    const other = join(world.folder, "../second");
    const id = await imported(other);
    await forgetProblems();
    const link = "/entities/component/default/b?tab=facts";
    expect(await why(join(other, "b.yaml"))).toMatchObject({
      verdict: "conflict",
      says: said("is seen, but not believed"),
      link,
      refs: [ref("b")],
    });
    const here = await why("b");
    expect(here).toMatchObject({ verdict: "here", says: said("describes it too, and another source is believed") });
    expect(here.steps.at(-1)).toMatchObject({ outcome: "stopped", sourceId: id, link, file: join(other, "b.yaml") });
  });

  test("what a connector adds to a thing that nobody describes does not bring it; the annotation that it waits for is named", async () => {
    const named = (name?: string) => ({ kind: "Component", metadata: { name }, spec: { tracker: "X" } });
    const add = (entity: object, more: object) => ({ type: "entity", mode: "enrich", entity, ...more }) as never;
    script.readings = [
      add(named("ghost"), { location: "https://scripted.example/1" }),
      add(named(), { match: { annotation: "acme.example/service", value: "acme/phantom" }, location: "https://scripted.example/2" }),
    ];
    const id = await connect();
    expect(await why("ghost")).toMatchObject({ verdict: "undescribed", says: said("nobody describes it"), link: `/sources/${id}` });
    expect(await why("phantom")).toMatchObject({ verdict: "undescribed", mend: said("acme.example/service: acme/phantom") });
    await put(
      "p.yaml",
      component("other").replace("  description", "  annotations: { acme.example/service: acme/phantom }\n  description"),
    );
    await imported();
    expect((await why("phantom")).verdict).not.toBe("undescribed");
  });
});

describe("discovery", () => {
  test("what it found and nobody accepted is told with who refused it and why, to those who decide", async () => {
    await putClones(world);
    await discover(world);
    const { id } = await proposalFor(world, ref("orders"));
    expect(await why("orders")).toMatchObject({
      verdict: "proposed",
      says: said("nobody has decided yet"),
      link: `/discover?state=open&select=${id}`,
    });
    await ask(refuseProposals, { ids: [id], reason: "it is a toy" });
    expect(await why(ref("orders"))).toMatchObject({
      verdict: "proposal-refused",
      says: said("it is a toy"),
      mend: said("Open the proposal again"),
      link: `/discover?state=refused&select=${id}`,
    });
    expect(await why(join(world.folder, "orders"))).toMatchObject({ verdict: expect.stringMatching(/^propos/) as string });
    expect(await why("https://git.example.com/shop/orders.git")).toMatchObject({ verdict: expect.stringMatching(/^propos/) as string });
    const reader = { actor: { kind: "user", id: "bob", name: "Bob" }, scopes: new Set(["catalog:read"]) } as const;
    expect(await ask(explainEntity, { what: ref("orders") }, world.catalog, reader)).toMatchObject({ verdict: "unknown" });

    const money = await proposalFor(world, ref("money"));
    await ask(editProposal, { id: money.id, name: "cash", owner: "group:default/team-a" });
    await ask(acceptProposals, { ids: [money.id] });
    expect(await why("cash")).toMatchObject({ verdict: "here" });
    expect(await why("money")).toMatchObject({
      verdict: "renamed",
      says: said("was accepted as component:default/cash"),
      refs: [ref("cash")],
    });
  });
});

describe("locations", () => {
  const location = (targets: string): string =>
    `apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: { name: all }\nspec: { targets: [${targets}] }\n`;

  test("a pattern or a path that led to no file is named, with the line and the mend", async () => {
    await put(
      "catalog-info.yaml",
      location('"./services/*.yaml", "./teams/payroll.yaml", "https://elsewhere.example/x/catalog-info.yaml"'),
    );
    await mkdir(join(world.folder, "services"));
    await put("services/a.yml.txt", component("a"));
    const id = await imported();
    expect(await why("services/a.yaml")).toMatchObject({
      verdict: "not-matched",
      says: said("names ./services/*.yaml, and there is no file ./services/*.yaml"),
      mend: said("relative to this file"),
      link: `/sources/${id}`,
    });
    expect(await why("group:default/payroll")).toMatchObject({ verdict: "not-matched", says: said("./teams/payroll.yaml") });
    expect(await why("https://elsewhere.example/x/catalog-info.yaml")).toMatchObject({
      verdict: "not-matched",
      says: said("is not fetched"),
      mend: "Add that address as a source of its own.",
    });
    const { steps } = await why("component:default/nothing-like-it");
    expect(steps.filter(({ looked }) => looked.startsWith("a location of"))).toHaveLength(3);
  });
});

test("who may not see a source is told nothing of what got stuck in it", async () => {
  const viewers = { identitiesOf: async ({ actor }: { actor: { kind: string; id?: string } }) => new Set([`user:default/${actor.id}`]) };
  const by = world.open({ viewers, connectors: [scriptedConnector(script)], outbound: () => fetch });
  const bob = { actor: { kind: "user", id: "bob", name: "Bob" }, scopes: new Set(["catalog:read"]) } as const;
  script.readings = [
    defines({ ...entityOf("bad"), spec: { type: "service" } }),
    {
      type: "entity",
      mode: "enrich",
      entity: { metadata: {}, spec: {} },
      location: "https://scripted.example/1",
      about: { ref: ref("ghost") },
    } as never,
  ];
  const id = await connect();
  const asBob = async (name: string): Promise<string> =>
    JSON.stringify(await ask(explainEntity, { what: ref(name) }, by, bob)).replaceAll(name, "…");
  expect(await asBob("bad")).toContain("Inventory");
  await ask(restrictSource, { id, visibleTo: ["user:default/ann"] }, by);
  const never = await asBob("zzz");
  expect(await asBob("bad")).toBe(never);
  expect(await asBob("ghost")).toBe(never);
  await by.stop();
});
