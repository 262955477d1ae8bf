import type { Upgrade, UpgradeFile, UpgradeItem, UpgradeItemState } from "@roadbed/contracts/paths/upgrades";
import { NotFoundError, type Actor, type Sql } from "@roadbed/core";

import type { MadeFile } from "../ledger/compare-files.ts";

export interface UpgradeRow extends Record<string, unknown> {
  readonly id: string;
  readonly path_ref: string;
  readonly path_title: string;
  readonly to_version: string | null;
  readonly to_digest: string;
  readonly status: Upgrade["state"];
  readonly wait_for: Upgrade["waitFor"];
  readonly wave: number;
  readonly waves: number;
  readonly told_go: number;
  readonly actor: string;
  readonly actor_detail: { readonly actor: Actor; readonly name: string; readonly email: string };
  readonly started_at: Date;
  readonly ended_at: Date | null;
}

export interface ItemRow extends Record<string, unknown> {
  readonly upgrade_id: string;
  readonly made_id: string;
  readonly n: number;
  readonly wave: number;
  readonly state: UpgradeItemState;
  readonly from_version: string | null;
  readonly reason: string | null;
  readonly change_id: string | null;
  readonly files: readonly UpgradeFile[];
  readonly base_commit: string | null;
  readonly made_files: readonly MadeFile[] | null;
  readonly answers: Record<string, unknown> | null;
  readonly updated_at: Date;
  readonly repository: string;
  readonly entity_ref: string | null;
}

export async function readUpgrade(sql: Sql, id: string, lock = false): Promise<UpgradeRow> {
  const { rows } = await sql.query<UpgradeRow>(`select * from paths.upgrade where id = $1${lock ? " for update" : ""}`, [id]);
  if (rows[0] !== undefined) return rows[0];
  throw new NotFoundError("upgrade", id, "See roadbed upgrade list.");
}

const ITEM = `select i.*, m.repository, m.entity_ref from paths.upgrade_item i join paths.made m on m.id = i.made_id`;

export async function lockItem(sql: Sql, upgradeId: string, madeId: string): Promise<ItemRow> {
  const { rows } = await sql.query<ItemRow>(`${ITEM} where i.upgrade_id = $1 and i.made_id = $2 for update of i`, [upgradeId, madeId]);
  if (rows[0] !== undefined) return rows[0];
  throw new NotFoundError("part of the upgrade", madeId, "See roadbed upgrade items.");
}

export async function findItemOfChange(sql: Sql, changeId: string): Promise<ItemRow | undefined> {
  const { rows } = await sql.query<ItemRow>(`${ITEM} where i.change_id = $1 for update of i`, [changeId]);
  return rows[0];
}

export async function listItems(
  sql: Sql,
  id: string,
  o: { readonly state?: UpgradeItemState | undefined; readonly after: number; readonly hidden: readonly string[]; readonly limit: number },
): Promise<ItemRow[]> {
  const { rows } = await sql.query<ItemRow>(
    `${ITEM} where i.upgrade_id = $1 and ($2::text is null or i.state = $2) and i.n > $3
     and (m.entity_ref is null or m.entity_ref <> all($4::text[])) order by i.n limit $5`,
    [id, o.state ?? null, o.after, o.hidden, o.limit],
  );
  return rows;
}

export interface ItemChange {
  readonly state: UpgradeItemState;
  readonly reason?: string | undefined;
  readonly changeId?: string | undefined;
  readonly files?: readonly UpgradeFile[];
  readonly baseCommit?: string;
  readonly madeFiles?: readonly MadeFile[];
  readonly answers?: Record<string, unknown>;
}

/** What is not said stays, but for the reason. */
export async function changeItem(sql: Sql, upgradeId: string, madeId: string, change: ItemChange, at: Date): Promise<void> {
  const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
  await sql.query(
    `update paths.upgrade_item set state = $3, reason = $4, change_id = coalesce($5, change_id), files = coalesce($6, files),
       base_commit = coalesce($7, base_commit), made_files = coalesce($8, made_files), answers = coalesce($9, answers), updated_at = $10
     where upgrade_id = $1 and made_id = $2`,
    [
      upgradeId,
      madeId,
      change.state,
      change.reason ?? null,
      change.changeId ?? null,
      json(change.files),
      change.baseCommit ?? null,
      json(change.madeFiles),
      json(change.answers),
      at,
    ],
  );
}

/** How many of the parts that may be seen are in each state. */
export async function countItems(sql: Sql, ids: readonly string[], hidden: readonly string[]): Promise<Map<string, Upgrade["counts"]>> {
  const { rows } = await sql.query<{ upgrade_id: string; state: UpgradeItemState; n: number }>(
    `select i.upgrade_id, i.state, count(*)::int n from paths.upgrade_item i join paths.made m on m.id = i.made_id
     where i.upgrade_id = any($1) and (m.entity_ref is null or m.entity_ref <> all($2::text[])) group by 1, 2`,
    [ids, hidden],
  );
  const none = { waiting: 0, open: 0, conflicting: 0, merged: 0, closed: 0, refused: 0 };
  const counts = new Map<string, Upgrade["counts"]>(ids.map((id) => [id, { ...none }]));
  for (const { upgrade_id, state, n } of rows) (counts.get(upgrade_id) ?? none)[state] = n;
  return counts;
}

/** Parts up to this wave that are neither merged nor said no to. */
export async function countUnsettled(sql: Sql, id: string, wave: number): Promise<number> {
  const { rows } = await sql.query<{ n: number }>(
    "select count(*)::int n from paths.upgrade_item where upgrade_id = $1 and wave <= $2 and state in ('waiting', 'open', 'conflicting')",
    [id, wave],
  );
  return rows[0]?.n ?? 0;
}

export function toUpgrade(row: UpgradeRow, counts: Upgrade["counts"]): Upgrade {
  return {
    id: row.id,
    path: row.path_ref,
    pathTitle: row.path_title,
    ...(row.to_version === null ? {} : { toVersion: row.to_version }),
    state: row.status,
    wave: row.wave,
    waves: row.waves,
    waitFor: row.wait_for,
    counts,
    startedBy: row.actor,
    startedAt: row.started_at.toISOString(),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
  };
}

export function toItem(row: ItemRow): UpgradeItem {
  return {
    thing: row.made_id,
    repository: row.repository,
    ...(row.entity_ref === null ? {} : { entityRef: row.entity_ref }),
    ...(row.from_version === null ? {} : { fromVersion: row.from_version }),
    wave: row.wave,
    state: row.state,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.change_id === null ? {} : { change: row.change_id }),
    files: [...row.files],
    updatedAt: row.updated_at.toISOString(),
  };
}
