import { checkPolicies, type Decision, type PolicyMoment, type Resource } from "@roadbed/contracts/standards";
import { formatActor, handle, type Ctx, type Handler, type Subscription } from "@roadbed/core";

import { storeDecision, type Act } from "./decision/judge.ts";
import { makeDecisionReaders } from "./decision/list-decisions.ts";
import type { StandardsDeps } from "./deps.ts";
import { evaluatePolicies, type Judgement } from "./policy/evaluate-policies.ts";
import { makePolicyReaders } from "./policy/list-policies.ts";
import { loadPolicies, type PolicyProblem } from "./policy/load-policies.ts";
import { holdsAt } from "./policy/plan.ts";
import { toPublic } from "./policy/policy.ts";
import { createScorecards, type Scorecards } from "./scorecard/create-scorecards.ts";

export type { Act, Judgement, PolicyProblem, Scorecards, StandardsDeps };

/** The tables of this module. */
export const migrations = { module: "standards", dir: new URL("../migrations/", import.meta.url) };

/** Policies and the decisions they led to. */
export interface Standards {
  readonly handlers: readonly Handler[];
  /** What is wrong with the policy files; empty when all is well. */
  readonly problems: readonly PolicyProblem[];
  /** Asks the policies of the moment (default `provision`) and stores nothing: for previews. */
  evaluate(ctx: Ctx, resources: readonly Resource[], moment?: PolicyMoment): Promise<Judgement>;
  /** The same, and stores the decision in `ctx`'s transaction with an event. A denial is an answer, not an error. */
  judge(ctx: Ctx, act: Act): Promise<Judgement & { readonly decisionId: string; readonly decision: Decision }>;
  readonly subscriptions: readonly Subscription[];
  /** Undefined where the module was made without them. */
  readonly scorecards: Scorecards | undefined;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Not well while a policy file or a scorecard's file is broken. */
  health(): Promise<{ readonly ok: boolean; readonly detail?: string }>;
}

/** Reads the policies and makes their operations. A policy file that is broken is logged and told by `health`. */
export function createStandards({ log, cel, policies: folders, disabled = [], ...deps }: StandardsDeps): Standards {
  const { policies, params, problems } = loadPolicies(folders, cel);
  const enabled = policies.filter(({ name }) => !disabled.includes(name));
  for (const problem of problems) log.error("a policy file is broken", { ...problem });
  log.info("policies loaded", { policies: policies.length, enabled: enabled.length, problems: problems.length });

  const scorecards = deps.scorecards && createScorecards({ ...deps.scorecards, log, cel });
  const evaluate: Standards["evaluate"] = (ctx, resources, moment = "provision") =>
    evaluatePolicies(cel, enabled, { moment, params, ...(ctx.actor === undefined ? {} : { username: formatActor(ctx.actor) }) }, resources);

  return {
    problems,
    evaluate,
    async judge(ctx, act) {
      const moment = act.moment ?? "provision";
      const judgement = await evaluate(ctx, act.resources, moment);
      const asked = new Set(holdsAt(enabled, moment, () => undefined).map(({ policy }) => policy));
      const decision = await storeDecision(ctx, act, judgement, [...asked]);
      return { ...judgement, decisionId: decision.id, decision };
    },
    scorecards,
    subscriptions: scorecards?.subscriptions ?? [],
    start: async () => scorecards?.start(),
    stop: async () => scorecards?.stop(),
    async health() {
      const [first] = problems;
      if (first) return { ok: false, detail: `${first.file} line ${first.line}: ${first.reason}` };
      return scorecards?.health() ?? { ok: true };
    },
    handlers: [
      ...(scorecards?.handlers ?? []),
      ...makePolicyReaders(policies.map((policy) => toPublic(policy, !disabled.includes(policy.name)))),
      ...makeDecisionReaders(),
      handle(checkPolicies, async (ctx, { moment, resources }) => {
        const { verdict, findings, evaluated, admission } = await evaluate(ctx, resources, moment);
        return { verdict, findings: [...findings], evaluated, admission: [...admission] };
      }),
    ],
  };
}
