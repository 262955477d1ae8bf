import type { Approval } from "@roadbed/contracts/paths";
import { NotFoundError, type Sql } from "@roadbed/core";

import type { RunRow } from "../run/run-store.ts";
import type { Approver } from "./approvers.ts";

export interface ApprovalRow extends Record<string, unknown> {
  readonly id: string;
  readonly run_id: string;
  readonly path_ref: string;
  readonly rule: string;
  readonly by_words: readonly string[];
  readonly because: string;
  readonly needed: number;
  readonly entity_ref: string | null;
  readonly owner_ref: string | null;
  readonly approvers: readonly Approver[];
  readonly approver_refs: readonly string[];
  readonly digest: string;
  readonly state: Approval["state"];
  readonly asked_at: Date;
  readonly expires_at: Date;
  readonly remind_every_ms: string;
  readonly reminded_at: Date;
  readonly decided_at: Date | null;
  readonly automatic: string | null;
}

export interface VoteRow extends Record<string, unknown> {
  readonly approval_id: string;
  readonly account: string;
  readonly actor: string;
  readonly name: string;
  readonly verdict: "granted" | "refused";
  readonly role: string;
  readonly reason: string | null;
  readonly at: Date;
}

/** An approval with what the list needs of its run. */
export type ApprovalOfRun = ApprovalRow & {
  readonly path_title: string;
  readonly run_actor: string;
  readonly actor_detail: RunRow["actor_detail"];
  readonly user_ref: string;
  readonly path_owner: string | null;
};

const WITH_RUN = `select a.*, r.path_title, r.actor as run_actor, r.actor_detail, r.user_ref, r.path->>'owner' as path_owner
  from paths.approval a join paths.run r on r.id = a.run_id`;

/** Throws `NotFoundError` for what is not there or may not be seen. */
export async function readApproval(sql: Sql, id: string, hidden: readonly string[]): Promise<ApprovalOfRun> {
  const { rows } = await sql.query<ApprovalOfRun>(
    `${WITH_RUN} where a.id = $1 and (a.entity_ref is null or a.entity_ref <> all($2::text[]))`,
    [id, hidden],
  );
  if (rows[0] !== undefined) return rows[0];
  throw new NotFoundError("approval", id, "See roadbed approval list.");
}

/** The run must be locked first: who changes an approval holds its run. */
export async function lockApproval(sql: Sql, id: string): Promise<ApprovalRow> {
  const { rows } = await sql.query<ApprovalRow>("select * from paths.approval where id = $1 for update", [id]);
  if (rows[0] !== undefined) return rows[0];
  throw new NotFoundError("approval", id, "See roadbed approval list.");
}

export async function approvalsOfRun(sql: Sql, runId: string): Promise<ApprovalOfRun[]> {
  return (await sql.query<ApprovalOfRun>(`${WITH_RUN} where a.run_id = $1 order by a.id`, [runId])).rows;
}

export interface ApprovalFilter {
  readonly state: string | undefined;
  readonly run: string | undefined;
  readonly path: string | undefined;
  /** Only those that one of these references may decide, and that were not asked for by this actor. */
  readonly deciders: { readonly refs: readonly string[]; readonly all: boolean; readonly actor: string } | undefined;
  readonly hidden: readonly string[];
  readonly before: string | undefined;
  readonly now: Date;
  readonly limit: number;
}

export async function listApprovalRows(sql: Sql, o: ApprovalFilter): Promise<ApprovalOfRun[]> {
  const { rows } = await sql.query<ApprovalOfRun>(
    `${WITH_RUN} where ($1::text is null or a.state = $1) and ($2::text is null or a.run_id = $2) and ($3::text is null or a.path_ref = $3)
     and (a.entity_ref is null or a.entity_ref <> all($4::text[])) and ($5::text is null or a.id < $5)
     and ($6::text[] is null or (a.state = 'waiting' and a.expires_at > $7 and r.actor <> $8 and ($9 or a.approver_refs && $6)))
     order by a.id desc limit $10`,
    [
      o.state ?? null,
      o.run ?? null,
      o.path ?? null,
      o.hidden,
      o.before ?? null,
      o.deciders?.refs ?? null,
      o.now,
      o.deciders?.actor ?? "",
      o.deciders?.all ?? false,
      o.limit,
    ],
  );
  return rows;
}

export async function votesOf(sql: Sql, ids: readonly string[]): Promise<VoteRow[]> {
  return (await sql.query<VoteRow>("select * from paths.approval_vote where approval_id = any($1) order by at, account", [ids])).rows;
}

export async function settleApprovals(sql: Sql, ids: readonly string[], state: Approval["state"], at: Date): Promise<void> {
  await sql.query("update paths.approval set state = $2, decided_at = $3 where id = any($1) and state = 'waiting'", [ids, state, at]);
}

export type MayDecide = { readonly mayDecide: true } | { readonly mayDecide: false; readonly whyNot: string };

export function toApproval(row: ApprovalOfRun, votes: readonly VoteRow[], may: MayDecide, now: Date): Approval {
  const { entity } = row.actor_detail.user;
  const profile = entity.spec?.["profile"] as { displayName?: string } | undefined;
  // What is over has expired, whether the sweep came by or not.
  const state = row.state === "waiting" && row.expires_at <= now ? "expired" : row.state;
  return {
    id: row.id,
    runId: row.run_id,
    path: row.path_ref,
    pathTitle: row.path_title,
    rule: row.rule,
    because: row.because,
    approvers: [...row.approvers],
    count: row.needed,
    ...(row.entity_ref === null ? {} : { entityRef: row.entity_ref }),
    requestedBy: row.run_actor,
    requestedByName: profile?.displayName ?? entity.metadata.title ?? entity.metadata.name,
    state,
    digest: row.digest,
    askedAt: row.asked_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    ...(row.decided_at === null ? {} : { decidedAt: row.decided_at.toISOString() }),
    ...(row.automatic === null ? {} : { automatic: row.automatic }),
    votes: votes
      .filter((vote) => vote.approval_id === row.id)
      .map(({ actor, name, verdict, role, reason, at }) => ({
        by: actor,
        name,
        verdict,
        as: role,
        at: at.toISOString(),
        ...(reason === null ? {} : { reason }),
      })),
    ...may,
  };
}
