import { createCel } from "@roadbed/cel";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";

import { toCel, TranslationFault } from "./to-cel.ts";

const cel = createCel();
afterAll(() => cel.close());

const holds = (expression: string, result: unknown): Promise<unknown> => cel.evaluate(toCel(expression), { result });

describe("a condition of an AnalysisTemplate", () => {
  test.each([
    ["result[0] >= 0.95", [0.97], true],
    ["result[0] >= 0.95", [0.9], false],
    ["result[0] >= 1", [1], true],
    ["result[0] >= 0.95", [Number.NaN], false],
    ["result < 100", 99, true],
    ["result < 100", 100.5, false],
    ["len(result) == 0 || result[0] >= 0.95", [], true],
    ["len(result) > 0 and isNaN(result[0])", [Number.NaN], true],
    ["isNaN(result[0])", [3], false],
    ["isInf(result[0])", [Number.POSITIVE_INFINITY], true],
    ["all(result, {# > 1})", [2, 3.5], true],
    ["all(result, # > 1)", [2, 0.5], false],
    ["any(result, {# == 0})", [2, 0], true],
    ["none(result, {isNaN(#)})", [2, Number.NaN], false],
    ["one(result, {# > 2})", [1, 3], true],
    ["count(result, {# > 1}) * 2 >= len(result)", [1, 2, 3], true],
    ["len(filter(result, {# > 1})) == 2", [1, 2, 3], true],
    ["all(result, {.share < 0.1 && any(.codes, {# == 500})})", [{ share: 0.05, codes: [200, 500] }], true],
    ["default(result, 0) < 0.05", null, true],
    ["isNil(result) or result == 'ok'", null, true],
    ['result.data.state == "ok" && !(result["data"].count in [1, 2])', { data: { state: "ok", count: 3 } }, true],
    ["result contains 'fine' and not (result startsWith 'not')", "all fine", true],
    ["asFloat(result) * 100 - 5 > 90 ? true : false", "0.96", true],
    ["asInt(result) % 2 == 0", "4", true],
    ["-result[0] < -1.5e-1", [1], true],
    ["result not in ['down', 'sick']", "up", true],
    ["result[len(result) - 1] > 2", [1, 3], true],
    ["result == true", true, true],
  ])("%s of %j gives %s", async (expression, result, expected) => {
    expect(await holds(expression, result)).toBe(expected);
  });

  test("gives an error where it could not be evaluated by Argo either, and no verdict", async () => {
    await expect(holds("result[0] >= 0.95", [])).rejects.toThrow(/index/);
  });

  test.each([
    ["result[0] >= 0.95 | first()", 19, "| has no counterpart here"],
    ["map(result, {# * 2})[0] > 1", 1, "map() has no counterpart here"],
    ["results[0] > 1", 1, "results is not known: there is only result"],
    ["result?.x > 1", 7, "?. has no counterpart"],
    ["result[1:2] == 3", 9, "a part of a list has no counterpart"],
    ["result ** 2 > 1", 8, "** has no counterpart"],
    ["# > 1", 1, "# stands outside of braces"],
    ["result > ", 10, "it ends too early"],
    ["result[0] + 1", 1, "it gives neither yes nor no"],
    ["constructor(result)", 1, "constructor() has no counterpart"],
    ["result > 'a", 10, "the text does not end"],
    ["let x = 1; x > result", 7, "= has no meaning here"],
  ])("%s is refused at column %i", (expression, column, reason) => {
    const attempt = (): string => toCel(expression);
    expect(attempt).toThrow(TranslationFault);
    expect(attempt).toThrow(reason);
    try {
      attempt();
    } catch (error) {
      expect((error as TranslationFault).column).toBe(column);
    }
  });

  test("agrees with arithmetic for whatever numbers, whole ones too", async () => {
    const number = fc.oneof(fc.integer({ min: -1_000, max: 1_000 }), fc.double({ min: -1e6, max: 1e6, noNaN: true }));
    await fc.assert(
      fc.asyncProperty(fc.array(number, { minLength: 1, maxLength: 6 }), number, async (values, limit) => {
        const said = limit < 0 ? `-${String(-limit)}` : String(limit);
        expect(await holds(`all(result, {# > ${said}})`, values)).toBe(values.every((value) => value > limit));
        expect(await holds(`result[0] * 2 <= ${said} + 1 || len(result) >= 3`, values)).toBe(
          values[0]! * 2 <= limit + 1 || values.length >= 3,
        );
      }),
      { seed: 20_261_128, numRuns: 60 },
    );
  });

  test("is either translated or refused with a column, whatever is written", () => {
    const words = fc.constantFrom(
      "result",
      "[",
      "]",
      "(",
      ")",
      "0",
      "0.95",
      ">",
      ">=",
      "&&",
      "!",
      "len",
      "all",
      "{",
      "}",
      "#",
      ",",
      "'a'",
      ".",
      "x",
      "?",
      ":",
      "in",
      "not",
      "-",
      "`",
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 25 }), (parts) => {
        try {
          expect(typeof toCel(parts.join(" "))).toBe("string");
        } catch (error) {
          expect(error).toBeInstanceOf(TranslationFault);
          expect((error as TranslationFault).column).toBeGreaterThan(0);
        }
      }),
      { seed: 7, numRuns: 2_000 },
    );
  });
});
