import { sampleRemoved } from "@roadbed/contracts/catalog";
import { importRecords, type DeliveryRecord } from "@roadbed/contracts/product";
import {
  endMandate,
  getCapability,
  keepRegister,
  listCapabilities,
  listCapabilityTeams,
  listMandates,
  listTeamChanges,
  recordInvitation,
  recordMandate,
  recordTeamChange,
  saveCapability,
  showOwnUsage,
  tellUsage,
} from "@roadbed/contracts/product/adoption";
import { compareMeasure, getMeasure, listMeasureRows, listMeasures } from "@roadbed/contracts/product/measures";
import { InvalidError, NotFoundError, perform, type Call, type InputOf, type Operation, type OutputOf } from "@roadbed/core";
import { callAs, createTestDatabase, quietLog, type TestDatabase } from "@roadbed/testkit";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { createProduct, migrations, type Product, type Thing } from "../index.ts";

const team = (name: string): string => `group:default/${name}`;
const TEAMS = ["a", "b", "c", "hidden", "idle", "top"];
const shop = (name: string): Thing => ({
  ref: `component:default/${name}`,
  kind: "component",
  title: name,
  owner: team(name),
  system: undefined,
});
const THINGS: readonly Thing[] = [
  ...TEAMS.filter((name) => name !== "top").map(shop),
  ...TEAMS.map((name) => ({ ref: team(name), kind: "group", title: name.toUpperCase(), owner: undefined, system: undefined })),
];
const bob = callAs({ actor: { kind: "user", id: "bob", name: "Bob" }, scopes: new Set(["product:read"]) });
const MEMBERS: Readonly<Record<string, readonly string[]>> = { ada: [team("a")], bob: [team("b")], bot: [team("a")], nobody: [] };

let database: TestDatabase;
let product: Product;
let fits: (ref: string) => boolean;
beforeAll(async () => {
  database = await createTestDatabase([migrations]);
});
beforeEach(async () => {
  fits = () => true;
  for (const table of ["deployment", "change", "usage", "capability", "push", "register", "team_change"]) {
    await database.db.query(`delete from product.${table}`);
  }
  product = createProduct({
    db: database.db,
    log: quietLog,
    things: {
      async seenBy({ actor }) {
        const seen = THINGS.filter(({ ref }) => !ref.includes("hidden") || (actor.kind === "user" && actor.id === "ada"));
        return {
          components: seen.filter(({ kind }) => kind === "component"),
          get: (ref) => seen.find((one) => one.ref === ref),
          parentOf: (ref) => (ref === team("a") || ref === team("b") ? team("top") : undefined),
        };
      },
      async fitting(expression) {
        if (expression === "entity.") throw new InvalidError("It is none.", { problems: [{ at: "appliesTo", reason: "ends too early" }] });
        return new Set(THINGS.map(({ ref }) => ref).filter((ref) => fits(ref)));
      },
    },
    deliveries: { change: async () => undefined, promotion: async () => undefined, cdEvent: async () => undefined },
    teams: { of: async (actor) => ("id" in actor ? (MEMBERS[actor.id] ?? []) : []) },
    people: { storedAbout: async () => [{ where: "audit log", what: "what you changed", rows: 3, kept: "for good", readBy: "auditors" }] },
  });
});
afterAll(() => database.drop());

async function ask<O extends Operation>(operation: O, input: InputOf<O>, call: Call = callAs()): Promise<OutputOf<O>> {
  const handler = product.handlers.find((one) => one.operation.name === operation.name)!;
  return (await perform(database.runtime, handler, call, input)) as OutputOf<O>;
}

const DAY = 86_400_000;
const ago = (days: number): string => new Date(Date.now() - days * DAY).toISOString();
const day = (days: number): string => ago(days).slice(0, 10);
let keys = 0;
/** Uses by a team, so many days ago each. */
const use = (name: string, days: readonly number[], over: object = {}) =>
  ask(tellUsage, {
    source: "sso",
    rows: days.map((one) => ({ key: `k${keys++}`, team: team(name), action: "paths.path.run", day: day(one), ...over })),
  });
