import type { MeasureName } from "@roadbed/contracts/product/measures";

/** What others say of themselves: to know where one stands, never to be reached. */
export interface Benchmark {
  readonly text: string;
  readonly source: string;
  readonly licence: string;
  readonly legacy: boolean;
}

const SOURCE = "DORA quick check, edition 2025, all industries: answers of people, not events (dora.dev)";
const LICENCE = "Apache-2.0, content CC-BY-4.0";

/** Means and standard deviations as DORA publishes them. Its archetypes need survey answers beside events, and are not guessed here. */
const QUICK_CHECK: Readonly<Partial<Record<MeasureName, string>>> = {
  "change-lead-time":
    "5.5 of 10 on average (standard deviation 2.4); 10 is less than an hour, 8 less than a day, 6 less than a week, 4 less than a month",
  "deployment-frequency":
    "4.8 of 10 on average (standard deviation 2.8); 10 is on demand, 8 between hourly and daily, 6 between daily and weekly",
  "failed-deployment-recovery-time":
    "7.4 of 10 on average (standard deviation 2.1); 10 is less than an hour, 8 less than a day, 6 less than a week",
  "change-fail-rate": "19 % of deployments on average (standard deviation 21)",
  "deployment-rework-rate": "22 % of deployments on average (standard deviation 22)",
};

export function benchmarksOf(measure: MeasureName): readonly Benchmark[] {
  const text = QUICK_CHECK[measure];
  return text === undefined ? [] : [{ text, source: SOURCE, licence: LICENCE, legacy: false }];
}
