import { describe, expect, it } from "vitest";

import { errorRateOf, neighboursOf } from "./calls.ts";
import { keyRows, toneOf } from "./log-rows.ts";
import { decades, logScale } from "./log-scale.ts";
import { traceIdIn } from "./trace-id.ts";

describe("keyRows", () => {
  const row = { at: "2025-06-01T12:00:00.000001Z", service: "cart", body: "same" };
  it("tells records apart that are the same in everything", () => {
    expect(new Set(keyRows([row, row, row]).map(({ key }) => key)).size).toBe(3);
  });
  it("keeps a record's key when a newer one, even an equal one, comes in above", () => {
    const before = keyRows([row, { ...row, body: "older" }]);
    const after = keyRows([row, row, { ...row, body: "older" }]);
    expect(after.slice(1).map(({ key }) => key)).toEqual(before.map(({ key }) => key));
  });
});

it("hears how loud a severity is, however it is written", () => {
  expect(["ERROR", "fatal", "Warn", "info", "debug2", "unset"].map(toneOf)).toEqual(["fail", "fail", "warn", "plain", "quiet", "plain"]);
});

describe("neighboursOf", () => {
  const edges = [
    { from: "shop", to: "cart", requests: 10, errors: 0 },
    { from: "app", to: "cart", requests: 90, errors: 9 },
    { from: "cart", to: "stock", requests: 5, errors: 0 },
    { from: "cart", to: "cart", requests: 7, errors: 0 },
    { from: "shop", to: "pay", requests: 3, errors: 0 },
  ];
  it("parts callers from callees, the busiest first, and leaves out itself", () => {
    const { callers, callees } = neighboursOf("cart", edges);
    expect(callers.map(({ service }) => service)).toEqual(["app", "shop"]);
    expect(callees.map(({ service }) => service)).toEqual(["stock"]);
  });
  it("has no error rate where there were no calls", () => {
    expect(errorRateOf({ requests: 0, errors: 0 })).toBeUndefined();
    expect(errorRateOf({ requests: 90, errors: 9 })).toBe(0.1);
  });
});

describe("logScale", () => {
  it("gives each order of magnitude the same room", () => {
    const scale = logScale(1, 1_000);
    expect(scale(10) - scale(1)).toBeCloseTo(scale(1_000) - scale(100), 6);
    expect(scale(0)).toBe(0);
  });
  it("has ticks also where all values are alike", () => {
    expect(decades(1, 10_000)).toEqual([1, 10, 100, 1_000, 10_000]);
    expect(decades(4, 60).length).toBeGreaterThanOrEqual(3);
    expect(Number.isFinite(logScale(5, 5)(5))).toBe(true);
  });
});

describe("traceIdIn", () => {
  const id = "0af7651916cd43dd8448eb211c80319c";
  it("takes an id however it was pasted", () => {
    expect(traceIdIn(` ${id.toUpperCase()}\n`)).toBe(id);
    expect(traceIdIn(`00-${id}-b7ad6b7169203331-01`)).toBe(id);
  });
  it("takes nothing that is no id", () => {
    expect(traceIdIn("cart")).toBeUndefined();
    expect(traceIdIn("0".repeat(32))).toBeUndefined();
  });
});
