import { expect, test } from "vitest";

import { EDGES, latencies, seeded } from "./simulation.suite.ts";
import { addHistograms, quantileEdge, slowRequests } from "./slow-requests.ts";

const histogram = (...counts: number[]) => ({ edges: [10, 20, 40], counts });

test("slow is what takes longer than a quantile of what the baseline did before", () => {
  const before = histogram(100, 800, 90, 10);
  expect(quantileEdge(before, 0.9)).toBe(20);
  expect(slowRequests({ candidate: histogram(5, 5, 3, 1), baseline: histogram(9, 90, 1, 0), before }, { quantile: 0.9 })).toEqual({
    candidate: { events: 4, total: 14 },
    baseline: { events: 1, total: 100 },
  });
});

test("the candidate may take its tolerance longer, up to the next edge; the baseline may not", () => {
  const asked = { candidate: histogram(5, 5, 3, 1), baseline: histogram(9, 90, 1, 0), before: histogram(100, 800, 90, 10) };
  expect(slowRequests(asked, { quantile: 0.9, tolerance: 1.1 })).toMatchObject({ candidate: { events: 1 }, baseline: { events: 1 } });
  expect(slowRequests(asked, { quantile: 0.9, tolerance: 3 })).toBeUndefined();
});

test("too few requests set no limit, and neither does a quantile beyond the last edge", () => {
  expect(quantileEdge(histogram(40, 9, 0, 0), 0.9)).toBeUndefined();
  expect(quantileEdge(histogram(0, 0, 0, 0), 0.5)).toBeUndefined();
  expect(quantileEdge(histogram(0, 0, 0, 1_000), 0.9)).toBeUndefined();
});

test("a quantile of many requests is theirs, to the width of a bucket", () => {
  const random = seeded(3);
  const all = addHistograms(latencies(random, 5_000, { share: 0, times: 1 }), latencies(random, 5_000, { share: 0, times: 1 }));
  expect(all.counts.reduce((sum, one) => sum + one, 0)).toBe(10_000);
  // Of a lognormal with median 50 ms and σ 0.5, p99 is 160 ms.
  expect(quantileEdge(all, 0.99)).toBeGreaterThan(150);
  expect(quantileEdge(all, 0.99)).toBeLessThan(180);
  expect(EDGES).toContain(quantileEdge(all, 0.5));
});
