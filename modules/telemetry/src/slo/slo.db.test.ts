import * as contract from "@roadbed/contracts/telemetry";
import * as slos from "@roadbed/contracts/telemetry/slos";
import { describe, expect, test } from "vitest";

import { minutesAgo, nanos, tracesOf, type SpanFacts } from "../fixtures/spans-of.ts";
import { encodeMessage } from "../fixtures/otlp-messages.ts";
import { useTelemetry } from "../fixtures/use-telemetry.suite.ts";

const it = useTelemetry();
const { call, rows, send } = it;
const MINUTE = 60_000;

const document = (indicator: string, more = "", name = "shop-answers"): string => `
apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
  service: shop
  indicator: { spec: ${indicator} }
  timeWindow: [{ duration: 30d }]
  objectives: [{ target: 0.99 }]
  minimumEvents: 10
  ${more}`;

let id = 0;
/** So many requests in the minute of an instant, the first ones failed. */
const requests = (at: number, n: number, failed: number, over: Partial<SpanFacts> = {}): SpanFacts[] =>
  Array.from({ length: n }, (_, i) => ({ id: ++id, trace: id, at: at + i, failed: i < failed, ...over }));
const look = (now = new Date()) => it.telemetry.sloWatch!.look(now);
/** The whole window is looked through at every fifth minute. */
const lookThrough = () => look(new Date(Math.ceil(Date.now() / (5 * MINUTE)) * 5 * MINUTE));
/** As if it had been there for long: what is new is looked through each time. */
const due = () => it.database.db.query("update telemetry.slo set look_at = '2000-01-01', changed_at = '2000-01-01'");
const show = (name = "shop-answers") => call(slos.getSlo, { name });

