import { describe, expect, it } from "vitest";

import { sentenceOfReadiness, toReadiness } from "./readiness.ts";

const part = (name: string, state = "ok") => ({ name, state });

describe("toReadiness", () => {
  it("reads a 503's body as well as a 200's", () =>
    expect(toReadiness({ ready: false, parts: [{ name: "database", state: "failing", detail: "no answer within 2 s" }] })).toEqual({
      ready: false,
      parts: [{ name: "database", state: "failing", detail: "no answer within 2 s" }],
    }));
  it("is undefined for a proxy's page", () => {
    expect(toReadiness(undefined)).toBeUndefined();
    expect(toReadiness({ status: "ok" })).toBeUndefined();
  });
});

describe("sentenceOfReadiness", () => {
  it("names what does not work", () => {
    expect(sentenceOfReadiness({ ready: true, parts: [part("a"), part("b")] })).toBe("All 2 parts work.");
    expect(sentenceOfReadiness({ ready: false, parts: [part("database", "failing"), part("b")] })).toBe(
      "Database does not work; 1 of 2 parts do.",
    );
    expect(sentenceOfReadiness({ ready: false, parts: [part("database", "failing"), part("paths", "failing"), part("b")] })).toBe(
      "Database and paths do not work; 1 of 3 parts do.",
    );
  });
});
