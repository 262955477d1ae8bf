import type { SourceHold } from "@roadbed/contracts/catalog";
import type { Sql } from "@roadbed/core";
import type { z } from "zod";

import type { Diff } from "./compare-snapshot.ts";

export type Hold = z.infer<typeof SourceHold>;

/** A question that waits for its answer. */
export interface StoredHold {
  readonly digest: string;
  readonly hold: Hold;
}

const MAX_SAMPLES = 20;

export async function readHold(sql: Sql, sourceId: string): Promise<StoredHold | undefined> {
  const { rows } = await sql.query<{ digest: string; at: Date } & Omit<Hold, "at">>(
    "select digest, at, reason, owned, added, changed, removed, samples from catalog.source_hold where source_id = $1",
    [sourceId],
  );
  const [row] = rows;
  if (!row) return undefined;
  const { digest, at, ...rest } = row;
  return { digest, hold: { ...rest, at: at.toISOString() } };
}

export async function writeHold(
  sql: Sql,
  sourceId: string,
  o: { readonly syncId: string; readonly at: Date; readonly digest: string; readonly reason: string; readonly diff: Diff },
): Promise<Hold> {
  const { syncId, at, digest, reason, diff } = o;
  const added = diff.registered.map(({ ref }) => ref);
  const changed = diff.changed.map(({ ref }) => ref);
  const { removed, owned } = diff;
  const samples = {
    added: added.slice(0, MAX_SAMPLES),
    changed: changed.slice(0, MAX_SAMPLES),
    removed: removed.slice(0, MAX_SAMPLES),
  };
  await sql.query(
    `insert into catalog.source_hold (source_id, sync_id, at, digest, reason, owned, added, changed, removed, samples)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (source_id) do update set sync_id = excluded.sync_id, at = excluded.at, digest = excluded.digest, reason = excluded.reason,
       owned = excluded.owned, added = excluded.added, changed = excluded.changed, removed = excluded.removed, samples = excluded.samples`,
    [sourceId, syncId, at, digest, reason, owned, added.length, changed.length, removed.length, JSON.stringify(samples)],
  );
  return { at: at.toISOString(), reason, owned, added: added.length, changed: changed.length, removed: removed.length, samples };
}

/** True when there was a question. */
export async function removeHold(sql: Sql, sourceId: string): Promise<boolean> {
  return (await sql.query("delete from catalog.source_hold where source_id = $1", [sourceId])).rowCount > 0;
}
