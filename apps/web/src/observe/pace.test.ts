import { expect, it } from "vitest";

import { paceOf } from "./use-windowed.ts";

it("reads short live windows often, long ones seldom, and fixed ones never again", () => {
  expect(paceOf("1h")).toBe(5_000);
  expect(paceOf("6h")).toBe(5_000);
  expect(paceOf("14d")).toBeGreaterThan(5_000);
  expect(paceOf("2025-05-01T08:00:00Z..2025-05-01T09:00:00Z")).toBe(false);
});
