import type { MeasuredMetric } from "@roadbed/contracts/delivery/rollouts";
import { formatMs } from "../../format/number.ts";

export const PHASE_STATES = { successful: "ok", failed: "fail", inconclusive: "warn", error: "warn" } as const;

/** What came of a metric, in words. */
export function outcomeOf({ outcome, successful, failed, inconclusive, errors }: MeasuredMetric, over: boolean): string {
  const counted = [
    `${successful} good`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(inconclusive > 0 ? [`${inconclusive} inconclusive`] : []),
    ...(errors > 0 ? [`${errors} not measured`] : []),
  ].join(", ");
  const said = {
    successful: "holds",
    failed: "failed: takes the release back",
    inconclusive: "inconclusive: holds the rollout",
    error: "could not be measured: holds the rollout",
  };
  return `${outcome === undefined ? (over ? "measured until the end" : "being measured") : said[outcome]} (${counted})`;
}

/** What it asks for, and how often. */
export function conditionOf(metric: MeasuredMetric): string {
  const { successCondition, failureCondition, everySeconds, count, failureLimit } = metric;
  const asks = [
    ...(successCondition === undefined ? [] : [`Good when ${successCondition}.`]),
    ...(failureCondition === undefined ? [] : [`Failed when ${failureCondition}.`]),
  ];
  const often = everySeconds === undefined ? "Once" : `Every ${formatMs(everySeconds * 1_000)}`;
  const until = everySeconds === undefined ? "" : count === undefined ? ", until the rollout ends" : `, ${count} times`;
  const limit =
    failureLimit < 0
      ? "failures are of no consequence"
      : failureLimit === 0
        ? "no failure is allowed"
        : `${failureLimit} failures are allowed`;
  return [...asks, `${often}${until}; ${limit}.`].join(" ");
}
