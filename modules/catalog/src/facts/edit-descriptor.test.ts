import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { editDescriptor, patchOf } from "./edit-descriptor.ts";

const YAML = `# The shop.
apiVersion: backstage.io/v1alpha1
kind: System
metadata: { name: shop }
spec:
  owner: team-a
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: orders
spec:
  type: service   # it serves
  lifecycle: production
  owner: "team-a" # since spring
`;
const ORDERS = "component:default/orders";

describe("editDescriptor", () => {
  test("replaces a single value where it stands, and nothing else", () => {
    const edited = editDescriptor(YAML, "catalog-info.yaml", ORDERS, ["spec", "owner"], "team-b");
    expect(edited?.text).toBe(YAML.replace('"team-a" # since', "team-b # since"));
    expect(edited?.document).toMatchObject({ metadata: { name: "orders" }, spec: { owner: "team-b" } });
  });

  test("adds and takes away fields and keeps the other documents to the letter", () => {
    const added = editDescriptor(YAML, "catalog-info.yaml", ORDERS, ["spec", "dependsOn"], ["resource:db"])!;
    expect(added.text.startsWith(YAML.slice(0, YAML.indexOf("---")))).toBe(true);
    expect(added.text).toContain("# it serves");
    expect(added.document).toMatchObject({ spec: { dependsOn: ["resource:db"] } });
    const taken = editDescriptor(YAML, "catalog-info.yaml", "system:default/shop", ["spec", "owner"], null)!;
    expect(taken.text.slice(taken.text.indexOf("kind: Component"))).toBe(YAML.slice(YAML.indexOf("kind: Component")));
    expect(taken.document).not.toHaveProperty("spec.owner");
  });

  test.each([
    ["dense lists", "[go, service]", "more: [a, b]", "  needs: [x]\n", "  needs: [x, y]\n"],
    ["wide lists", "[ go, service ]", "more: [ a, b ]", "  needs: [ x ]\n", "  needs: [ x, y ]\n"],
    ["blocks at the margin", "[go]", "other:\n  - a", "  needs:\n  - x\n", "  needs:\n  - x\n  - y\n"],
    ["blocks that are set in", "[go]", "other:\n    - a", "  needs:\n    - x\n", "  needs:\n    - x\n    - y\n"],
  ])("a list grows in the style it has: %s", (_, tags, other, before, after) => {
    const head = `kind: Component\nmetadata:\n  name: orders\n  tags: ${tags}\n  ${other}\nspec:\n`;
    const edited = editDescriptor(head + before, "a.yaml", ORDERS, ["spec", "needs"], ["x", "y"]);
    expect(edited?.text).toBe(head + after);
  });

  test("texts that would read as something else are put in quotes", () => {
    const edited = editDescriptor(YAML, "a.yaml", ORDERS, ["spec", "owner"], "yes: #1")!;
    expect(editDescriptor(edited.text, "a.yaml", ORDERS, ["spec", "x"], 1)?.document).toMatchObject({ spec: { owner: "yes: #1" } });
  });

  test("JSON keeps its indentation", () => {
    const json = `${JSON.stringify({ apiVersion: "x", kind: "Component", metadata: { name: "orders" }, spec: { owner: "a" } }, null, 4)}\n`;
    expect(editDescriptor(json, "catalog-info.json", ORDERS, ["spec", "owner"], "b")?.text).toBe(json.replace('"a"', '"b"'));
  });

  test("a text that does not describe the entity is left alone", () => {
    expect(editDescriptor(YAML, "a.yaml", "component:default/other", ["spec", "owner"], "x")).toBeUndefined();
    expect(editDescriptor("{", "a.json", ORDERS, ["spec", "owner"], "x")).toBeUndefined();
  });
});

test("git applies every patch, and it makes the one text the other", () => {
  const folder = mkdtempSync(join(tmpdir(), "patch-"));
  const line = fc.constantFrom("a\n", "b\n", "c\n", "\n");
  const text = fc.tuple(fc.array(line, { maxLength: 12 }), fc.constantFrom("", "end")).map(([lines, end]) => lines.join("") + end);
  try {
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(before !== after && before !== "" && after !== "");
        writeFileSync(join(folder, "x.yaml"), before);
        execFileSync("git", ["apply", "--unsafe-paths", "-"], { cwd: folder, input: patchOf("x.yaml", before, after) });
        expect(readFileSync(join(folder, "x.yaml"), "utf8")).toBe(after);
      }),
      { numRuns: 40 },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
