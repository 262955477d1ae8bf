import type { Policy, PolicyMoment } from "@roadbed/contracts/standards";
import type { Stage } from "@roadbed/contracts/standards/stages";

import type { StageOf } from "../policy/plan.ts";
import type { LoadedPolicy } from "../policy/policy.ts";
import type { StageRow } from "./stage-store.ts";

type Staged = Pick<LoadedPolicy, "name" | "pack" | "points" | "bindings">;

/** What counts at this instant: what was said of the policy before what was said of its pack, and the latest of each. */
export function makeStageOf(stages: readonly StageRow[], now: Date): StageOf {
  const begun = stages.filter(({ from }) => Date.parse(from) <= now.getTime());
  return begun.length === 0 ? () => undefined : (policy, moment) => findStage(begun, policy, moment)?.action;
}

function findStage(begun: readonly StageRow[], policy: Staged, moment: PolicyMoment): StageRow | undefined {
  const says = (stage: StageRow): boolean => stage.moments?.includes(moment) ?? true;
  const own = begun.find((stage) => stage.policy === policy.name && says(stage) && (stage.moments !== undefined || holds(policy, moment)));
  return own ?? begun.find((stage) => stage.pack !== undefined && stage.pack === policy.pack && says(stage) && holds(policy, moment));
}

/** By its own text: a word about all points, or about a pack, adds none. */
function holds({ points, bindings }: Staged, moment: PolicyMoment): boolean {
  return bindings.length > 0 ? bindings.some(({ moments }) => moments.includes(moment)) : points.some((point) => point.moment === moment);
}

/** What is announced for a policy: per point, with the day. */
export function announcedFor(stages: readonly StageRow[], policy: Staged, now: Date): Policy["announced"] {
  return stages
    .filter(({ from }) => Date.parse(from) > now.getTime())
    .filter((stage) => stage.policy === policy.name || (stage.pack !== undefined && stage.pack === policy.pack))
    .flatMap(({ moments, action, from }) =>
      (moments ?? MOMENTS).filter((moment) => holds(policy, moment) || moments !== undefined).map((moment) => ({ moment, action, from })),
    )
    .toSorted((a, b) => (a.from < b.from ? -1 : 1));
}

const MOMENTS: readonly PolicyMoment[] = ["provision", "pull-request", "promotion", "audit", "scorecard"];

/** Whether it counts, will count, or gave way to a later one about the same. */
export function stateOf(stages: readonly StageRow[], stage: StageRow, now: Date): Stage["state"] {
  if (Date.parse(stage.from) > now.getTime()) return "announced";
  const later = stages.slice(0, stages.indexOf(stage)).filter(({ from }) => Date.parse(from) <= now.getTime());
  const same = later.filter(({ policy, pack }) => policy === stage.policy && pack === stage.pack);
  const replaced = (stage.moments ?? MOMENTS).every((moment) => same.some(({ moments }) => moments?.includes(moment) ?? true));
  return replaced ? "over" : "in force";
}
