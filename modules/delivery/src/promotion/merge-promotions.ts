import { closeChange, mergeChange } from "@roadbed/contracts/delivery/changes";
import { promotionAdmitted, type Gate } from "@roadbed/contracts/delivery/promotions";
import { ConflictError, formatActor, type Ctx, type Operation } from "@roadbed/core";

import type { ChangeRow } from "../change/change-store.ts";
import type { DeliveryDeps } from "../deps.ts";
import type { EnvironmentRecord } from "../environment/environment-store.ts";
import { evaluateGates, letsThrough } from "../gate/evaluate-gates.ts";
import { GITOPS_REPOSITORY } from "../gitops/gitops-repository.ts";
import { promotionsIn } from "../gitops/trailer.ts";
import { standingOf } from "../release/read-releases.ts";
import { approvalsOf, requireApprover } from "./approvals.ts";
import { aboutOf, advancePromotion, desiredIn, readPromotions, type PromotionRow } from "./promotion-store.ts";
import { readSubjects } from "./read-subjects.ts";
import { lockPlaces } from "./request-promotion.ts";
import { voteOn } from "./vote.ts";

/**
 * Somebody merges what is proposed for an environment: that is their approval of everything in it, and lets it through if every gate does at this
 * moment. In the transaction of the merge, which undoes it where the branch has moved. Throws `ConflictError` with each gate that does not hold.
 */
export async function admitMerged(deps: DeliveryDeps, ctx: Ctx, change: ChangeRow): Promise<void> {
  const rows = await proposedIn(deps, ctx, change);
  const subjects = new Map(
    (
      await readSubjects(
        ctx,
        rows.map(({ id }) => id),
      )
    ).map((subject) => [subject.promotion.id, subject]),
  );
  const problems: { at: string; reason: string }[] = [];
  for (const row of rows) {
    const { environment, ...subject } = subjects.get(row.id)!;
    if (environment === undefined) throw new ConflictError(`The environment ${row.environment} has ended.`);
    await voteOn(ctx, row, "granted", await roleOf(deps, ctx, mergeChange, environment, row), "Merged its pull request");
    // What was found before does not count: all of it is asked anew, save who approved, which is read with this very vote.
    const asked = { ...subject, promotion: { ...row, gates: [] }, environment: { ...environment, approvals: [], by: "commit" as const } };
    const found = await evaluateGates(deps, asked, (reader) =>
      Promise.all(subject.release.parts.map((part) => standingOf(deps, reader, part))),
    );
    const gates = [...found, ...(await approvalsGate(deps, ctx, environment, row)), mergedGate(ctx, change)];
    for (const { title, why, ...gate } of gates)
      if (!letsThrough([{ title, why, ...gate }])) problems.push({ at: `${row.entity_ref} ${gate.name}`, reason: `${title}: ${why}` });
    await ctx.sql.query("update delivery.promotion set gates = $2, looked_at = $3, from_release_id = $4 where id = $1", [
      row.id,
      JSON.stringify(gates),
      ctx.now(),
      (await desiredIn(ctx.sql, row.entity_ref, row.environment)) ?? null,
    ]);
    const admitted = await advancePromotion(ctx, row.id, "admit");
    if (admitted !== undefined) ctx.emit(promotionAdmitted, row.entity_ref, { ...aboutOf(row), kind: row.kind });
  }
  if (problems.length > 0) {
    throw new ConflictError(`It cannot be merged now: ${problems.map(({ reason }) => reason).join(" ")}`, {
      problems,
      mend: "See the promotion: wait until its gates hold, or let an administrator pass one with a reason.",
    });
  }
}

/** Somebody who may decides against what is proposed: the promotions end with their reason. */
export async function refuseClosed(deps: DeliveryDeps, ctx: Ctx, change: ChangeRow, note: string | undefined): Promise<void> {
  const rows = await readPromotions(ctx.sql, "p.change_id = $1 and p.state = 'waiting' order by p.id for update of p", [change.id]);
  await lockPlaces(ctx, rows);
  const name = "name" in ctx.actor ? ctx.actor.name : formatActor(ctx.actor);
  const subjects = await readSubjects(
    ctx,
    rows.map(({ id }) => id),
  );
  for (const { promotion, environment } of subjects) {
    const reason = note ?? "No reason was given.";
    if (environment !== undefined)
      await voteOn(ctx, promotion, "refused", await roleOf(deps, ctx, closeChange, environment, promotion), reason);
    await advancePromotion(ctx, promotion.id, "refuse", { error: `${name} closed its pull request: ${reason}` });
  }
}

/** What the commit that is merged names, as it waits. What was made for something else is not merged. */
async function proposedIn({ repositories }: DeliveryDeps, ctx: Ctx, change: ChangeRow): Promise<PromotionRow[]> {
  const rows = await readPromotions(ctx.sql, "p.change_id = $1 and p.state = 'waiting' order by p.id", [change.id]);
  await lockPlaces(ctx, rows);
  const [commit] = await repositories.log(GITOPS_REPOSITORY, { ref: change.head, limit: 1 });
  const named = promotionsIn(commit?.message ?? "").map(({ id }) => id);
  const held = await readPromotions(ctx.sql, "p.id = any($1) and p.state = 'waiting' order by p.id for update of p", [named]);
  if (change.head === change.made_head && held.length > 0 && held.length === named.length && held.length === rows.length) return held;
  throw new ConflictError("What it holds is not what waits any more: it is being made anew.", {
    mend: "Read it again in a moment, then merge.",
  });
}

/** As what the caller decides: an approver where the environment asks for approvals, else whoever may promote it. */
async function roleOf(
  deps: DeliveryDeps,
  ctx: Ctx,
  operation: Operation,
  environment: EnvironmentRecord,
  row: PromotionRow,
): Promise<string> {
  if (environment.approvals.length > 0) return requireApprover(deps, ctx, environment, row);
  await deps.runtime.may(ctx, operation, { kind: "entity", id: row.entity_ref });
  return "whoever may promote it";
}

async function approvalsGate(deps: DeliveryDeps, ctx: Ctx, environment: EnvironmentRecord, row: PromotionRow): Promise<Gate[]> {
  if (environment.approvals.length === 0) return [];
  const { approvals, votes } = await approvalsOf(deps, ctx, environment, row);
  const missing = approvals.reduce((sum, { count, granted }) => sum + Math.max(0, count - granted), 0);
  const evidence = votes.map(({ name, verdict, at }) => ({ label: name, value: `${verdict} at ${at}` }));
  const overridden = row.overrides.findLast(({ gate }) => gate === "approvals");
  const gate = { name: "approvals", title: "Approvals", evidence };
  if (missing === 0) return [{ ...gate, verdict: "passed", why: "Everybody whose word is needed has given it." }];
  const why = `${missing} more ${missing === 1 ? "approval is" : "approvals are"} needed: they are given on the promotion.`;
  return [{ ...gate, verdict: "waiting", why, ...(overridden === undefined ? {} : { overridden }) }];
}

function mergedGate(ctx: Ctx, { id }: ChangeRow): Gate {
  const name = "name" in ctx.actor ? ctx.actor.name : formatActor(ctx.actor);
  const evidence = [{ label: "Pull request", value: id, link: `/delivery/changes/${id}` }];
  return { name: "pull-request", title: "Pull request", verdict: "passed", why: `${name} merged it.`, evidence };
}
