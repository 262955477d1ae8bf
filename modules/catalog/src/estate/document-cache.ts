/** An entity as it is stored, but for its relations. */
export interface StoredEntity {
  readonly ref: string;
  readonly uid: string;
  /** JSON text: small, and quickly parsed when it is asked for. */
  readonly document: string;
  readonly hash: string;
  readonly sourceId: string;
  readonly location: string;
  readonly line: number | null;
  readonly docsRoot: string | null;
  readonly orphan: boolean;
  readonly observedAt: Date;
}

/** What `StoredEntity` is read from. */
export const STORED_COLUMNS = `e.ref, e.uid, e.document::text as document, e.hash, e.source_id as "sourceId", e.location, e.line,
  e.docs_root as "docsRoot", e.orphan, e.observed_at as "observedAt"`;

/** The documents that came or were asked for last, up to a fixed amount of memory. The change feed keeps it up to date. */
export interface DocumentCache {
  get(ref: string): StoredEntity | undefined;
  put(entity: StoredEntity): void;
  forget(ref: string): void;
  readonly characters: number;
}

const MAX_CHARACTERS = 32 * 1024 * 1024;

export function createDocumentCache(): DocumentCache {
  const entities = new Map<string, StoredEntity>();
  let characters = 0;
  return {
    get: (ref) => {
      const found = entities.get(ref);
      if (found) {
        entities.delete(ref);
        entities.set(ref, found);
      }
      return found;
    },
    put: (entity) => {
      forget(entity.ref);
      entities.set(entity.ref, entity);
      characters += entity.document.length;
      for (const oldest of entities.keys()) {
        if (characters <= MAX_CHARACTERS) break;
        forget(oldest);
      }
    },
    forget,
    get characters() {
      return characters;
    },
  };

  function forget(ref: string): void {
    const found = entities.get(ref);
    if (!found) return;
    characters -= found.document.length;
    entities.delete(ref);
  }
}
