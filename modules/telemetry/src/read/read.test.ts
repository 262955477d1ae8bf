import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { judgeHealth } from "./health.ts";
import { receiptOf } from "./receipt.ts";
import { requestRows, type RedRow } from "./red.ts";
import { serviceRows } from "./service-rows.ts";
import { waterfall } from "./waterfall.ts";
import { alignWindow, resolveWindow, secondsOf, stepsOf } from "./window.ts";

describe("judgeHealth", () => {
  const facts = { requests: 0, errors: 0, openIncidents: 0, seen: true };
  test.each([
    [{ requests: 20, errors: 1 }, "failing"],
    [{ requests: 100, errors: 5 }, "failing"],
    [{ requests: 100, errors: 4 }, "degraded"],
    [{ requests: 100, errors: 1 }, "degraded"],
    [{ requests: 1000, errors: 9 }, "ok"],
    [{ requests: 19, errors: 19 }, "degraded"],
    [{ requests: 1, errors: 0 }, "ok"],
    [{ requests: 50, errors: 0, openIncidents: 1 }, "degraded"],
    [{ requests: 50, errors: 50, openIncidents: 1 }, "failing"],
    [{ openIncidents: 2, seen: false }, "degraded"],
    [{ seen: true }, "unknown"],
    [{ seen: false }, "unknown"],
  ])("%o is %s", (given, health) => expect(judgeHealth({ ...facts, ...given }).health).toBe(health));

  test("says why in the numbers it judged by", () => {
    expect(judgeHealth({ ...facts, requests: 340, errors: 21 }).why).toBe("6.2 % of 340 requests failed; 5 % is the limit.");
    expect(judgeHealth({ ...facts, seen: false }).why).toBe("No telemetry in this time.");
  });
});

describe("windows", () => {
  const now = new Date("2026-11-21T12:34:56.789Z");

  test("are the last hour unless they say otherwise", () => {
    expect(resolveWindow({}, now)).toEqual({ from: new Date("2026-11-21T11:34:56.789Z"), to: now });
    expect(secondsOf(resolveWindow({ from: "2026-11-21T12:00:00Z", to: "2026-11-21T12:05:00Z" }, now))).toBe(300);
  });

  test.each([
    [{ from: "2026-11-21T13:00:00Z" }],
    [{ from: "2026-11-21T12:00:00Z", to: "2026-11-21T12:00:00Z" }],
    [{ from: "2020-01-01T00:00:00Z" }],
  ])("%o is refused", (input) => expect(() => resolveWindow(input, now)).toThrow(expect.objectContaining({ code: "INVALID" })));

  test.each([
    [5 * 60, 5, "spans"],
    [30 * 60, 15, "spans"],
    [3_600, 60, "minutes"],
    [6 * 3_600, 300, "minutes"],
    [86_400, 720 + 180, "minutes"],
    [30 * 86_400, 21_600, "minutes"],
  ])("%i s are cut into steps of %i s", (length, seconds, source) => {
    const steps = stepsOf({ from: new Date(now.getTime() - length * 1_000), to: now });
    expect({ seconds: steps.seconds, source: steps.source }).toEqual({ seconds, source });
  });

  test("have 30 to 120 points, whatever their length", () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 400 * 86_400 }), (length) => {
        const points = length / stepsOf({ from: new Date(now.getTime() - length * 1_000), to: now }).seconds;
        expect(points).toBeLessThanOrEqual(120);
        expect(points).toBeGreaterThan(30);
      }),
    );
  });

  test("are widened to whole steps, but not into the future", () => {
    const past = alignWindow({ from: new Date("2026-11-21T10:00:10Z"), to: new Date("2026-11-21T11:00:10Z") }, 60, now);
    expect(past).toEqual({ from: new Date("2026-11-21T10:00:00Z"), to: new Date("2026-11-21T11:01:00Z") });
    expect(alignWindow({ from: new Date("2026-11-21T12:00:10Z"), to: now }, 60, now).to).toEqual(now);
  });
});

describe("rows of services", () => {
  const window = { from: new Date(0), to: new Date(10_000) };
  const row = (service: string, source: RedRow["source"], requests: number, errors = 0): RedRow => ({
    service,
    source,
    operation: "",
    at: "",
    requests,
    errors,
    durations: [1, 2, 3],
    last: `1970-01-01T00:00:0${requests % 10}.000Z`,
    sample: true,
  });

  test("requests are spans that enter a service, and roots only where nothing enters", () => {
    const rows = [row("api", "server", 5), row("api", "root", 7), row("api", "inner", 9), row("cron", "root", 2), row("quiet", "log", 3)];
    expect(requestRows(rows)).toEqual([rows[0], rows[3]]);
  });

  test("what is not known is absent, and a service that was asked for is there", () => {
    const rows = serviceRows([row("api", "server", 5, 1), row("quiet", "log", 3)], new Map([["gone", 1]]), window, ["gone"]);
    expect(rows).toEqual([
      {
        service: "api",
        requests: 5,
        requestsPerSecond: 0.5,
        errors: 1,
        errorRate: 0.2,
        p50Ms: 1,
        p95Ms: 2,
        p99Ms: 3,
        health: "degraded",
        why: expect.any(String),
        lastSeen: "1970-01-01T00:00:05.000Z",
        sample: true,
      },
      { service: "gone", requests: 0, requestsPerSecond: 0, errors: 0, health: "degraded", why: "An incident is open.", sample: false },
      {
        service: "quiet",
        requests: 0,
        requestsPerSecond: 0,
        errors: 0,
        health: "unknown",
        why: expect.any(String),
        lastSeen: "1970-01-01T00:00:03.000Z",
        sample: true,
      },
    ]);
  });
});

describe("waterfall", () => {
  const place = (spanId: string, offsetUs: number, parentSpanId?: string) => ({ spanId, offsetUs, parentSpanId });

  test("parents before children, brothers by time, orphans on top", () => {
    const spans = [place("c", 5, "a"), place("b", 3, "a"), place("d", 4, "b"), place("lost", 1, "nobody"), place("a", 0)];
    expect(waterfall(spans).map(({ spanId }) => spanId)).toEqual(["a", "b", "d", "c", "lost"]);
  });

  test("loses and repeats nothing, whatever the parents", () => {
    const spans = fc.uniqueArray(
      fc.record({
        spanId: fc.string({ maxLength: 2 }),
        offsetUs: fc.nat(20),
        parentSpanId: fc.option(fc.string({ maxLength: 2 }), { nil: undefined }),
      }),
      {
        selector: ({ spanId }) => spanId,
      },
    );
    fc.assert(
      fc.property(spans, (list) => {
        expect(new Set(waterfall(list))).toEqual(new Set(list));
        expect(waterfall(list)).toHaveLength(list.length);
      }),
    );
  });
});

test("a receipt is SQL that runs as it is", () => {
  const sql =
    "  select 1\n    where service = {service:String} and time < {to:DateTime64(3, 'UTC')} and x in {list:Array(String)} and n = {n:UInt8}";
  expect(receiptOf(sql, { service: "it's", to: "2026-11-21 00:00:00.000", list: ["a", "b\\"], n: 5 })).toBe(
    "select 1\nwhere service = 'it\\'s' and time < '2026-11-21 00:00:00.000'::DateTime64(3, 'UTC') and x in ['a', 'b\\\\'] and n = 5",
  );
});
