import type { Entity } from "@roadbed/contracts/catalog";
import { InvalidError, type Sql } from "@roadbed/core";

import { createSelector, type Selector } from "../entity/select-entities.ts";
import { isLabelledSample } from "../entity/is-sample.ts";
import type { Catalogue, ReadCtx } from "../estate/catalogue.ts";
import { createDocumentCache } from "../estate/document-cache.ts";
import type { Estate } from "../estate/estate.ts";
import type { Item } from "../estate/item.ts";
import { bothOf, visibleTo, type Visibility } from "../estate/visibility.ts";
import type { Observed } from "../observed/observed.ts";
import { createFinder, type Finder } from "../search/finder.ts";
import { breathe } from "../source/breathe.ts";
import { finishInTurns } from "../source/turns.ts";
import { createPastReader } from "./past-reader.ts";

/** A catalogue to ask, with the selector that belongs to it, and what of it the caller may see. */
export interface Standpoint {
  readonly catalogue: Catalogue;
  readonly selector: Selector;
  /** Of the past, what was visible then and is visible now: what is hidden today has no visible past. */
  readonly visible: Visibility;
}

/**
 * Where questions are asked from: now, or any instant of the past. A past estate is a copy of the one in memory (which shares all
 * texts and unchanged items with it) in which everything that changed later is put back from history.
 */
export interface Standpoints {
  /** At an instant everything that was committed at or before it has happened. Throws `InvalidError` for one that is still to come. */
  at(ctx: ReadCtx, asOf: string | undefined): Promise<Standpoint>;
}

type Place = Pick<Standpoint, "catalogue" | "selector">;

/** Past estates that are kept; the one asked for longest ago goes first. */
const MAX_KEPT = 4;
/** A clock may be so far ahead of the server's. */
const TOLERANCE_MS = 60_000;
/** So long a writer at work is waited for, whose change may have an instant before the one that is asked for. */
const PATIENCE_MS = 5_000;
/** Rows of history that are read at once. */
const BATCH = 1_000;

export function createStandpoints(catalogue: Catalogue, selector: Selector = createSelector(catalogue)): Standpoints {
  const now: Place = { catalogue, selector };
  /** By the last change at or before the instant: instants with nothing in between are the same. */
  const kept = new Map<number, Promise<Place>>();

  return {
    at: async (ctx, asOf) => {
      if (asOf === undefined) {
        await catalogue.feed.fresh();
        return { ...now, visible: await visibleTo(catalogue, ctx) };
      }
      refuseFuture(asOf);
      const past = await placeAt(ctx.sql, asOf);
      // Of what is hidden since a moment, the past is too.
      await catalogue.feed.fresh();
      past.catalogue.estate.restrictions.setSources(catalogue.estate.restrictions.sources);
      return { ...past, visible: bothOf(await visibleTo(past.catalogue, ctx), await visibleTo(catalogue, ctx)) };
    },
  };

  async function placeAt(sql: Sql, asOf: string): Promise<Place> {
    const number = await lastChange(sql, asOf);
    const found = kept.get(number) ?? build(sql, asOf, number);
    kept.delete(number);
    kept.set(number, found);
    found.catch(() => kept.get(number) === found && kept.delete(number));
    if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!);
    return found;
  }

  async function build(sql: Sql, asOf: string, number: number): Promise<Place> {
    const instant = new Date(asOf);
    // What another process committed before the instant must be in the copy: history would not bring it.
    catalogue.feed.expect(number);
    await catalogue.feed.fresh();
    // The copy and the number belong together: nothing may be waited for in between.
    const estate = catalogue.estate.fork();
    const upTo = catalogue.feed.applied;
    const { arrivals, departures } = await readLater(sql, estate, instant, upTo);
    await finishInTurns(estate.applying(arrivals, departures));
    const past: Catalogue = {
      ...catalogue,
      ...createPastReader(instant),
      estate,
      observed: UNWATCHED,
      documents: createDocumentCache(),
      finder: finderOf(() => {
        const finder = createFinder(estate);
        finder.applyEntities(
          estate.all().map((id) => estate.refOf(id)),
          [],
        );
        return finder;
      }),
      // Nothing changes any more.
      feed: {
        fresh: () => undefined,
        caughtUp: async () => {},
        expect: () => {},
        handover: () => {
          throw new Error("nothing is written into the past");
        },
        wake: () => {},
        applied: upTo,
        stop: async () => {},
      },
    };
    return { catalogue: past, selector: createSelector(past) };
  }
}

