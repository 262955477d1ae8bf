import type { Entity } from "@roadbed/contracts/catalog";
import type { Sql } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { STORED_COLUMNS, type StoredEntity } from "../estate/document-cache.ts";
import type { Sees } from "../estate/estate.ts";
import type { Visibility } from "../estate/visibility.ts";
import { annotationsOf, type Origin, type Origins } from "./server-annotations.ts";

/** Entities as they are answered: with what only the server knows and with their relations. */
export interface Texts {
  /** As JSON text, in the order of the numbers; undefined for one that is gone since. */
  texts(sql: Sql, ids: readonly number[], visible: Visibility): Promise<(string | undefined)[]>;
  documents(sql: Sql, ids: readonly number[], visible: Visibility): Promise<(Entity | undefined)[]>;
}

/** A text without its end, and the end: relations change without the document. */
interface Prepared {
  readonly stored: StoredEntity;
  readonly origin: Origin | undefined;
  readonly head: string;
  tail: string;
  tailOf: number;
}

/** Texts are kept up to this many characters; after that, all are made again as they are asked for. */
const MAX_CHARACTERS = 48 * 1024 * 1024;
const BATCH = 500;

export function createTexts(catalogue: Catalogue, origins: Origins): Texts {
  const { estate, documents, feed } = catalogue;
  let prepared = new Map<string, Prepared>();
  let characters = 0;

  return {
    texts: async (sql, ids, visible) => {
      const stored = await readAll(sql, ids);
      const known = await origins.all(sql);
      return ids.map((id, at) => {
        const one = stored[at];
        return one && textOf(id, one, known.get(one.sourceId), visible);
      });
    },
    documents: async (sql, ids, visible) => {
      const stored = await readAll(sql, ids);
      const known = await origins.all(sql);
      return ids.map((id, at) => {
        const one = stored[at];
        return one && ({ ...finalOf(one, known.get(one.sourceId)), relations: relationsOf(id, visible) } as Entity);
      });
    },
  };

  function textOf(id: number, stored: StoredEntity, origin: Origin | undefined, visible: Visibility): string {
    let one = prepared.get(stored.ref);
    if (one?.stored !== stored || !isSame(one.origin, origin)) one = prepare(stored, origin);
    if (!visible.all) return one.head + endOf(id, visible);
    if (one.tailOf !== feed.applied) {
      one.tail = endOf(id, visible);
      one.tailOf = feed.applied;
    }
    return one.head + one.tail;
  }

  function prepare(stored: StoredEntity, origin: Origin | undefined): Prepared {
    if (characters > MAX_CHARACTERS) {
      prepared = new Map();
      characters = 0;
    }
    const text = JSON.stringify(finalOf(stored, origin));
    const one: Prepared = { stored, origin, head: text.slice(0, -1), tail: "", tailOf: -1 };
    characters += text.length;
    prepared.set(stored.ref, one);
    return one;
  }

  function endOf(id: number, visible: Visibility): string {
    return `,"relations":${JSON.stringify(relationsOf(id, visible))}}`;
  }

  function relationsOf(id: number, visible: Visibility): { type: string; targetRef: string }[] {
    return estate.neighbours(id, seesOf(visible)).map(({ type, ref }) => ({ type, targetRef: ref }));
  }

  /** From memory, and what is not there from the database, many at once. */
  async function readAll(sql: Sql, ids: readonly number[]): Promise<(StoredEntity | undefined)[]> {
    const found = ids.map((id) => documents.get(estate.refOf(id)));
    const missing = [...new Set(ids.filter((id, at) => !found[at] && estate.at(id)).map((id) => estate.refOf(id)))];
    if (missing.length === 0) return found;
    const read = new Map<string, StoredEntity>();
    for (let start = 0; start < missing.length; start += BATCH) {
      const asOf = feed.applied;
      const { rows } = await sql.query<Record<string, unknown>>(`select ${STORED_COLUMNS} from catalog.entity e where e.ref = any($1)`, [
        missing.slice(start, start + BATCH),
      ]);
      for (const stored of rows as unknown as StoredEntity[]) {
        read.set(stored.ref, stored);
        // What was read while a change came in may be from before it.
        if (feed.applied === asOf && feed.fresh() === undefined) documents.put(stored);
      }
    }
    return ids.map((id, at) => found[at] ?? read.get(estate.refOf(id)));
  }
}

/** Undefined when nothing is hidden: then nothing has to be asked. */
export function seesOf(visible: Visibility): Sees | undefined {
  return visible.all ? undefined : visible.sees;
}

function isSame(a: Origin | undefined, b: Origin | undefined): boolean {
  return a === b || (a?.kind === b?.kind && a?.target === b?.target);
}

/** The document with uid, etag and the annotations of the server; what the document says of these itself stands. */
function finalOf(stored: StoredEntity, origin: Origin | undefined): Entity {
  const { metadata, ...rest } = JSON.parse(stored.document) as Entity;
  const { apiVersion, kind, ...others } = rest;
  return {
    apiVersion,
    kind,
    metadata: {
      ...metadata,
      uid: stored.uid,
      etag: stored.hash,
      annotations: { ...annotationsOf(stored, origin), ...metadata.annotations },
    },
    ...others,
  };
}
