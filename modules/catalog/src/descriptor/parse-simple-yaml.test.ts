import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDocument, stringify } from "yaml";

import { parseSimpleYaml } from "./parse-simple-yaml.ts";

/** Pieces of lines on which parsers disagree. */
const KEYS = ["a", "b-c", "$text", "x.y/z", "true", "null", "1", "'q'", '"q"', "a b", "é", "__proto__", "constructor", "?", "a:b"];
const VALUES = [
  "",
  "b",
  "b c",
  "b: c",
  "b #c",
  "b#c",
  "#c",
  "'b'",
  "'b''c'",
  "'b",
  '"b"',
  '"b\\n"',
  '"b" c',
  "[]",
  "{}",
  "[a]",
  "{a: b}",
  "|",
  "|-",
  "|+",
  ">",
  "true",
  "True",
  "yes",
  "null",
  "~",
  "0",
  "00",
  "-1",
  "1.5",
  ".5",
  "1e3",
  "0x1f",
  ".inf",
  "-",
  "- a",
  "-a",
  "*a",
  "&a b",
  "!t b",
  "@b",
  "`b",
  "%b",
  "2024-01-01",
  "http://b.c/d",
  "b:",
  "é",
  "日本",
  "b  ",
  "a,b",
  "a]",
  "a}",
  "{{ a }}",
  "${{ a }}",
  "123456789012345678",
  "=",
  "<<",
  "b\\",
  "'b' # c",
];
const line = fc.oneof(
  fc
    .record({ key: fc.constantFrom(...KEYS), value: fc.constantFrom(...VALUES), dash: fc.boolean() })
    .map(({ key, value, dash }) => `${dash ? "- " : ""}${key}:${value === "" ? "" : ` ${value}`}`),
  fc.constantFrom(...VALUES).map((value) => `- ${value}`),
  fc.constantFrom(...VALUES),
  fc.constantFrom("", "   ", "# comment", "-", "--- ", "..."),
);
const text = fc
  .array(fc.tuple(fc.nat(6), line), { minLength: 1, maxLength: 8 })
  .chain((lines) => fc.boolean().map((ends) => lines.map(([indent, body]) => " ".repeat(indent) + body).join("\n") + (ends ? "\n" : "")));

function real(source: string): unknown {
  const document = parseDocument(source, { logLevel: "silent" });
  return document.errors.length > 0 ? { errors: document.errors.map(({ message }) => message) } : document.toJS();
}

describe("parseSimpleYaml", () => {
  test("what it answers is what the real parser answers", () => {
    let answered = 0;
    fc.assert(
      fc.property(text, (source) => {
        const simple = parseSimpleYaml(source);
        if (!simple) return;
        answered++;
        expect(simple.value, source).toEqual(real(source));
      }),
      { numRuns: 20_000 },
    );
    expect(answered).toBeGreaterThan(500);
  });

  test("what a serialiser writes comes back", () => {
    const scalar = fc.oneof(
      fc.string(),
      fc.constantFrom(...VALUES),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.string().map((s) => `${s}\n${s}\n`),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        scalar,
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(fc.stringMatching(/^[a-z][a-zA-Z.\-/]{0,10}$/), tie("tree"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const written = stringify(value);
        const simple = parseSimpleYaml(written);
        if (simple) expect(simple.value, written).toEqual(real(written));
      }),
      { numRuns: 3_000 },
    );
  });

  test("takes descriptors as they are usually written", () => {
    const written = `---
# of a team
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: orders
  tags: []
  annotations:
    github.com/project-slug: 'acme/orders'
  links:
    - url: https://example.com/a
      title: "A title"
spec:
  owner: team-a
  dependsOn:
  - resource:default/db
  definition: |
    openapi: 3.0.0

    info: {}
`;
    expect(parseSimpleYaml(written)?.value).toEqual(real(written));
  });
});
