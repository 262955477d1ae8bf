import { expect, test } from "vitest";

import type { ObjectiveStanding } from "../deps.ts";
import { burnTripwire } from "./budget-burn.ts";

const BEGAN = new Date("2026-01-02T12:00:00Z");
const NOW = new Date("2026-01-02T12:20:00Z");
const at = (time: string): Date => new Date(`2026-01-02T${time}Z`);
const one = (o: Partial<ObjectiveStanding> = {}): ObjectiveStanding => ({
  name: "orders-answer",
  title: "Orders answer",
  why: "It is kept.",
  remaining: 0.4,
  countedAt: at("12:19:30"),
  uncounted: 0,
  ...o,
});

test("an objective that begins to burn during a rollout trips, and one that burnt before does not", () => {
  const why = "It burns 20 times as fast as it may.";
  const wire = burnTripwire([one(), one({ title: "Fast", burning: { since: at("12:05:00"), why } })], BEGAN, NOW);
  expect(wire).toMatchObject({ name: "error budget", tripped: true, now: "Fast: It burns 20 times as fast as it may" });
  expect(burnTripwire([one({ burning: { since: at("11:59:59"), why } })], BEGAN, NOW)).toMatchObject({
    tripped: false,
    now: "Orders answer burnt before it began",
  });
});

test("what cannot be told trips nothing, and is said", () => {
  expect(burnTripwire([one()], BEGAN, NOW)).toMatchObject({ tripped: false, now: "1 objective does not" });
  expect(burnTripwire([one({ countedAt: at("11:00:00") })], BEGAN, NOW)).toMatchObject({
    tripped: false,
    now: "Orders answer was not counted lately",
  });
  expect(burnTripwire([], BEGAN, NOW)).toMatchObject({ tripped: false, now: "there is no objective" });
  expect(burnTripwire(undefined, BEGAN, NOW)).toMatchObject({ tripped: false, now: "nobody here knows of objectives" });
});
