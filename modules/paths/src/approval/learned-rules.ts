import type { RequiredApproval } from "@roadbed/contracts/paths";
import { approvalRuleChanged } from "@roadbed/contracts/paths/approval-rules";
import { newId, type Ctx, type Sql } from "@roadbed/core";
import { createHash } from "node:crypto";

import type { ApprovalRule } from "../template/golden-path.ts";
import type { ApprovalOfRun } from "./approval-store.ts";

/** So many grants in a row propose to do without. */
export const ENOUGH = 10;

/** Of what a path says of an approval. Changed, it is another question. */
export function ruleDigest({ name, when, by, count }: ApprovalRule): string {
  return createHash("sha256")
    .update(JSON.stringify([name, when ?? "", by, count]))
    .digest("hex")
    .slice(0, 32);
}

/** The accepted rule that grants this at once: learned from those who would be asked now. */
export async function learnedRuleFor(
  sql: Sql,
  pathRef: string,
  rule: ApprovalRule,
  approvers: readonly Pick<RequiredApproval["approvers"][number], "ref">[],
): Promise<string | undefined> {
  const roles = approvers.length === 0 ? ["administrator"] : approvers.map(({ ref }) => ref);
  const { rows } = await sql.query<{ id: string }>(
    "select id from paths.approval_rule where path_ref = $1 and rule = $2 and rule_digest = $3 and role = any($4) and state = 'active' order by id limit 1",
    [pathRef, rule.name, ruleDigest(rule), roles],
  );
  return rows[0]?.id;
}

interface PastRow extends Record<string, unknown> {
  readonly id: string;
  readonly state: string;
  readonly rule_digest: string;
  readonly roles: readonly string[];
  readonly approver_refs: readonly string[];
}

/**
 * Looks, after a grant, whether the last ten decisions about the same question were all grants in the same role, none of them older than
 * what was said of such a rule before, and proposes the rule that would have given them.
 */
export async function learnFrom(ctx: Ctx, approval: ApprovalOfRun, role: string): Promise<void> {
  const { path_ref: path, rule } = approval;
  // Whoever grants the same question at the same time comes after: one proposal is enough.
  await ctx.sql.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`paths.approval-rule ${path} ${rule}`]);
  const { rows: known } = await ctx.sql.query<{ state: string; decided_at: Date | null }>(
    "select state, decided_at from paths.approval_rule where path_ref = $1 and rule = $2 and role = $3 order by id desc limit 1",
    [path, rule, role],
  );
  if (known[0]?.state === "proposed" || known[0]?.state === "active") return;
  const { rows } = await ctx.sql.query<PastRow>(
    `select a.id, a.state, a.rule_digest, a.approver_refs,
       array(select distinct v.role from paths.approval_vote v where v.approval_id = a.id and v.verdict = 'granted') as roles
     from paths.approval a where a.path_ref = $1 and a.rule = $2 and a.state in ('granted', 'refused', 'expired') and a.automatic is null
       and a.decided_at > $3 order by a.decided_at desc, a.id desc limit ${ENOUGH}`,
    [path, rule, known[0]?.decided_at ?? new Date(0)],
  );
  const same = rows.filter(
    (past) =>
      past.state === "granted" &&
      past.rule_digest === rows[0]?.rule_digest &&
      past.roles.length === 1 &&
      past.roles[0] === role &&
      // An administrator who stands in for others says nothing in their name.
      (role !== "administrator" || past.approver_refs.length === 0),
  );
  if (same.length < ENOUGH) return;
  const id = newId("approvalrule", ctx.now().getTime());
  await ctx.sql.query(
    `insert into paths.approval_rule (id, path_ref, path_title, rule, rule_digest, role, state, evidence, proposed_at)
     values ($1, $2, $3, $4, $5, $6, 'proposed', $7, $8)`,
    [id, path, approval.path_title, rule, rows[0]?.rule_digest ?? "", role, same.map((past) => past.id), ctx.now()],
  );
  ctx.emit(approvalRuleChanged, id, { rule: id, path, pathTitle: approval.path_title, name: rule, role, state: "proposed" });
}
