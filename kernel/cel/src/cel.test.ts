import { InvalidError, UnavailableError } from "@roadbed/core";
import { afterAll, describe, expect, test } from "vitest";

import { createCel } from "./cel.ts";
import { makeFilter } from "./filter.ts";
import type { Outcome } from "./program.ts";

const cel = createCel({ deadlineMs: 400, expressionCost: Infinity });
const thrifty = createCel({ deadlineMs: 20_000 });
afterAll(() => Promise.all([cel.close(), thrifty.close()]));

/** 300^4 turns: years, unless somebody stops it. */
const ENDLESS = "o.list.all(a, o.list.all(b, o.list.all(c, o.list.all(d, a + b + c + d < 100000))))";
const LIST = Array.from({ length: 300 }, (_, i) => i);

describe("evaluate", () => {
  test("whole numbers are ints, other numbers doubles, and both come back as JSON", async () => {
    expect(await cel.evaluate("o.replicas + 1", { o: { replicas: 3 } })).toBe(4);
    expect(await cel.evaluate("o.ratio * 2.0", { o: { ratio: 0.25 } })).toBe(0.5);
    expect(await cel.evaluate("{'a': [1, 2.5], 'b': null}", {})).toEqual({ a: [1, 2.5], b: null });
    expect(await cel.evaluate("9223372036854775807", {})).toBe("9223372036854775807");
  });

  test("an error names the line, the column and the mend", async () => {
    const evaluation = cel.evaluate("has(object.metadata) &&\n  object.labels.team == 'a'", { object: { metadata: {} } });
    const error = (await evaluation.catch((thrown: unknown) => thrown)) as InvalidError;
    expect(error).toBeInstanceOf(InvalidError);
    expect(error.message).toContain("line 2, column 10: No such key: labels");
    expect(error.mend).toContain("has(a.b)");
  });

  test("prototype members are not fields", async () => {
    for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      await expect(cel.evaluate(`object.${name} == null`, { object: {} })).rejects.toThrow("No such key");
    }
  });

  test("functions and other live things are refused, not passed", async () => {
    await expect(cel.evaluate("o == null", { o: { run: () => 1 } })).rejects.toThrow("Only plain data");
  });
});

describe("the deadline", () => {
  test("an endless comprehension is stopped, says so, and the next expression works", async () => {
    await expect(cel.evaluate(ENDLESS, { o: { list: LIST } })).rejects.toThrow("took longer than 400 ms");
    expect(await cel.evaluate("1 + 1", {})).toBe(2);
  });

  test("only the guilty program of a batch fails; it is not tried on the next object", async () => {
    const [good, evil] = [
      cel.createProgram({ names: ["o"], rules: [{ expression: "o.list.size() == 300" }] }),
      cel.createProgram({ names: ["o"], rules: [{ expression: ENDLESS }] }),
    ];
    const outcomes = await cel.evaluateBatch({ programs: [good, evil, good], bindings: [{ o: { list: LIST } }, { o: { list: LIST } }] });
    expect(outcomes.map(summary)).toEqual([
      "true",
      "took longer than 400 ms",
      "true",
      "true",
      "was not evaluated: it took longer than 400 ms on another object",
      "true",
    ]);
  });

  test("an expression that eats memory is stopped and named too", async () => {
    const small = createCel({ deadlineMs: 20_000, memoryMb: 32, expressionCost: Infinity });
    const greedy = "o.list.map(a, o.list.map(b, o.list.map(c, [a, b, c])))";
    await expect(small.evaluate(greedy, { o: { list: LIST } })).rejects.toThrow("used more than 32 MB");
    expect(await small.evaluate("1 + 1", {})).toBe(2);
    await small.close();
  });

  test("a batch as a whole has a limit", async () => {
    const brief = createCel({ deadlineMs: 200, batchMs: 300, expressionCost: Infinity });
    const programs = Array.from({ length: 4 }, (_, i) =>
      brief.createProgram({ names: ["o"], rules: [{ expression: `${i} < 9 && ${ENDLESS}` }] }),
    );
    const outcomes = await brief.evaluateBatch({ programs, bindings: [{ o: { list: LIST } }] });
    expect(outcomes.map(summary).at(-1)).toBe("was not evaluated: the batch took longer than 300 ms");
    await brief.close();
  });
});

