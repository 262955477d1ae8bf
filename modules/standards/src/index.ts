import { checkPolicies, type Decision, type PolicyMoment, type Resource } from "@roadbed/contracts/standards";
import { checkPlan } from "@roadbed/contracts/standards/plans";
import { changeChecked } from "@roadbed/contracts/standards/checks";
import { formatActor, handle, type Ctx, type Handler, type Subscription } from "@roadbed/core";

import { createAuditor, type Auditor } from "./audit/auditor.ts";
import { makeFindingReaders } from "./audit/read-findings.ts";
import { makeDecidePolicy, makeDecidePromotion, type DecidePromotion, type PromotionAct } from "./decision/decide-promotion.ts";
import { storeDecision, type Act } from "./decision/judge.ts";
import { makeDecisionReaders } from "./decision/list-decisions.ts";
import type { Expressions, StandardsDeps } from "./deps.ts";
import { createOpaEngine } from "./opa/engine.ts";
import { createChecker } from "./check/checker.ts";
import { renderHelm } from "./files/render-helm.ts";
import { makeCheckFiles, makeFileCheck } from "./files/check-files.ts";
import type { ReadCatalog } from "./policy/catalog-view.ts";
import { selectPolicies } from "./policy/select-policies.ts";
import { findViolations, toJudgement, type Judgement } from "./policy/evaluate-policies.ts";
import { makePolicyReaders } from "./policy/list-policies.ts";
import { loadPolicies, type PolicyProblem } from "./policy/load-policies.ts";
import { holdsAt } from "./policy/plan.ts";
import { toPublic } from "./policy/policy.ts";
import { announcedFor, makeStageOf } from "./stage/stage.ts";
import { makeStageHandlers } from "./stage/set-stage.ts";
import { selectStages } from "./stage/stage-store.ts";
import { readPlan } from "./terraform/read-plan.ts";
import { aboutOf, applyWaivers } from "./waiver/apply-waivers.ts";
import { makeDecideWaiver } from "./waiver/decide-waiver.ts";
import { makeWaiverReaders } from "./waiver/list-waivers.ts";
import { makeRequestWaiver } from "./waiver/request-waiver.ts";
import { createSweeper, makeEndWaivers } from "./waiver/sweep-waivers.ts";
import { makeWaiverRules } from "./waiver/waiver-rules.ts";
import { makeCompletePolicy } from "./workbench/complete/complete-policy.ts";
import { makeLintPolicies } from "./workbench/lint-policies.ts";
import { makeNewPolicy } from "./workbench/new-policy.ts";
import { makeWorkbench } from "./workbench/try-policy.ts";
import { selectInForce } from "./waiver/waiver-store.ts";
import { findWaivable } from "./scorecard/exempt.ts";
import { createScorecards, type Scorecards } from "./scorecard/create-scorecards.ts";

export { openRequests, type HostRequest, type HostRequests } from "./host/requests.ts";
export type { Act, Judgement, PromotionAct, PolicyProblem, Scorecards, StandardsDeps };

/** What is about to be done by a Terraform plan. */
export type PlanAct = Omit<Act, "resources"> & { readonly plan: unknown };

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
  /** The same two for a Terraform plan, as `terraform show -json` gives it: text, or what it says. A verdict `unknown` is no pass. */
  /** Asks whether a release may go to an environment, and stores the decision: the same for a pipeline and for delivery's promotions. */
  decidePromotion: DecidePromotion;
  evaluatePlan(ctx: Ctx, plan: unknown, moment?: PolicyMoment): Promise<Judgement>;
  judgePlan(ctx: Ctx, act: PlanAct): Promise<Judgement & { readonly decisionId: string; readonly decision: Decision }>;
  /** Throws `ConflictError` where policies deny what a change at the embedded host brings. */
  gateOfChange(
    ctx: Ctx,
    change: { readonly repository: string; readonly id: string; readonly base: string; readonly head: string },
  ): Promise<void>;
  /** Checks the changes that wait, now rather than soon. */
  lookAtChecks(): Promise<void>;
  readonly subscriptions: readonly Subscription[];
  /** Undefined where the module was made without them. */
  readonly scorecards: Scorecards | undefined;
  /** The audit of the catalogue; undefined likewise. */
  readonly auditor: Auditor | undefined;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Not well while a policy file or a scorecard's file is broken. */
  health(): Promise<{ readonly ok: boolean; readonly detail?: string }>;
}