/** What traces told at an instant is not kept: only what they tell now. */
const UNWATCHED: Observed = {
  fresh: async () => {},
  wake: () => {},
  edges: [],
  shareOf: () => 0,
  of: () => [],
  between: () => [],
  strangers: [],
  sender: () => undefined,
  senderIds: () => [],
  watchedFrom: undefined,
  foldedAt: undefined,
  idOfName: () => undefined,
};

function refuseFuture(asOf: string): void {
  if (Date.parse(asOf) <= Date.now() + TOLERANCE_MS) return;
  throw new InvalidError(`${asOf} is still to come.`, {
    mend: "Give a moment of the past.",
    problems: [{ at: "asOf", reason: "lies in the future" }],
  });
}

/** The number of the last change at or before an instant, when that can no longer become another; number 0 before everything. */
async function lastChange(sql: Sql, asOf: string): Promise<number> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { rows: unlocked } = await sql.query("select 1 from catalog.clock for share skip locked");
    const { rows } = await sql.query<{ settled: boolean; number: number | null }>(
      `select clock.at >= $1::timestamptz as settled,
         (select number::int from catalog.history where at <= $1 order by at desc, id desc limit 1) as number from catalog.clock`,
      [asOf],
    );
    const { settled, number } = rows[0]!;
    // A writer that is at work gets an instant after the newest: it matters only to whoever asks for one after it, too.
    if (unlocked.length > 0 || settled || Date.now() > deadline) return number ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** What has to be put back, and taken out, to get from the change `upTo` back to the instant. */
async function readLater(
  sql: Sql,
  estate: Estate,
  instant: Date,
  upTo: number,
): Promise<{ readonly arrivals: Item[]; readonly departures: string[] }> {
  const { rows } = await sql.query<{ ref: string; id: string; change: string }>(
    "select distinct on (ref) ref, id, change from catalog.history where at > $1 and number <= $2 order by ref, id",
    [instant, upTo],
  );
  const departures = rows.filter(({ change }) => change === "registered").map(({ ref }) => ref);
  const changed = rows.filter(({ change }) => change !== "registered").map(({ id }) => id);
  const arrivals: Item[] = [];
  for (let start = 0; start < changed.length; start += BATCH) {
    const { rows: before } = await sql.query<{
      ref: string;
      document: Entity;
      sourceId: string | null;
      sample: boolean | null;
      docsRoot: string | null;
    }>(
      `select ref, before as document, origin->>'sourceId' as "sourceId", (origin->>'sample')::boolean as sample, origin->>'docsRoot' as "docsRoot"
       from catalog.history where id = any($1)`,
      [changed.slice(start, start + BATCH)],
    );
    for (const { ref, document, sourceId, sample, docsRoot } of before) {
      const isSample = sample === true || isLabelledSample(document);
      arrivals.push(estate.prepare({ ref, entity: document, sourceId: sourceId ?? "", sample: isSample, docsRoot: docsRoot ?? undefined }));
    }
    await breathe();
  }
  return { arrivals, departures };
}

/** Indexing everything takes a while, and most questions have no words in them. */
function finderOf(create: () => Finder): Finder {
  let made: Finder | undefined;
  const finder = (): Finder => (made ??= create());
  return {
    search: (...given) => finder().search(...given),
    find: (...given) => finder().find(...given),
    matching: (...given) => finder().matching(...given),
    hold: () => {},
    applyEntities: () => {},
    applyDocs: () => {},
    ready: (patience) => finder().ready(patience),
  };
}
