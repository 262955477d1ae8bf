import type { Entity } from "@roadbed/contracts/catalog";

import { canonical, statementsOf, type Stating } from "../entity/relations.ts";
import type { Item } from "./item.ts";

/** Names the groups and people who may see an entity, by commas: `group:default/security,user:default/ada`. A bare name is a group's. */
export const VISIBLE_TO = "roadbed.dev/visible-to";

/** Groups and people, by reference. */
export type Viewers = ReadonlySet<string>;

/**
 * What is not for everybody: entities that say so themselves, and all entities of a source that is restricted. Where both are, both
 * must admit the caller. Owners see their own in any case.
 */
export interface Restrictions {
  /** Nothing is restricted: nobody has to be asked who they are. */
  readonly none: boolean;
  /** Of all sources that are restricted, who may see them. */
  readonly sources: ReadonlyMap<string, Viewers>;
  /** Counts up with every change: what was worked out before it may be wrong now. */
  readonly version: number;
  put(item: Item): void;
  /** Whether the item has to be put: others are for everybody, and were before. */
  concern(item: Item): boolean;
  /** After very many have changed: those of them that are concerned. */
  putAll(concerned: readonly Item[]): void;
  remove(item: Item): void;
  /** Of all sources that are restricted, who may see them. */
  setSources(sources: ReadonlyMap<string, Viewers>): void;
  /** Who may see what a source describes; undefined for everybody. */
  viewersOfSource(sourceId: string): Viewers | undefined;
  sourcesHiddenFrom(sees: (sourceId: string) => boolean): string[];
  /** Whether a source's entities are shown at all to somebody with these identities. */
  admitsToSource(viewer: Viewers, sourceId: string): boolean;
  admits(viewer: Viewers, item: Item): boolean;
  /** The same of a document that is not (or no longer) in the estate. */
  admitsTo(viewer: Viewers, document: { readonly entity: Entity; readonly sourceId: string | undefined }): boolean;
  /** Of something that is gone: true unless it is known that it was restricted and not for this viewer. */
  admitsToDeparted(viewer: Viewers, ref: string): boolean;
  /** Whether the document or its source restrict who may see it. */
  restricts(document: { readonly entity: Entity; readonly sourceId: string | undefined }): boolean;
  /** Numbers of all items that somebody with these identities may not see. */
  hiddenFrom(viewer: Viewers): readonly number[];
}

/** Of what is gone, so many are remembered, so that the news of it is not told to those who never saw it. */
const MAX_DEPARTED = 10_000;

export function createRestrictions(o: {
  readonly items: () => Iterable<Item>;
  readonly at: (id: number) => Item | undefined;
  readonly refOf: (id: number) => string;
  readonly kinds: Stating;
}): Restrictions {
  const annotated = new Set<number>();
  const departed = new Map<string, Item>();
  let sources: ReadonlyMap<string, Viewers> = new Map();
  let version = 0;

  return {
    get none() {
      return annotated.size === 0 && sources.size === 0;
    },
    get sources() {
      return sources;
    },
    get version() {
      return version;
    },
    put,
    concern: (item) => item.visibleTo !== undefined || annotated.has(item.id) || departed.has(item.ref),
    putAll: (concerned) => {
      version++;
      concerned.forEach(put);
    },
    remove: (item) => {
      version++;
      annotated.delete(item.id);
      if (item.visibleTo === undefined && !sources.has(item.sourceId)) return;
      departed.set(item.ref, item);
      if (departed.size > MAX_DEPARTED) departed.delete(departed.keys().next().value!);
    },
    setSources: (now) => {
      if (now.size === 0 && sources.size === 0) return;
      version++;
      sources = now;
    },
    viewersOfSource: (sourceId) => sources.get(sourceId),
    sourcesHiddenFrom: (sees) => [...sources.keys()].filter((id) => !sees(id)),
    admitsToSource,
    admits,
    admitsTo: (viewer, { entity, sourceId }) => {
      const named = viewersOf(entity);
      if (named === undefined && !(sourceId !== undefined && sources.has(sourceId))) return true;
      if (ownersOf(entity, o.kinds).some((ref) => viewer.has(ref))) return true;
      return isAmong(viewer, named) && (sourceId === undefined || admitsToSource(viewer, sourceId));
    },
    admitsToDeparted: (viewer, ref) => {
      const item = departed.get(ref);
      return item === undefined || admits(viewer, item);
    },
    restricts: ({ entity, sourceId }) => viewersOf(entity) !== undefined || (sourceId !== undefined && sources.has(sourceId)),
    hiddenFrom: (viewer) => {
      const candidates = sources.size > 0 ? o.items() : [...annotated].flatMap((id) => o.at(id) ?? []);
      const hidden: number[] = [];
      for (const item of candidates) if (!admits(viewer, item)) hidden.push(item.id);
      return hidden;
    },
  };

  function put(item: Item): void {
    version++;
    departed.delete(item.ref);
    if (item.visibleTo === undefined) annotated.delete(item.id);
    else annotated.add(item.id);
  }

  function admitsToSource(viewer: Viewers, sourceId: string): boolean {
    const named = sources.get(sourceId);
    if (named === undefined) return true;
    for (const ref of named) if (viewer.has(ref)) return true;
    return false;
  }

  function admits(viewer: Viewers, item: Item): boolean {
    if (item.visibleTo === undefined && !sources.has(item.sourceId)) return true;
    if (isOwner(viewer, item)) return true;
    return isAmong(viewer, item.visibleTo) && admitsToSource(viewer, item.sourceId);
  }

  function isOwner(viewer: Viewers, { ref, statements }: Item): boolean {
    if (viewer.has(ref)) return true;
    for (let at = 0; at < statements.length; at += 2)
      if (statements[at] === OWNED_BY && viewer.has(o.refOf(statements[at + 1]!))) return true;
    return false;
  }
}

/** The code of the relation, as `RELATION_TYPES` counts them. */
const OWNED_BY = 0;

function isAmong(viewer: Viewers, named: readonly string[] | undefined): boolean {
  return named === undefined || named.some((ref) => viewer.has(ref));
}

function ownersOf(entity: Entity, kinds: Stating): string[] {
  const self = canonical(entity.metadata.name, entity.kind, entity.metadata.namespace ?? "default");
  return [self, ...statementsOf(entity, kinds).flatMap(({ code, target }) => (code === OWNED_BY ? [target] : []))];
}

/** Who an entity says may see it; undefined when it does not say. What names nobody that can be read is for its owners only. */
export function viewersOf({ metadata }: Entity): readonly string[] | undefined {
  const text = metadata.annotations?.[VISIBLE_TO];
  if (text === undefined) return undefined;
  return text.split(",").flatMap((part) => {
    try {
      return part.trim() === "" ? [] : [canonical(part.trim(), "group", metadata.namespace ?? "default")];
    } catch {
      return [];
    }
  });
}
