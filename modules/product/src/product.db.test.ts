import { cdEventReceived } from "@roadbed/contracts/delivery/cdevents";
import { changeMerged } from "@roadbed/contracts/delivery/changes";
import { promotionFinished } from "@roadbed/contracts/delivery/promotions";
import { deploymentFinished, deploymentRequested } from "@roadbed/contracts/delivery";
import { sampleRemoved } from "@roadbed/contracts/catalog";
import { importRecords, operations as recordOperations, type DeliveryRecord } from "@roadbed/contracts/product";
import { operations as adoptionOperations } from "@roadbed/contracts/product/adoption";
import {
  compareMeasure,
  defineMeasure,
  getMeasure,
  listMeasureRows,
  listMeasures,
  operations as measureOperations,
  type MeasureName,
} from "@roadbed/contracts/product/measures";
import { operations as valueOperations } from "@roadbed/contracts/product/value";
import { incidentClosed, incidentOpened } from "@roadbed/contracts/telemetry";
import {
  InvalidError,
  NotFoundError,
  perform,
  type Call,
  type EventType,
  type InputOf,
  type Operation,
  type OutputOf,
} from "@roadbed/core";
import { callAs, createTestDatabase, quietLog, type TestDatabase } from "@roadbed/testkit";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { createProduct, migrations, type Deliveries, type Product, type Thing } from "./index.ts";

const thing = (ref: string, owner?: string, system?: string): Thing => ({
  ref,
  kind: ref.split(":")[0]!,
  title: ref.split("/")[1]!,
  owner,
  system,
});
const SHOP = "component:default/shop";
const TILL = "component:default/till";
const SECRET = "component:default/secret";
const THINGS = [
  thing(SECRET, "group:default/hidden"),
  thing(SHOP, "group:default/a", "system:default/sales"),
  thing(TILL, "group:default/b", "system:default/sales"),
  thing("system:default/sales"),
  thing("domain:default/trade"),
  thing("group:default/a"),
  thing("group:default/b"),
  thing("group:default/all"),
  thing("user:default/ada"),
];
const PARENTS: Readonly<Record<string, string>> = {
  "system:default/sales": "domain:default/trade",
  "group:default/a": "group:default/all",
  "group:default/b": "group:default/all",
};
/** Ada sees everything, Bob not the secret. */
const bob = callAs({ actor: { kind: "user", id: "bob", name: "Bob" }, scopes: new Set(["product:read", "product:write"]) });

let database: TestDatabase;
let product: Product;
let answers: Partial<Record<keyof Deliveries, unknown>>;
beforeAll(async () => {
  database = await createTestDatabase([migrations]);
  product = createProduct({
    db: database.db,
    log: quietLog,
    things: {
      async seenBy({ actor }) {
        const seen = THINGS.filter(({ ref }) => ref !== SECRET || (actor.kind === "user" && actor.id === "ada"));
        return {
          components: seen.filter(({ kind }) => kind === "component"),
          get: (ref) => seen.find((one) => one.ref === ref),
          parentOf: (ref) => PARENTS[ref],
        };
      },
      fitting: async () => new Set<string>(),
    },
    teams: { of: async () => [] },
    people: { storedAbout: async () => [] },
    deliveries: {
      change: async () => answers.change as never,
      promotion: async () => answers.promotion as never,
      cdEvent: async () => answers.cdEvent as never,
    },
  });
});
beforeEach(async () => {
  answers = {};
  for (const table of ["deployment", "change", "incident", "measure_version"]) await database.db.query(`delete from product.${table}`);
});
afterAll(() => database.drop());

async function ask<O extends Operation>(operation: O, input: InputOf<O>, call: Call = callAs()): Promise<OutputOf<O>> {
  const handler = product.handlers.find((one) => one.operation.name === operation.name)!;
  return (await perform(database.runtime, handler, call, input)) as OutputOf<O>;
}

let heard = 0;
async function hear<P>(type: EventType<P>, payload: P, o: { readonly at?: string; readonly subject?: string } = {}): Promise<void> {
  heard++;
  const event = {
    id: `event-${heard}`,
    seq: BigInt(heard),
    name: type.name,
    subject: o.subject ?? "x",
    time: new Date(o.at ?? Date.now()),
    actor: "system:test",
    payload,
  };
  for (const subscription of product.subscriptions.filter(({ events }) => events.includes(type.name))) {
    await database.runtime.write(database.runtime.system("test"), importRecords, {}, undefined, (ctx) => subscription.receive(ctx, event));
  }
}

const DAY = 86_400_000;
const ago = (days: number): string => new Date(Date.now() - days * DAY).toISOString();
const tell = (records: readonly DeliveryRecord[], call: Call = callAs(), sample = false) =>
  ask(importRecords, { source: "ci", records: [...records], sample }, call);