describe("what is counted", () => {
  test("availability: good ones among those that enter, exactly, with its receipts; nothing came is unknown", async () => {
    const made = await call(slos.applySlos, { text: document("{ availability: { operations: [GET /] } }") });
    expect(made.items).toMatchObject([{ change: "made", state: "unknown", owner: "group:default/owners" }]);
    await look();
    expect(await show()).toMatchObject({ state: "unknown", figures: { total: 0, uncounted: 0 } });
    await send(
      tracesOf({
        shop: [
          ...requests(minutesAgo(60 * 24 * 9), 40, 1),
          ...requests(minutesAgo(3), 60, 2),
          ...requests(minutesAgo(3), 7, 7, { name: "POST /other" }),
          ...requests(minutesAgo(3), 9, 9, { kind: 3, parent: 1 }),
        ],
      }),
    );
    const measured = async () => (await it.telemetry.measured(["component:default/shop"])).get("component:default/shop");
    expect(await measured()).toEqual([
      { name: "shop-answers", title: "shop-answers", environment: "", target: 0.99, state: "unknown", total: 0 },
    ]);
    await due();
    await lookThrough();
    const [now] = (await measured())!;
    expect(now).toMatchObject({ total: 100, ratio: 0.97, remaining: expect.closeTo(-2) });
    const { rows: told } = await it.database.db.query("select payload from kernel.event where name = 'telemetry.slo.judged' order by seq");
    expect(told).toEqual([{ payload: { slo: "shop-answers", entityRef: "component:default/shop", state: now!.state } }]);
    const shown = await show();
    expect(shown.figures).toMatchObject({ good: 97, total: 100, bad: 3, uncounted: 0 });
    expect(shown.figures!.remaining).toBeCloseTo(1 - 3);
    expect(shown.figures!.burn.find(({ window }) => window === "5m")).toMatchObject({ good: 58, total: 60 });
    expect((await rows<Record<string, number>>(shown.query))[0]).toMatchObject({ good_window: 97, total_window: 100 });
    const counted = await rows<{ good: number; total: number }>(shown.countedBy);
    expect([counted.reduce((sum, { good }) => sum + good, 0), counted.reduce((sum, { total }) => sum + total, 0)]).toEqual([97, 100]);
    expect(await call(slos.listSlos, {})).toMatchObject({ items: [{ name: "shop-answers", figures: { total: 100 } }] });
    const { steps } = await call(slos.getSloHistory, { name: "shop-answers" });
    expect(steps.map(({ total, good }) => [total, good])).toEqual([
      [40, 39],
      [60, 58],
    ]);
    expect(steps.at(-1)!.left).toBeCloseTo(1 - 3);
  });

  test("what comes late, and what is looked at twice, is counted once and in its place", async () => {
    await call(slos.applySlos, { text: document("{ availability: {} }") });
    const at = minutesAgo(4);
    await send(tracesOf({ shop: requests(at, 20, 0) }));
    await look();
    await due();
    await look();
    expect((await show()).figures).toMatchObject({ good: 20, total: 20 });
    await send(tracesOf({ shop: requests(at, 5, 5) }));
    await send(tracesOf({ shop: requests(minutesAgo(60 * 24 * 20), 30, 0) }));
    await due();
    await lookThrough();
    expect((await show()).figures).toMatchObject({ good: 50, total: 55 });
  });

  test("latency leaves out what failed; a journey is as good as its root; an environment is only its own", async () => {
    const at = minutesAgo(5);
    const inProd = [{ key: "deployment.environment.name", value: { stringValue: "prod" } }];
    await send(
      tracesOf({ shop: [...requests(at, 8, 0, { ms: 50 }), ...requests(at, 4, 0, { ms: 500 }), ...requests(at, 3, 3, { ms: 900 })] }),
    );
    await send(tracesOf({ shop: requests(at, 6, 0, { ms: 500 }) }, inProd));
    await send(
      tracesOf({
        shop: [
          ...requests(at, 10, 1, { kind: 1, name: "buy", ms: 5 }),
          ...requests(at, 2, 0, { kind: 1, name: "buy", ms: 5_000 }),
          ...requests(at, 4, 4, { kind: 1, name: "charge", parent: 1 }),
        ],
      }),
    );
    const texts = [
      document("{ latency: { thresholdMs: 100 } }", "", "quick"),
      document("{ latency: { thresholdMs: 100 } }", "environment: prod", "quick-prod"),
      document("{ journey: { operation: buy, thresholdMs: 1000 } }", "", "buying"),
    ];
    const tried = await call(slos.testSlos, { text: texts.join("\n---") });
    expect(tried.items.map(({ name, good, total, met }) => [name, good, total, met])).toEqual([
      ["quick", 8, 18, false],
      ["quick-prod", 0, 6, false],
      ["buying", 9, 12, false],
    ]);
    expect(await rows("select * from slo_minute")).toEqual([]);
    const [none] = (await call(slos.testSlos, { text: document("{ journey: { operation: nobody } }") })).items;
    expect(none).toMatchObject({ total: 0, advice: expect.stringContaining("never be known") });
    expect(none).not.toHaveProperty("ratio");
  });

  test("two sums: by what they grow, over a restart; samples of a gauge; lines of a log", async () => {
    const at = minutesAgo(6);
    const sum = (name: string, points: readonly [number, number][], temporality = 2) => ({
      name,
      sum: {
        aggregationTemporality: temporality,
        isMonotonic: true,
        dataPoints: points.map(([minute, asDouble]) => ({ timeUnixNano: nanos(at + minute * MINUTE), asDouble })),
      },
    });
    const metrics = [
      sum("begun", [
        [0, 100],
        [1, 150],
        [2, 20],
      ]),
      sum("done", [
        [0, 90],
        [1, 130],
        [2, 20],
      ]),
      { name: "depth", gauge: { dataPoints: [3, 8, 30].map((asDouble, i) => ({ timeUnixNano: nanos(at + i * 1_000), asDouble })) } },
    ];
    const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
    await send(encodeMessage("ExportMetricsServiceRequest", { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }), {
      signal: "metrics",
    });
    const logRecords = ["fine", "fine", "timed out", "fine"].map((stringValue, i) => ({
      timeUnixNano: nanos(at + i),
      severityNumber: stringValue === "fine" ? 9 : 17,
      body: { stringValue },
    }));
    await send(encodeMessage("ExportLogsServiceRequest", { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] }), {
      signal: "logs",
    });
    const texts = [
      document("{ ratio: { good: { metric: done }, total: { metric: begun } } }", "", "a"),
      document("{ gauge: { metric: depth, below: 10 } }", "", "b"),
      document("{ logs: { bad: { minSeverity: error } } }", "", "c"),
      document("{ logs: { bad: { text: TIMED } } }", "", "d"),
    ];
    const { items } = await call(slos.testSlos, { text: texts.join("\n---") });
    expect(items.map(({ name, good, total }) => [name, good, total])).toEqual([
      ["a", 60, 70],
      ["b", 2, 3],
      ["c", 3, 4],
      ["d", 3, 4],
    ]);
  });
});