const deliver = (names: readonly string[], over: Partial<Record<string, unknown>> = {}) =>
  ask(importRecords, {
    source: "roadbed",
    records: names.map(
      (name, at) =>
        ({
          kind: "deployment",
          key: `d${at}-${keys++}`,
          entityRef: `component:default/${name}`,
          environment: "prod",
          finishedAt: ago(2),
          result: "success",
          ...over,
        }) as DeliveryRecord,
    ),
  });
const paths = async (call?: Call) => ask(getCapability, { name: "golden-paths" }, call);
const teamsOf = async (call?: Call) => (await ask(listCapabilityTeams, { name: "golden-paths" }, call)).items;
const register = (days = 300) => ask(keepRegister, { completeSince: day(days), why: "We went through all of the minutes." });

test("without a register nobody is called voluntary: the team is unknown, and the figure has no value", async () => {
  await deliver(["a", "b"]);
  await use("a", [3, 4, 5]);
  const shown = await paths();
  expect(shown.counts).toEqual({ eligible: 2, active: 1, voluntary: 0, mandated: 0, unknown: 1 });
  expect(shown.figures.voluntary).toMatchObject({ status: "not_instrumented", why: expect.stringContaining("register") });
  expect(shown.figures.voluntary.value).toBeUndefined();
  expect(shown.figures.breadth).toMatchObject({ numerator: 1, denominator: 2, status: "low_n" });
  expect((await ask(listCapabilities, {})).register).toBeUndefined();
});

test("voluntary is who adopted before any mandate for them was announced, enforced or not", async () => {
  await register();
  await deliver(["a", "b", "c"]);
  await use("a", [40, 39, 38, 3, 2, 1]);
  await use("b", [10, 9, 8]);
  await use("c", [10, 9, 8]);
  await ask(recordMandate, {
    capability: "golden-paths",
    scope: team("top"),
    announcedAt: day(20),
    enforcedAt: day(-30),
    why: "All of sales, by the new year.",
  });
  expect((await teamsOf()).filter(({ eligible }) => eligible).map(({ team: one, how }) => [one, how])).toEqual([
    [team("a"), "voluntary"],
    [team("b"), "mandated"],
    [team("c"), "voluntary"],
  ]);
  const { figures, counts } = await paths();
  expect(counts).toEqual({ eligible: 3, active: 3, voluntary: 2, mandated: 1, unknown: 0 });
  expect(figures.voluntary).toMatchObject({ numerator: 2, denominator: 3 });
  // Only c is free to choose today.
  expect(figures.free).toMatchObject({ numerator: 1, denominator: 1 });
});

test("a mandate that ended leaves those free who come later; one before the register was complete is unknown", async () => {
  await register(15);
  await deliver(["a", "b"]);
  await use("a", [10, 9, 8]);
  await use("b", [27, 26, 25]);
  const made = await ask(recordMandate, { capability: "golden-paths", scope: "*", announcedAt: day(14), why: "For everybody." });
  await ask(endMandate, { id: made.id, endedAt: day(11) });
  const hows = new Map((await teamsOf()).map((one) => [one.team, one.how]));
  expect([hows.get(team("a")), hows.get(team("b"))]).toEqual(["voluntary", "unknown"]);
  await expect(ask(endMandate, { id: made.id, endedAt: day(20) })).rejects.toThrow(InvalidError);
  await expect(ask(endMandate, { id: "man_none", endedAt: day(2) })).rejects.toThrow(NotFoundError);
});

test("pull is who came by itself: neither made nor invited shortly before", async () => {
  await register();
  await deliver(["a", "b", "c"]);
  for (const name of ["a", "b", "c"]) await use(name, [10, 9, 8]);
  await ask(recordInvitation, { capability: "golden-paths", scope: team("a"), at: day(15), why: "A talk at their offsite." });
  await ask(recordMandate, { capability: "golden-paths", scope: team("b"), announcedAt: day(12), why: "Audit asked for it." });
  expect((await paths()).figures.pull).toMatchObject({ numerator: 1, denominator: 3 });
  expect((await ask(listMandates, {})).items.map(({ kind }) => kind)).toEqual(["mandate", "invitation"]);
  const page = await ask(listMandates, { limit: 1 });
  expect((await ask(listMandates, { limit: 1, cursor: page.nextCursor! })).items.map(({ kind }) => kind)).toEqual(["invitation"]);
});

