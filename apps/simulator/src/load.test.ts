import { expect, test } from "vitest";

import type { PlannedIncident } from "./flows.ts";
import { busyness, placeIncidents, season, seededRandom } from "./load.ts";

const planned: PlannedIncident = {
  ago: 3_600_000,
  lasts: 600_000,
  service: "orders",
  errors: 0.3,
  slower: 1,
  severity: "high",
  title: "t",
  summary: "s",
};

test("a single incident lies where it was planned", () => {
  const [placed] = placeIncidents([planned], 10_000_000, 0, 10_000_000);
  expect(placed).toMatchObject({ from: 6_400_000, to: 7_000_000 });
  expect(placeIncidents([planned], 10_000_000, 7_000_000, 10_000_000)).toEqual([]);
});

test("a repeated incident comes back every period and only inside the window", () => {
  const repeated = { ...planned, ago: 0, starts: 1_000, every: 10_000, lasts: 2_000 };
  expect(placeIncidents([repeated], 0, 20_000, 45_000).map(({ from }) => from)).toEqual([21_000, 31_000, 41_000]);
});

test("nights are quiet and mornings busy", () => {
  expect(busyness(Date.UTC(2026, 0, 7, 3))).toBeLessThan(0.4);
  expect(busyness(Date.UTC(2026, 0, 7, 8))).toBe(1);
});

test("the same seed tells the same story", () => {
  const [a, b] = [seededRandom(7), seededRandom(7)];
  expect([a(), a(), a()]).toEqual([b(), b(), b()]);
});

test("traffic grows tenfold in the two weeks before the first start, and not after", () => {
  const origin = Date.UTC(2026, 0, 15);
  expect(season(origin - 14 * 86_400_000, origin)).toBeCloseTo(0.1);
  expect(season(origin + 86_400_000, origin)).toBe(1);
});
