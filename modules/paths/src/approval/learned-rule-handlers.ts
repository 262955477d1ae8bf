import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import {
  acceptApprovalRule,
  approvalRuleChanged,
  listApprovalRules,
  refuseApprovalRule,
  revokeApprovalRule,
  type ApprovalRule,
} from "@roadbed/contracts/paths/approval-rules";
import {
  ConflictError,
  encodeCursor,
  ForbiddenError,
  formatActor,
  handle,
  NotFoundError,
  readCursor,
  type Ctx,
  type Handler,
  type Sql,
} from "@roadbed/core";
import { z } from "zod";

import { asPlatform } from "./approvers.ts";
import type { DecideDeps } from "./may-decide.ts";

interface RuleRow extends Record<string, unknown> {
  readonly id: string;
  readonly path_ref: string;
  readonly path_title: string;
  readonly rule: string;
  readonly role: string;
  readonly state: ApprovalRule["state"];
  readonly evidence: readonly string[];
  readonly proposed_at: Date;
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly note: string | null;
  readonly used: number;
}

interface EvidenceRow extends Record<string, unknown> {
  readonly id: string;
  readonly run_id: string;
  readonly actor: string;
  readonly name: string;
  readonly granted: readonly string[];
  readonly decided_at: Date;
  readonly entity_ref: string | null;
}

/** The rules that approvals taught: listed with what they were learned from, accepted, refused, revoked. */
export function makeLearnedRuleHandlers(deps: DecideDeps): Handler[] {
  return [
    handle(listApprovalRules, async (ctx, { limit, cursor, state, path }) => {
      const { rows } = await ctx.sql.query<RuleRow>(
        `${RULE} where ($1::text is null or state = $1) and ($2::text is null or path_ref = $2) and ($3::text is null or id < $3)
         order by id desc limit $4`,
        [
          state ?? null,
          path === undefined ? null : formatRef(parseRef(path, { kind: "template" })),
          readCursor(z.string(), cursor) ?? null,
          limit + 1,
        ],
      );
      const shown = rows.slice(0, limit);
      const items = await Promise.all(shown.map((row) => toRule(deps, ctx, row)));
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(shown.at(-1)?.id) } : {}) };
    }),
    handle(acceptApprovalRule, (ctx, { id, note }) => settle(ctx, id, "proposed", "active", note)),
    handle(refuseApprovalRule, (ctx, { id, note }) => settle(ctx, id, "proposed", "refused", note)),
    handle(revokeApprovalRule, (ctx, { id, note }) => settle(ctx, id, "active", "revoked", note)),
  ];

  async function settle(ctx: Ctx, id: string, from: string, to: ApprovalRule["state"], note: string | undefined): Promise<ApprovalRule> {
    const { rows } = await ctx.sql.query<RuleRow>("select * from paths.approval_rule where id = $1 for update", [id]);
    const row = rows[0];
    if (row === undefined) throw new NotFoundError("learned rule", id, "See roadbed approval-rule list.");
    await requireDecider(ctx, row, to === "active");
    if (row.state !== from) throw new ConflictError(`The rule is ${row.state}.`, { mend: `Only one that is ${from} can become ${to}.` });
    await ctx.sql.query(
      "update paths.approval_rule set state = $2, decided_by = $3, decided_at = $4, note = coalesce($5, note) where id = $1",
      [id, to, formatActor(ctx.actor), ctx.now(), note ?? null],
    );
    const { path_ref: path, path_title: pathTitle, rule: name, role } = row;
    ctx.emit(approvalRuleChanged, id, { rule: id, path, pathTitle, name, role, state: to });
    const after = await ctx.sql.query<RuleRow>(`${RULE} where id = $1`, [id]);
    return toRule(deps, ctx, after.rows[0] ?? row);
  }

  /** Those in whose place it would grant, and administrators; who asked for one of the ten does not give up being asked about. */
  async function requireDecider(ctx: Ctx, row: RuleRow, accepting: boolean): Promise<void> {
    if (ctx.actor.kind !== "user")
      throw new ForbiddenError("Only a person decides about a rule.", { mend: "Sign in, or use a personal token." });
    const own = (await deps.people?.identitiesOf?.(ctx)) ?? new Set<string>();
    const administers = ctx.scopes.has("*") || ctx.scopes.has("paths:admin");
    if (!own.has(row.role) && !administers)
      throw new ForbiddenError(`Only ${row.role} and administrators of paths decide this.`, { mend: "Ask one of them." });
    if (!accepting) return;
    const asked = await askersOf(deps, ctx, row.evidence);
    if (asked.has(ctx.actor.id)) {
      throw new ForbiddenError("You asked for one of the runs that this was learned from: somebody else accepts it.", {
        mend: "Ask another approver.",
      });
    }
  }
}