const deployed = (key: string, days: number, entityRef = SHOP): DeliveryRecord => ({
  kind: "deployment",
  key,
  entityRef,
  environment: "prod",
  finishedAt: ago(days),
  result: "success",
});
const value = async (measure: MeasureName, about?: string, call?: Call) =>
  (await ask(getMeasure, { measure, ...(about === undefined ? {} : { about }) }, call)).value;

test("every operation of the contract has one handler", () => {
  expect(product.handlers.map(({ operation }) => operation.name).toSorted()).toEqual(
    [...recordOperations, ...measureOperations, ...adoptionOperations, ...valueOperations].map(({ name }) => name).toSorted(),
  );
});

test("told twice is told once, in any order, and what is new is taken over", async () => {
  const resolved: DeliveryRecord = { kind: "incident", key: "i1", resolvedAt: ago(1) };
  const came = deployed("d1", 2);
  expect(await tell([resolved, came])).toMatchObject({ made: 2, changed: 0, skipped: [] });
  // Resolved before it was found: nothing can be said of it yet.
  expect(await value("time-to-restore")).toMatchObject({ status: "not_instrumented" });
  expect(await tell([{ kind: "incident", key: "i1", entityRef: SHOP, openedAt: ago(1.5) }, came])).toMatchObject({
    made: 0,
    changed: 1,
    unchanged: 1,
  });
  expect(await tell([resolved])).toMatchObject({ unchanged: 1, changed: 0 });
  const restore = await value("time-to-restore", SHOP);
  expect(restore).toMatchObject({ status: "low_n", n: 1 });
  expect(restore.value).toBeCloseTo(12, 1);
});

test("what lies in the future, or is about nothing that the teller may see, is not taken, and says why", async () => {
  const { made, skipped } = await tell(
    [deployed("a", -2), deployed("b", 1, SECRET), deployed("c", 1, "component:default/gone"), deployed("d", 1)],
    bob,
  );
  expect(made).toBe(1);
  expect(skipped).toEqual([
    { key: "a", reason: "finishedAt lies in the future" },
    { key: "b", reason: `there is no ${SECRET}` },
    { key: "c", reason: "there is no component:default/gone" },
  ]);
});

test("a figure is of what its reader may see: the total, the rows and the list", async () => {
  await tell([deployed("s1", 3, SECRET), deployed("s2", 2, SECRET), deployed("d1", 2), deployed("t1", 1, TILL)]);
  expect((await value("deployment-failure-rate")).denominator).toBe(4);
  expect((await value("deployment-failure-rate", undefined, bob)).denominator).toBe(2);
  const rows = await ask(listMeasureRows, { measure: "deployment-failure-rate" }, bob);
  expect(rows.items.map(({ key }) => key)).toEqual(["t1", "d1"]);
  expect((await ask(compareMeasure, { measure: "deployment-failure-rate" }, bob)).items.map(({ entityRef }) => entityRef)).toEqual([
    SHOP,
    TILL,
  ]);
  await expect(ask(getMeasure, { measure: "deployment-failure-rate", about: SECRET }, bob)).rejects.toThrow(NotFoundError);
  await expect(ask(listMeasures, { about: "group:default/gone" })).rejects.toThrow(NotFoundError);
});

test("a system, a domain, a team and the team above it are made from rows, not from averages; a person is not measured", async () => {
  await tell([
    ...["a", "b", "c"].map((key, at) => deployed(key, at + 1)),
    deployed("t", 1, TILL),
    { ...deployed("f", 1, TILL), result: "failure" } as DeliveryRecord,
  ]);
  for (const about of ["system:default/sales", "domain:default/trade", "group:default/all"])
    expect(await value("deployment-failure-rate", about)).toMatchObject({ numerator: 1, denominator: 5 });
  expect(await value("deployment-failure-rate", "group:default/a")).toMatchObject({ numerator: 0, denominator: 3 });
  await expect(value("deployment-failure-rate", "user:default/ada")).rejects.toThrow(NotFoundError);
});

test("rows come page by page, each once, and their count is that of the figure", async () => {
  await tell(Array.from({ length: 7 }, (_, at) => deployed(`d${at}`, 1 + at)));
  const seen: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await ask(listMeasureRows, { measure: "deployment-frequency", limit: 3, ...(cursor === undefined ? {} : { cursor }) });
    seen.push(...page.items.map(({ key }) => key));
    cursor = page.nextCursor;
    if (cursor === undefined) break;
  }
  expect(seen).toEqual(["d0", "d1", "d2", "d3", "d4", "d5", "d6"]);
  expect((await value("deployment-frequency")).n).toBe(7);
  await expect(ask(listMeasureRows, { measure: "deployment-frequency", cursor: "zzz" })).rejects.toThrow(InvalidError);
});