test("eligible is who owns something that it applies to and delivered lately; all others stand in the list with the reason", async () => {
  await deliver(["a", "b"]);
  await ask(saveCapability, {
    name: "golden-paths",
    title: "Golden paths",
    about: "",
    actions: ["paths.path.run"],
    appliesTo: "entity.spec.type == 'service'",
  });
  fits = (ref) => !ref.endsWith("/b");
  const why = new Map((await teamsOf()).map((one) => [one.team, one]));
  expect(why.get(team("a"))).toMatchObject({ eligible: true, why: "never three uses on two days within 28" });
  expect(why.get(team("b"))?.why).toContain("owns nothing that this applies to");
  expect(why.get(team("idle"))?.why).toContain("merged and deployed nothing");
  await expect(ask(saveCapability, { name: "x", title: "X", about: "", actions: ["x"], appliesTo: "entity." })).rejects.toThrow(
    InvalidError,
  );
});

test("where nobody tells of deliveries no team can be called eligible; where nobody can tell of use, use is not zero", async () => {
  expect((await paths()).figures.breadth).toMatchObject({
    status: "not_instrumented",
    why: expect.stringContaining("merges or deployments"),
  });
  await deliver(["a"]);
  await ask(saveCapability, { name: "experiments", title: "Experiments", about: "", actions: ["experiment.*"] });
  const figures = async () => (await ask(getCapability, { name: "experiments" })).figures;
  expect((await figures()).breadth).toMatchObject({ status: "not_instrumented", why: "Nobody tells of its use." });
  expect((await figures()).depth.status).toBe("not_instrumented");
  await use("a", [3, 2, 1], { action: "experiment.started" });
  expect((await figures()).breadth).toMatchObject({ numerator: 1, denominator: 1 });
  // Nobody left, nobody was there twelve weeks ago: no share of nothing.
  expect((await figures()).retention).toMatchObject({ status: "no_data" });
});

test("depth and bypass are of the work itself, and what is used instead is named", async () => {
  await deliver(["a", "a", "a"]);
  await deliver(["a"], { environment: "dev" });
  await ask(importRecords, {
    source: "jenkins",
    records: [
      { kind: "deployment", key: "j1", entityRef: "component:default/a", environment: "prod", finishedAt: ago(1), result: "success" },
    ],
  });
  const { figures, past } = await ask(getCapability, { name: "delivery" });
  expect(figures.depth).toMatchObject({ numerator: 3, denominator: 4, excluded: 1 });
  expect(figures.bypass).toMatchObject({ numerator: 1, denominator: 4 });
  expect(past).toEqual([{ source: "jenkins", n: 1, teams: 1 }]);
});

test("who left and who uses it less stand on the radar with what failed last", async () => {
  await deliver(["a", "b"]);
  await use("a", [50, 49, 48, 47]);
  await use("b", [50, 49, 48, 47, 46, 45, 44, 3, 2, 1]);
  await use("a", [45], { outcome: "failed", action: "paths.run.retry" });
  const { items } = await ask(listCapabilityTeams, { name: "golden-paths", only: "drifting" });
  expect(items.map(({ team: one, drift, lastFailed }) => [one, drift, lastFailed])).toEqual([
    [team("a"), "left", "paths.run.retry"],
    [team("b"), "drifting", undefined],
  ]);
  expect((await ask(listCapabilities, {})).items.find(({ name }) => name === "golden-paths")?.drifting).toBe(2);
});

test("retention is of those who were active twelve weeks ago", async () => {
  await use("a", [90, 89, 88, 3, 2, 1]);
  await use("b", [90, 89, 88]);
  await use("c", [3, 2, 1]);
  expect((await paths()).figures.retention).toMatchObject({ numerator: 1, denominator: 2 });
});

