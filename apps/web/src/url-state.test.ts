import { describe, expect, it } from "vitest";

import { fixedRange, flag, number, oneOf, text, texts, windowOf } from "./url-state.ts";

describe("search parameters", () => {
  it("drops what does not fit instead of failing", () => {
    expect(text({ q: { evil: true } }, "q")).toEqual({});
    expect(number({ minMs: "abc" }, "minMs")).toEqual({});
    expect(oneOf({ sort: "sideways" }, "sort", ["newest", "slowest"])).toEqual({});
    expect(flag({ errors: "no" }, "errors")).toEqual({});
  });
  it("takes a number that the router parsed for a text", () => expect(text({ q: 42 }, "q")).toEqual({ q: "42" }));
  it("reads lists from arrays and from commas", () => {
    expect(texts({ kind: ["api", "system"] }, "kind")).toEqual({ kind: ["api", "system"] });
    expect(texts({ kind: "api,system" }, "kind")).toEqual({ kind: ["api", "system"] });
    expect(texts({ kind: "" }, "kind")).toEqual({});
  });
});

describe("windowOf", () => {
  const now = Date.UTC(2025, 5, 1, 12);
  it("reads minutes, hours and days", () => {
    expect(windowOf("15m", now).from).toBe("2025-06-01T11:45:00.000Z");
    expect(windowOf("7d", now).from).toBe("2025-05-25T12:00:00.000Z");
  });
  it("is the last hour when the word is missing or wrong", () => {
    expect(windowOf(undefined, now).ms).toBe(3_600_000);
    expect(windowOf("99y", now).ms).toBe(3_600_000);
  });
  it("reads two moments as a window that does not move", () => {
    const range = fixedRange(new Date("2025-05-01T08:00:00Z"), new Date("2025-05-01T09:30:00Z"));
    expect(windowOf(range, now)).toEqual({ from: "2025-05-01T08:00:00.000Z", to: "2025-05-01T09:30:00.000Z", ms: 5_400_000, live: false });
  });
  it("takes no window that ends before it begins", () => {
    expect(windowOf("2025-05-01T09:00:00Z..2025-05-01T08:00:00Z", now)).toMatchObject({ ms: 3_600_000, live: true });
    expect(windowOf("yesterday..today", now).live).toBe(true);
  });
});
