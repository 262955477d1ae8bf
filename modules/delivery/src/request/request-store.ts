import type { ChangeRequest } from "@roadbed/contracts/delivery/changes";
import type { Ctx, Sql } from "@roadbed/core";

import { GITOPS_REPOSITORY } from "../gitops/gitops-repository.ts";

/** A request at a host, of a proposed change. `refused`: it was merged there, and that did not count. */
export interface RequestRow extends Record<string, unknown> {
  readonly change_id: string;
  readonly attempt: number;
  readonly state: ChangeRequest["state"];
  readonly place: string;
  readonly number: string | null;
  readonly link: string | null;
  readonly head: string | null;
  readonly told: string | null;
  readonly merge_commit: string | null;
  readonly ended_by: string | null;
  readonly note: string | null;
  readonly failures: number;
  readonly error: string | null;
  readonly look_at: Date;
  readonly opened_at: Date;
  readonly ended_at: Date | null;
}

/** Every change that promotes and is open is to have one, save where this very commit was merged there already and did not count. */
export async function beginRequests(ctx: Ctx, place: string): Promise<void> {
  await ctx.sql.query(
    `insert into delivery.host_request (change_id, attempt, state, place, look_at, opened_at)
     select c.id, 1 + (select count(*) from delivery.host_request r where r.change_id = c.id), 'opening', $2, $3, $3
       from delivery.change c
      where c.repository = $1 and c.status = 'open' and c.about is not null
        and not exists (select 1 from delivery.host_request r where r.change_id = c.id and (r.state in ('opening', 'open') or r.head = c.head))
     on conflict do nothing`,
    [GITOPS_REPOSITORY, place, ctx.now()],
  );
}

/** Those that are due; whoever takes them has them for a while, so another server leaves them alone. */
export async function takeDue(sql: Sql, leaseMs: number): Promise<RequestRow[]> {
  const { rows } = await sql.query<RequestRow>(
    `update delivery.host_request set look_at = now() + $1 * interval '1 millisecond'
      where (change_id, attempt) in (select change_id, attempt from delivery.host_request
        where state in ('opening', 'open') and look_at <= now() order by look_at limit 50 for update skip locked)
      returning *`,
    [leaseMs],
  );
  return rows;
}

/** Those that may be merged into a branch there. */
export async function openInto(sql: Sql, target: string): Promise<RequestRow[]> {
  const { rows } = await sql.query<RequestRow>(
    `select r.* from delivery.host_request r join delivery.change c on c.id = r.change_id
      where r.state = 'open' and c.target = $1 order by r.opened_at`,
    [target],
  );
  return rows;
}

/** The newest one of a change. */
export async function findRequest(sql: Sql, changeId: string): Promise<RequestRow | undefined> {
  const { rows } = await sql.query<RequestRow>("select * from delivery.host_request where change_id = $1 order by attempt desc limit 1", [
    changeId,
  ]);
  return rows[0];
}

/** Whether a commit on a branch there is what the merge of a request left that counted. */
export async function isMergeOf(sql: Sql, target: string, commit: string): Promise<boolean> {
  const { rowCount } = await sql.query(
    `select 1 from delivery.host_request r join delivery.change c on c.id = r.change_id
      where r.state = 'merged' and c.target = $1 and r.merge_commit = $2 limit 1`,
    [target, commit],
  );
  return rowCount > 0;
}

export async function noteOpened(
  ctx: Ctx,
  row: RequestRow,
  o: { readonly number: string; readonly link: string; readonly nextMs: number },
): Promise<void> {
  await ctx.sql.query(
    `update delivery.host_request set state = 'open', number = $3, link = $4, failures = 0, error = null,
       look_at = $5::timestamptz + $6 * interval '1 millisecond' where change_id = $1 and attempt = $2 and state = 'opening'`,
    [row.change_id, row.attempt, o.number, o.link, ctx.now(), o.nextMs],
  );
}

/** It was looked at and all is well. */
export async function noteSeen(
  ctx: Ctx,
  row: RequestRow,
  o: { readonly head: string | null; readonly told: string | null; readonly nextMs: number },
): Promise<void> {
  await ctx.sql.query(
    `update delivery.host_request set head = $3, told = $4, failures = 0, error = null, look_at = $5::timestamptz + $6 * interval '1 millisecond'
      where change_id = $1 and attempt = $2 and state in ('opening', 'open')`,
    [row.change_id, row.attempt, o.head, o.told, ctx.now(), o.nextMs],
  );
}

export async function noteFailed(ctx: Ctx, row: RequestRow, error: string, nextMs: number): Promise<void> {
  await ctx.sql.query(
    `update delivery.host_request set failures = failures + 1, error = $3, look_at = $4::timestamptz + $5 * interval '1 millisecond'
      where change_id = $1 and attempt = $2 and state in ('opening', 'open')`,
    [row.change_id, row.attempt, error, ctx.now(), nextMs],
  );
}

/** Its end, once: false where somebody else wrote it already. */
export async function noteEnded(
  ctx: Ctx,
  row: RequestRow,
  o: {
    readonly state: "merged" | "refused" | "closed";
    readonly head: string | null;
    readonly commit?: string | undefined;
    readonly by?: string | undefined;
    readonly note?: string | undefined;
  },
): Promise<boolean> {
  const { rowCount } = await ctx.sql.query(
    `update delivery.host_request set state = $3, head = coalesce($4, head), merge_commit = $5, ended_by = $6, note = $7, ended_at = $8, error = null
      where change_id = $1 and attempt = $2 and state in ('opening', 'open')`,
    [row.change_id, row.attempt, o.state, o.head, o.commit ?? null, o.by ?? null, o.note ?? null, ctx.now()],
  );
  return rowCount > 0;
}

export function toRequest(row: RequestRow): ChangeRequest {
  return {
    place: row.place,
    state: row.state,
    ...(row.number === null ? {} : { number: row.number }),
    ...(row.link === null ? {} : { link: row.link }),
    ...(row.ended_by === null ? {} : { endedBy: row.ended_by }),
    ...(row.note === null ? {} : { note: row.note }),
    ...(row.error === null ? {} : { error: row.error }),
    ...(row.error === null ? {} : { triesAt: row.look_at.toISOString() }),
  };
}
