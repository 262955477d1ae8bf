import type { Sql } from "@roadbed/core";

import type { StoredEntity } from "../estate/document-cache.ts";
import type { EntityReader } from "../estate/entity-reader.ts";

/**
 * Reads entities as they were stored at an instant: of what changed later, history holds what it was before the first later change;
 * the rest is as it is now. Right for ever, whatever changes while it is used, because each question is one statement.
 */
export function createPastReader(instant: Date): EntityReader {
  return {
    readDocuments: async (sql, refs) => {
      const { rows } = await sql.query<{ ref: string; document: Record<string, unknown> | null }>(
        `select w.ref, ${THEN} as document ${STATES}`,
        [refs, instant],
      );
      return new Map(rows.flatMap(({ ref, document }) => (document === null ? [] : [[ref, document]])));
    },
    readStored: (sql, ref) => readStored(sql, ref, instant),
  };
}

/** The document at the instant; null when it was not there. */
const THEN = "case when h.id is null then e.document else h.before end";
const STATES = `from unnest($1::text[]) as w(ref)
  left join lateral (select id, before, origin from catalog.history later where later.ref = w.ref and later.at > $2 order by id limit 1) h on true
  left join catalog.entity e on e.ref = w.ref`;

interface Origin {
  readonly uid: string;
  readonly hash: string;
  readonly sourceId: string;
  readonly location: string;
  readonly line: number | null;
  readonly docsRoot: string | null;
  readonly orphan: boolean;
}

async function readStored(sql: Sql, ref: string, instant: Date): Promise<StoredEntity | undefined> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select (${THEN})::text as document, h.origin, h.id is null as same, e.uid, e.hash, e.source_id as "sourceId", e.location, e.line,
       e.docs_root as "docsRoot", e.orphan, e.observed_at as "observedAt",
       (select max(at) from catalog.history earlier where earlier.ref = w.ref and earlier.at <= $2) as "writtenAt" ${STATES}`,
    [[ref], instant],
  );
  const row = rows[0] as unknown as StoredEntity & { origin: Origin | null; same: boolean; writtenAt: Date | null };
  if (row.document === null) return undefined;
  const { origin, same, writtenAt, ...now } = row;
  const observedAt = writtenAt ?? now.observedAt ?? instant;
  if (same) return { ...now, ref, observedAt };
  // What was written before origins were kept: only the document is known.
  const unknown = { uid: "", hash: "", sourceId: "", location: "", line: null, docsRoot: null, orphan: false };
  return { ...unknown, ...origin, ref, document: now.document, observedAt };
}
