import { describe, expect, test } from "vitest";

import { asText } from "./as-text.ts";
import { createCel } from "./cel.ts";

describe("asText", () => {
  test("writes plain JSON, without what is undefined", () => {
    const binding = { object: { a: [1, 2.5, "x", true, null], b: { c: "" }, none: undefined } };
    expect(asText([binding])).toBe('[{"object":{"a":[1,2.5,"x",true,null],"b":{"c":""}}}]');
  });

  test.each([
    ["a date", { at: new Date(0) }],
    ["no number", { n: Number.NaN }],
    ["an endless one", { n: Number.POSITIVE_INFINITY }],
    ["a large integer", { n: 1n }],
    ["bytes", { b: new Uint8Array(1) }],
    ["a map", { m: new Map() }],
    ["a gap in a list", { l: [undefined] }],
    ["a function", { toJSON: () => "other" }],
  ])("leaves %s to be copied", (_name, binding) => expect(asText([binding])).toBeUndefined());

  test("leaves what is large, deep, shared often or circular to be copied", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const shared = { text: "x".repeat(100_000) };
    let deep: unknown = 1;
    for (let i = 0; i < 200; i++) deep = [deep];
    for (const binding of [
      circle,
      { all: Array.from({ length: 100 }, () => shared) },
      { deep },
      {
        many: Array(100_000)
          .fill(null)
          .map(() => ({})),
      },
    ]) {
      expect(asText([binding])).toBeUndefined();
    }
  });
});

test("an expression sees the same, whichever way its values came", async () => {
  const cel = createCel({ deadlineMs: 10_000 });
  try {
    const object = { whole: 3, part: 2.5, minus: -0, text: "ü\u2028\ud83d\ude00", __proto__: null, list: [1, { n: 2 }], none: undefined };
    const more = { object, at: new Date("2026-01-02T03:04:05Z") };
    const asked = [
      "object.whole + 1 == 4",
      "object.part < 3.0",
      "object.minus == 0",
      "object.text.size()",
      "object.list[1].n",
      "has(object.none)",
      "type(object.whole) == int && type(object.part) == double",
    ];
    for (const expression of asked) {
      expect(await cel.evaluate(expression, { object }), expression).toEqual(await cel.evaluate(expression, more));
    }
    expect(await cel.evaluate("at.getFullYear()", more)).toBe(2026);
  } finally {
    await cel.close();
  }
});
