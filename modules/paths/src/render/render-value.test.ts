import { describe, expect, test } from "vitest";

import { isFalsy, renderValue } from "./render-value.ts";

const context = {
  parameters: {
    name: "orders",
    count: 3,
    tags: ["a", "b"],
    repoUrl: "github.com?owner=acme&repo=orders",
    empty: "",
    nested: { deep: { x: 1 } },
  },
  steps: { publish: { output: { remoteUrl: "https://example.org/r" } } },
};
const value = (text: unknown): unknown => renderValue(text, context).value;

describe("a string that is exactly one expression keeps the type of its value", () => {
  test.each([
    ["${{ parameters.count }}", 3],
    ["${{ parameters.tags }}", ["a", "b"]],
    ["${{ parameters.nested.deep }}", { x: 1 }],
    ["${{ parameters.count > 2 }}", true],
    ["${{ parameters.repoUrl | parseRepoUrl }}", { host: "github.com", owner: "acme", repo: "orders" }],
    ["${{ parameters.repoUrl | parseRepoUrl | pick('owner') }}", "acme"],
    ["${{ parameters.repoUrl | projectSlug }}", "acme/orders"],
    ["${{ 'component:shop/orders' | parseEntityRef }}", { kind: "component", namespace: "shop", name: "orders" }],
    ["${{ 'orders' | parseEntityRef({ defaultKind: 'group' }) }}", { kind: "group", namespace: "default", name: "orders" }],
    ["${{ parameters.missing }}", undefined],
  ])("%s", (text, expected) => expect(value(text)).toEqual(expected));
});

test("any other string becomes a string, and what is undefined is empty", () => {
  expect(value("n=${{ parameters.count }}")).toBe("n=3");
  expect(value("${{ parameters.name }}-${{ parameters.missing }}.")).toBe("orders-.");
  expect(value("{% for tag in parameters.tags %}${{ tag | upper }}{% if not loop.last %},{% endif %}{% endfor %}")).toBe("A,B");
  expect(value("<b>${{ '<i>' }}</b>")).toBe("<b><i></b>");
});

test("values inside objects and lists are rendered, and a key without a value is left out", () => {
  expect(value({ a: "${{ parameters.missing }}", b: ["${{ parameters.count }}", "${{ parameters.missing }}"], c: 1, d: null })).toEqual({
    b: [3, null],
    c: 1,
    d: null,
  });
});

describe("an expression that throws is left as it is, with a warning that says why", () => {
  test.each([
    ["${{ parameters.name | nosuchfilter }}", "filter not found: nosuchfilter"],
    ["${{ missing.call() }}", "is not defined"],
    ["${{ parameters.name | parseRepoUrl }}", "does not name a repository"],
    ["${{ parameters.name", "expected variable end"],
    ["{% include 'secret.txt' %}", "{% include %} is not available"],
    ["{% extends 'base' %}", "{% extends %} is not available"],
    ["{% asyncEach x in parameters.tags %}{% endeach %}", "{% asyncEach %} is not available"],
  ])("%s", (text, reason) => {
    const rendered = renderValue(text, context);
    expect(rendered.value).toBe(text);
    expect(rendered.warnings).toEqual([expect.stringContaining(reason)]);
  });
});

describe("nothing but data can be reached", () => {
  test.each([
    "${{ range.constructor('return process')() }}",
    "${{ ''.constructor.constructor('return process')() }}",
    "${{ parameters.tags['constructor']['constructor']('return 1')() }}",
    "${{ parameters['__proto__']['polluted'] }}",
    "${{ constructor }}",
    "${{ cycler.prototype }}",
    "${{ (1).constructor }}",
    "${{ 'x' | constructor }}",
    "${{ this }}",
    "${{ globalThis }}",
    "${{ process }}",
    "{% set __proto__ = parameters %}",
  ])("%s", (text) => {
    const { value: rendered } = renderValue(text, context);
    expect([undefined, "", text]).toContain(rendered);
  });

  // The compiler writes names into JavaScript as they stand: a quote in a name would end the text and begin code.
  test("a name with a quote in it is not code", () => {
    const marker = globalThis as { pwned?: unknown };
    for (const text of [
      '${{ a"+Function`pwned\\x3d1```+"b }}',
      '${{ a";globalThis;" }}',
      '${{ 1 | f"+Function`x`+" }}',
      '{% set a"b = 1 %}',
      '{% macro m"x() %}{% endmacro %}',
    ]) {
      const rendered = renderValue(text, context);
      expect(rendered.value).toBe(text);
      expect(rendered.warnings[0]).toMatch(/is not a name|unexpected|expected/);
    }
    expect(marker.pwned).toBeUndefined();
  });
});

test("always() and failure() tell how the run stands", () => {
  expect(renderValue("${{ always() }}", {}, false).value).toBe(true);
  expect(renderValue("${{ failure() }}", {}, false).value).toBe(false);
  expect(renderValue("${{ failure() }}", {}, true).value).toBe(true);
});

test("what counts as no", () => {
  for (const no of [false, undefined, null, "", 0, []]) expect(isFalsy(no)).toBe(true);
  for (const yes of [true, "false", "x", 1, {}, [0]]) expect(isFalsy(yes)).toBe(false);
});
