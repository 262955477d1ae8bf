import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";

import { createCel } from "./cel.ts";
import type { RuleOutcome, Way } from "./program.ts";

const cel = createCel({ deadlineMs: 5_000 });
afterAll(() => cel.close());

const OBJECT = {
  known: true,
  no: false,
  name: "logs",
  tags: { team: "a" },
  list: [{ port: 80 }, { port: 443 }],
};
const UNKNOWN: readonly Way[] = [
  ["object", "acl"],
  ["object", "flag"],
  ["object", "tags", "owner"],
  ["object", "list", 2, "port"],
  ["object", "rules", 0],
];

async function ask(expression: string, veil: { unknown?: readonly Way[]; secret?: readonly Way[] } = { unknown: UNKNOWN }) {
  return (await askAll([{ expression }], veil))[0] as RuleOutcome;
}

async function askAll(
  rules: readonly { expression: string; otherwise?: string }[],
  veil: { unknown?: readonly Way[]; secret?: readonly Way[] },
  object: Record<string, unknown> = OBJECT,
) {
  const program = cel.createProgram({
    names: ["object"],
    definitions: [
      { name: "ports", expression: "object.list.map(one, one.port)" },
      { name: "secret", expression: "object.?password.orValue('')" },
    ],
    rules,
  });
  const [outcome] = await cel.evaluateBatch({ programs: [program], bindings: [structuredClone({ object })], veils: [veil] });
  if (outcome?.kind !== "rules") throw new Error(JSON.stringify(outcome));
  return outcome.rules;
}