test("a merged team has the history of both, its mandates too; a split one does not double a total", async () => {
  await register();
  await deliver(["c"]);
  await use("a", [60, 59]);
  await use("b", [58, 57, 2, 1]);
  await ask(recordMandate, { capability: "golden-paths", scope: team("a"), announcedAt: day(61), why: "The pilot." });
  await ask(recordTeamChange, { from: [team("a"), team("b")], to: [team("c")], at: day(20), why: "One team for the shop." });
  const [c] = (await teamsOf()).filter((one) => one.team === team("c"));
  expect(c).toMatchObject({ adoptedOn: day(60), how: "mandated", events: 2 });
  await ask(recordTeamChange, { from: [team("c")], to: [team("c"), team("idle")], at: day(10), why: "It had grown." });
  expect((await paths()).usage.events).toBe(2);
  expect((await teamsOf()).find((one) => one.team === team("idle"))).toMatchObject({ adoptedOn: day(60) });
  expect((await ask(listTeamChanges, {})).total).toBe(2);
  await expect(ask(recordTeamChange, { from: [team("a")], to: [team("gone")], at: day(1), why: "Nobody." })).rejects.toThrow(NotFoundError);
  await expect(ask(recordTeamChange, { from: [team("a")], to: [team("a")], at: day(1), why: "Nothing." })).rejects.toThrow(InvalidError);
});

test("told twice is told once; what lies in the future or is of no team that the teller sees is not taken", async () => {
  const row = { key: "one", team: team("a"), action: "paths.path.run", day: day(3), events: 2 };
  expect(await ask(tellUsage, { source: "sso", rows: [row] })).toEqual({ taken: 1, skipped: [] });
  await ask(tellUsage, { source: "sso", rows: [{ ...row, events: 5 }] });
  expect((await teamsOf()).find((one) => one.team === team("a"))?.events).toBe(5);
  const { skipped } = await ask(tellUsage, {
    source: "sso",
    rows: [
      { ...row, key: "two", day: day(-3) },
      { ...row, key: "three", team: "user:default/ada" },
      { ...row, key: "four", team: team("gone") },
    ],
  });
  expect(skipped.map(({ key }) => key)).toEqual(["two", "three", "four"]);
  await expect(
    database.db.query("insert into product.usage values (current_date, 'user:default/ada', 'x', 'x', 'x', '', false, 'done', 1)"),
  ).rejects.toThrow(/usage_team_check/);
});

test("figures are of what their reader may see", async () => {
  await deliver(["a", "hidden"]);
  await use("hidden", [3, 2, 1]);
  expect((await paths()).counts).toMatchObject({ eligible: 2, active: 1 });
  expect((await paths(bob)).counts).toMatchObject({ eligible: 1, active: 0 });
  expect((await paths(bob)).usage.events).toBe(0);
  expect((await teamsOf(bob)).some((one) => one.team === team("hidden"))).toBe(false);
});

test("what comes in by a face is counted for the team; an open page once, jobs and strangers not, machines as such", async () => {
  const [list] = product.usage.meter(product.handlers.filter(({ operation }) => operation.name === listCapabilities.name));
  const call = (over: Partial<Call>) => perform(database.runtime, list!, callAs({ face: "web", ...over }), {});
  await call({});
  await call({});
  await call({ actor: { kind: "service", id: "bot", name: "CI" }, face: "http" });
  await call({ actor: { kind: "user", id: "nobody", name: "Nobody" }, face: "cli" });
  await call({ actor: { kind: "system", job: "sweep" } });
  await expect(perform(database.runtime, list!, callAs({ face: "mcp" }), { cursor: "zzz" })).rejects.toThrow(InvalidError);
  await product.usage.note({ actor: { kind: "user", id: "ada", name: "Ada" }, face: "git" }, "git.push", "done");
  await product.usage.flush();
  await product.usage.note({ actor: { kind: "user", id: "ada", name: "Ada" }, face: "git" }, "git.push", "done");
  await product.usage.flush();
  const { rows } = await database.db.query(
    "select team, action, face, automated, outcome, events from product.usage order by face, outcome, team",
  );
  const about = { action: "product.capability.list", automated: false, outcome: "done", events: 1 };
  expect(rows).toEqual([
    { ...about, team: "", face: "cli" },
    { ...about, team: team("a"), face: "git", action: "git.push", events: 2 },
    { ...about, team: team("a"), face: "http", automated: true },
    { ...about, team: team("a"), face: "mcp", outcome: "failed" },
    { ...about, team: team("a"), face: "web" },
  ]);
});

