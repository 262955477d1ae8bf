import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { readOpenSlo } from "./read-openslo.ts";

const document = (
  o: { readonly indicator?: string; readonly objective?: string; readonly window?: string; readonly more?: string } = {},
): string => `
apiVersion: openslo/v1
kind: SLO
metadata: { name: orders-answer, displayName: Orders answer }
spec:
  service: orders
  indicator: { spec: ${o.indicator ?? "{ availability: {} }"} }
  timeWindow: [${o.window ?? "{ duration: 30d, isRolling: true }"}]
  budgetingMethod: Occurrences
  objectives: [${o.objective ?? "{ target: 0.999 }"}]
${o.more ?? ""}`;

const problems = (text: string): string[] => {
  try {
    readOpenSlo(text);
    return [];
  } catch (error) {
    return (error as { problems: { at: string; reason: string }[] }).problems.map(({ at, reason }) => `${at}: ${reason}`);
  }
};

test("a document is read, and what it leaves out follows", () => {
  expect(readOpenSlo(document())).toMatchObject([
    {
      name: "orders-answer",
      title: "Orders answer",
      service: "orders",
      entityRef: "component:default/orders",
      indicator: { kind: "availability", spans: "entering" },
      target: 0.999,
      period: { kind: "rolling", days: 30 },
      minimumEvents: 50,
    },
  ]);
});

test("what stands behind the last line of dashes is nothing", () => {
  expect(readOpenSlo(`${document()}\n---\n`)).toHaveLength(1);
});

test("percent is exact, weeks are days, a month is the calendar's", () => {
  expect(readOpenSlo(document({ objective: "{ targetPercent: 99.9 }" }))[0]!.target).toBe(0.999);
  expect(readOpenSlo(document({ window: "{ duration: 4w }" }))[0]!.period).toEqual({ kind: "rolling", days: 28 });
  expect(readOpenSlo(document({ window: "{ duration: 1M, isRolling: false }" }))[0]!.period).toEqual({ kind: "calendar-month" });
});

describe("each sort of indicator is read", () => {
  test.each([
    "{ availability: { operations: [POST /orders], where: { http.route: /orders } } }",
    "{ latency: { thresholdMs: 250 } }",
    "{ journey: { operation: POST /buy, thresholdMs: 2000 } }",
    "{ ratio: { good: { metric: jobs.done }, total: { metric: jobs.begun, where: { queue: mail } } } }",
    "{ gauge: { metric: queue.depth, below: 100 } }",
    "{ logs: { bad: { minSeverity: error }, lines: { text: import } } }",
  ])("%s", (indicator) => expect(problems(document({ indicator }))).toEqual([]));
});

describe("what is wrong is named with document and field", () => {
  test.each([
    [document({ objective: "{ target: 1 }" }), /spec\.objectives\.0\.target: must be under 1/],
    [document({ objective: "{}" }), /spec\.objectives\.0: must have either target/],
    [document({ indicator: "{ ratioMetric: {} }" }), /spec\.indicator\.spec: must be exactly one of availability, latency/],
    [document({ indicator: "{ latency: {} }" }), /spec\.indicator\.spec\.latency\.thresholdMs/],
    [document({ indicator: "{ gauge: { metric: m, below: 1, above: 2 } }" }), /must have either below or above/],
    [document({ window: "{ duration: 1M, isRolling: true }" }), /a month does not roll/],
    [document({ window: "{ duration: 400d }" }), /timeWindow/],
    [document({ more: "extra: 1" }), /extra/],
    ["", /holds no document/],
    ["a: [", /line 1/],
    [`${document()}\n---\n${document()}`, /said more than once/],
    [`${document()}\n---\nkind: SLO`, /document 2: /],
  ])("%#", (text, reason) => expect(problems(text).join("\n")).toMatch(reason));
});

test("no text breaks the reader: it is read, or refused with reasons", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.string().map((text) => document({ indicator: text })),
      ),
      (text) => {
        const found = problems(text);
        for (const one of found) expect(one.length).toBeGreaterThan(5);
      },
    ),
    { numRuns: 60 },
  );
});
