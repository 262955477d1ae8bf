import type { CriterionSight, Rollout, RolloutStep } from "@roadbed/contracts/delivery/rollouts";
import { formatMs, formatPercent } from "../../format/number.ts";

export const STRATEGY_WORDS: Readonly<Record<Rollout["strategy"], string>> = {
  "all-at-once": "All at once",
  rolling: "Rolling",
  "blue-green": "Blue-green",
  canary: "Canary",
  shadow: "Shadow",
};

/** A step in words. */
export function wordsOf(step: RolloutStep): string {
  if (step.kind === "weight") return `${step.weight} % of the requests`;
  if (step.kind === "pause") return step.seconds === undefined ? "Wait for somebody to go on" : `Wait ${formatMs(step.seconds * 1_000)}`;
  if (step.kind === "analysis") return "Compare with the release before";
  if (step.kind === "header") return `Requests with ${step.name}${step.value === undefined ? "" : `: ${step.value}`} go to the new release`;
  return `Copies of ${step.percent} % of ${step.unsafe ? "all" : "the reading"} requests to the new release`;
}

/** Where a rollout is, in a sentence. */
export function sentenceOf(rollout: Pick<Rollout, "state" | "weight" | "steps" | "step" | "reason" | "restoredMs">): string {
  const { state, weight, reason, restoredMs } = rollout;
  switch (state) {
    case "starting":
      return "The new release is being started beside the one before.";
    case "pausing":
      return `It waits with ${weight} % of the requests.`;
    case "analysing":
      return `It is compared with the release before, with ${weight} % of the requests.`;
    case "held":
      return `It is held with ${weight} % of the requests, and waits for somebody to decide.`;
    case "promoting":
      return "All requests go to the new release, which takes the place of the one before.";
    case "rolling-back":
      return "All requests go to the release before.";
    case "promoted":
      return "The new release has taken the place of the one before.";
    case "rolled-back":
      return [
        "It was rolled back.",
        reason,
        restoredMs === undefined ? undefined : `All new requests went to the release before ${formatMs(restoredMs)} after the decision.`,
      ]
        .filter((part) => part !== undefined)
        .join(" ");
  }
}

/** How much more often something happens, as far as is known. */
export function ratioOf({ estimate, lower, upper, score }: CriterionSight): string {
  if (score !== undefined)
    return estimate === undefined ? "not known yet" : `${signed(estimate)} (${signed(lower)} to ${signed(upper ?? 1)})`;
  if (estimate === undefined) return lower > 0.9 ? `at least ${times(lower)}` : "not known yet";
  return `${times(estimate)} (${times(lower)} to ${upper === undefined ? "any" : times(upper)})`;
}

/** `12 of 3 400 (0.4 %)`. */
export function countOf({ events, total }: CriterionSight["candidate"]): string {
  return total === 0 ? "asked nothing" : `${events} of ${total} (${formatPercent(events / total)})`;
}

/** `0.82 on average of 120 scores`. */
export function meanOf({ score }: CriterionSight, of: "candidate" | "baseline"): string {
  const [mean, count] = of === "candidate" ? [score?.candidate, score?.candidates] : [score?.baseline, score?.baselines];
  return mean === undefined ? "no score yet" : `${Number(mean.toPrecision(3))} on average of ${count} ${count === 1 ? "score" : "scores"}`;
}

function signed(difference: number): string {
  const said = Number(difference.toPrecision(2));
  return said > 0 ? `+${said}` : String(said);
}

function times(ratio: number): string {
  return `${Number(ratio.toPrecision(2))}×`;
}
