import { getEntity, importSource, removeSample } from "@roadbed/contracts/catalog";
import {
  declareRelation,
  dismissDrift,
  listDrift,
  listObserved,
  listStrangers,
  mapName,
  registerStranger,
  withdrawRelation,
} from "@roadbed/contracts/catalog/graph";
import { InvalidError, NotFoundError } from "@roadbed/core";
import { beforeEach, describe, expect, test } from "vitest";

import { component, entityOf, useWorld } from "../world.suite.ts";
import { createTraces } from "./traces.suite.ts";

const world = useWorld();
const { ask, put } = world;
const traces = createTraces();
const DAY = 24;

/** The catalogue of the test, with these traces; what others wrote before is gone. */
async function watched(): Promise<ReturnType<typeof world.open>> {
  const catalog = world.open({ observations: traces.port });
  await catalog.foldObservations();
  return catalog;
}

beforeEach(async () => {
  traces.forget();
  await world.write(async ({ sql }) => {
    for (const table of ["observed_relation", "observed_service", "observed_counted", "observed_name", "drift_dismissal"])
      await sql.query(`delete from catalog.${table}`);
    await sql.query("update catalog.observed_clock set watched_from = null, version = version + 1");
  });
});

const resource = (name: string): string =>
  `apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: ${name}}\nspec: {type: postgres, owner: team-a}\n`;
const api = (name: string): string =>
  `apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: ${name}}\nspec: {type: openapi, lifecycle: production, owner: team-b, definition: x}\n`;

async function shop(): Promise<void> {
  await put(
    "all.yaml",
    [
      component("web", "  consumesApis: [cart-api]\n  dependsOn: [component:default/legacy]\n"),
      component("cart", "  providesApis: [cart-api]\n  dependsOn: [resource:default/cart-db, resource:default/old-db]\n"),
      component("mailer"),
      component("legacy"),
      resource("cart-db"),
      resource("old-db"),
      api("cart-api"),
    ].join("---\n"),
  );
  await ask(importSource, { target: world.folder });
}

