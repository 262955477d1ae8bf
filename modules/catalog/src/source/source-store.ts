import type { Source, SyncCounts } from "@roadbed/contracts/catalog";
import { ConflictError, newId, NotFoundError, type Sql } from "@roadbed/core";
import type { z } from "zod";

import { lockCatalog } from "../entity/entity-store.ts";
import { lockSource } from "./source-lock.ts";

export type Counts = z.infer<typeof SyncCounts>;

/** Of a run that has read nothing. */
export const NO_COUNTS: Counts = { read: 0, registered: 0, changed: 0, unchanged: 0, removed: 0, failed: 0, conflicts: 0 };

/** Calls that a system still allows. */
export interface Budget {
  readonly remaining: number;
  readonly limit: number;
  readonly resetAt: string;
}

/** A source as it is stored. */
export interface SourceRow {
  readonly id: string;
  readonly name: string;
  readonly kind: Source["kind"];
  readonly target: string;
  readonly branch: string | null;
  readonly watch: boolean;
  readonly sample: boolean;
  readonly state: Exclude<Source["state"], "syncing">;
  readonly last_sync_at: Date | null;
  readonly last_error: string | null;
  readonly counts: Counts | null;
  readonly problems: number;
  readonly fingerprint: string | null;
  readonly connector: string | null;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secrets: Buffer | null;
  readonly hook_secret: Buffer | null;
  readonly every_minutes: number | null;
  readonly next_run_at: Date | null;
  readonly paused_at: Date | null;
  readonly paused_reason: string | null;
  readonly threshold_percent: number;
  readonly memory: Readonly<Record<string, unknown>>;
  readonly budget: Budget | null;
  readonly failures: number;
  /** Whether somebody connected it who may save kinds. */
  readonly defines_kinds: boolean;
}

export const SOURCE_COLUMNS = `id, name, kind, target, branch, watch, sample, state, last_sync_at, last_error, counts, problems, fingerprint,
  connector, settings, secrets, hook_secret, every_minutes, next_run_at, paused_at, paused_reason, threshold_percent, memory, budget, failures, defines_kinds`;

export interface NewSource {
  readonly kind: Source["kind"];
  readonly target: string;
  readonly name: string;
  readonly branch?: string | undefined;
  readonly watch: boolean;
  readonly sample?: boolean;
  readonly connector?: string;
  /** Whether whoever connects it may save kinds; what a source may already, it keeps. Absent: yes. */
  readonly definesKinds?: boolean;
}

/**
 * Makes the source, or finds the one with the same target and brings its settings up to date. Rows of sources that others may be
 * at work on are changed under the source's lock and then the catalogue's: whoever takes them in another order would wait for ever.
 */
