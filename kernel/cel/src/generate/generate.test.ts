import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { openProgram } from "../budget.ts";
import { createEnvironment } from "../environment.ts";
import type { Outcome } from "../program.ts";
import { quicken } from "../quicken.ts";
import { compileProgram } from "../run-program.ts";
import { convertNumbers } from "../values.ts";
import { generate } from "./generate.ts";

/** More often than a program runs before its code is written. */
const OFTEN = 20;

const OBJECTS: readonly Record<string, unknown>[] = [
  {
    a: 1,
    b: "text",
    c: true,
    d: null,
    e: 1.5,
    list: [1, 2, 3],
    names: ["x", "text"],
    map: { a: 1, b: "y", c: { a: 3 } },
    items: [{ a: 1 }],
  },
  { a: "1", b: 7, c: "yes", list: [1, "two", null, { a: 2 }], names: [], map: [], items: [{ a: "x", b: true }, {}, null, 5] },
  { map: { constructor: "own", toString: "own", a: [] }, items: {}, list: "text", names: [["x"], ["text"]], b: "^te(x)+t$" },
  {},
];

const PATHS = [
  "a",
  "b",
  "c",
  "d",
  "e",
  "list",
  "names",
  "map",
  "map.a",
  "map.c.a",
  "items",
  "map.toString",
  "map.constructor",
  "none.at.all",
];

const { bool, any } = fc.letrec<{ bool: string; any: string; text: string; many: string }>((tie) => {
  const path = fc.constantFrom(...PATHS).map((way) => `object.${way}`);
  const both = (operators: readonly string[], left = tie("any"), right = tie("any")) =>
    fc.tuple(left, fc.constantFrom(...operators), right).map(([a, operator, b]) => `(${a} ${operator} ${b})`);
  return {
    text: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom("'text'", "'x'", '"a\\"b"', "'\\u2028'", "'${a}`'", "object.b", "object.map.b"),
      path,
      fc.tuple(tie("text"), tie("text")).map(([a, b]) => `(${a} + ${b})`),
      tie("any").map((one) => `string(${one})`),
      tie("text").map((one) => `${one}.lowerAscii()`),
    ),
    many: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom("object.list", "object.names", "object.items", "object.map", "[]", "['x', 'text']", "[1, 2]"),
      path,
      fc.tuple(tie("many"), tie("bool")).map(([over, test]) => `${over}.filter(i, ${test})`),
      fc.tuple(tie("many"), tie("any")).map(([over, what]) => `${over}.map(i, ${what})`),
      fc.tuple(tie("many"), tie("bool"), tie("any")).map(([over, test, what]) => `${over}.map(j, ${test}, ${what})`),
    ),
    any: fc.oneof(
      { maxDepth: 4 },
      path,
      fc.constantFrom("1", "-2", "2.5", "null", "true", "i", "i.a", "j", "{'k': object.a}", "object"),
      tie("text"),
      tie("many"),
      tie("bool"),
      both(["+", "-", "*", "/", "%"]),
      fc.tuple(path, fc.constantFrom("a", "b", "c", "toString"), tie("any")).map(([at, key, other]) => `${at}.?${key}.orValue(${other})`),
      fc.tuple(path, fc.constantFrom("?a.?b", "?c.?a", "?a.b"), tie("any")).map(([at, keys, other]) => `${at}.${keys}.orValue(${other})`),
      fc.tuple(path, tie("any"), tie("any")).map(([at, key, other]) => `${at}[?${key}].orValue(${other})`),
      fc.tuple(tie("any"), tie("any")).map(([at, key]) => `${at}[${key}]`),
      fc.tuple(tie("bool"), tie("any"), tie("any")).map(([test, a, b]) => `(${test} ? ${a} : ${b})`),
      tie("any").map((one) => `-(${one})`),
      fc.tuple(path, tie("any")).map(([at, what]) => `${at}.?a.optMap(i, ${what}).orValue(0)`),
      tie("any").map((one) => `size(${one})`),
      tie("any").map((one) => `(${one}).size()`),
      fc.tuple(tie("any"), tie("any")).map(([value, what]) => `cel.bind(i, ${value}, ${what})`),
    ),
    bool: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom("true", "false", "object.c", "i == 1", "i.a == 1", "'a' in i", "j != null"),
      both(["==", "!=", "<", "<=", ">", ">=", "in"]),
      both(["||", "&&"], tie("bool"), tie("bool")),
      both(["||", "&&"], tie("any"), tie("any")),
      tie("bool").map((one) => `!${one}`),
      tie("any").map((one) => `!(${one})`),
      path.map((one) => `has(${one})`),
      fc.constantFrom("has(i.a)", "has(j.a.b)", "has(object.map.?c.a)"),
      fc.tuple(path, fc.constantFrom("a", "c.?a", "toString")).map(([at, key]) => `${at}.?${key}.hasValue()`),
      fc
        .tuple(tie("many"), fc.constantFrom("all", "exists", "exists_one"), fc.constantFrom("i", "j"), tie("bool"))
        .map(([over, macro, name, step]) => `${over}.${macro}(${name}, ${step})`),
      fc.tuple(tie("many"), tie("bool")).map(([over, step]) => `${over}.all(i, j, ${step})`),
      fc
        .tuple(tie("text"), fc.constantFrom("startsWith", "endsWith", "contains", "matches"), tie("text"))
        .map(([text, test, other]) => `${text}.${test}(${other})`),
      tie("text").map((one) => `isQuantity(${one})`),
    ),
  };
});

