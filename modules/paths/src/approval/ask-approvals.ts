import { approvalRequested } from "@roadbed/contracts/paths/approvals";
import { newId, type Ctx } from "@roadbed/core";

import { appendLog } from "../run/run-log.ts";
import type { Path } from "../template/template.ts";
import type { ApprovalOfRun } from "./approval-store.ts";
import { ruleDigest } from "./learned-rules.ts";
import type { Needed } from "./required-approvals.ts";

/**
 * Writes down what a run waits for, in the transaction in which it was asked for. Answers whether it waits: what learned rules grant is
 * granted at once.
 */
export async function askApprovals(
  ctx: Ctx,
  run: { readonly id: string; readonly path: Path; readonly userName: string; readonly digest: string },
  needed: readonly Needed[],
): Promise<boolean> {
  const now = ctx.now();
  for (const { rule, about, required } of needed) {
    const id = newId("approval", now.getTime());
    const automatic = required.automatic ?? null;
    const expiresAt = new Date(now.getTime() + rule.expiresAfterMs);
    const refs = required.approvers.map(({ ref }) => ref);
    await ctx.sql.query(
      `insert into paths.approval (id, run_id, path_ref, rule, by_words, because, needed, entity_ref, owner_ref, approvers, approver_refs, digest, state,
         asked_at, expires_at, remind_every_ms, reminded_at, decided_at, automatic, rule_digest)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $14, $17, $18, $19)`,
      [
        id,
        run.id,
        run.path.ref,
        rule.name,
        rule.by,
        required.because,
        required.count,
        about.entityRef ?? null,
        about.ownerRef ?? null,
        JSON.stringify(required.approvers),
        refs,
        run.digest,
        automatic === null ? "waiting" : "granted",
        now,
        expiresAt,
        rule.remindAfterMs,
        automatic === null ? null : now,
        automatic,
        ruleDigest(rule),
      ],
    );
    if (automatic !== null) {
      await appendLog(ctx.sql, run.id, {
        level: "info",
        message: `The approval ${rule.name} is granted by the learned rule ${automatic}.`,
      });
      continue;
    }
    await appendLog(ctx.sql, run.id, {
      level: "info",
      message: `Waits for the approval ${rule.name} of ${saidOf(refs)} until ${expiresAt.toISOString()}: ${required.because}`,
    });
    ctx.emit(approvalRequested, id, {
      approval: id,
      runId: run.id,
      path: run.path.ref,
      pathTitle: run.path.title,
      ...(about.entityRef === undefined ? {} : { entityRef: about.entityRef }),
      approvers: refs,
      requestedByName: run.userName,
      expiresAt: expiresAt.toISOString(),
      because: required.because,
    });
  }
  return needed.some(({ required }) => required.automatic === undefined);
}

/** Who may, in words. */
export function saidOf(refs: readonly string[]): string {
  return refs.length === 0 ? "an administrator of paths" : refs.join(" or ");
}

/** What every event about an approval says. */
export function tellOf(row: ApprovalOfRun): {
  approval: string;
  runId: string;
  path: string;
  pathTitle: string;
  entityRef?: string;
  approvers: string[];
  requestedByName: string;
} {
  const { entity } = row.actor_detail.user;
  const profile = entity.spec?.["profile"] as { displayName?: string } | undefined;
  return {
    approval: row.id,
    runId: row.run_id,
    path: row.path_ref,
    pathTitle: row.path_title,
    ...(row.entity_ref === null ? {} : { entityRef: row.entity_ref }),
    approvers: [...row.approver_refs],
    requestedByName: profile?.displayName ?? entity.metadata.title ?? entity.metadata.name,
  };
}
