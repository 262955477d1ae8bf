import { describe, expect, test } from "vitest";

import { beginAnalysis, observe } from "../analysis/judge-release.ts";
import { describeScores } from "../analysis/mean-score.ts";
import { evidenceAbove } from "../analysis/rate-ratio.ts";
import { seeded } from "../analysis/simulation.suite.ts";
import { createMeter } from "../router/metrics.ts";
import { becauseOf, beginRecord, criteriaOf, look, tell, type AnalysisRecord } from "./analyse.ts";
import { planFor, RolloutText } from "./plan.ts";
import { NO_SAMPLES, observeSamples, type Sample } from "./samples.ts";

const NOTHING = createMeter().read();
/** All four signals, and nothing else that could raise an alarm. */
const PLAN = planFor(
  RolloutText.parse({
    strategy: "canary",
    analysis: { slow: { quantiles: [], proven: [] }, samples: { score: {}, tokens: {}, cost: {}, ttft: {} } },
  }),
  "dev",
);

interface Truth {
  /** Chance that an answer is right. */
  readonly right: number;
  /** How many times as much it takes of tokens, money and time. */
  readonly dearer: number;
}
const SAME: Truth = { right: 0.85, dearer: 1 };

function drawn(random: () => number, arm: Sample["arm"], { right, dearer }: Truth, answers: number): Sample[] {
  return Array.from({ length: answers }, (): Sample[] => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const tokens = Math.exp(6 + 0.6 * normal) * dearer;
    return [
      { arm, signal: "score", value: random() < right ? 0.7 + 0.3 * random() : 0.4 * random() },
      { arm, signal: "tokens", value: tokens },
      { arm, signal: "cost", value: tokens * 3e-6 },
      { arm, signal: "ttft", value: 120 * Math.exp(0.4 * normal) * dearer },
    ];
  }).flat();
}

const INTERVAL = { candidate: NOTHING, baseline: NOTHING, before: NOTHING.latency, seconds: 10 };
const STREAMED = { candidate: NOTHING.firstByte, baseline: NOTHING.firstByte, before: NOTHING.firstByte };
const LIMITS = tell(PLAN, beginRecord(PLAN, 0), 600).criteria;

/** What raises an alarm in a rollout of so many looks, at each of which both arms have answered about 50 questions. */
function alarmsOf(seed: number, candidate: Truth, looks: number): readonly string[] {
  const random = seeded(seed);
  let [kept, state] = [NO_SAMPLES, beginAnalysis(criteriaOf(PLAN), PLAN.analysis)];
  for (let at = 0; at < looks; at++) {
    const told = observeSamples(PLAN, kept, answers(random, candidate), STREAMED);
    kept = told.state;
    state = observe(state, [undefined, ...told.observations]);
    const alarms = LIMITS.filter((limit, index) => {
      const one = state[index]!;
      return one.kind === "rate" ? evidenceAbove(one.seen, 1) >= limit.alarmAt : 2 * describeScores(one.forAlarm).upper - 1 < 0;
    });
    if (alarms.length > 0) return alarms.map(({ name }) => name);
  }
  return [];
}

function answers(random: () => number, candidate: Truth): Sample[] {
  const some = (): number => 40 + Math.floor(random() * 20);
  return [...drawn(random, "candidate", candidate, some()), ...drawn(random, "baseline", SAME, some())];
}

const verdictsOf = (record: AnalysisRecord): Record<string, string> =>
  Object.fromEntries(tell(PLAN, record, 600).criteria.map(({ name, verdict }) => [name, verdict]));

describe("samples of answers", () => {
  test("raise a false alarm in 2 % of harmless releases at most (seeds 1 to 250)", () => {
    const alarmed = Array.from({ length: 250 }, (_, at) => alarmsOf(at + 1, SAME, 12)).filter((alarms) => alarms.length > 0);
    expect(alarmed.length / 250).toBeLessThanOrEqual(0.02);
  }, 180_000);

  test("find answers that are worse, and answers that are dearer (seeds 1 to 12)", () => {
    for (let seed = 1; seed <= 12; seed++) {
      expect(alarmsOf(seed, { ...SAME, right: 0.4 }, 24)).toEqual(["score"]);
      const dearer = alarmsOf(seed, { ...SAME, dearer: 2 }, 24);
      expect(dearer.length).toBeGreaterThan(0);
      expect(dearer).not.toContain("score");
    }
  }, 180_000);

  test("prove that answers are no worse, and what is known of them is told", () => {
    let record = beginRecord(PLAN, 0);
    const random = seeded(3);
    for (let at = 0; at < 12; at++) {
      const samples = [...drawn(random, "candidate", SAME, 400), ...drawn(random, "baseline", SAME, 400)];
      // Kept between looks as plain data.
      record = JSON.parse(JSON.stringify(look(PLAN, record, { ...INTERVAL, samples }))) as AnalysisRecord;
    }
    const told = tell(PLAN, record, 600);
    expect(verdictsOf(record)).toMatchObject({
      score: "non-inferior",
      "more tokens than p50": "non-inferior",
      "dearer than p50": "non-inferior",
      "later first token than p50": "non-inferior",
    });
    const score = told.criteria.find(({ name }) => name === "score")!;
    expect(score.score).toMatchObject({ candidates: 4_800, baselines: 4_800, pairs: 4_800, candidate: expect.closeTo(0.75, 1) });
    expect(score.lower).toBeGreaterThan(-score.within);
    expect(score.upper).toBeLessThan(0.1);
    // Nothing was asked: errors are not proven to be no worse, so the release does not go on.
    expect(told.verdict).toBe("undecided");
  });

  test("wait for those of the other arm, and say in words what was worse", () => {
    const one = (arm: Sample["arm"], value: number): Sample => ({ arm, signal: "score", value });
    const first = look(PLAN, beginRecord(PLAN, 0), { ...INTERVAL, samples: [one("candidate", 1), one("candidate", 0.5)] });
    expect(first.samples?.unpaired).toEqual({ candidate: [1, 0.5], baseline: [] });
    const next = look(PLAN, first, { ...INTERVAL, samples: [one("baseline", 0)], seconds: 1 });
    expect(next.samples).toMatchObject({
      unpaired: { candidate: [0.5], baseline: [] },
      scores: { candidate: { sum: 1.5, count: 2 }, baseline: { sum: 0, count: 1 } },
    });
    let record = beginRecord(PLAN, 0);
    const random = seeded(1);
    for (let at = 0; at < 12; at++) record = look(PLAN, record, { ...INTERVAL, samples: answers(random, { ...SAME, right: 0.1 }) });
    const bad = tell(PLAN, record, 600);
    expect(becauseOf(bad)).toMatch(/^Worse than the release before\. score: 0\.\d+ on average, the baseline 0\.\d+\.$/);
  });

  test("of streamed answers the router measures the first byte, beside what is told", () => {
    const [candidate, baseline] = [createMeter(), createMeter()];
    for (let at = 0; at < 400; at++) {
      candidate.streamed(at % 2 === 0 ? 900 : 100, false);
      baseline.streamed(100, false);
    }
    const interval = { candidate: candidate.read(), baseline: baseline.read(), before: NOTHING.latency, seconds: 10 };
    const record = look(PLAN, beginRecord(PLAN, 0), { ...interval, beforeStreamed: baseline.read().firstByte });
    expect(verdictsOf(record)).toMatchObject({ "later first token than p50": "regression" });
  });
});