describe("the cost", () => {
  const CUBED = "o.list.all(a, o.list.all(b, o.list.all(c, a + b + c < 100000)))";

  test.each([
    ["loops inside loops", CUBED],
    ["a loop that another operand would outweigh", `${CUBED} || true`],
    ["loops of two variables", "o.list.all(i, a, o.list.all(j, b, o.list.all(k, c, a + b + c < 100000)))"],
    ["making lists", "o.list.map(a, o.list.map(b, o.list.map(c, a)))"],
    ["a regular expression over a long text", "o.text.matches('(a|b|ab|ba)+(x|y|z)?(a+b+)+c')"],
  ])("of %s has a limit, and the worker lives on", async (_what, expression) => {
    const o = { list: LIST, text: "ab".repeat(1_000_000) };
    await expect(thrifty.evaluate(expression, { o })).rejects.toThrow("costs more than an expression may");
    expect(await thrifty.evaluate("o.list.all(a, o.list.exists(b, a == b))", { o })).toBe(true);
  });

  test("of each definition is its own, and that of a program is ten times one", async () => {
    const square = "object.list.all(a, object.list.all(b, a + b < 100000))";
    const run = async (definitions: number) => {
      const names = Array.from({ length: definitions }, (_, i) => `d${i}`);
      const program = thrifty.createProgram({
        names: ["object"],
        definitions: names.map((name) => ({ name, expression: square })),
        rules: [{ expression: names.map((name) => `variables.${name}`).join(" && ") }],
      });
      const [outcome] = await thrifty.evaluateBatch({ programs: [program], bindings: [{ object: { list: LIST } }] });
      return summary(outcome as Outcome);
    };
    expect(await run(5)).toBe("true");
    expect(await run(40)).toContain("costs more than");
  });

  test("of a manifest of five megabytes is bounded", async () => {
    const containers = Array.from({ length: 20_000 }, (_, i) => ({ name: `c${i}`, image: `registry/${"x".repeat(200)}:${i}` }));
    expect(await thrifty.evaluate("o.containers.all(c, c.image.startsWith('registry/'))", { o: { containers } })).toBe(true);
    await expect(
      thrifty.evaluate("o.containers.all(c, o.containers.exists_one(d, d.name == c.name))", { o: { containers } }),
    ).rejects.toThrow("costs more");
  });
});

describe("regular expressions", () => {
  const EVIL = `${"a".repeat(40)}!`;

  test.each(["o.text.matches('^(a+)+$')", "matches(o.text, '^(a+)+$')", "o.text.find('^(a+)+$') != ''", "o['text'].matches(o.pattern)"])(
    "%s takes linear time",
    async (expression) => {
      expect(await cel.evaluate(expression, { o: { text: EVIL, pattern: "^(a+)+$" } })).toBe(false);
    },
  );

  test.each([
    "'aa'.matches('a{2}')",
    "o.list.exists(t, t.matches('^x'))",
    "o.list.filter(t, t.matches('(?i)^X')).size() == 1",
    "!'b'.matches(r'\\d')",
  ])("%s is true", async (expression) => {
    expect(await cel.evaluate(expression, { o: { list: ["abc", "xyz"] } })).toBe(true);
  });

  test("what RE2 does not know is an error with a position, at check and at run time", async () => {
    expect(cel.check("o.a.matches('(?=a)')", { o: "dyn" })).toMatchObject({
      ok: false,
      fault: { code: "invalid_regular_expression", column: 13 },
    });
    await expect(cel.evaluate("'a'.matches(o.pattern)", { o: { pattern: "(" } })).rejects.toThrow("RE2");
    await expect(cel.evaluate("o.number.matches('1')", { o: { number: 1 } })).rejects.toThrow("needs strings");
  });
});

