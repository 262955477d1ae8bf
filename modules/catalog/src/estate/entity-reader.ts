import type { Sql } from "@roadbed/core";

import type { DocumentCache, StoredEntity } from "./document-cache.ts";
import { STORED_COLUMNS } from "./document-cache.ts";
import type { Feed } from "./feed.ts";

/** Reads whole documents: those of now, or those of an instant. */
export interface EntityReader {
  /** By reference; what is not there is not in the answer. */
  readDocuments(sql: Sql, refs: readonly string[]): Promise<ReadonlyMap<string, Record<string, unknown>>>;
  /** Undefined when there is no such entity. */
  readStored(sql: Sql, ref: string): Promise<StoredEntity | undefined>;
}

/** Of now: one by one from the cache, where it has them. */
export function createEntityReader({ documents, feed }: { readonly documents: DocumentCache; readonly feed: Feed }): EntityReader {
  return {
    readDocuments: async (sql, refs) => {
      const { rows } = await sql.query<{ ref: string; document: Record<string, unknown> }>(
        "select ref, document from catalog.entity where ref = any($1)",
        [refs],
      );
      return new Map(rows.map(({ ref, document }) => [ref, document]));
    },
    readStored: async (sql, ref) => {
      const cached = documents.get(ref);
      if (cached) return cached;
      const asOf = feed.applied;
      const { rows } = await sql.query<Record<string, unknown>>(`select ${STORED_COLUMNS} from catalog.entity e where e.ref = $1`, [ref]);
      const stored = rows[0] as unknown as StoredEntity | undefined;
      // What was read while a change came in may be from before it.
      if (stored && feed.applied === asOf && feed.fresh() === undefined) documents.put(stored);
      return stored;
    },
  };
}
