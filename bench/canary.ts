/**
 * How often the analysis of a canary cries wolf, and how soon it finds what is wrong, beside the rules that others use:
 * `npm run bench -- canary [runs]`. Every run has a published seed (its number), so that anybody gets the same figures.
 * An hour, looked at each minute; 6,000 requests a minute, a tenth to the canary; 0.5 % of them fail. "Incident": for ten minutes ten
 * times as many fail in both. The rules of others follow their documented behaviour: Argo Rollouts' analysis with its default
 * failure limit of 0, Flagger's counter of five, and a z-test at 5 % that is looked at each minute.
 */
import { beginAnalysis, judgeRelease, observe, type Criterion } from "../modules/delivery/src/analysis/judge-release.ts";
import type { PairedCounts } from "../modules/delivery/src/analysis/rate-ratio.ts";
import { happening, latencies, seeded } from "../modules/delivery/src/analysis/simulation.suite.ts";
import { addHistograms, slowRequests, type Histogram } from "../modules/delivery/src/analysis/slow-requests.ts";

const [runs = 2_000] = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number);
/** Each latency is drawn, one by one: fewer runs do. */
const latencyRuns = Math.max(1, Math.round(runs / 10));
const MINUTES = 60;
const [CANARY, STABLE] = [600, 5_400];
const CHANCES = { falseAlarm: 0.02, falsePass: 0.05 };
const ERRORS: Criterion[] = [{ name: "errors", kind: "rate", worseThan: 1, within: 1.5 }];
const QUANTILES = [0.5, 0.9, 0.99];
const SLOW: Criterion[] = QUANTILES.map((quantile) => ({
  name: `slower than p${quantile * 100}`,
  kind: "rate",
  worseThan: 1,
  within: 1.5,
}));
const figures: Record<string, number> = {};

/** A rule says at each minute whether it would roll back now. */
type Rule = () => (minute: PairedCounts) => boolean;

const RULES: Record<string, Rule> = {
  ours: () => {
    let state = beginAnalysis(ERRORS, CHANCES);
    return (counts) => {
      state = observe(state, [{ kind: "rate", counts }]);
      return judgeRelease(ERRORS, state, CHANCES).verdict === "regression";
    };
  },
  argo_default: () => (minute) => successOf(minute) < 0.99,
  flagger_style: () => {
    let failed = 0;
    return (minute) => successOf(minute) < 0.99 && ++failed >= 5;
  },
  z_test_each_minute: () => {
    const sums = { a: 0, na: 0, b: 0, nb: 0 };
    return ({ candidate, baseline }) => {
      sums.a += candidate.events;
      sums.na += candidate.total;
      sums.b += baseline.events;
      sums.nb += baseline.total;
      const pooled = (sums.a + sums.b) / (sums.na + sums.nb);
      const z = (sums.a / sums.na - sums.b / sums.nb) / Math.sqrt(pooled * (1 - pooled) * (1 / sums.na + 1 / sums.nb));
      return Math.abs(z) > 1.96;
    };
  },
};

const CASES = [
  { name: "no_change", times: 1, incident: false },
  { name: "no_change_with_incident", times: 1, incident: true },
  { name: "errors_x1.5", times: 1.5, incident: false },
  { name: "errors_x2", times: 2, incident: false },
  { name: "errors_x4", times: 4, incident: false },
];

console.log(`${runs} runs of ${MINUTES} minutes; % rolled back (median minute)`);
for (const { name, times, incident } of CASES) {
  const found: Record<string, number[]> = {};
  for (let run = 0; run < runs; run++) {
    const minutes = drawErrors(seeded(run), times, incident);
    for (const [rule, begin] of Object.entries(RULES)) {
      const says = begin();
      const at = minutes.findIndex((minute) => says(minute));
      if (at >= 0) (found[rule] ??= []).push(at + 1);
    }
  }
  tell(name, found, runs);
}

console.log(`\n${latencyRuns} runs of latencies (lognormal, median 50 ms, σ 0.5), judged by p50, p90 and p99`);
for (const { name, slow } of [
  { name: "latency_no_change", slow: { share: 0, times: 1 } },
  { name: "latency_3_percent_x5", slow: { share: 0.03, times: 5 } },
  { name: "latency_3_percent_x2", slow: { share: 0.03, times: 2 } },
  { name: "latency_all_x1.2", slow: { share: 1, times: 1.2 } },
]) {
  const found: Record<string, number[]> = { ours: [], p99_threshold: [] };
  for (let run = 0; run < latencyRuns; run++) {
    const { ours, threshold } = followLatency(seeded(run), slow);
    if (ours !== undefined) found["ours"]!.push(ours);
    if (threshold !== undefined) found["p99_threshold"]!.push(threshold);
  }
  tell(name, found, latencyRuns);
}
console.log(JSON.stringify({ bench: "canary", figures }));

function drawErrors(random: () => number, times: number, incident: boolean): PairedCounts[] {
  return Array.from({ length: MINUTES }, (_, minute) => {
    const chance = 0.005 * (incident && minute >= 25 && minute < 35 ? 10 : 1);
    return {
      candidate: { events: happening(random, CANARY, chance * times), total: CANARY },
      baseline: { events: happening(random, STABLE, chance), total: STABLE },
    };
  });
}

function followLatency(random: () => number, slow: { share: number; times: number }): { ours?: number; threshold?: number } {
  const none = { share: 0, times: 1 };
  // What the stable version did in the minutes before the canary began.
  let before = latencies(random, STABLE, none);
  let state = beginAnalysis(SLOW, CHANCES);
  let [ours, threshold]: (number | undefined)[] = [];
  for (let minute = 1; minute <= MINUTES && (ours === undefined || threshold === undefined); minute++) {
    const [candidate, baseline] = [latencies(random, CANARY, slow), latencies(random, STABLE, none)];
    state = observe(
      state,
      QUANTILES.map((quantile) => {
        const counts = slowRequests({ candidate, baseline, before }, { quantile });
        return counts && { kind: "rate", counts };
      }),
    );
    if (judgeRelease(SLOW, state, CHANCES).verdict === "regression") ours ??= minute;
    if (p99(candidate) > p99(baseline) * 1.1) threshold ??= minute;
    before = addHistograms(before, baseline);
  }
  return { ...(ours === undefined ? {} : { ours }), ...(threshold === undefined ? {} : { threshold }) };
}

function p99({ edges, counts }: Histogram): number {
  const total = counts.reduce((all, one) => all + one, 0);
  let above = total * 0.01;
  for (let at = counts.length - 1; at >= 0; at--) if ((above -= counts[at]!) < 0) return edges[at] ?? Number.POSITIVE_INFINITY;
  return 0;
}

function successOf({ candidate: { events, total } }: PairedCounts): number {
  return 1 - events / total;
}

function tell(name: string, found: Record<string, number[]>, of: number): void {
  const words: string[] = [];
  for (const rule of Object.keys(name.startsWith("latency") ? { ours: 0, p99_threshold: 0 } : RULES)) {
    const minutes = (found[rule] ?? []).sort((a, b) => a - b);
    const percent = Math.round((minutes.length / of) * 10_000) / 100;
    figures[`${name}_${rule}_percent`] = percent;
    const median = minutes[minutes.length >> 1];
    if (median !== undefined) figures[`${name}_${rule}_median_minute`] = median;
    words.push(`${rule} ${percent.toFixed(1)}${median === undefined ? "" : ` (${median})`}`);
  }
  console.log(`  ${name.padEnd(26)} ${words.join("   ")}`);
}
