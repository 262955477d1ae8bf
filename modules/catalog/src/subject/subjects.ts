import { join } from "node:path";

import type { Call, Ctx } from "@roadbed/core";

import type { Connectors } from "../connector/connectors.ts";
import type { CatalogDeps } from "../deps.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { builtInCode } from "../entity/relations.ts";
import type { Item } from "../estate/item.ts";
import { visibleTo } from "../estate/visibility.ts";
import { around } from "./around.ts";
import { changesAfter, type News, type Place } from "./changes-after.ts";
import { createHostedFiles } from "./hosted-files.ts";
import { placeOf, type RepositoryPlace } from "./repository-place.ts";
import { createFolders } from "./repository-files.ts";
import { createSubjectReader, type Subject, type Wanted } from "./read-subjects.ts";

/** The catalogue as rules about its entities need it: what each is, what changed, and who may see it. */
export interface Subjects {
  /** What changed after a place in the order of changes. All of it, and what is derived from it, is in memory when this answers. */
  changesAfter(place: Place, limit: number): Promise<News>;
  /** Entities whose subject shows something of these. */
  around(refs: readonly string[]): readonly string[];
  /** References of these kinds that come after one, in their order. */
  refsAfter(ref: string, kinds: ReadonlySet<string> | undefined, limit: number): readonly string[];
  /** What rules see of entities; those that are not there are not in the answer. */
  read(refs: readonly string[], wanted: Wanted): Promise<ReadonlyMap<string, Subject>>;
  /** Entities that a source describes in files: their repositories may hold other files now. */
  refsOfSource(sourceId: string): Promise<readonly string[]>;
  /** Something was changed in the repositories of these just now, at a host outside. */
  doubtFiles(refs: readonly string[]): Promise<void>;
  /** The repository in which an entity is described, or why there is none that could be changed. */
  placeOf(ref: string): Promise<RepositoryPlace>;
  /** Entities beside which other files were read than before, at a host that nobody waits for. */
  onFilesRead(listener: (refs: readonly string[]) => void): () => void;
  /** What somebody may see, at this moment. */
  /** Those of them that are there. */
  existing(refs: readonly string[]): readonly string[];
  viewOf(viewer: Pick<Call, "actor" | "scopes"> & Pick<Ctx, "sql">): Promise<SubjectView>;
}

export interface SubjectView {
  /** The same for all who see the same. */
  readonly key: string;
  /** Undefined for what is not there, or not for them. */
  get(ref: string): SubjectItem | undefined;
}

export interface SubjectItem {
  readonly ref: string;
  readonly kind: string;
  readonly title: string;
  readonly owner: string | undefined;
  readonly system: string | undefined;
  /** The team above a team, the domain of a system or of a domain. */
  readonly parent: string | undefined;
}

export type { RepositoryPlace } from "./repository-place.ts";
export type { News, Place } from "./changes-after.ts";
export type { Subject, Wanted } from "./read-subjects.ts";

const UPWARD: ReadonlySet<number> = new Set([builtInCode("partOf"), builtInCode("childOf")]);

export function createSubjects(catalogue: Catalogue, deps: CatalogDeps & { readonly readers: Connectors }): Subjects {
  const { estate, feed } = catalogue;
  const { db: sql, log, readers: connectors, dataDir } = deps;
  const hosted = createHostedFiles({ sql, log, connectors, folder: dataDir && join(dataDir, "hosted-files") });
  const folders = createFolders({ ...deps, hosted });
  const reader = createSubjectReader(catalogue, deps.db, folders);
  let sorted: { readonly at: number; readonly size: number; readonly refs: readonly string[] } | undefined;

  return {
    changesAfter: (place, limit) => changesAfter(catalogue, deps.db, place, limit),
    around: (refs) => around(catalogue, refs),
    refsAfter: (ref, kinds, limit) => {
      const refs = sortedRefs();
      const found: string[] = [];
      for (let at = firstAfter(refs, ref); at < refs.length && found.length < limit; at++) {
        if (kinds === undefined || kinds.has(refs[at]!.slice(0, refs[at]!.indexOf(":")))) found.push(refs[at]!);
      }
      return found;
    },
    read: (refs, wanted) => reader(refs, wanted),
    doubtFiles: (refs) => hosted.doubt(refs),
    placeOf: (ref) => placeOf(deps.db, ref),
    onFilesRead: (listener) => hosted.onRead(listener),
    refsOfSource: async (sourceId) => {
      const { rows } = await deps.db.query<{ ref: string }>(
        `select ref from catalog.entity where source_id = $1 and location ~ '(^|/)catalog-info[^/]*$' order by ref`,
        [sourceId],
      );
      return rows.map(({ ref }) => ref);
    },
    existing: (refs) => refs.filter((ref) => estate.get(ref) !== undefined),
    viewOf: async (viewer) => {
      await feed.fresh();
      const visible = await visibleTo(catalogue, viewer);
      return {
        key: visible.key,
        get: (ref) => {
          const item = estate.get(ref);
          if (!item || !visible.sees(item.id)) return undefined;
          const { kind, title, name, owner, system } = item;
          return { ref: item.ref, kind, title: title ?? name, owner, system, parent: parentOf(item) };
        },
      };
    },
  };

  function parentOf({ statements }: Item): string | undefined {
    for (let at = 0; at < statements.length; at += 2) if (UPWARD.has(statements[at]!)) return estate.refOf(statements[at + 1]!);
    return undefined;
  }

  /** Sorted once for each state of the estate: whoever goes through all of it asks again and again. */
  function sortedRefs(): readonly string[] {
    if (sorted?.at !== feed.applied || sorted.size !== estate.size) {
      sorted = {
        at: feed.applied,
        size: estate.size,
        refs: estate
          .all()
          .map((id) => estate.refOf(id))
          .sort(),
      };
    }
    return sorted.refs;
  }
}

function firstAfter(refs: readonly string[], ref: string): number {
  let [low, high] = [0, refs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (refs[middle]! <= ref) low = middle + 1;
    else high = middle;
  }
  return low;
}
