import {
  abortRollout,
  checkAnalysisTemplate,
  getRollout,
  holdRollout,
  listRollouts,
  resumeRollout,
  sampleRollout,
  type Rollout,
} from "@roadbed/contracts/delivery/rollouts";
import { ConflictError, encodeCursor, formatActor, handle, NotFoundError, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import { tell } from "./analyse.ts";
import { isOver, may, trafficOf, type RolloutEvent } from "./machine.ts";
import { applyEvent, findRollout, listRolloutRecords, type RolloutRecord } from "./rollout-store.ts";
import type { Rollouts } from "./rollouts.ts";
import { takeSamples } from "./take-samples.ts";
import { readTemplate } from "./template/read-template.ts";
import { sightOf, tellMetrics } from "./template/tell-metrics.ts";
import type { Tripwire } from "./tripwires.ts";

/** What can be done instead, by what it is doing. */
const MENDS: Record<RolloutRecord["state"], string> = {
  starting: "Wait until the new release has come up, or abort the rollout.",
  pausing: "Resume, hold or abort it.",
  analysing: "Hold or abort it, or resume it with --full to promote the release before the analysis is through.",
  held: "Resume or abort it.",
  promoting: "It is being promoted. To go back, deploy the commit before.",
  "rolling-back": "It is being rolled back. To try again, deploy the commit again.",
  promoted: "It is over. To go back, deploy the commit before.",
  "rolled-back": "It is over. To try again, deploy the commit again.",
};

export function makeRolloutHandlers({ entities }: DeliveryDeps, rollouts: Pick<Rollouts, "tripwires">): Handler[] {
  const hidden = async (ctx: Ctx): Promise<readonly string[]> => (await entities.hiddenFrom?.(ctx)) ?? [];

  async function seen(ctx: Ctx, id: string): Promise<RolloutRecord> {
    const found = await findRollout(ctx.sql, id);
    if (found === undefined || (await hidden(ctx)).includes(found.entityRef))
      throw new NotFoundError("rollout", id, "See roadbed rollout list.");
    return found;
  }

  /** What is done follows when the event is delivered, in the server that carries the rollout through. */
  async function decide(ctx: Ctx, id: string, event: RolloutEvent, reason: string): Promise<Rollout> {
    const { state } = await seen(ctx, id);
    if (!may(state, event)) throw new ConflictError(`The rollout is ${state}.`, { mend: MENDS[state] });
    return toRollout(await applyEvent(ctx, id, event, { reason, by: formatActor(ctx.actor) }));
  }

  return [
    handle(listRollouts, async (ctx, { limit, cursor, entityRef, environment, active }) => {
      const before = readCursor(z.string(), cursor);
      const filter = { entityRef: entityRef?.toLowerCase(), environment, active, before, hidden: await hidden(ctx), limit: limit + 1 };
      const found = await listRolloutRecords(ctx.sql, filter);
      const items = found.slice(0, limit).map((one) => toSummary(one));
      return { items, ...(found.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.id) } : {}) };
    }),
    handle(getRollout, async (ctx, { id }) => toRollout(await seen(ctx, id), rollouts.tripwires(id))),
    handle(checkAnalysisTemplate, async (_ctx, { template, args }) => ({
      items: readTemplate({ file: "template", args }, template).map((metric) => ({
        ...sightOf(metric),
        ...(metric.success === undefined ? {} : { successInCel: metric.success }),
        ...(metric.failure === undefined ? {} : { failureInCel: metric.failure }),
      })),
    })),
    handle(sampleRollout, async (ctx, { id, samples, lines }) => takeSamples(ctx, await seen(ctx, id), { samples, lines })),
    handle(resumeRollout, (ctx, { id, full, reason }) => decide(ctx, id, full ? "promote" : "resume", reason)),
    handle(holdRollout, (ctx, { id, reason }) => decide(ctx, id, "hold", reason)),
    handle(abortRollout, (ctx, { id, reason }) => decide(ctx, id, "abort", reason)),
  ];
}

function toRollout(record: RolloutRecord, tripwires?: readonly Tripwire[]): Rollout {
  const { plan, analysis, mirrored, measured, step } = record;
  const wanted = plan.steps[step];
  const deadline = (wanted?.kind === "analysis" ? wanted.deadlineSeconds : undefined) ?? plan.analysis.deadlineSeconds;
  const mirrors = plan.steps.some(({ kind }) => kind === "mirror");
  return {
    ...toSummary(record),
    ...(analysis === undefined ? {} : { analysis: tell(plan, analysis, deadline) }),
    ...(mirrored === undefined || !mirrors ? {} : { mirrored }),
    ...(tripwires === undefined || isOver(record) ? {} : { tripwires: [...tripwires] }),
    ...(plan.metrics === undefined ? {} : { metrics: tellMetrics(plan.metrics, measured?.metrics) }),
  };
}

function toSummary(record: RolloutRecord): Omit<Rollout, "analysis" | "tripwires" | "metrics" | "mirrored"> {
  const { id, deploymentId, entityRef, environment, plan, state, commit, stableCommit, step, stepSeconds } = record;
  const { reason, decidedBy, restoredMs, createdAt, endedAt } = record;
  const { candidate, baseline } = trafficOf(record, plan.steps);
  return {
    id,
    deploymentId,
    entityRef,
    environment,
    strategy: plan.strategy,
    state,
    commit,
    stableCommit,
    steps: [...plan.steps],
    step,
    weight: candidate,
    baselineWeight: baseline,
    stepSeconds,
    ...(reason === undefined ? {} : { reason }),
    ...(decidedBy === undefined ? {} : { decidedBy }),
    ...(restoredMs === undefined ? {} : { restoredMs }),
    createdAt: createdAt.toISOString(),
    ...(endedAt === undefined ? {} : { endedAt: endedAt.toISOString() }),
  };
}