describe("programs", () => {
  const names = ["object"];
  const run = async (source: Parameters<typeof cel.createProgram>[0], object: unknown): Promise<Outcome> => {
    const [outcome] = await cel.evaluateBatch({ programs: [cel.createProgram(source)], bindings: [{ object }] });
    return outcome as Outcome;
  };

  test("definitions are lazy, see earlier ones, and are computed once", async () => {
    const source = {
      names,
      definitions: [
        { name: "broken", expression: "object.nothing.here" },
        { name: "containers", expression: "object.containers" },
        { name: "images", expression: "variables.containers.map(c, c.image)" },
      ],
      rules: [{ expression: "variables.images == ['a', 'b']" }, { expression: "variables.broken == 1" }],
    };
    expect(await run(source, { containers: [{ image: "a" }, { image: "b" }] })).toMatchObject({
      kind: "rules",
      rules: [{ value: true }, { kind: "fault", fault: { code: "no_such_key", reason: "variables.broken: No such key: nothing" } }],
    });
  });

  test("a definition that reads itself is a fault", async () => {
    const definitions = [
      { name: "a", expression: "variables.b" },
      { name: "b", expression: "variables.a" },
    ];
    expect(await run({ names, definitions, rules: [{ expression: "variables.a" }] }, {})).toMatchObject({
      rules: [{ fault: { code: "circular" } }],
    });
  });

  test("a false condition skips, even beside a broken one; else a broken one is a fault", async () => {
    const rules = [{ expression: "true" }];
    expect(await run({ names, conditions: ["object.none == 1", "1 == 2"], rules }, {})).toEqual({ kind: "skipped" });
    expect(await run({ names, conditions: ["object.none == 1", "1 == 1"], rules }, {})).toMatchObject({
      kind: "fault",
      fault: { code: "no_such_key" },
    });
    expect(await run({ names, conditions: ["'text'"], rules }, {})).toMatchObject({ kind: "fault", fault: { code: "not_bool" } });
  });

  test("`otherwise` is computed where the rule is false, and its failure is silent", async () => {
    const rules = [
      { expression: "object.n > 3", otherwise: "'n is ' + string(object.n)" },
      { expression: "object.n > 3", otherwise: "object.none" },
      { expression: "object.n > 0", otherwise: "'unused'" },
    ];
    expect(await run({ names, rules }, { n: 2 })).toEqual({
      kind: "rules",
      rules: [
        { kind: "value", value: false, otherwise: "n is 2" },
        { kind: "value", value: false },
        { kind: "value", value: true },
      ],
    });
  });

  test("one that does not compile is a fault of that rule only", async () => {
    const outcome = await run({ names, rules: [{ expression: "object.a ==" }, { expression: "nobody" }, { expression: "true" }] }, {});
    expect(outcome).toMatchObject({
      rules: [{ fault: { code: expect.any(String), line: 1 } }, { fault: { code: "unknown_variable" } }, { value: true }],
    });
  });

  test("shared and circular data neither loop nor explode", async () => {
    let bomb: unknown = { n: 1 };
    for (let i = 0; i < 60; i++) bomb = { a: bomb, b: bomb };
    const circle: Record<string, unknown> = { n: 1 };
    circle.self = circle;
    expect(await cel.evaluate("o.a.b.a != null", { o: bomb })).toBe(true);
    expect(await cel.evaluate("o.self.self.n + 1", { o: circle })).toBe(2);
  });
});

