import fc from "fast-check";
import { parse } from "yaml";
import { expect, test } from "vitest";

import type { Wanted } from "../provisioner.ts";
import { makerOf, renderManifests, sourcesOf } from "./render-manifests.ts";
import { diffOf } from "./text-diff.ts";

const wanted = (inputs: object, name = "orders"): Wanted => ({
  id: "res_1",
  type: "cache",
  class: "small",
  name,
  environment: "dev",
  owner: "group:default/a",
  consumer: undefined,
  inputs,
  files: {},
  facts: {},
  generation: 1,
});
const source = (text: string) => sourcesOf({ "manifests/a.yaml": Buffer.from(text).toString("base64") }).sources;

test("a value that is only a place keeps its type, one that is empty is left out, and nothing becomes structure", () => {
  const text = `
apiVersion: v1
kind: ConfigMap
metadata: { name: "\${{ name }}-x", labels: { user: "\${{ consumer }}" } }
data: { n: "\${{ inputs.n }}", list: "\${{ inputs.list }}", text: "a \${{ inputs.text }} b" }
`;
  fc.assert(
    fc.property(fc.string(), fc.integer(), (evil, n) => {
      const { files, problems } = renderManifests(wanted({ n, list: [1, evil], text: evil }), source(text));
      expect(problems).toEqual([]);
      const file = files.get("a.yaml")!;
      expect(makerOf(file)).toBe("cache orders in dev");
      expect(parse(file)).toEqual({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "orders-x", labels: {} },
        data: { n, list: [1, evil], text: `a ${evil} b` },
      });
    }),
  );
});

test("what is not known, is no object or cannot be read is told, with the file", () => {
  const told = (text: string): string[] =>
    renderManifests(wanted({}), source(text)).problems.map(({ about, reason }) => `${about}: ${reason}`);
  expect(told('apiVersion: v1\nkind: X\nmetadata: { name: "${{ inputs.nme }}" }\n')).toContain("a.yaml: ${{ inputs.nme }} is not known");
  expect(told('apiVersion: v1\nkind: X\nmetadata: { name: "${{ inputs.constructor }}" }\n')).toContain(
    "a.yaml: ${{ inputs.constructor }} is not known",
  );
  expect(told("just: text\n")).toEqual(["a.yaml: holds something without apiVersion and kind"]);
  expect(told("apiVersion: v1\nkind: X\n")).toEqual(["a.yaml: holds a X without metadata.name"]);
  expect(sourcesOf({ "a.yaml": Buffer.from("a: [").toString("base64") }).problems).toHaveLength(1);
});

test("a diff tells exactly the lines that go and come", () => {
  const lines = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 }).map((all) => all.map((line) => `${line}\n`).join(""));
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const { added, removed, text } = diffOf(before, after);
      expect(added - removed).toBe(after.split("\n").length - before.split("\n").length);
      if (before === after) expect([added, removed, text]).toEqual([0, 0, ""]);
      const count = (mark: string): number => text.split("\n").filter((line) => line.startsWith(mark)).length;
      expect([count("+"), count("-")]).toEqual([added, removed]);
    }),
  );
});
