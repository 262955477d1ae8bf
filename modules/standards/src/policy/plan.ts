import type { PolicyAction, PolicyMoment } from "@roadbed/contracts/standards";

import { matchesTarget, type Target } from "./match.ts";
import { paramsFor, type ParamObject } from "./params.ts";
import type { Binding, LoadedPolicy } from "./policy.ts";

/** What a policy does at a point, where somebody said otherwise than its text; `off`: it is not asked there. */
export type StageOf = (policy: LoadedPolicy, moment: PolicyMoment) => PolicyAction | "off" | undefined;

/** A policy where it holds: by one binding, or by what it says itself. */
export interface Hold {
  readonly policy: LoadedPolicy;
  readonly binding: Binding | undefined;
  readonly actions: readonly PolicyAction[];
}

/** One policy to be asked about one object with one set of parameters. */
export interface Question extends Hold {
  readonly target: number;
  readonly param: ParamObject | null;
}

/** A binding that should have parameters and has none: the policy cannot be asked. */
export interface Unaskable extends Hold {
  readonly target: number;
}

/** The policies that hold at this point, with what a no does. */
export function holdsAt(policies: readonly LoadedPolicy[], moment: PolicyMoment, stageOf: StageOf): Hold[] {
  return policies.flatMap((policy): Hold[] => {
    const stage = stageOf(policy, moment);
    if (stage === "off") return [];
    const said = (actions: readonly PolicyAction[]): readonly PolicyAction[] => (stage === undefined ? actions : [stage]);
    if (policy.bindings.length > 0) {
      return policy.bindings
        .filter(({ moments }) => moments.includes(moment))
        .map((binding) => ({ policy, binding, actions: said(binding.actions) }));
    }
    const point = policy.points.find((one) => one.moment === moment);
    if (point === undefined) return stage === undefined ? [] : [{ policy, binding: undefined, actions: [stage] }];
    return [{ policy, binding: undefined, actions: said([point.action]) }];
  });
}

/** Which of the holds look at an object. */
export type Looking = (target: Target) => readonly Hold[];

/**
 * The policies that hold at a point, by what they look at. Where nobody said otherwise than their texts this is the same for every act, so it is
 * kept for as long as the policies are.
 */
export function lookingAt(policies: readonly LoadedPolicy[], moment: PolicyMoment, stageOf: StageOf): Looking {
  if (policies.some((policy) => stageOf(policy, moment) !== undefined)) return makeIndex(holdsAt(policies, moment, stageOf));
  const known = KEPT.get(policies) ?? new Map<PolicyMoment, Looking>();
  KEPT.set(policies, known);
  const kept = known.get(moment) ?? makeIndex(holdsAt(policies, moment, stageOf));
  known.set(moment, kept);
  return kept;
}

const KEPT = new WeakMap<readonly LoadedPolicy[], Map<PolicyMoment, Looking>>();

/** Which policy is asked about which object: its own match, its binding's, and each set of parameters. */
export function planQuestions(
  looking: Looking,
  targets: readonly Target[],
  params: readonly ParamObject[],
): { readonly questions: readonly Question[]; readonly unaskable: readonly Unaskable[] } {
  const questions: Question[] = [];
  const unaskable: Unaskable[] = [];
  for (const [target, one] of targets.entries()) {
    for (const hold of looking(one)) {
      const answer = paramsFor(hold.policy, hold.binding, params, one.namespace);
      if ("objects" in answer) for (const param of answer.objects) questions.push({ ...hold, target, param });
      else if (answer.missing === "deny") unaskable.push({ ...hold, target });
    }
  }
  return { questions, unaskable };
}

/**
 * Thousands of objects are of a few kinds: what hangs on the kind alone is answered once per kind, and only policies that also look
 * at names or labels are asked again.
 */
function makeIndex(holds: readonly Hold[]): Looking {
  const known = new Map<string, { readonly always: readonly Hold[]; readonly perhaps: readonly Hold[] }>();
  return (target) => {
    const key = `${target.group}|${target.version}|${target.kind}|${target.operation}`;
    let found = known.get(key);
    if (found === undefined) {
      // Kinds are whatever somebody wrote.
      if (known.size >= MOST_KINDS) known.clear();
      const matching = holds.filter((hold) => looksClosely(hold) || matches(hold, target));
      found = { always: matching.filter((hold) => !looksClosely(hold)), perhaps: matching.filter(looksClosely) };
      known.set(key, found);
    }
    return found.perhaps.length === 0 ? found.always : [...found.always, ...found.perhaps.filter((hold) => matches(hold, target))];
  };
}

const MOST_KINDS = 500;

function matches({ policy, binding }: Hold, target: Target): boolean {
  return matchesTarget(policy.match, target) && (binding?.match === undefined || matchesTarget(binding.match, target));
}

function looksClosely({ policy: { match }, binding }: Hold): boolean {
  return [match, binding?.match].some(
    (one) =>
      one !== undefined &&
      (one.objectSelector !== undefined ||
        one.namespaceSelector !== undefined ||
        [...(one.resourceRules ?? []), ...one.excludeResourceRules].some(({ resourceNames }) => (resourceNames?.length ?? 0) > 0)),
  );
}