test("everybody sees what is stored about them, and that no figure can name them", async () => {
  await use("b", [3, 2]);
  const shown = await ask(showOwnUsage, {}, bob);
  expect(shown).toMatchObject({ you: "user:bob", teams: [{ team: team("b"), events: 2 }], named: [{ where: "audit log", rows: 3 }] });
  expect(shown.figures).toEqual(["day", "team", "action", "face", "source", "key", "automated", "outcome", "events", "sample"]);
});

test("measures of adoption stand in the catalogue of measures with their rows, weeks, versions, and team by team", async () => {
  await register();
  await deliver(["a", "b"]);
  await use("a", [20, 19, 18, 3, 2, 1]);
  const { items } = await ask(listMeasures, { about: team("top") });
  const breadth = items.find(({ measure }) => measure === "adoption-breadth")!;
  // Seven capabilities come with Roadbed, of two teams each.
  expect(breadth.value).toMatchObject({ numerator: 1, denominator: 14 });
  expect(breadth.weeks).toHaveLength(13);
  const shown = await ask(getMeasure, { measure: "voluntary-adoption" });
  expect(shown.definition).toMatchObject({ version: 1, unit: "share", rules: { windowDays: 28 } });
  const rows = await ask(listMeasureRows, { measure: "voluntary-adoption", limit: 200 });
  expect(rows.items.filter(({ counts }) => counts === "yes")).toHaveLength(14);
  expect(rows.items.find(({ value }) => value === 1)).toMatchObject({ kind: "team", entityRef: team("a"), key: "Golden paths" });
  const compared = await ask(compareMeasure, { measure: "adoption-breadth" });
  expect(compared.items.map(({ entityRef }) => entityRef)).toEqual(["a", "b", "c", "hidden", "idle"].map(team));
  expect(compared.items[0]?.value).toMatchObject({ numerator: 1, denominator: 7 });
});

test("a capability that is offered no more is in no figure; a promised curve out of order is refused", async () => {
  await ask(saveCapability, { name: "catalogue", title: "Catalogue", about: "", actions: ["catalog.*"], retired: true });
  expect((await ask(listCapabilities, {})).items.some(({ name }) => name === "catalogue")).toBe(false);
  const promised = [
    { by: "2026-05-01", share: 0.5 },
    { by: "2026-02-01", share: 0.1 },
  ];
  await expect(ask(saveCapability, { name: "x", title: "X", about: "", actions: ["x"], promised })).rejects.toThrow(InvalidError);
  await expect(ask(getCapability, { name: "nothing" })).rejects.toThrow(NotFoundError);
  await expect(ask(recordMandate, { capability: "nothing", scope: "*", announcedAt: day(1), why: "For all." })).rejects.toThrow(
    NotFoundError,
  );
});

test("the sample's uses go with the sample estate", async () => {
  await ask(tellUsage, { source: "sample", sample: true, rows: [{ key: "s", team: team("a"), action: "paths.path.run", day: day(1) }] });
  await use("a", [2]);
  const forget = product.subscriptions.find(({ events }) => events.includes(sampleRemoved.name))!;
  await database.runtime.write(database.runtime.system("test"), tellUsage, {}, undefined, (ctx) => forget.receive(ctx, {} as never));
  expect((await database.db.query("select source from product.usage")).rows).toEqual([{ source: "sso" }]);
});