test("deciding otherwise is a new version, and both are shown with what they give", async () => {
  await tell([deployed("old", 60), { kind: "incident", key: "i", entityRef: SHOP, openedAt: ago(20), resolvedAt: ago(19) }]);
  expect((await value("change-fail-rate")).numerator).toBe(0);
  const made = await ask(defineMeasure, {
    measure: "change-fail-rate",
    rules: { incidentWindowHours: null },
    why: "We deploy once a quarter only.",
  });
  expect(made).toMatchObject({
    version: 2,
    why: "We deploy once a quarter only.",
    madeBy: "user:ada",
    rules: { incidentWindowHours: null, windowDays: 90 },
  });
  const shown = await ask(getMeasure, { measure: "change-fail-rate" });
  expect(shown.definition.version).toBe(2);
  expect(shown.versions.map(({ definition, value: one }) => [definition.version, one.numerator])).toEqual([
    [2, 1],
    [1, 0],
  ]);
  expect((await ask(getMeasure, { measure: "change-fail-rate", version: 1 })).value.numerator).toBe(0);
  expect((await ask(listMeasureRows, { measure: "change-fail-rate", version: 1 })).items).toMatchObject([{ value: 0 }]);
  await expect(ask(getMeasure, { measure: "change-fail-rate", version: 9 })).rejects.toThrow(NotFoundError);
  await expect(ask(defineMeasure, { measure: "change-fail-rate", why: "Nothing at all." })).rejects.toThrow(InvalidError);
});

test("what happens on the platform is heard: deployments, promotions, changes, incidents, and what CDEvents tell", async () => {
  const about = { entityRef: SHOP, environment: "prod" };
  await hear(deploymentRequested, { deploymentId: "dep_0", ...about }, { at: ago(9) });
  await hear(deploymentFinished, { deploymentId: "dep_0", ...about, status: "healthy", commit: "aaaaaaa" }, { at: ago(8.9) });
  await hear(deploymentFinished, { deploymentId: "dep_1", ...about, status: "healthy", commit: "bbbbbbb" }, { at: ago(5) });
  // Out of order: it was asked for before it ended, and is heard after.
  await hear(deploymentRequested, { deploymentId: "dep_1", ...about }, { at: ago(5.1) });
  await hear(deploymentFinished, { deploymentId: "dep_x", ...about, status: "superseded", commit: "ccccccc" }, { at: ago(4) });
  answers.change = { entityRef: SHOP, openedAt: ago(6), firstCommitAt: ago(7), bot: false };
  await hear(changeMerged, { changeId: "chg_1", repository: "shop", key: "k", commit: "bbbbbbb" }, { at: ago(5.5) });
  await hear(incidentOpened, { incidentId: "inc_1", service: "shop", severity: "high", entityRef: SHOP, openedAt: ago(4.9) });
  await hear(incidentClosed, { incidentId: "inc_1", service: "shop", entityRef: SHOP, closedAt: ago(4.5) });
  answers.promotion = { deploymentId: "dep_1", rollback: false, hotfix: true };
  await hear(promotionFinished, { promotionId: "pro_1", ...about, releaseId: "r", number: 1, kind: "promote", state: "promoted" });
  answers.cdEvent = {
    type: "dev.cdevents.service.deployed.0.3.0",
    source: "/ci",
    eventId: "e1",
    subject: "shop",
    ...about,
    at: ago(2),
    artefact: "pkg:oci/shop@sha256%3Aabcdef0",
  };
  await hear(cdEventReceived, { type: "x", subject: "shop", source: "/ci" });
  await hear(cdEventReceived, { type: "x", subject: "shop", source: "/ci" });

  const { items } = await ask(listMeasures, { about: SHOP });
  const of = (measure: MeasureName) => items.find((one) => one.measure === measure)!.value;
  expect(of("deployment-failure-rate")).toMatchObject({ numerator: 0, denominator: 3 });
  expect(of("change-lead-time").value).toBeCloseTo(48, 0);
  // The hotfix came days later: it mends something, but not the deployment before it in a hurry.
  expect(of("change-fail-rate")).toMatchObject({ numerator: 1, denominator: 3 });
  expect(of("deployment-rework-rate")).toMatchObject({ numerator: 1, denominator: 1, excluded: 2 });
  expect(of("time-to-restore").value).toBeCloseTo(9.6, 1);
});

test("the sample goes with the sample estate, and nothing else does", async () => {
  await tell([deployed("mine", 1)]);
  await tell([deployed("theirs", 1), { kind: "change", key: "c", entityRef: SHOP, mergedAt: ago(1) }], callAs(), true);
  await hear(sampleRemoved, {});
  const rows = await ask(listMeasureRows, { measure: "deployment-frequency" });
  expect(rows.items.map(({ key }) => key)).toEqual(["mine"]);
});