/** Reads the policies and makes their operations. A policy file that is broken is logged and told by `health`. */
export function createStandards({ log, cel: expressions, policies: folders, disabled = [], ...deps }: StandardsDeps): Standards {
  const opa = createOpaEngine();
  const cel: Expressions = { ...expressions, opa };
  const { policies, params, problems } = loadPolicies(folders, cel);
  const enabled = policies.filter(({ name }) => !disabled.includes(name));
  for (const problem of problems) log.error("a policy file is broken", { ...problem });
  log.info("policies loaded", { policies: policies.length, enabled: enabled.length, problems: problems.length });

  const scorecards = deps.scorecards && createScorecards({ ...deps.scorecards, log, cel, policies: enabled, runtime: deps.runtime });
  const waivers = { cel, policies, entities: deps.entities, others: findWaivable };
  const auditor =
    deps.scorecards &&
    createAuditor({ ...deps.scorecards, log, cel, policies: enabled, params, comesFirst: () => scorecards?.isSweeping() === true });
  const sweeper = deps.runtime && createSweeper({ runtime: deps.runtime, log });

  const catalog = deps.scorecards && (((refs, wanted) => deps.scorecards!.things.read(refs, wanted)) satisfies ReadCatalog | undefined);

  /** What is found, less what is waived; with the policies that were asked. */
  const look = async (ctx: Ctx, resources: readonly Resource[], moment: PolicyMoment, only: readonly string[] = []) => {
    const wanted = selectPolicies(enabled, only);
    const stageOf = makeStageOf(await selectStages(ctx.sql), ctx.now());
    const found = await findViolations(cel, wanted, { moment, params, stageOf, username: formatActor(ctx.actor), catalog }, resources);
    const inForce = found.violations.length === 0 ? [] : await selectInForce(ctx.sql, ctx.now());
    const { counting, findings } = applyWaivers(found.violations, aboutOf(resources), inForce);
    const judgement: Judgement = { ...toJudgement({ ...found, violations: counting }), findings };
    const asked = new Set(holdsAt(wanted, moment, stageOf).map(({ policy }) => policy));
    return { judgement, asked: [...asked] };
  };
  const evaluate: Standards["evaluate"] = async (ctx, resources, moment = "provision") => (await look(ctx, resources, moment)).judgement;

  const judge: Standards["judge"] = async (ctx, act) => {
    const moment = act.moment ?? "provision";
    const { judgement, asked } = await look(ctx, act.resources, moment, act.only);
    const decision = await storeDecision(ctx, act, judgement, asked);
    return { ...judgement, decisionId: decision.id, decision };
  };
  const decidePromotion = makeDecidePromotion({ judge, entities: deps.entities });
  const evaluatePlan: Standards["evaluatePlan"] = (ctx, plan, moment) => evaluate(ctx, readPlan(plan), moment);

  const checkFiles = makeFileCheck({ evaluate, policies, renderers: { score: deps.renderScore, helm: renderHelm } });
  const hosts = deps.scorecards?.repositories;
  const checker = hosts && deps.runtime && createChecker({ hosts, runtime: deps.runtime, log, checkFiles, sees: deps.seesRepository });
  let unsubscribe: () => void = () => {};

  return {
    problems,
    evaluate,
    gateOfChange: async (ctx, change) => checker?.gate(ctx, change),
    lookAtChecks: async () => checker?.look(),
    judge,
    decidePromotion,
    evaluatePlan,
    judgePlan: (ctx, { plan, ...act }) => judge(ctx, { ...act, resources: readPlan(plan) }),
    scorecards,
    auditor,
    subscriptions: [...(scorecards?.subscriptions ?? []), ...(checker?.subscriptions ?? []), makeEndWaivers()],
    start: async () => {
      sweeper?.start();
      unsubscribe = deps.scorecards?.events?.subscribe(({ name }) => name === changeChecked.name && checker?.wake()) ?? unsubscribe;
      checker?.start();
      auditor?.start();
      await scorecards?.start();
    },
    stop: async () => {
      unsubscribe();
      await checker?.stop();
      await opa.close();
      await sweeper?.stop();
      await auditor?.stop();
      await scorecards?.stop();
    },
    async health() {
      const [first] = problems;
      if (first) return { ok: false, detail: `${first.file} line ${first.line}: ${first.reason}` };
      return scorecards?.health() ?? { ok: true };
    },
    handlers: [
      ...(scorecards?.handlers ?? []),
      ...makePolicyReaders(async (sql, now) => {
        const stages = await selectStages(sql);
        const stageOf = makeStageOf(stages, now);
        return policies.map((one) => toPublic(one, stageOf, announcedFor(stages, one, now), !disabled.includes(one.name)));
      }),
      ...makeStageHandlers(policies),
      ...(deps.scorecards ? makeFindingReaders({ policies, things: deps.scorecards.things }) : []),
      ...(deps.scorecards
        ? makeWorkbench({ cel, policies: enabled, params, things: deps.scorecards.things, entities: deps.entities })
        : []),
      makeRequestWaiver(waivers),
      ...makeDecideWaiver(),
      ...makeWaiverReaders(waivers),
      ...makeWaiverRules(waivers),
      ...makeDecisionReaders({ entities: deps.entities, evaluate }),
      makeDecidePolicy(decidePromotion),
      makeCompletePolicy({ cel }),
      makeNewPolicy({ cel }),
      makeLintPolicies({ cel }),
      makeCheckFiles(checkFiles),
      ...(checker?.handlers ?? []),
      handle(checkPlan, async (ctx, { plan, moment }) => {
        const resources = readPlan(plan);
        const { verdict, findings, evaluated } = await evaluate(ctx, resources, moment);
        return { verdict, findings: [...findings], changes: resources.length, evaluated };
      }),
      handle(checkPolicies, async (ctx, { moment, resources }) => {
        const { verdict, findings, evaluated, admission } = await evaluate(ctx, resources, moment);
        return { verdict, findings: [...findings], evaluated, admission: [...admission] };
      }),
    ],
  };
}
