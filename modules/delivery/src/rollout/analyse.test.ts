import { describe, expect, test } from "vitest";

import { happening, seeded } from "../analysis/simulation.suite.ts";
import { createMeter, sinceThen, type ArmMetrics } from "../router/metrics.ts";
import { becauseOf, beginRecord, beginStep, lackOf, look, tell, type AnalysisRecord, type Interval } from "./analyse.ts";
import { planFor, type RolloutPlan } from "./plan.ts";
import { createWindow, tripwires } from "./tripwires.ts";

const PLAN = planFor({ strategy: "canary" }, "dev");
const NOTHING = createMeter().read();

/** Requests of one arm in an interval: how many fail, and what share takes `times` as long. */
function arm(
  random: () => number,
  requests: number,
  failing: number,
  slow: { share: number; times: number } = { share: 0, times: 1 },
): ArmMetrics {
  const meter = createMeter();
  const failed = happening(random, requests, failing);
  for (let at = 0; at < requests; at++) {
    const ms = (20 + 40 * random()) * (random() < slow.share ? slow.times : 1);
    meter.outcome("answered", at < failed ? 500 : 200, ms, false);
  }
  return meter.read();
}

function follow(
  plan: RolloutPlan,
  looks: number,
  interval: (random: () => number, before: Interval["before"]) => Interval,
): AnalysisRecord {
  const random = seeded(4);
  let record = beginRecord(plan, 1);
  let { before } = interval(random, arm(random, 2_000, 0).latency);
  for (let at = 0; at < looks; at++) {
    const seen = interval(random, before);
    // Kept between looks as plain data.
    record = JSON.parse(JSON.stringify(look(plan, record, seen))) as AnalysisRecord;
    before = seen.before;
    if (tell(plan, record, 600).verdict !== "undecided") break;
  }
  return record;
}

const both =
  (candidate: (random: () => number) => ArmMetrics) =>
  (random: () => number, before: Interval["before"]): Interval => ({
    candidate: candidate(random),
    baseline: arm(random, 400, 0.002),
    before,
    seconds: 10,
  });

describe("an analysis", () => {
  test("passes what is as good, with nothing that has to be proven left open", () => {
    const told = tell(
      PLAN,
      follow(
        PLAN,
        60,
        both((random) => arm(random, 400, 0.002)),
      ),
      600,
    );
    expect(told.verdict).toBe("non-inferior");
    expect(told.criteria.filter(({ needed }) => needed).every(({ verdict }) => verdict === "non-inferior")).toBe(true);
    expect(told.expectedSeconds).toBeUndefined();
  });

  test("finds more errors, and a few slow requests, and says which", () => {
    const errors = tell(
      PLAN,
      follow(
        PLAN,
        60,
        both((random) => arm(random, 400, 0.02)),
      ),
      600,
    );
    expect(errors.verdict).toBe("regression");
    expect(becauseOf(errors)).toMatch(/^Worse than the release before\. errors: \d+ of \d+ requests/);
    const slow = tell(
      PLAN,
      follow(
        PLAN,
        60,
        both((random) => arm(random, 400, 0.002, { share: 0.05, times: 5 })),
      ),
      600,
    );
    expect(slow.verdict).toBe("regression");
    expect(becauseOf(slow)).toContain("slower than p");
  });

  test("says nothing of what was asked nothing, and how long it will likely take where it can", () => {
    const quiet = tell(
      PLAN,
      follow(PLAN, 5, (_random, before) => ({ candidate: NOTHING, baseline: NOTHING, before, seconds: 10 })),
      600,
    );
    expect(quiet).toMatchObject({ verdict: "undecided", seconds: 50 });
    expect(quiet.expectedSeconds).toBeUndefined();
    expect(lackOf(quiet)).toBe("Nothing can be said after 50 s: the new release was asked nothing.");
    const open = tell(
      PLAN,
      follow(
        PLAN,
        2,
        both((random) => arm(random, 150, 0)),
      ),
      600,
    );
    expect(open.verdict).toBe("undecided");
    expect(open.expectedSeconds).toBeGreaterThan(0);
  });

  test("of a later step asks for proof again, and forgets no evidence of harm", () => {
    const passed = follow(
      PLAN,
      60,
      both((random) => arm(random, 400, 0.002)),
    );
    const next = beginStep(PLAN, passed, 3);
    expect(tell(PLAN, passed, 600).verdict).toBe("non-inferior");
    const told = tell(PLAN, next, 600);
    expect(told.verdict).toBe("undecided");
    expect(told.criteria[0]!.candidate.total).toBe(tell(PLAN, passed, 600).criteria[0]!.candidate.total);
  });

  test("keeps a path that can be drawn, however often it looks", () => {
    let record = beginRecord(PLAN, 1);
    for (let at = 0; at < 2_000; at++)
      record = look(PLAN, record, { candidate: NOTHING, baseline: NOTHING, before: NOTHING.latency, seconds: 1 });
    expect(record.looks.length).toBeLessThanOrEqual(201);
    expect(record.looks.at(-1)!.second).toBe(2_000);
  });
});

describe("tripwires", () => {
  const random = seeded(1);
  const healthy = { health: "healthy", restarts: 0, looping: false } as const;
  const trippedBy = (candidate: ArmMetrics, others: ArmMetrics, restarts = 0) =>
    tripwires(PLAN, { processes: [{ ...healthy, restarts }], candidate, others }).flatMap(({ name, tripped }) => (tripped ? [name] : []));

  test("trip for gross failures, not for what befalls both, not for a handful of requests", () => {
    expect(trippedBy(arm(random, 100, 0.5), arm(random, 100, 0))).toEqual(["failed requests"]);
    expect(trippedBy(arm(random, 100, 0.5), arm(random, 100, 0.5))).toEqual([]);
    expect(trippedBy(arm(random, 5, 0.999), arm(random, 100, 0))).toEqual([]);
    expect(trippedBy(arm(random, 100, 0.05), arm(random, 100, 0))).toEqual([]);
    expect(trippedBy(NOTHING, NOTHING, 3)).toEqual(["crashes"]);
    expect(trippedBy(NOTHING, NOTHING, 2)).toEqual([]);
  });

  test("look at the last minute only", () => {
    const window = createWindow(60_000);
    const meter = createMeter();
    const readings = () => ({ stable: NOTHING, baseline: NOTHING, candidate: meter.read() });
    window.add(0, readings());
    for (let at = 0; at < 50; at++) meter.outcome("answered", 500, 5, false);
    expect(window.add(10_000, readings()).candidate.failed).toBe(50);
    expect(window.add(30_000, readings()).candidate.failed).toBe(50);
    expect(window.add(90_001, readings()).candidate.failed).toBe(0);
    expect(sinceThen(NOTHING, meter.read()).failed).toBe(50);
  });
});