describe("what is said", () => {
  test("is made, changed, left and removed by its text; all documents or none", async () => {
    const text = document("{ availability: {} }");
    await call(slos.applySlos, { text });
    expect((await call(slos.applySlos, { text })).items[0]!.change).toBe("unchanged");
    expect((await call(slos.applySlos, { text: document("{ availability: {} }", "description: More.") })).items[0]!.change).toBe("changed");
    await expect(call(slos.applySlos, { text: `${document("{ availability: {} }", "", "other")}\n---\nkind: SLO` })).rejects.toMatchObject({
      code: "INVALID",
    });
    expect((await call(slos.listSlos, {})).items.map(({ name }) => name)).toEqual(["shop-answers"]);
    await call(slos.removeSlo, { name: "shop-answers" });
    await expect(show()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("of a hidden entity is not there; lists go on where they ended, the worst first", async () => {
    const names = ["a", "b", "c", "d"];
    await call(slos.applySlos, { text: names.map((name) => document("{ availability: {} }", "", name)).join("\n---") });
    await call(slos.applySlos, { text: document("{ availability: {} }", "entity: component:default/secret", "hidden") });
    for (const [name, remaining] of [
      ["c", -2],
      ["d", 0.9],
    ] as const)
      await it.database.db.query("update telemetry.slo set remaining = $2 where name = $1", [name, remaining]);
    await expect(show("hidden")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(call(slos.removeSlo, { name: "hidden" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const first = await call(slos.listSlos, { limit: 3 });
    const second = await call(slos.listSlos, { limit: 3, cursor: first.nextCursor });
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(["c", "a", "b", "d"]);
  });
});

describe("alerts", () => {
  test("open one incident for the owner and who is on call, and close it; twice at once does it once", async () => {
    await call(slos.applySlos, { text: document("{ availability: {} }") });
    await send(tracesOf({ shop: [...requests(minutesAgo(4), 50, 50), ...requests(minutesAgo(3), 50, 50)] }));
    await Promise.all([look(), look()]);
    await due();
    await look();
    const { items } = await call(contract.listIncidents, { state: "open" });
    expect(items).toMatchObject([{ service: "shop", entityRef: "component:default/shop", severity: "critical" }]);
    const shown = await show();
    expect(shown).toMatchObject({ state: "burning", incidentId: items[0]!.id });
    expect(shown.rules.filter(({ firing }) => firing).map(({ name }) => name)).toContain("page-fast");
    const { rows: events } = await it.database.db.query<{ payload: object }>(
      "select payload from kernel.event where name = 'telemetry.incident.opened' order by id desc limit 1",
    );
    expect(events[0]!.payload).toMatchObject({ onCall: ["user:default/oncall"], link: "/slos/shop-answers" });
    // Ten days on nothing burns; but nothing came either, so nobody says it is well.
    const later = new Date(Date.now() + 10 * 86_400_000);
    await due();
    await look(later);
    expect((await call(contract.listIncidents, { state: "open" })).items).toHaveLength(1);
    await due();
    await send(tracesOf({ shop: requests(minutesAgo(2), 1_000, 0) }));
    await call(slos.applySlos, { text: document("{ latency: { thresholdMs: 100 } }") });
    expect((await call(contract.listIncidents, { state: "open" })).items).toEqual([]);
  });

  test("an objective that was removed leaves its incident to people", async () => {
    await call(slos.applySlos, { text: document("{ availability: {} }") });
    await send(tracesOf({ shop: requests(minutesAgo(3), 50, 50) }));
    await look();
    await call(slos.removeSlo, { name: "shop-answers" });
    await look();
    expect((await call(contract.listIncidents, { state: "open" })).items).toHaveLength(1);
  });
});
