import { readdirSync, readFileSync } from "node:fs";

import { renderSql, splitStatements } from "@roadbed/clickhouse";
import * as contract from "@roadbed/contracts/telemetry";
import * as alertmanager from "@roadbed/contracts/telemetry/alertmanager";
import * as ai from "@roadbed/contracts/telemetry/ai";
import * as promql from "@roadbed/contracts/telemetry/promql";
import * as scores from "@roadbed/contracts/telemetry/scores";
import * as senders from "@roadbed/contracts/telemetry/senders";
import * as objectives from "@roadbed/contracts/telemetry/slos";
import { callAs, quietLog } from "@roadbed/testkit";
import { describe, expect, test } from "vitest";

import { tracesOf } from "./fixtures/spans-of.ts";
import { useTelemetry } from "./fixtures/use-telemetry.suite.ts";
import { clickhouseMigrations, createTelemetry } from "./index.ts";

const it = useTelemetry();
const { call, rows, send } = it;

describe("incidents", () => {
  test("are opened and closed once, with their events", async () => {
    const opened = await call(contract.openIncident, {
      title: "<b>down</b>",
      service: "shop",
      entityRef: "component:default/shop",
      severity: "critical",
    });
    expect(opened).toMatchObject({ state: "open", title: "<b>down</b>", severity: "critical", sample: false });
    await expect(call(contract.closeIncident, { id: opened.id, closedAt: "2020-01-01T00:00:00Z" })).rejects.toMatchObject({
      code: "INVALID",
    });
    expect(await call(contract.closeIncident, { id: opened.id, summary: "fixed" })).toMatchObject({ state: "closed", summary: "fixed" });
    await expect(call(contract.closeIncident, { id: opened.id })).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(call(contract.closeIncident, { id: "inc_none" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await call(contract.listIncidents, { state: "open" })).items).toEqual([]);
    expect((await call(contract.listIncidents, { state: "closed", service: "shop" })).items).toHaveLength(1);
  });

  test("are listed newest first, page by page", async () => {
    for (let day = 1; day <= 5; day++)
      await call(contract.openIncident, { title: `day ${day}`, service: "shop", openedAt: `2026-11-0${day}T00:00:00Z` });
    const first = await call(contract.listIncidents, { limit: 3 });
    const second = await call(contract.listIncidents, { limit: 3, cursor: first.nextCursor });
    expect([...first.items, ...second.items].map(({ title }) => title)).toEqual([5, 4, 3, 2, 1].map((day) => `day ${day}`));
    expect(second.nextCursor).toBeUndefined();
  });
});

describe("the sample", () => {
  test("is known by its resource, and goes without a trace of it when it is removed", async () => {
    const at = Date.now();
    const sampleMark = [{ key: "roadbed.sample", value: { boolValue: true } }];
    await send(tracesOf({ demo: [{ id: 1, trace: 1, at }] }, sampleMark));
    await send(tracesOf({ real: [{ id: 2, trace: 2, at }] }));
    await send(tracesOf({ told: [{ id: 3, trace: 3, at }] }), { sample: true });
    await call(contract.openIncident, { title: "sample", service: "demo", sample: true });
    await call(contract.openIncident, { title: "real", service: "real" });
    const samplesOf = async () => (await call(contract.listServices, {})).items.map(({ service, sample }) => [service, sample]);
    expect(await samplesOf()).toEqual([
      ["demo", true],
      ["real", false],
      ["told", true],
    ]);

    const [forget] = it.telemetry.subscriptions;
    const event = { id: "1", seq: 1n, name: "catalog.sample.removed", subject: "sample", time: new Date(), actor: "user:x", payload: {} };
    for (let twice = 0; twice < 2; twice++)
      await it.database.runtime.write(callAs(), contract.openIncident, {}, undefined, async (ctx) => forget?.receive(ctx, event));
    expect(await samplesOf()).toEqual([["real", false]]);
    expect((await call(contract.listTraces, {})).items.map(({ rootService }) => rootService)).toEqual(["real"]);
    expect((await call(contract.listIncidents, {})).items.map(({ title }) => title)).toEqual(["real"]);
  });
});

describe("the tables", () => {
  test("keep as long as the settings say", async () => {
    const short = createTelemetry({ clickhouse: it.store.client, log: quietLog, retention: { spanDays: 7, logDays: 3, metricDays: 14 } });
    await short.start();
    const ttlOf = async () =>
      (
        await rows<{ name: string; days: string }>(
          "select name, extract(create_table_query, 'toIntervalDay\\\\((\\\\d+)\\\\)') as days from system.tables where database = currentDatabase() and engine like '%MergeTree' and name != 'roadbed_migration' order by name",
        )
      ).map(({ name, days }) => [name, Number(days)]);
    expect(await ttlOf()).toEqual([
      ["ai_call", 400],
      ["ai_score", 400],
      ["logs", 3],
      ["metric_points", 14],
      ["red_minute", 14],
      ["slo_minute", 400],
      ["slo_slot", 400],
      ["spans", 7],
    ]);
    await it.telemetry.start();
    expect(await ttlOf()).toEqual([
      ["ai_call", 400],
      ["ai_score", 400],
      ["logs", 30],
      ["metric_points", 90],
      ["red_minute", 90],
      ["slo_minute", 400],
      ["slo_slot", 400],
      ["spans", 30],
    ]);
    await short.stop();
  });

  test("have one text that a cluster understands too", async () => {
    const files = readdirSync(clickhouseMigrations.dir).sort();
    const statements = files.flatMap((name) =>
      splitStatements(renderSql(readFileSync(new URL(name, clickhouseMigrations.dir), "utf8"), "main")),
    );
    for (const sql of statements) {
      const [formatted] = await it.store.client.query<{ text: string }>("select formatQuerySingleLine({sql:String}) as text", {
        params: { sql },
      });
      expect(formatted?.text).toContain("ON CLUSTER main");
    }
    const all = statements.join("\n");
    expect(all.match(/ENGINE = Replicated/g)).toHaveLength(8);
    expect(all.match(/ENGINE = Distributed\('main'/g)).toHaveLength(8);
    expect(all).not.toMatch(/(?:TO|FROM) (?:spans|ai_call|logs|metric_points|red_minute|slo_minute|slo_slot)\s/);
  });
});

test("every operation of the contract has its handler", () => {
  expect(it.telemetry.handlers.map(({ operation }) => operation.name).sort()).toEqual(
    [
      ...contract.operations,
      ...ai.operations,
      ...alertmanager.operations,
      ...senders.operations,
      ...scores.operations,
      ...promql.operations,
      ...objectives.operations,
    ]
      .map(({ name }) => name)
      .sort(),
  );
});
