import { formatActor, newId, NotFoundError, type Ctx, type Sql } from "@roadbed/core";
import type { Discovery } from "@roadbed/contracts/catalog/proposals";

import { optional } from "../proposal/proposal-row.ts";
import { clean } from "../proposal/proposal-store.ts";
import type { ProposalCounts } from "./recombine.ts";
import type { Note } from "./repository-store.ts";

export interface DiscoveryRow {
  readonly id: string;
  readonly kind: Discovery["kind"];
  readonly target: string;
  readonly status: Discovery["status"];
  readonly total: number;
  readonly done: number;
  readonly unchanged: number;
  readonly current: string | null;
  readonly proposals: ProposalCounts | null;
  readonly error: string | null;
  readonly notes: readonly Note[];
  readonly requested_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly not_before: Date | null;
}

const COLUMNS =
  "id, kind, target, status, total, done, unchanged, current, proposals, error, notes, requested_at, started_at, finished_at, not_before";

/** How long a process that says nothing keeps a discovery; then another goes on with it. */
const LEASE = "30 seconds";
const MAX_NOTES = 500;

/** Asks for a reading; one of the same that is under way already is answered instead. */
export async function requestDiscovery(
  ctx: Pick<Ctx, "sql" | "actor" | "now">,
  kind: Discovery["kind"],
  target: string,
): Promise<DiscoveryRow> {
  await ctx.sql.query(
    `insert into catalog.discovery (id, kind, target, actor, requested_at) values ($1, $2, $3, $4, $5)
     on conflict (kind, target) where status in ('queued', 'running') do nothing`,
    [newId("disc"), kind, target, formatActor(ctx.actor), ctx.now()],
  );
  const { rows } = await ctx.sql.query<Record<string, unknown>>(
    `select ${COLUMNS} from catalog.discovery where kind = $1 and target = $2 order by requested_at desc, id desc limit 1`,
    [kind, target],
  );
  return rows[0] as unknown as DiscoveryRow;
}

/** Throws `NotFoundError`. */
export async function getDiscoveryRow(sql: Sql, id: string): Promise<DiscoveryRow> {
  const { rows } = await sql.query<Record<string, unknown>>(`select ${COLUMNS} from catalog.discovery where id = $1`, [id]);
  if (!rows[0]) throw new NotFoundError("discovery", id, "List the discoveries to see their ids.");
  return rows[0] as unknown as DiscoveryRow;
}

export async function listDiscoveryRows(sql: Sql, before: string | undefined, limit: number): Promise<DiscoveryRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${COLUMNS} from catalog.discovery where $1::text is null or id < $1 order by id desc limit $2`,
    [before ?? null, limit],
  );
  return rows as unknown as DiscoveryRow[];
}

/** Takes the oldest that waits, or one whose process is gone. Undefined when there is none. */
export async function claimDiscovery(sql: Sql, owner: string): Promise<DiscoveryRow | undefined> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `update catalog.discovery set status = 'running', started_at = coalesce(started_at, now()), lease_owner = $1, lease_until = now() + interval '${LEASE}'
     where id = (select id from catalog.discovery where (status = 'queued' and (not_before is null or not_before <= now())) or (status = 'running' and lease_until < now()) order by requested_at, id limit 1 for update skip locked)
     returning ${COLUMNS}`,
    [owner],
  );
  return rows[0] as unknown as DiscoveryRow | undefined;
}

export interface Progress {
  readonly total: number;
  readonly done: number;
  readonly unchanged: number;
  readonly current: string | undefined;
}

/** Says how far it is and keeps the lease. False when another process has it now. */
export async function keepDiscovery(sql: Sql, id: string, owner: string, { total, done, unchanged, current }: Progress): Promise<boolean> {
  const { rowCount } = await sql.query(
    `update catalog.discovery set total = $3, done = $4, unchanged = $5, current = $6, lease_until = now() + interval '${LEASE}'
     where id = $1 and lease_owner = $2 and status = 'running'`,
    [id, owner, total, done, unchanged, current ?? null],
  );
  return rowCount === 1;
}

/** Puts it back until then, for whichever process is free: what was read is kept. False when another process has it now. */
export async function postponeDiscovery(
  sql: Sql,
  id: string,
  owner: string,
  o: Omit<Progress, "current"> & { readonly notes: readonly Note[]; readonly proposals: ProposalCounts; readonly until: Date },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `update catalog.discovery set status = 'queued', total = $3, done = $4, unchanged = $5, current = null, notes = $6, proposals = $7, not_before = $8,
       lease_owner = null, lease_until = null
     where id = $1 and lease_owner = $2 and status = 'running'`,
    [id, owner, o.total, o.done, o.unchanged, clean(JSON.stringify(o.notes.slice(0, MAX_NOTES))), JSON.stringify(o.proposals), o.until],
  );
  return rowCount === 1;
}

/** Ends it. False when another process has it now: then nothing is written. */
export async function finishDiscovery(
  sql: Sql,
  id: string,
  owner: string,
  o: Omit<Progress, "current"> & { readonly notes: readonly Note[]; readonly proposals?: ProposalCounts; readonly error?: string },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `update catalog.discovery set status = $3, total = $4, done = $5, unchanged = $6, current = null, notes = $7, proposals = $8, error = $9, finished_at = now(), lease_until = null
     where id = $1 and lease_owner = $2 and status = 'running'`,
    [
      id,
      owner,
      o.error === undefined ? "succeeded" : "failed",
      o.total,
      o.done,
      o.unchanged,
      clean(JSON.stringify(o.notes.slice(0, MAX_NOTES))),
      o.proposals ? JSON.stringify(o.proposals) : null,
      o.error ?? null,
    ],
  );
  return rowCount === 1;
}

export function discoveryView(row: DiscoveryRow): Discovery {
  return {
    id: row.id,
    kind: row.kind,
    target: row.target,
    status: row.status,
    total: row.total,
    done: row.done,
    unchanged: row.unchanged,
    ...optional("current", row.current ?? undefined),
    ...optional("waitsUntil", row.status === "queued" ? row.not_before?.toISOString() : undefined),
    steps: stepsOf(row),
    ...optional("proposals", row.proposals ?? undefined),
    ...optional("error", row.error ?? undefined),
    notes: row.notes.map((note) => ({ ...note })),
    requestedAt: row.requested_at.toISOString(),
    ...optional("startedAt", row.started_at?.toISOString()),
    ...optional("finishedAt", row.finished_at?.toISOString()),
  };
}

function stepsOf({ status, total, done, proposals, not_before }: DiscoveryRow): Discovery["steps"] {
  const isOver = status === "succeeded";
  const last = status === "failed" ? "failed" : "processing";
  const isRead = isOver || (total > 0 && done === total);
  const waits =
    status === "queued" && not_before !== null ? `: ${done} are read, the host allows more from ${not_before.toISOString()}` : "";
  const find = isOver || total > 0 ? "completed" : status === "queued" ? "open" : last;
  const read = isRead ? "completed" : total > 0 ? last : "open";
  const combine = isOver ? "completed" : isRead ? last : "open";
  return [
    { id: "find", name: "find repositories", status: find },
    { id: "read", name: total === 0 ? "read them" : `read ${total}${waits}`, status: read },
    {
      id: "combine",
      name: proposals ? `put together what they say: ${proposals.open} proposals are open` : "put together what they say",
      status: combine,
    },
  ];
}
