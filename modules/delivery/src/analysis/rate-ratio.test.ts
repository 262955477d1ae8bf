import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  addCounts,
  describeRatio,
  evidenceAbove,
  evidenceBelow,
  evidenceRarer,
  NOTHING_SEEN,
  type PairedCounts,
  type RateRatioState,
} from "./rate-ratio.ts";
import { happening, seeded } from "./simulation.suite.ts";

const arm = fc
  .record({ total: fc.integer({ min: 1, max: 10_000 }), events: fc.integer({ min: 0, max: 40 }) })
  .filter(({ events, total }) => events <= total);
const interval: fc.Arbitrary<PairedCounts> = fc.record({ candidate: arm, baseline: arm });
const after = (intervals: readonly PairedCounts[]): RateRatioState => intervals.reduce(addCounts, NOTHING_SEEN);

/** Evidence spans many orders of magnitude: the same to within rounding. */
function expectSame(one: number, other: number): void {
  expect(Math.abs(Math.log(one) - Math.log(other))).toBeLessThan(1e-6);
}

test("it does not matter in which order intervals come, nor that some hold no event", () => {
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 6 }), (intervals) => {
      const quiet = intervals.map(({ candidate, baseline }) => ({
        candidate: { events: 0, total: candidate.total },
        baseline: { events: 0, total: baseline.total },
      }));
      expectSame(evidenceAbove(after(intervals), 1), evidenceAbove(after([...quiet, ...intervals.toReversed()]), 1));
    }),
  );
});

test("the arms' places are all that tells worse from better", () => {
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 6 }), (intervals) => {
      const swapped = intervals.map(({ candidate, baseline }) => ({ candidate: baseline, baseline: candidate }));
      expectSame(evidenceAbove(after(intervals), 1), evidenceBelow(after(swapped), 1));
    }),
  );
});

test("evidence is worth no more than one, on the average, where there is nothing to find: this is what makes it evidence", () => {
  for (const share of [0.05, 0.1, 0.5])
    for (const [limit, ratio] of [
      [1, 1],
      [1, 0.7],
      [1.5, 1.5],
      [1.5, 1],
    ] as const) {
      const events = 30;
      const chance = (share * ratio) / (share * ratio + 1 - share);
      let average = 0;
      for (let own = 0; own <= events; own++) {
        const total = 1_000_000;
        const state = addCounts(NOTHING_SEEN, {
          candidate: { events: own, total: total * share },
          baseline: { events: events - own, total: total * (1 - share) },
        });
        average += binomial(events, own) * chance ** own * (1 - chance) ** (events - own) * evidenceAbove(state, limit);
      }
      expect(average).toBeLessThanOrEqual(1 + 1e-9);
    }
});

test("an interval in which one arm had no request says nothing of their ratio", () => {
  const state = addCounts(NOTHING_SEEN, { candidate: { events: 0, total: 0 }, baseline: { events: 400, total: 1_000 } });
  expect([evidenceAbove(state, 1), evidenceBelow(state, 1)]).toEqual([expect.closeTo(1), expect.closeTo(1)]);
  expect(describeRatio(state, 0.05)).toMatchObject({ estimate: undefined, lower: 0, upper: Number.POSITIVE_INFINITY });
});

describe("sixty looks at one, of 600 requests to the candidate and 5,400 to the baseline each", () => {
  const ALPHA = 0.02;
  test("no change is seldom called one, not even while an incident hits both", () => {
    for (const incident of [1, 10])
      expect(shareOf(200, { times: 1, incident }, (state) => evidenceAbove(state, 1) >= 1 / ALPHA)).toBeLessThanOrEqual(ALPHA + 0.015);
  });

  test("twice the errors are found, nearly always, and no change is found to be none", () => {
    expect(shareOf(100, { times: 2, incident: 1 }, (state) => evidenceAbove(state, 1) >= 1 / ALPHA)).toBeGreaterThanOrEqual(0.99);
    expect(shareOf(100, { times: 1, incident: 1 }, (state) => evidenceBelow(state, 1.5) >= 20)).toBeGreaterThanOrEqual(0.95);
    expect(shareOf(100, { times: 1.5, incident: 1 }, (state) => evidenceBelow(state, 1.5) >= 20)).toBeLessThanOrEqual(0.05);
  });

  test("the bounds hold the ratio at every look", () => {
    expect(
      shareOf(50, { times: 2, incident: 1 }, (state) => {
        const { lower, upper } = describeRatio(state, ALPHA);
        return lower > 2 || upper < 2;
      }),
    ).toBeLessThanOrEqual(ALPHA + 0.02);
  });

  function shareOf(runs: number, o: { times: number; incident: number }, isSo: (state: RateRatioState) => boolean): number {
    const random = seeded(11);
    let found = 0;
    for (let run = 0; run < runs; run++) {
      let state = NOTHING_SEEN;
      for (let minute = 0; minute < 60; minute++) {
        const chance = 0.005 * (minute >= 20 && minute < 30 ? o.incident : 1);
        state = addCounts(state, {
          candidate: { events: happening(random, 600, chance * o.times), total: 600 },
          baseline: { events: happening(random, 5_400, chance), total: 5_400 },
        });
        if (!isSo(state)) continue;
        found++;
        break;
      }
    }
    return found / runs;
  }
});

function binomial(n: number, k: number): number {
  let ways = 1;
  for (let at = 1; at <= k; at++) ways = (ways * (n - k + at)) / at;
  return ways;
}

describe("that something is rare", () => {
  test("is proven by few requests without an event, and by more with some", () => {
    expect(evidenceRarer({ events: 0, total: 300 }, 0.005)).toBeLessThan(20);
    expect(evidenceRarer({ events: 0, total: 1_000 }, 0.005)).toBeGreaterThan(20);
    expect(evidenceRarer({ events: 1, total: 1_000 }, 0.005)).toBeLessThan(20);
    expect(evidenceRarer({ events: 1, total: 2_000 }, 0.005)).toBeGreaterThan(20);
    expect(evidenceRarer({ events: 0, total: 0 }, 0.005)).toBe(1);
  });

  test("is hardly ever claimed of what is not, however often one looks", () => {
    const random = seeded(11);
    let claimed = 0;
    for (let run = 0; run < 400; run++) {
      let [events, total] = [0, 0];
      for (let look = 0; look < 100; look++) {
        events += happening(random, 100, 0.005);
        total += 100;
        if (evidenceRarer({ events, total }, 0.005) < 20) continue;
        claimed++;
        break;
      }
    }
    expect(claimed / 400).toBeLessThanOrEqual(0.05);
  });
});