describe("observed relations", () => {
  test("are kept with rate, errors and since when; counting again changes nothing, late arrivals are heard", async () => {
    await shop();
    traces.saw("web", "cart", { calls: 90, errors: 9 });
    traces.saw("web", "cart", { hoursAgo: 3, calls: 10, errors: 1 });
    traces.saw("cart", ["cart-db.example", "cart-db"], { type: "uses", calls: 50 });
    traces.saw("web", "cart", { hoursAgo: 12 * DAY, calls: 7 });
    const catalog = await watched();
    const { items } = await ask(listObserved, {}, catalog);
    expect(items.map(({ from, type, to, declared, via }) => [from, type, to, declared, via])).toEqual([
      ["component:default/cart", "uses", "resource:default/cart-db", true, undefined],
      ["component:default/web", "calls", "component:default/cart", true, "api:default/cart-api"],
    ]);
    const [, call] = items;
    expect(call!.traffic).toMatchObject({ calls: 100, errors: 10, errorShare: 0.1, p95Ms: 12 });
    expect(Date.now() - Date.parse(call!.traffic.firstSeen)).toBeGreaterThan(11 * DAY * 3_600_000);

    const before = traces.counted();
    await catalog.foldObservations();
    expect(traces.counted()).toBe(before);
    expect((await ask(listObserved, {}, catalog)).items).toEqual(
      items.map((item) => ({ ...item, traffic: { ...item.traffic, perMinute: expect.any(Number) } })),
    );

    traces.saw("web", "cart", { hoursAgo: 2, calls: 20 });
    await catalog.foldObservations();
    expect(traces.counted()).toBe(before + 1);
    expect((await ask(listObserved, { ref: "component:default/web" }, catalog)).items[0]!.traffic.calls).toBe(120);
    await catalog.stop();
  });

  test("belong to whom an annotation names, before the name; unknown names are listed, mapped or registered", async () => {
    await put("a.yaml", component("shop-front").replace("  description", "  annotations: {roadbed.dev/service-name: web}\n  description"));
    await put("b.yaml", component("cart"));
    await ask(importSource, { target: world.folder });
    traces.saw("web", "cart", { calls: 5 });
    traces.saw("cart", "ghost", { calls: 8 });
    traces.saw("cart", ["redis.example", "redis"], { type: "uses", calls: 3 });
    traces.sends("web", DAY);
    traces.sends("batch", DAY);
    const catalog = await watched();
    expect((await ask(listObserved, {}, catalog)).items.map(({ from, to }) => `${from} ${to}`)).toEqual([
      "component:default/shop-front component:default/cart",
    ]);
    const { items, total } = await ask(listStrangers, {}, catalog);
    expect(total).toBe(3);
    expect(items.map(({ name, kind, guess, by }) => [name, kind, guess, by])).toEqual([
      ["ghost", "peer", "component", ["cart"]],
      ["redis.example", "peer", "resource", ["cart"]],
      ["batch", "service", "component", []],
    ]);

    await ask(mapName, { name: "ghost", ref: "component:default/shop-front" }, catalog);
    await ask(mapName, { name: "batch", ref: null }, catalog);
    expect(await ask(registerStranger, { name: "redis.example", kind: "resource", type: "redis", owner: "team-a" }, catalog)).toEqual({
      ref: "resource:default/redis.example",
    });
    expect((await ask(listStrangers, {}, catalog)).items).toEqual([]);
    expect((await ask(listObserved, {}, catalog)).items.map(({ from, to }) => `${from} ${to}`)).toEqual([
      "component:default/cart component:default/shop-front",
      "component:default/cart resource:default/redis.example",
      "component:default/shop-front component:default/cart",
    ]);
    await expect(ask(mapName, { name: "x", ref: "component:default/none" }, catalog)).rejects.toBeInstanceOf(NotFoundError);
    await ask(mapName, { name: "ghost" }, catalog);
    expect((await ask(listStrangers, {}, catalog)).items.map(({ name }) => name)).toEqual(["ghost"]);
    await catalog.stop();
  });

  test("another process sees them too, and the sample's go with the sample", async () => {
    await put("s.yaml", [component("web"), component("cart")].join("---\n"));
    await world.write((ctx) => world.catalog.importSample(ctx, world.folder));
    traces.saw("web", "cart", { sample: true });
    const [catalog, other] = [await watched(), world.open()];
    expect((await ask(listObserved, {}, other)).total).toBe(1);
    await ask(removeSample, {}, catalog);
    traces.saw("web", "cart", { sample: true, hoursAgo: 1 });
    await catalog.foldObservations();
    await world.write(async ({ sql }) => {
      expect((await sql.query("select 1 from catalog.observed_relation")).rowCount).toBe(0);
    });
    await catalog.stop();
    await other.stop();
  });
});