const RULE = `select *, (select count(*)::int from paths.approval a where a.automatic = paths.approval_rule.id) as used from paths.approval_rule`;

async function askersOf({ people }: DecideDeps, ctx: Ctx, approvals: readonly string[]): Promise<Set<string>> {
  const { rows } = await ctx.sql.query<{ detail: { actor: Ctx["actor"] } }>(
    "select r.actor_detail as detail from paths.approval a join paths.run r on r.id = a.run_id where a.id = any($1)",
    [approvals],
  );
  const found = new Set<string>();
  for (const { detail } of rows) {
    const { actor } = detail;
    const account = actor.kind === "user" ? actor.id : await people?.behind?.(ctx, actor);
    if (account !== undefined) found.add(account);
  }
  return found;
}

async function evidenceOf(sql: Sql, ids: readonly string[]): Promise<EvidenceRow[]> {
  const { rows } = await sql.query<EvidenceRow>(
    `select a.id, a.run_id, r.actor, a.decided_at, a.entity_ref,
       coalesce(r.actor_detail->'user'->'entity'->'spec'->'profile'->>'displayName', r.actor) as name,
       array(select v.name from paths.approval_vote v where v.approval_id = a.id and v.verdict = 'granted' order by v.at) as granted
     from paths.approval a join paths.run r on r.id = a.run_id where a.id = any($1) order by a.decided_at desc`,
    [ids],
  );
  return rows;
}

/** Evidence about what the caller may not see is left out. */
async function toRule({ catalog }: DecideDeps, ctx: Ctx, row: RuleRow): Promise<ApprovalRule> {
  const hidden = new Set((await catalog.hiddenFrom?.(ctx)) ?? []);
  const evidence = (await evidenceOf(ctx.sql, row.evidence)).filter(({ entity_ref }) => entity_ref === null || !hidden.has(entity_ref));
  const who = row.role === "administrator" ? "administrators" : await titleOf(catalog, ctx, row.role);
  return {
    id: row.id,
    path: row.path_ref,
    pathTitle: row.path_title,
    rule: row.rule,
    role: row.role,
    state: row.state,
    said: `Runs of "${row.path_title}" no longer wait for the approval "${row.rule}" by ${who}, as long as the path asks for it in the same words.`,
    evidence: evidence.map((one) => ({
      approval: one.id,
      runId: one.run_id,
      requestedBy: one.actor,
      requestedByName: one.name,
      grantedBy: [...one.granted],
      at: one.decided_at.toISOString(),
    })),
    used: row.used,
    proposedAt: row.proposed_at.toISOString(),
    ...(row.decided_by === null ? {} : { decidedBy: row.decided_by }),
    ...(row.decided_at === null ? {} : { decidedAt: row.decided_at.toISOString() }),
    ...(row.note === null ? {} : { note: row.note }),
  };
}

async function titleOf(catalog: DecideDeps["catalog"], ctx: Ctx, ref: string): Promise<string> {
  const entity = await catalog.get(asPlatform(ctx), ref);
  return entity?.metadata.title ?? entity?.metadata.name ?? ref;
}
