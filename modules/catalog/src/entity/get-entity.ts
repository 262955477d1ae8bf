import { type Entity, type EntityView, getEntity } from "@roadbed/contracts/catalog";
import { handle, NotFoundError, type Ctx, type Handler } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import type { StoredEntity } from "../estate/document-cache.ts";
import type { Item } from "../estate/item.ts";
import type { Visibility } from "../estate/visibility.ts";
import { readTrust } from "../facts/entity-trust.ts";
import { wordsOf } from "../kinds/words.ts";
import { firstNeighbours } from "./neighbours.ts";
import { createSourceNames } from "../source/source-names.ts";
import { sayGone, sayWhen } from "../time/say-gone.ts";
import type { Standpoints } from "../time/standpoints.ts";

/** One entity by name: the read that everything else waits for, so it asks the database only for what was not asked lately. */
export function makeGetEntity(standpoints: Standpoints): Handler {
  const sourceNames = createSourceNames();
  return handle(getEntity, async (ctx, { ref, asOf, trust }) => {
    const { catalogue, visible } = await standpoints.at(ctx, asOf);
    const stored = await catalogue.readStored(ctx.sql, ref);
    if (!stored || !isShown(catalogue, visible, ref)) throw await missing(catalogue, visible, ctx, ref, asOf);
    const sources = await sourceNames(ctx.sql, stored.sourceId);
    const source = sources.get(stored.sourceId);
    // How fresh something was is told as of then; how far it may be trusted is of now only.
    const view = viewOf(catalogue, visible, stored, asOf === undefined || !source ? source : { ...source, lastSyncAt: undefined });
    // So is what is derived.
    if (asOf !== undefined) return { ...view, derived: [] };
    if (trust !== true) return view;
    const trusted = (await readTrust(ctx.sql, [ref], { now: ctx.now(), kinds: catalogue.kinds, visible })).get(ref);
    return trusted ? { ...view, trust: trusted } : view;
  });
}

/** Whether the entity with this reference is shown; one that is in the database only, because it came this moment, is not yet. */
export function isShown({ estate }: Catalogue, visible: Visibility, ref: string): boolean {
  const id = estate.idOf(ref);
  return visible.all || (id !== undefined && estate.at(id) !== undefined && visible.sees(id));
}

/** The document as it is answered: with what only the server knows, but without relations. */
export function entityOf(stored: StoredEntity): Entity {
  const entity = JSON.parse(stored.document) as Entity;
  const { metadata } = entity;
  return { ...entity, metadata: { ...metadata, uid: stored.uid, etag: stored.hash } };
}

function viewOf(
  catalogue: Catalogue,
  visible: Visibility,
  stored: StoredEntity,
  source: { name: string; sample: boolean; lastSyncAt: Date | undefined } | undefined,
): EntityView {
  const { estate } = catalogue;
  const item = estate.get(stored.ref);
  const { neighbours, counts } = item ? firstNeighbours(catalogue, visible, item.id) : { neighbours: [], counts: {} };
  const entity = entityOf(stored);
  const observedAt = source?.lastSyncAt && source.lastSyncAt > stored.observedAt && !stored.orphan ? source.lastSyncAt : stored.observedAt;
  return {
    ref: stored.ref,
    entity: { ...entity, relations: neighbours.map(({ type, ref }) => ({ type, targetRef: ref })) },
    provenance: {
      sourceId: stored.sourceId,
      sourceName: source?.name ?? stored.sourceId,
      location: stored.location,
      ...(stored.line === null ? {} : { line: stored.line }),
      observedAt: observedAt.toISOString(),
      sample: item?.sample ?? source?.sample ?? false,
      orphan: stored.orphan,
    },
    neighbours: [...neighbours],
    relationCounts: { ...counts },
    derived: item ? derivedOf(catalogue, item) : [],
    hasDocs: stored.docsRoot !== null,
  };
}

/** All derived properties of its kind, also those that have no value: nothing is not nought. */
function derivedOf({ kinds, derived }: Catalogue, item: Item): EntityView["derived"] {
  return Object.entries(kinds.own(item.kind)?.document.spec.derived ?? {}).map(([name, one]) => {
    const value = item.derived?.[name];
    const fault = value === undefined ? derived.faultOf(item.id, name) : undefined;
    return {
      name,
      ...(one.title === undefined ? {} : { title: one.title }),
      ...(one.unit === undefined ? {} : { unit: one.unit }),
      ...(value === undefined ? {} : { value }),
      ...wordsOf(one),
      ...(fault === undefined ? {} : { fault }),
    };
  });
}

async function missing(catalogue: Catalogue, visible: Visibility, ctx: Ctx, ref: string, asOf: string | undefined): Promise<NotFoundError> {
  if (asOf !== undefined) return new NotFoundError("entity", `${ref} (as of ${asOf})`, await sayWhen(catalogue, ctx, ref, asOf));
  return new NotFoundError("entity", ref, (await sayGone(catalogue, ctx, ref)) ?? suggest(catalogue, visible, ref));
}

/** What somebody who mistyped may have meant. */
function suggest({ finder }: Catalogue, { sees }: Visibility, ref: string): string {
  const [best] = finder.search(ref.slice(ref.indexOf("/") + 1), 1, sees);
  return best ? `Did you mean ${best.item.ref}?` : "List the entities to see what there is.";
}
