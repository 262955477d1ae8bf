import { describe, expect, test } from "vitest";

import { nextNine, costOf, spentAfter } from "./cost.ts";
import {
  BURN_WINDOWS,
  burnRate,
  figuresOf,
  minutesOf,
  percent,
  periodAt,
  stateOf,
  wilson,
  type BurnWindow,
  type Count,
} from "./figures.ts";

const NOW = new Date("2026-03-10T12:00:30Z");
const objective = { target: 0.999, period: { kind: "rolling", days: 30 } as const, minimumEvents: 50 };
const burns = (count: Count) => Object.fromEntries(BURN_WINDOWS.map(({ window }) => [window, count])) as Record<BurnWindow, Count>;
const figures = (count: Count, burning: Count = count) =>
  figuresOf({ objective, count, burns: burns(burning), lastEventAt: undefined, uncounted: 0, now: NOW });

describe("the window", () => {
  test("ends at the last minute that is over and settled, rolls by days or begins with the month", () => {
    expect(periodAt(objective.period, NOW)).toEqual({ from: new Date("2026-02-08T12:00:00Z"), to: new Date("2026-03-10T12:00:00Z") });
    expect(periodAt(objective.period, new Date("2026-03-10T12:00:19Z")).to).toEqual(new Date("2026-03-10T11:59:00Z"));
    expect(periodAt({ kind: "calendar-month" }, NOW).from).toEqual(new Date("2026-03-01T00:00:00Z"));
    expect(minutesOf({ kind: "calendar-month" }, new Date("2028-02-29T23:59:59Z"))).toBe(29 * 1_440);
  });
});

describe("the budget", () => {
  test("is what may fail of what came; what failed is taken from it, also beyond nothing", () => {
    expect(figures({ good: 999_500, total: 1_000_000 })).toMatchObject({ bad: 500, ratio: 0.9995 });
    expect(figures({ good: 999_500, total: 1_000_000 }).remaining).toBeCloseTo(0.5);
    expect(figures({ good: 998_000, total: 1_000_000 }).remaining).toBeCloseTo(-1);
    expect(figures({ good: 1_000, total: 1_000 }).remaining).toBe(1);
  });

  test("is not known where nothing came, and not judged where too little did: neither is 100 %", () => {
    const none = figures({ good: 0, total: 0 });
    for (const field of ["ratio", "remaining", "interval", "allowed", "exhaustedAt"]) expect(none).not.toHaveProperty(field);
    expect(none.burn.every(({ rate }) => rate === undefined)).toBe(true);
    expect(stateOf(objective, none, [])).toMatchObject({ state: "unknown", why: expect.stringContaining("not known") });
    const few = figures({ good: 40, total: 49 });
    expect(few).not.toHaveProperty("remaining");
    expect(stateOf(objective, few, [])).toMatchObject({ state: "few-events" });
    expect(stateOf(objective, undefined, [])).toMatchObject({ state: "unknown" });
  });

  test("ends when the rate of the last hour goes on, and not at all at a rate that lasts the window", () => {
    // Half is left, and it goes ten times too fast: 30 days / 10 / 2.
    const soon = figures({ good: 999_500, total: 1_000_000 }, { good: 990, total: 1_000 });
    expect(new Date(soon.exhaustedAt!).getTime() - NOW.getTime()).toBeCloseTo(1.5 * 86_400_000, -3);
    expect(figures({ good: 999_500, total: 1_000_000 }, { good: 999, total: 1_000 })).not.toHaveProperty("exhaustedAt");
    expect(figures({ good: 990_000, total: 1_000_000 }, { good: 900, total: 1_000 })).not.toHaveProperty("exhaustedAt");
  });

  test("states say what is worst", () => {
    const spent = figures({ good: 990, total: 1_000 });
    expect(stateOf(objective, spent, []).state).toBe("exhausted");
    expect(stateOf(objective, spent, ["page-fast"]).state).toBe("burning");
    expect(stateOf(objective, figures({ good: 1_000, total: 1_000 }), []).state).toBe("ok");
  });
});

test("burn rates: 1 spends the budget in the window, complete failure at most 1 / (1 - target)", () => {
  expect(burnRate({ good: 999, total: 1_000 }, 0.999)).toBeCloseTo(1);
  expect(burnRate({ good: 0, total: 10 }, 0.999)).toBeCloseTo(1_000);
  expect(burnRate({ good: 0, total: 0 }, 0.999)).toBeUndefined();
});

test("the interval holds the share and stays within 0 and 1, and narrows with events", () => {
  expect(wilson({ good: 10, total: 10 }).high).toBeCloseTo(1);
  expect(wilson({ good: 10, total: 10 }).low).toBeCloseTo(0.7225, 3);
  const [few, many] = [wilson({ good: 90, total: 100 }), wilson({ good: 9_000, total: 10_000 })];
  expect(few.high - few.low).toBeGreaterThan(5 * (many.high - many.low));
});

test("shares near 100 % keep the digits by which they differ from it", () => {
  expect([1, 0.999, 0.99987, 0.95, 0.5].map(percent)).toEqual(["100 %", "99.9 %", "99.987 %", "95 %", "50 %"]);
});

describe("what it costs", () => {
  test("minutes and events that may fail, and what one more nine would leave", () => {
    const cost = costOf(objective, { total: 1_000_000, bad: 50, allowed: 1_000 }, NOW);
    expect(cost).toMatchObject({ minutes: 43.2, events: 1_000, nextNine: { target: 0.9999, minutes: 4.3 } });
    expect(cost.nextNine.remaining).toBeCloseTo(0.5);
    expect([0.99, 0.995, 0.9995].map(nextNine)).toEqual([0.999, 0.9995, 0.99995]);
  });

  test("failures of the hour after a deployment are told from the others", () => {
    const at = Date.parse("2026-03-10T10:00:00Z") / 1_000;
    const steps = [-3_600, 0, 3_300, 3_600].map((offset) => ({ at: at + offset, good: 9, total: 10 }));
    expect(spentAfter([new Date(at * 1_000)], steps)).toEqual({ afterDeployments: 2, otherwise: 2 });
    expect(spentAfter([], steps)).toEqual({ afterDeployments: 0, otherwise: 4 });
  });
});
