import { describe, expect, test } from "vitest";

import type { Document, Parsed, Unreadable } from "./document.ts";
import { parseJson, parseNdjson } from "./parse-json.ts";
import { parseYaml } from "./parse-yaml.ts";

function documents(parsed: Iterable<Parsed>): Document[] {
  return [...parsed].flatMap((one) => ("document" in one ? [one.document] : []));
}

function unreadables(parsed: Iterable<Parsed>): Unreadable[] {
  return [...parsed].flatMap((one) => ("unreadable" in one ? [one.unreadable] : []));
}

describe("parseYaml", () => {
  test("knows the line of every document and field", () => {
    const text = `# first
kind: A
metadata:
  name: a
---

# second
kind: B
metadata:
  tags: [x, y]   # flow lists are for the real parser
  name: b
`;
    const [first, second] = documents(parseYaml(text));
    expect([first!.line, second!.line]).toEqual([2, 8]);
    expect(first!.lineOf(["metadata", "name"])).toBe(4);
    expect(second!.lineOf(["metadata", "name"])).toBe(11);
    expect(second!.lineOf(["metadata", "tags", 1])).toBe(10);
    // What is missing is where it should be.
    expect(second!.lineOf(["metadata", "title"])).toBe(9);
    expect(second!.lineOf(["spec", "owner"])).toBe(8);
  });

  test("a broken document spoils no other, and is told by its own line", () => {
    const parsed = [...parseYaml("kind: A\n---\nkind: B\n  bad: [\n---\nkind: C\n")];
    expect(documents(parsed).map(({ value }) => value)).toEqual([{ kind: "A" }, { kind: "C" }]);
    const [broken] = unreadables(parsed);
    expect(broken!.line).toBeGreaterThanOrEqual(3);
    expect(broken!.line).toBeLessThanOrEqual(5);
    expect(broken!.reason).toMatch(/^not YAML: /);
    expect(broken!.mend).not.toBe("");
  });

  test.each([
    ["", 0],
    ["---\n---\n", 0],
    ["# only a comment\n", 0],
    ["\uFEFFkind: A\n", 1],
    ["kind: A\r\n---\r\nkind: B\r\n", 2],
    ["%YAML 1.2\n---\nkind: A\n", 1],
    ["--- {kind: A}\n--- {kind: B}\n", 2],
    ["kind: A\ntext: |\n  one\n   --- not a marker\n---\nkind: B", 2],
  ])("%j holds %i documents", (text, count) => {
    const parsed = [...parseYaml(text)];
    expect(unreadables(parsed)).toEqual([]);
    expect(documents(parsed)).toHaveLength(count);
  });

  test("says that a template of YAML is one", () => {
    const [broken] = unreadables(parseYaml("kind: A\n{%- if values.x %}\nname: x\n{%- endif %}\n"));
    expect(broken!.mend).toContain("template of a descriptor");
  });

  test("refuses a key that is there twice", () => {
    expect(unreadables(parseYaml("a: 1\nb: {c: 1}\na: 2\n"))).toMatchObject([{ line: 3, reason: 'not YAML: the key "a" is there twice' }]);
  });

  test("refuses aliases that unfold to far more than is written", () => {
    const levels = "abcdefghi".split("");
    const bomb = levels
      .map(
        (name, at) =>
          `${name}: &${name} [${Array(9)
            .fill(at === 0 ? "x" : `*${levels[at - 1]}`)
            .join(",")}]`,
      )
      .join("\n");
    expect(unreadables(parseYaml(`kind: A\n---\n${bomb}\n`))).toMatchObject([{ line: 2, reason: expect.stringContaining("aliases") }]);
  });

  test("a few aliases are fine", () => {
    expect(documents(parseYaml("a: &a {b: 1}\nc: *a\n"))[0]!.value).toEqual({ a: { b: 1 }, c: { b: 1 } });
  });

  test.each([
    ["brackets", `a: ${"[".repeat(2_000_000)}`],
    ["braces", "{".repeat(2_000_000)],
    ["dashes", "- ".repeat(1_000_000)],
    ["indentation", Array.from({ length: 2_000 }, (_, at) => `${" ".repeat(at)}a:`).join("\n")],
  ])("refuses a document nested without end in %s", (_, text) => {
    expect(unreadables(parseYaml(text))).toMatchObject([{ reason: "not YAML: the document is nested too deeply" }]);
  });

  test("refuses a document of more than 2 MB, and reads the one beside it", () => {
    const parsed = [...parseYaml(`kind: A\n---\ntext: ${"x".repeat(2_200_000)}\n---\nkind: B\n`)];
    expect(unreadables(parsed)).toMatchObject([{ line: 2, reason: "the document has 2.1 MB; 2 MB is the most" }]);
    expect(documents(parsed)).toHaveLength(2);
  });

  test("reads 10,000 documents", () => {
    const text = Array.from({ length: 10_000 }, (_, at) => `kind: A\nmetadata:\n  name: n-${at}\n`).join("---\n");
    const found = documents(parseYaml(text));
    expect(found).toHaveLength(10_000);
    expect(found.at(-1)).toMatchObject({ line: 4 * 9_999 + 1, value: { metadata: { name: "n-9999" } } });
  });

  test("an object of very many keys takes no time that anybody notices", () => {
    const text = `a: {${Array.from({ length: 60_000 }, (_, at) => `k${at}: 1`).join(", ")}}`;
    const started = performance.now();
    expect(documents(parseYaml(text))).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test("a key named __proto__ is a key", () => {
    const [{ value }] = documents(parseYaml("__proto__: {polluted: true}\nkind: A\n")) as [Document];
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(Object.keys(value as object)).toContain("kind");
  });
});

describe("parseJson and parseNdjson", () => {
  test("take one entity or a list", () => {
    expect(documents(parseJson('{"kind":"A"}'))).toHaveLength(1);
    expect(documents(parseJson('[{"kind":"A"},{"kind":"B"}]'))).toHaveLength(2);
    expect(unreadables(parseJson("{"))).toHaveLength(1);
  });

  test("a broken line spoils no other", () => {
    const parsed = [...parseNdjson('{"kind":"A"}\nnot json\n\n{"kind":"B"}')];
    expect(documents(parsed).map(({ line }) => line)).toEqual([1, 4]);
    expect(unreadables(parsed).map(({ line }) => line)).toEqual([2]);
  });
});
