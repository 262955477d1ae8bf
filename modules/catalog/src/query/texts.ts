import type { Entity } from "@roadbed/contracts/catalog";
import type { Sql } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { STORED_COLUMNS, type StoredEntity } from "../estate/document-cache.ts";
import type { Sees } from "../estate/estate.ts";
import { lowerBound } from "../estate/sets.ts";
import type { Visibility } from "../estate/visibility.ts";
import { annotationsOf, type Origin, type Origins } from "./server-annotations.ts";

/** Entities as they are answered: with what only the server knows and with their relations. */
export interface Texts {
  /** As JSON text, in the order of the numbers; undefined for one that is gone since. */
  texts(sql: Sql, ids: readonly number[], visible: Visibility): Promise<(string | undefined)[]>;
  documents(sql: Sql, ids: readonly number[], visible: Visibility): Promise<(Entity | undefined)[]>;
}

/** A text, and how much of it is without the relations: these change without the document. */
interface Prepared {
  readonly stored: StoredEntity;
  readonly origin: Origin | undefined;
  readonly headLength: number;
  text: string;
  /** Right as long as nothing changed, rules say the same of relations, and the sources are as they were read. */
  asOf: number;
  rules: number;
  sources: ReadonlyMap<string, Origin> | undefined;
}

/** Texts are kept up to this many characters; after that, all are made again as they are asked for. */
const MAX_CHARACTERS = 48 * 1024 * 1024;
const BATCH = 500;
/** In an estate that fits into memory, whoever asks for one that is not there has this many read: soon all of them are. */
const READ_AHEAD = 100;
const FITS = 50_000;

export function createTexts(catalogue: Catalogue, origins: Origins): Texts {
  const { estate, documents, feed, derived } = catalogue;
  /** By number. */
  let prepared = new Map<number, Prepared>();
  let characters = 0;

  return {
    texts: async (sql, ids, visible) => {
      const sources = await origins.all(sql);
      const texts = ids.map((id) => (visible.all ? ready(id, sources) : undefined));
      const missing = ids.filter((_, at) => texts[at] === undefined);
      if (missing.length === 0) return texts;
      const made = new Map<number, string>();
      for (const [at, stored] of (await readAll(sql, missing)).entries()) {
        if (stored) made.set(missing[at]!, textOf(missing[at]!, stored, sources, visible));
      }
      return ids.map((id, at) => texts[at] ?? made.get(id));
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

  function ready(id: number, sources: ReadonlyMap<string, Origin>): string | undefined {
    const one = prepared.get(id);
    return one?.asOf === feed.applied && one.rules === derived.engine.version && one.sources === sources ? one.text : undefined;
  }

  function textOf(id: number, stored: StoredEntity, sources: ReadonlyMap<string, Origin>, visible: Visibility): string {
    const origin = sources.get(stored.sourceId);
    let one = prepared.get(id);
    if (one?.stored !== stored || !isSame(one.origin, origin)) one = prepare(id, stored, origin);
    const text = one.text.slice(0, one.headLength) + endOf(id, visible);
    if (visible.all) Object.assign(one, { text, asOf: feed.applied, rules: derived.engine.version, sources });
    return text;
  }

  function prepare(id: number, stored: StoredEntity, origin: Origin | undefined): Prepared {
    if (characters > MAX_CHARACTERS) {
      prepared = new Map();
      characters = 0;
    }
    const text = JSON.stringify(finalOf(stored, origin));
    const one: Prepared = { stored, origin, headLength: text.length - 1, text, asOf: -1, rules: -1, sources: undefined };
    characters += text.length;
    prepared.set(id, one);
    return one;
  }

  function endOf(id: number, visible: Visibility): string {
    return `,"relations":${JSON.stringify(relationsOf(id, visible))}}`;
  }

  function relationsOf(id: number, visible: Visibility): { type: string; targetRef: string }[] {
    return estate.neighbours(id, seesOf(visible)).map(({ type, ref }) => ({ type, targetRef: ref }));
  }

  /** Those after an entity that are not in memory either. */
  function following(after: number, asked: readonly string[]): string[] {
    const all = estate.all();
    const more: string[] = [];
    for (let at = lowerBound(all, after) + 1; at < all.length && more.length + asked.length < READ_AHEAD; at++) {
      const ref = estate.refOf(all[at]!);
      if (!documents.get(ref) && !asked.includes(ref)) more.push(ref);
    }
    return more;
  }

  /** From memory, and what is not there from the database, many at once. */
  async function readAll(sql: Sql, ids: readonly number[]): Promise<(StoredEntity | undefined)[]> {
    const found = ids.map((id) => documents.get(estate.refOf(id)));
    const missing = [...new Set(ids.filter((id, at) => !found[at] && estate.at(id)).map((id) => estate.refOf(id)))];
    if (missing.length === 0) return found;
    if (missing.length < READ_AHEAD && estate.size <= FITS)
      missing.push(
        ...following(
          ids.find((id, at) => !found[at])!,
          missing,
        ),
      );
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