describe("check", () => {
  test("knows the declared variables and their fields", () => {
    expect(cel.check("object.a == 1 && variables.images.size() > 0", { object: "dyn", variables: { fields: ["images"] } })).toEqual({
      ok: true,
      type: "bool",
    });
    expect(cel.check("variables.imagse.size()", { variables: { fields: ["images"] } })).toMatchObject({
      ok: false,
      fault: { code: "no_such_key", reason: "No such key: imagse", line: 1, column: 11 },
    });
    expect(cel.check("other == 1", { object: "dyn" })).toMatchObject({ ok: false, fault: { code: "unknown_variable" } });
  });

  test.each(["", "  ", "a".repeat(20_001), "((((", "'abc", `${"(".repeat(400)}1${")".repeat(400)}`, "1 + 'a'"])(
    "refuses %#",
    (expression) => {
      expect(cel.check(expression, { object: "dyn" })).toMatchObject({ ok: false, fault: { reason: expect.any(String) } });
    },
  );
});

describe("filters", () => {
  test("match documents in order; one on which the expression fails does not match and is counted", async () => {
    const filter = cel.createFilter("entity.spec.lifecycle == 'production'");
    const documents = Array.from({ length: 1_300 }, (_, i) =>
      i === 700 ? { kind: "Group" } : { spec: { lifecycle: i % 2 ? "production" : "old" } },
    );
    const answer = await filter.test(documents);
    expect(answer.matched).toHaveLength(1_300);
    expect(answer.matched.filter(Boolean)).toHaveLength(650);
    expect(answer).toMatchObject({ faults: 1, firstFault: { code: "no_such_key" } });
  });

  test("that never end are stopped once, and not again for each slice", async () => {
    let slices = 0;
    const counting: typeof cel.evaluateBatch = (batch) => {
      slices++;
      return cel.evaluateBatch(batch);
    };
    const program = cel.createProgram({ names: ["o"], rules: [{ expression: ENDLESS }] });
    const { matched, faults } = await makeFilter({ evaluateBatch: counting }, program, "o").test(
      Array.from({ length: 2_000 }, () => ({ list: LIST })),
    );
    expect({ slices, matched: matched.length, any: matched.some(Boolean), faults }).toEqual({
      slices: 1,
      matched: 2_000,
      any: false,
      faults: 2_000,
    });
  });

  test("must compile, and must give true or false", async () => {
    expect(() => cel.createFilter("entity.a ==")).toThrow(InvalidError);
    expect(() => cel.createFilter("thing.a")).toThrow("Unknown variable");
    expect(await cel.matches("entity.a == 'x'", [{ a: "x" }, { a: 1 }, {}])).toEqual([true, false, false]);
    await expect(cel.matches("entity.a ==", [])).rejects.toThrow(InvalidError);
    expect(await cel.createFilter("entity.a").test([{ a: "x" }])).toMatchObject({
      matched: [false],
      faults: 1,
      firstFault: { code: "not_bool" },
    });
  });
});

describe("workers", () => {
  test("calls at the same time are all answered, by as many workers as there are", async () => {
    const pair = createCel({ workers: 2 });
    expect(await Promise.all(Array.from({ length: 20 }, (_, i) => pair.evaluate("n * 2", { n: i })))).toEqual(
      Array.from({ length: 20 }, (_, i) => i * 2),
    );
    await pair.close();
  });

  test("an idle worker is stopped and another started when needed", async () => {
    const lazy = createCel({ idleMs: 20 });
    expect(await lazy.evaluate("1", {})).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await lazy.evaluate("2", {})).toBe(2);
    await lazy.close();
  });

  test.for([0, 300])("close ends what is under way for %i ms and refuses what comes later", async (ms) => {
    const closing = createCel({ deadlineMs: 60_000, expressionCost: Infinity });
    const pending = closing.evaluate(ENDLESS, { o: { list: LIST } }).catch((error) => error);
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    await closing.close();
    expect(await pending).toBeInstanceOf(UnavailableError);
    await expect(closing.evaluate("1", {})).rejects.toBeInstanceOf(UnavailableError);
  });
});

function summary(outcome: Outcome): string {
  if (outcome.kind === "fault") return outcome.fault.reason;
  if (outcome.kind === "skipped") return "skipped";
  const [rule] = outcome.rules;
  return rule?.kind === "fault" ? rule.fault.reason : String(rule?.value);
}
