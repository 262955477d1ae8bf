import type { Sql } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { annotationsOf, SERVER_ANNOTATIONS, type Origins } from "./server-annotations.ts";

/**
 * Fields that are answered on an entity but stand in no document: its uid, and the annotations that say where it came from.
 * They can be filtered by all the same.
 */
export interface ServerFields {
  /** `key` is in lower case. */
  has(key: string): boolean;
  /** Who has a value, in lower case, of which this is true. */
  select(sql: Sql, key: string, isMatch: (value: string) => boolean): Promise<readonly number[]>;
}

const UID = "metadata.uid";
const PREFIX = "metadata.annotations.";
const KEYS: ReadonlySet<string> = new Set([UID, ...SERVER_ANNOTATIONS.map((name) => `${PREFIX}${name}`)]);

interface Row {
  readonly ref: string;
  readonly uid: string;
  readonly location: string;
  readonly source_id: string;
  readonly orphan: boolean;
}

export function createServerFields({ estate, feed }: Catalogue, origins: Origins): ServerFields {
  /** Rarely asked for, so read when it is, and kept while nothing changes. */
  let rows: readonly Row[] = [];
  let rowsOf = -1;

  return {
    has: (key) => KEYS.has(key),
    select: async (sql, key, isMatch) => {
      const found: number[] = [];
      const known = key === UID ? undefined : await origins.all(sql);
      for (const row of await readRows(sql)) {
        const value = known === undefined ? row.uid : annotationsOf(row, known.get(row.source_id))[key.slice(PREFIX.length)];
        const id = value !== undefined && isMatch(value.toLowerCase()) ? estate.idOf(row.ref) : undefined;
        if (id !== undefined && estate.at(id)) found.push(id);
      }
      return found.sort((a, b) => a - b);
    },
  };

  async function readRows(sql: Sql): Promise<readonly Row[]> {
    if (rowsOf === feed.applied) return rows;
    const asOf = feed.applied;
    const read = await sql.query<Record<string, unknown>>("select ref, uid::text, location, source_id, orphan from catalog.entity");
    if (asOf !== feed.applied) return read.rows as unknown as Row[];
    rowsOf = asOf;
    return (rows = read.rows as unknown as Row[]);
  }
}
