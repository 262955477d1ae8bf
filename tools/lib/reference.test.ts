import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { allOperations } from "@roadbed/contracts/all";
import { expect, test } from "vitest";

import { renderReference } from "./reference.ts";

const dir = join(import.meta.dirname, "../../docs/reference");
const pages = renderReference();

test("every operation and error is described", () => {
  const text = [...pages.values()].join("\n");
  for (const { name, summary, http } of allOperations) {
    expect(text).toContain(`## ${name}\n\n${summary}`);
    expect(text).toContain(`\`${http.method} ${http.path}\``);
  }
  expect(pages.get("errors.md")).toContain("| `DENIED` | 422 | 3 |");
  expect(pages.get("events.md")).toContain("`catalog.entity.registered`");
});

test("docs/reference is what the source says; else run: node tools/write-reference.ts", () => {
  expect(readdirSync(dir).toSorted()).toEqual([...pages.keys()].toSorted());
  for (const [name, text] of pages) expect(readFileSync(join(dir, name), "utf8")).toBe(text);
});