export async function ensureSource(sql: Sql, source: NewSource, now: Date): Promise<SourceRow> {
  const { name, kind, target, branch = null, watch, sample = false, connector = null, definesKinds = true } = source;
  const inserted = await sql.query<Record<string, unknown>>(
    `insert into catalog.source (id, name, kind, target, branch, watch, sample, connector, created_at, defines_kinds)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (kind, target, branch, connector) do nothing returning ${SOURCE_COLUMNS}`,
    [newId("src"), name, kind, target, branch, watch, sample, connector, now, definesKinds],
  );
  if (inserted.rows[0]) return inserted.rows[0] as unknown as SourceRow;
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${SOURCE_COLUMNS} from catalog.source where kind = $1 and target = $2 and branch is not distinct from $3 and connector is not distinct from $4`,
    [kind, target, branch, connector],
  );
  const found = rows[0] as unknown as SourceRow | undefined;
  if (!found) throw new ConflictError("The source is being removed at this moment.", { mend: "Try again." });
  const defines_kinds = found.defines_kinds || (source.definesKinds ?? false);
  if (found.name === name && found.watch === watch && found.sample === sample && found.defines_kinds === defines_kinds) return found;
  return changeSource(sql, found.id, { name, watch, sample, defines_kinds });
}

/** Columns that are changed by decisions of people; what runs change is theirs. */
export type SourceChange = Partial<
  Pick<
    SourceRow,
    | "name"
    | "watch"
    | "sample"
    | "defines_kinds"
    | "target"
    | "settings"
    | "secrets"
    | "hook_secret"
    | "every_minutes"
    | "next_run_at"
    | "paused_at"
    | "paused_reason"
    | "threshold_percent"
    | "memory"
    | "fingerprint"
    | "state"
    | "failures"
    | "budget"
  >
>;

/** Changes a source when no run is at work on it. Throws `NotFoundError`. */
export async function changeSource(sql: Sql, id: string, change: SourceChange): Promise<SourceRow> {
  await lockSource(sql, id);
  await lockCatalog(sql);
  const entries = Object.entries(change).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return getSource(sql, id);
  const sets = entries.map(([column], at) => `${column} = $${at + 2}`);
  const values = entries.map(([column, value]) => (JSON_COLUMNS.has(column) && value !== null ? JSON.stringify(value) : value));
  const { rows } = await sql.query<Record<string, unknown>>(
    `update catalog.source set ${sets.join(", ")} where id = $1 returning ${SOURCE_COLUMNS}`,
    [id, ...values],
  );
  if (!rows[0]) throw new NotFoundError("source", id, "List the sources to see their ids.");
  return rows[0] as unknown as SourceRow;
}

const JSON_COLUMNS = new Set(["settings", "memory", "budget"]);

/** Throws `NotFoundError`. */
export async function getSource(sql: Sql, id: string): Promise<SourceRow> {
  const { rows } = await sql.query<Record<string, unknown>>(`select ${SOURCE_COLUMNS} from catalog.source where id = $1`, [id]);
  if (!rows[0]) throw new NotFoundError("source", id, "List the sources to see their ids.");
  return rows[0] as unknown as SourceRow;
}

export async function listSources(sql: Sql, after: string, limit: number, hidden: readonly string[] = []): Promise<SourceRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${SOURCE_COLUMNS} from catalog.source where id > $1 and id <> all($3) order by id limit $2`,
    [after, limit, hidden],
  );
  return rows as unknown as SourceRow[];
}

/** Entities of each source, or of one. */
export async function countEntities(sql: Sql, id?: string): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql.query<{ source_id: string; count: number }>(
    "select source_id, count(*)::int as count from catalog.entity where $1::text is null or source_id = $1 group by source_id",
    [id ?? null],
  );
  return new Map(rows.map(({ source_id, count }) => [source_id, count]));
}

/** Objects of each source, or of one, that stand in quarantine and were not dismissed. */
export async function countQuarantined(sql: Sql, id?: string): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql.query<{ source_id: string; count: number }>(
    `select source_id, count(*)::int as count from catalog.quarantine
     where dismissed_at is null and ($1::text is null or source_id = $1) group by source_id`,
    [id ?? null],
  );
  return new Map(rows.map(({ source_id, count }) => [source_id, count]));
}

/** The source as it is answered. */
export async function viewSource(sql: Sql, row: SourceRow, syncing: boolean): Promise<Source> {
  const [entities, quarantined] = [await countEntities(sql, row.id), await countQuarantined(sql, row.id)];
  return viewOf(row, { entities: entities.get(row.id) ?? 0, quarantined: quarantined.get(row.id) ?? 0, syncing });
}

export interface SourceFigures {
  readonly entities: number;
  readonly quarantined: number;
  readonly syncing: boolean;
}

export function viewOf(row: SourceRow, { entities, quarantined, syncing }: SourceFigures): Source {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    target: row.target,
    watch: row.watch,
    sample: row.sample,
    state: syncing ? "syncing" : row.state,
    ...(row.last_sync_at === null ? {} : { lastSyncAt: row.last_sync_at.toISOString() }),
    ...(row.last_error === null ? {} : { lastError: row.last_error }),
    ...(row.counts === null ? {} : { counts: row.counts }),
    problems: row.problems,
    entities,
    ...(row.connector === null ? {} : { connector: row.connector }),
    ...(row.every_minutes === null ? {} : { everyMinutes: row.every_minutes }),
    ...(row.next_run_at === null || row.paused_at !== null ? {} : { nextRunAt: row.next_run_at.toISOString() }),
    ...(row.paused_at === null ? {} : { pausedAt: row.paused_at.toISOString() }),
    ...(row.paused_reason === null ? {} : { pausedReason: row.paused_reason }),
    thresholdPercent: row.threshold_percent,
    ...(row.budget === null ? {} : { budget: row.budget }),
    quarantined,
  };
}
