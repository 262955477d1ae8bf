import type { Sql } from "@roadbed/core";

export interface SourceName {
  readonly name: string;
  readonly sample: boolean;
  readonly lastSyncAt: Date | undefined;
}

/** Names of the sources and when they were read last; at most two seconds old, and never without the one that is wanted. */
export function createSourceNames(): (sql: Sql, wanted?: string) => Promise<ReadonlyMap<string, SourceName>> {
  let names: ReadonlyMap<string, SourceName> = new Map();
  let readAt = -Infinity;
  return async (sql, wanted) => {
    const isKnown = wanted === undefined || names.has(wanted);
    if (isKnown && performance.now() - readAt < MAX_AGE_MS) return names;
    const { rows } = await sql.query<{ id: string; name: string; sample: boolean; last_sync_at: Date | null }>(
      "select id, name, sample, last_sync_at from catalog.source",
    );
    names = new Map(rows.map(({ id, name, sample, last_sync_at }) => [id, { name, sample, lastSyncAt: last_sync_at ?? undefined }]));
    readAt = performance.now();
    return names;
  };
}

const MAX_AGE_MS = 2_000;