describe("drift", () => {
  test("tells what is seen and not declared, and what is declared and not seen, only where both ends were watched so long", async () => {
    await shop();
    for (const name of ["web", "cart", "legacy", "mailer"]) traces.sends(name, 40 * DAY);
    traces.saw("web", "cart", { calls: 500 });
    traces.saw("web", "mailer", { calls: 70 });
    traces.saw("cart", "mailer", { type: "sends", calls: 30 });
    traces.saw("cart", ["cart-db"], { type: "uses" });
    const catalog = await watched();
    const drift = await ask(listDrift, {}, catalog);
    expect(drift.items.map(({ finding, from, type, to }) => [finding, from, type, to])).toEqual([
      ["undeclared", "component:default/web", "calls", "component:default/mailer"],
      ["undeclared", "component:default/cart", "sends", "component:default/mailer"],
      ["unseen", "component:default/web", "dependsOn", "component:default/legacy"],
      ["unknown", "component:default/cart", "dependsOn", "resource:default/old-db"],
    ]);
    expect(drift.counts).toEqual({ undeclared: 2, unseen: 1, unknown: 1, dismissed: 0 });
    expect(drift.items[0]).toMatchObject({
      reason: "web calls mailer (70 times in 24 hours), and no descriptor says so.",
      owner: "group:default/team-a",
      traffic: { calls: 70, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) },
      fixes: [{ act: "declare", from: "component:default/web", type: "dependsOn", to: "component:default/mailer" }],
    });
    // Who is sent to depends on the sender, who provides an API: that is offered first.
    expect(drift.items[1]!.fixes.map(({ from, type, to }) => [from, type, to])).toEqual([
      ["component:default/mailer", "consumesApi", "api:default/cart-api"],
      ["component:default/mailer", "dependsOn", "component:default/cart"],
    ]);
    expect(drift.items[3]!.reason).toBe("old-db was never seen in a trace.");
    expect((await ask(listDrift, { finding: "unseen" }, catalog)).items).toHaveLength(1);
    expect((await ask(listDrift, { ref: "component:default/legacy" }, catalog)).items.map(({ finding }) => finding)).toEqual(["unseen"]);
    const first = await ask(listDrift, { limit: 3 }, catalog);
    const second = await ask(listDrift, { limit: 3, cursor: first.nextCursor }, catalog);
    expect([...first.items, ...second.items].map(({ reason }) => reason)).toEqual(drift.items.map(({ reason }) => reason));
    await catalog.stop();
  });

  test("is unknown where nobody watched long enough, and says so", async () => {
    await shop();
    traces.sends("web", 5 * DAY);
    traces.saw("web", "cart");
    traces.sends("legacy", 3 * DAY);
    const catalog = await watched();
    const reasons = async (days: number): Promise<string[]> =>
      (await ask(listDrift, { days, ref: "component:default/legacy" }, catalog)).items.map(
        ({ finding, reason }) => `${finding}: ${reason}`,
      );
    expect(await reasons(30)).toEqual([expect.stringMatching(/^unknown: Both have been watched only since .*, not for 30 days\.$/)]);
    expect(await reasons(2)).toEqual([expect.stringMatching(/^unseen: web declares dependsOn legacy, and no call was ever seen/)]);
    expect((await ask(listDrift, {}, catalog)).limits[0]).toMatch(/watched for/);
    const blind = world.open();
    await world.write(({ sql }) => sql.query("update catalog.observed_clock set watched_from = null, version = version + 1"));
    expect((await ask(listDrift, {}, blind)).limits[0]).toMatch(/No traces have arrived/);
    await catalog.stop();
    await blind.stop();
  });

  test("is settled by declaring, withdrawing or setting aside for some time", async () => {
    await put("b.yaml", component("cart"));
    await ask(importSource, { target: world.folder });
    await world.write((ctx) =>
      world.catalog.registerEntity(ctx, { entity: entityOf("web", { dependsOn: ["component:default/old"] }), source: "paths" }),
    );
    traces.saw("web", "cart");
    traces.saw("cart", "web");
    const catalog = await watched();
    const found = async (): Promise<string[]> =>
      (await ask(listDrift, { finding: "undeclared" }, catalog)).items.map(({ from, to }) => `${from} ${to}`).sort();
    expect(await found()).toHaveLength(2);

    expect(
      await ask(declareRelation, { from: "component:default/web", type: "dependsOn", to: "component:default/cart" }, catalog),
    ).toMatchObject({ applied: "entity" });
    expect((await ask(getEntity, { ref: "component:default/web" }, catalog)).entity.spec?.["dependsOn"]).toEqual(
      expect.arrayContaining(["component:default/old", "component:default/cart"]),
    );
    expect(await found()).toEqual(["component:default/cart component:default/web"]);
    await expect(
      ask(declareRelation, { from: "component:default/web", type: "dependsOn", to: "component:default/cart" }, catalog),
    ).rejects.toBeInstanceOf(InvalidError);
    await ask(withdrawRelation, { from: "component:default/web", type: "dependsOn", to: "component:default/old" }, catalog);
    expect((await ask(getEntity, { ref: "component:default/web" }, catalog)).entity.spec?.["dependsOn"]).toEqual([
      "component:default/cart",
    ]);

    const told = await ask(declareRelation, { from: "component:default/cart", type: "dependsOn", to: "component:default/web" }, catalog);
    expect(told.file).toMatch(/b\.yaml/);
    expect(told.patch).toContain("component:default/web");
    await expect(
      ask(declareRelation, { from: "component:default/cart", type: "hasMember", to: "component:default/web" }, catalog),
    ).rejects.toBeInstanceOf(InvalidError);

    const pick = { finding: "undeclared", from: "component:default/cart", type: "calls", to: "component:default/web" } as const;
    await ask(dismissDrift, { ...pick, reason: "a health check" }, catalog);
    expect(await found()).toEqual([]);
    const [dismissed] = (await ask(listDrift, { dismissed: true }, catalog)).items;
    expect(dismissed!.dismissed).toMatchObject({ reason: "a health check", by: "user:ada" });
    await ask(dismissDrift, { ...pick, reason: "after all", days: 0 }, catalog);
    expect(await found()).toHaveLength(1);
    await catalog.stop();
  });
});