describe("code that is written for an expression", () => {
  test("says what its nodes say, of every object, in values and in errors", () => {
    let written = 0;
    fc.assert(
      fc.property(fc.oneof(bool, any), (expression) => {
        if (compiles(expression)) written++;
        const run = compileProgram({ names: ["object"], rules: [{ expression }] });
        const before = OBJECTS.map((object) => run(bindingOf(object)));
        for (let i = 0; i < OFTEN; i++) run(bindingOf({}));
        const after = OBJECTS.map((object) => run(bindingOf(object)));
        expect(after).toEqual<Outcome[]>(before);
      }),
      { numRuns: 3_000 },
    );
    // Half of what is made up has no sense; enough has.
    expect(written).toBeGreaterThan(300);
  }, 240_000);

  test("puts lists together as its nodes do, and changes none of them", () => {
    const run = compileProgram({
      names: ["object"],
      rules: [
        { expression: "object.a + object.b == object.whole" },
        { expression: "(object.a + []) + object.b == object.whole && object.a.size() == 2" },
        { expression: "([] + object.b).size() == object.b.size()" },
      ],
    });
    const object = { a: [{ n: 1 }, "x"], b: [[2], { m: "y" }], whole: [{ n: 1 }, "x", [2], { m: "y" }] };
    const yes = { rules: [{ value: true }, { value: true }, { value: true }] };
    for (let i = 0; i < OFTEN; i++) expect(run(bindingOf(object))).toMatchObject(yes);
  });

  test("keeps what a text of the expression says out of the code", () => {
    const evil = `'"; throw 1; //' == object.a || object["\`\${1}\\u2029"] == 1 || '\\\\' == object.b`;
    const run = compileProgram({ names: ["object"], rules: [{ expression: evil }] });
    const object = { a: '"; throw 1; //', b: "\\" };
    for (let i = 0; i < OFTEN; i++) expect(run(bindingOf(object))).toMatchObject({ rules: [{ value: true }] });
  });

  test("costs what its nodes cost", () => {
    const run = compileProgram({
      names: ["object"],
      rules: [{ expression: "object.list.all(a, object.list.all(b, object.list.all(c, a + b + c >= 0)))" }],
    });
    for (let i = 0; i < OFTEN; i++) run(bindingOf({ list: [1] }));
    const outcome = run(bindingOf({ list: Array.from({ length: 300 }, (_, i) => i) }));
    expect(outcome).toMatchObject({ rules: [{ fault: { code: "cost_exceeded" } }] });
  });

  test("is not written where it would be nested too deeply", () => {
    openProgram();
    const depth = 400;
    const run = compileProgram({ names: ["object"], rules: [{ expression: `${"!(".repeat(depth)}object.c${")".repeat(depth)}` }] });
    const first = run(bindingOf({ c: true }));
    for (let i = 0; i < OFTEN; i++) expect(run(bindingOf({ c: true }))).toEqual(first);
  });
});

function compiles(expression: string): boolean {
  try {
    const parsed = createEnvironment({ object: "dyn" }).parse(expression);
    if (!parsed.check().valid) return false;
    quicken(parsed.ast);
    return generate(parsed as never) !== undefined;
  } catch {
    return false;
  }
}

function bindingOf(object: Record<string, unknown>): Record<string, unknown> {
  return convertNumbers(structuredClone({ object })) as Record<string, unknown>;
}
