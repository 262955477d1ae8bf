import type { Entity } from "@roadbed/contracts/catalog";
import type { Call, Sql } from "@roadbed/core";

import type { Catalogue } from "./catalogue.ts";
import type { Viewers } from "./restrictions.ts";

/** What the caller of a read may see. What they may not see is not there for them: not found, not counted, not hinted at. */
export interface Visibility {
  /** Nothing is hidden: no list has to be gone through. */
  readonly all: boolean;
  /** The same for all who see the same: answers that are kept for some time are kept under it. */
  readonly key: string;
  /** Whether the thing with this number is shown; a reference that dangles is. */
  readonly sees: (id: number) => boolean;
  /** Those that are shown, in the same order; the very same list when it is all of them. */
  only(ids: readonly number[]): readonly number[];
  /** Numbers of all that is hidden, for walks that must not pass through. */
  hidden(): readonly number[];
  readonly seesSource: (sourceId: string) => boolean;
}

/** Who asks: a call, or the part of it that says so; with the connection of the call where it has one. */
export type Viewer = Pick<Call, "actor" | "scopes"> & { readonly sql?: Sql };

/**
 * What somebody may see of the estate as it is in memory: so after `feed.fresh()`. Costs nothing as long as nothing is restricted.
 * Whoever administers the catalogue sees everything.
 */
export function visibleTo(catalogue: Catalogue, viewer: Viewer): Visibility | Promise<Visibility> {
  if (catalogue.estate.restrictions.none || isAdministrator(viewer)) return EVERYTHING;
  return identitiesOf(catalogue, viewer).then((identities) => viewOf(catalogue, identities));
}

/** Whether somebody may see a document that need not be in memory: one that a transaction just wrote, or one that is gone. */
export async function seesDocument(
  catalogue: Catalogue,
  viewer: Viewer,
  document: { readonly entity: Entity; readonly sourceId: string | undefined },
): Promise<boolean> {
  const { restrictions } = catalogue.estate;
  if (!restrictions.restricts(document) || isAdministrator(viewer)) return true;
  return restrictions.admitsTo(await identitiesOf(catalogue, viewer), document);
}

/** Whether the news of something may be told to somebody: also of what was taken out a moment ago. `ref` need not be an entity's. */
export async function seesNewsOf(catalogue: Catalogue, viewer: Viewer, ref: string): Promise<boolean> {
  const { estate } = catalogue;
  if (isAdministrator(viewer)) return true;
  const item = estate.get(ref);
  const nobody: Viewers = new Set();
  if (item ? estate.restrictions.admits(nobody, item) : estate.restrictions.admitsToDeparted(nobody, ref)) return true;
  const identities = await identitiesOf(catalogue, viewer);
  return item ? estate.restrictions.admits(identities, item) : estate.restrictions.admitsToDeparted(identities, ref);
}

/** What both show. */
export function bothOf(a: Visibility, b: Visibility): Visibility {
  if (a.all) return b;
  if (b.all) return a;
  const sees = (id: number): boolean => a.sees(id) && b.sees(id);
  return {
    all: false,
    key: a.key,
    sees,
    only: (ids) => b.only(a.only(ids)),
    hidden: () => [...new Set([...a.hidden(), ...b.hidden()])],
    seesSource: (sourceId) => a.seesSource(sourceId) && b.seesSource(sourceId),
  };
}

/** Whoever administers the catalogue sees everything. */
export function isAdministrator({ scopes }: Viewer): boolean {
  return scopes.has("*") || scopes.has("catalog:admin");
}

async function identitiesOf({ viewers }: Catalogue, viewer: Viewer): Promise<Viewers> {
  return (await viewers?.identitiesOf(viewer)) ?? new Set();
}

const EVERYTHING: Visibility = {
  all: true,
  key: "",
  sees: () => true,
  only: (ids) => ids,
  hidden: () => [],
  seesSource: () => true,
};

function viewOf({ estate }: Catalogue, identities: Viewers): Visibility {
  const { restrictions } = estate;
  const sees = (id: number): boolean => {
    const item = estate.at(id);
    return item === undefined || restrictions.admits(identities, item);
  };
  return {
    all: false,
    key: [...identities].sort().join(",") || "nobody",
    sees,
    only: (ids) => (ids.every(sees) ? ids : ids.filter(sees)),
    hidden: () => restrictions.hiddenFrom(identities),
    seesSource: (sourceId) => restrictions.admitsToSource(identities, sourceId),
  };
}
