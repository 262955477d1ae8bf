import { globSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { HEARD, LEFT_OUT } from "./happenings.ts";

const CONTRACTS = join(import.meta.dirname, "../../../../contracts/src");

/** Every event that any contract exports. */
async function eventsOfContracts(): Promise<readonly string[]> {
  const files = globSync("**/*.ts", { cwd: CONTRACTS }).filter((file) => !/\.(test|test-d|suite)\.ts$/.test(file));
  const names = new Set<string>();
  for (const file of files) {
    for (const value of Object.values((await import(join(CONTRACTS, file))) as Record<string, unknown>))
      if (isEvent(value)) names.add(value.name);
  }
  return [...names].sort();
}

function isEvent(value: unknown): value is { readonly name: string } {
  if (typeof value !== "object" || value === null) return false;
  // Operations have an input, events a payload.
  return "payload" in value && "name" in value && typeof value.name === "string" && !("input" in value);
}

test("every event of every contract is written down as a happening, or left out with a reason", async () => {
  const events = await eventsOfContracts();
  expect(events.length).toBeGreaterThan(30);
  expect([...HEARD, ...Object.keys(LEFT_OUT)].sort()).toEqual(events);
  for (const reason of Object.values(LEFT_OUT)) expect(reason.length).toBeGreaterThan(10);
});