describe("a value that is not known yet", () => {
  test.each([
    ["object.known || object.flag", true],
    ["object.flag || object.known", true],
    ["object.no && object.flag", false],
    ["object.flag && object.no", false],
    ["object.known ? true : object.flag", true],
    ["object.name == 'logs'", true],
    ["has(object.name) && !has(object.nothing)", true],
    ["size(object.list) == 3", true],
    ["object.list.exists(one, one.port == 80)", true],
    ["object.list.all(one, one.port > 100)", false],
    ["80 in [80, object.list[0].port]", true],
    ["object.?nothing.orValue('x') == 'x'", true],
    ["'team' in object.tags", true],
    ["object.list.exists(i, one, i == 1 && one.port == 443)", true],
  ])("%s is %s all the same", async (expression, value) => {
    expect(await ask(expression)).toEqual({ kind: "value", value });
  });

  test.each([
    ["object.acl == 'private'", ["object.acl"]],
    ["object.acl != 'private'", ["object.acl"]],
    ["!object.flag", ["object.flag"]],
    ["object.no || object.flag", ["object.flag"]],
    ["object.known && object.flag", ["object.flag"]],
    ["object.flag || object.acl == 'x'", ["object.flag", "object.acl"]],
    // What is not known comes before an error: once it is known, the error may not matter.
    ["object.nothing.at.all || object.flag", ["object.flag"]],
    ["object.flag ? true : true", ["object.flag"]],
    ["has(object.acl)", ["object.acl"]],
    ["has(object.tags.owner) && object.tags.owner == 'a'", ["object.tags.owner"]],
    ["object.?acl.orValue('private') == 'private'", ["object.acl"]],
    ["object.tags[?'owner'].hasValue()", ["object.tags.owner"]],
    ["['team', 'owner'].all(one, object.tags[one] != '')", ["object.tags.owner"]],
    ["['team', 'owner'].all(one, object.tags[?one].orValue('') != '')", ["object.tags.owner"]],
    ["object.rules.exists(one, one in ['a', 'b'])", ["object.rules[0]"]],
    ["object.tags.exists(k, v, v == 'b')", ["object.tags.owner"]],
    ["object.rules.map(one, one) == []", ["object.rules[0]"]],
    ["object.tags['owner'] == 'a'", ["object.tags.owner"]],
    ["object.?tags[?'owner'].orValue('a') == 'a'", ["object.tags.owner"]],
    ["object.rules[0] == 'a'", ["object.rules[0]"]],
    ["'owner' in object.tags", ["object.tags.owner"]],
    ["object.tags == {'team': 'a'}", ["object.tags.owner"]],
    ["object.list.all(one, one.port > 10)", ["object.list[2].port"]],
    ["object.list.exists(one, one.port == 22)", ["object.list[2].port"]],
    ["object.list.exists(i, one, one.port == 22)", ["object.list[2].port"]],
    ["object.list.filter(one, one.port == 22).size() == 0", ["object.list[2].port"]],
    ["variables.ports.size() == 3", ["object.list[2].port"]],
    ["'x' in object.rules", ["object.rules[0]"]],
    ["object.rules.join(',') == ''", ["object.rules[0]"]],
    ["size(object.acl) > 3", ["object.acl"]],
    ["object.acl.startsWith('p')", ["object.acl"]],
    ["object.list[2].port + 1 == 3", ["object.list[2].port"]],
    ["string(object.list[2].port) == '3'", ["object.list[2].port"]],
  ])("%s cannot be said", async (expression, unknown) => {
    expect(await ask(expression)).toMatchObject({ kind: "fault", fault: { code: "unknown_value", unknown } });
  });

  test("whatever the unknown turns out to be, an answer that was given stays the answer", async () => {
    const leaf = fc.constantFrom("object.a", "object.b", "object.c", "object.t", "object.f");
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.tuple(tie("tree"), fc.constantFrom("&&", "||", "==", "!="), tie("tree")).map(([l, op, r]) => `(${l} ${op} ${r})`),
        tie("tree").map((inner) => `!${inner}`),
        fc.tuple(tie("tree"), tie("tree"), tie("tree")).map(([i, t, e]) => `(${i} ? ${t} : ${e})`),
        fc.tuple(fc.constantFrom("all", "exists"), tie("tree")).map(([q, p]) => `[object.a, object.t].${q}(one, one || ${p})`),
        fc.tuple(fc.constantFrom("all", "exists"), tie("tree")).map(([q, p]) => `['t', 'a', 'f'].${q}(k, object[k] == ${p})`),
        fc.tuple(fc.constantFrom("all", "exists"), tie("tree")).map(([q, p]) => `['f', 'b', 'z'].${q}(k, object[?k].orValue(${p}))`),
        tie("tree").map((inner) => `(${inner} in [object.f, object.b])`),
        tie("tree").map((inner) => `object.?a.orValue(${inner})`),
      ),
    }));
    const unknown: Way[] = [
      ["object", "a"],
      ["object", "b"],
    ];
    await fc.assert(
      fc.asyncProperty(tree, async (expression) => {
        const known = { c: true, t: true, f: false };
        const [open] = await askAll([{ expression }], { unknown }, known);
        const settled = await Promise.all(
          [0, 1, 2, 3].map(async (bits) => (await askAll([{ expression }], {}, { ...known, a: bits > 1, b: bits % 2 === 1 }))[0]),
        );
        if (open?.kind === "value") for (const one of settled) expect(one).toEqual(open);
        else expect(open?.fault.code).toBe("unknown_value");
      }),
      { numRuns: 60 },
    );
  });
});

describe("a value that nobody may be shown", () => {
  const secret: readonly Way[] = [["object", "password"]];
  const object = { name: "db", password: "hunter2-hunter2" };

  test("is judged, and does not come out in a text", async () => {
    const rules = await askAll(
      [
        { expression: "object.password.size() > 20", otherwise: "object.name + ' has the password ' + object.password" },
        { expression: "object.password.startsWith('x')", otherwise: "variables.secret.substring(0, 4)" },
        { expression: "object.password" },
        { expression: "quantity(object.password).isGreaterThan(quantity('1'))" },
        { expression: "variables.secret == 'hunter2-hunter2'" },
      ],
      { secret },
      object,
    );
    expect(JSON.stringify(rules)).not.toContain("hunt");
    expect(rules[0]).toEqual({ kind: "value", value: false, otherwise: "db has the password (sensitive)" });
    expect(rules[2]).toEqual({ kind: "value", value: "(sensitive)" });
    expect(rules[3]).toMatchObject({ kind: "fault" });
    expect(rules[4]).toEqual({ kind: "value", value: true });
  });
});
