import type { Entity } from "@roadbed/contracts/catalog";
import type { Logger, Sql } from "@roadbed/core";

import { readChangedPages, type StoredPage } from "../docs/doc-store.ts";
import { isLabelledSample } from "../entity/is-sample.ts";
import { breathe } from "../source/breathe.ts";
import { finish, finishInTurns, type Turns } from "../source/turns.ts";
import { createArena, type Arena } from "./arena.ts";
import { STORED_COLUMNS, type StoredEntity } from "./document-cache.ts";
import type { Arrival } from "./estate.ts";
import type { Item } from "./item.ts";
import { createHandover, type Handover } from "./handover.ts";
import type { Picked } from "../derived/engine.ts";

/** What will be kept of an entity. */
export interface Prepared {
  readonly ref: string;
  readonly item: Item;
  readonly picked: Picked;
  /** Of an API: what it offers, as text. */
  readonly definition: string | undefined;
}

/** What follows the catalogue: each has its own view of it in memory. */
export interface Follower {
  /** All sources that are not for everybody, with the groups and people who may see them. Comes before what they describe. */
  applyRestrictions(sources: ReadonlyMap<string, ReadonlySet<string>>): void;
  /**
   * All kinds that are stored, when one of them changed; comes before anything of what they describe. Answers those (lower case) of
   * which all entities have to be read again.
   */
  applyKinds(documents: readonly unknown[]): readonly string[];
  /** Grows when what was prepared before has to be prepared anew. */
  readonly kindsVersion: number;
  /** Makes of what arrived what will be kept of it. Changes nothing yet that can be asked: it may never come to be. */
  prepare(arrival: Arrival, arena?: Arena): Prepared;
  /**
   * Entities that appeared or changed, and references that are gone. Of a single batch, what is stored comes with it; a larger
   * change is not in memory with all its documents, and is taken up with stops.
   */
  applyEntities(arrivals: readonly Prepared[], departures: readonly string[], stored: readonly StoredEntity[] | undefined): Turns;
  /** Folders of documentation, whole, of which something changed. */
  applyDocs(roots: readonly { readonly sourceId: string; readonly root: string; readonly pages: readonly StoredPage[] }[]): void;
}

/**
 * Keeps a follower at the state of the database. Changes are numbered in the order in which they commit, so "everything after N" is
 * one question, however they came about and whichever process made them.
 */
export interface Feed {
  /** Undefined when the follower is up to date as far as this process can know; else a wait until it is. */
  fresh(): Promise<void> | undefined;
  /**
   * A transaction of this process will commit this change: until it is seen, readers look for it. What was handed over is taken as it
   * is, instead of being read again.
   */
  expect(change: number, handover?: Handover): void;
  /** Takes what a transaction writes while it is being written. */
  handover(): Handover;
  /** Somebody says that something changed: look soon. */
  wake(): void;
  /** Ends when all that is committed by now has been applied: for news of which this process knows only that it is there. */
  caughtUp(): Promise<void>;
  /** Number of the newest change that was applied. */
  readonly applied: number;
  stop(): Promise<void>;
}

interface Offer {
  readonly change: number;
  readonly handover: Handover;
}

/** Rows per question: what stands in memory twice for a moment. */
const BATCH = 1_000;

export function createFeed(o: { readonly sql: Sql; readonly log: Logger; readonly follower: Follower }): Feed {
  let applied = -1;
  let expected = 0;
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;
  let stopped = false;
  let offered: Offer | undefined;

  return {
    fresh: () => (applied < 0 || expected > applied ? look() : undefined),
    expect: (change, handover) => {
      expected = Math.max(expected, change);
      if (handover?.transaction !== undefined) offered = { change, handover };
    },
    handover: () => createHandover(o.follower),
    caughtUp: () => look(),
    wake: () => void look().catch((error: unknown) => o.log.warn("the catalogue could not be followed", { error: String(error) })),
    get applied() {
      return applied;
    },
    stop: async () => {
      stopped = true;
      await running?.catch(() => {});
    },
  };

  /** A look that began before the question may have missed its answer: whoever comes during one waits for the next. */
  function look(): Promise<void> {
    if (stopped) return Promise.resolve();
    if (!running) {
      running = catchUp().finally(() => (running = undefined));
      return running;
    }
    queued ??= running
      .catch(() => {})
      .then(() => {
        queued = undefined;
        return look();
      });
    return queued;
  }

  async function catchUp(): Promise<void> {
    // Empty while a writer is at work: then nothing new is there to be seen, but soon will be.
    const { rows: unlocked } = await o.sql.query("select 1 from catalog.clock for share skip locked");
    const { rows } = await o.sql.query<{ change: string; transaction: string | null }>(
      "select change, transaction::text as transaction from catalog.clock",
    );
    const newest = Number(rows[0]?.change ?? 0);
    if (newest > applied) await apply(newest, handedOver(newest, rows[0]!.transaction));
    // No writer and still not there: the transaction that promised it was rolled back.
    if (unlocked.length > 0 && expected > applied) expected = applied;
    if (offered && offered.change > expected) offered = undefined;
  }

  /** What was handed over, if it is all that changed, and was really committed. */
  function handedOver(newest: number, transaction: string | null): readonly Prepared[] | undefined {
    if (!offered || offered.change > newest) return undefined;
    const { change, handover } = offered;
    offered = undefined;
    const isAll = change === newest && change === applied + 1 && handover.transaction === transaction;
    return isAll && handover.kindsVersion === o.follower.kindsVersion ? handover.prepared : undefined;
  }

  async function apply(newest: number, handed: readonly Prepared[] | undefined): Promise<void> {
    const after = applied;
    const { rows: gone } = await o.sql.query<{ ref: string }>("select ref from catalog.removed_entity where change > $1 and change <= $2", [
      after,
      newest,
    ]);
    const departures = after < 0 ? [] : gone.map(({ ref }) => ref);
    const again = await readKinds(after, newest, departures);
    const { arrivals, stored } =
      handed && again.length === 0 ? { arrivals: handed, stored: undefined } : await readArrivals(after, newest, again);
    const docs = await readChangedPages(o.sql, after, newest);
    o.follower.applyRestrictions(await readRestrictedSources(o.sql));
    const taking = o.follower.applyEntities(arrivals, departures, stored);
    if (arrivals.length > BATCH) await finishInTurns(taking);
    else finish(taking);
    o.follower.applyDocs(docs.map(({ source_id, root, pages }) => ({ sourceId: source_id, root, pages })));
    applied = newest;
  }

  /** Kinds whose entities mean something else now. */
  async function readKinds(after: number, newest: number, departures: readonly string[]): Promise<readonly string[]> {
    const { rows } = await o.sql.query<{ document: unknown; change: string }>(
      "select document, change from catalog.entity where ref >= 'kind:' and ref < 'kind;' order by ref",
    );
    const isNew = departures.some((ref) => ref.startsWith("kind:")) || rows.some(({ change }) => Number(change) > after);
    return isNew ? o.follower.applyKinds(rows.map(({ document }) => document)) : [];
  }

  /** What changed after one number up to another, and all of some kinds. */
  async function readArrivals(
    after: number,
    newest: number,
    kinds: readonly string[],
  ): Promise<{ readonly arrivals: Prepared[]; readonly stored: StoredEntity[] | undefined }> {
    const arrivals: Prepared[] = [];
    const arena = createArena();
    const range = "e.change > $1 and e.change <= $2";
    const wanted =
      kinds.length === 0 ? `${range} and $4::text[] is not null` : `(${range} or (e.change <= $1 and split_part(e.ref, ':', 1) = any($4)))`;
    for (let last = ""; ;) {
      const { rows } = await o.sql.query<Record<string, unknown>>(
        `select ${STORED_COLUMNS}, s.sample from catalog.entity e join catalog.source s on s.id = e.source_id
         where ${wanted} and e.ref > $3 order by e.ref limit ${BATCH}`,
        [after, newest, last, kinds],
      );
      const stored: StoredEntity[] = [];
      for (const { sample, ...row } of rows as unknown as (StoredEntity & { readonly sample: boolean })[]) {
        await breathe();
        arrivals.push(o.follower.prepare(arrivalOf(row, sample), rows.length < BATCH && last === "" ? undefined : arena));
        stored.push(row);
      }
      const isOnly = last === "" && rows.length < BATCH;
      if (rows.length < BATCH) return { arrivals, stored: isOnly ? stored : undefined };
      last = stored.at(-1)!.ref;
    }
  }
}

async function readRestrictedSources(sql: Sql): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { rows } = await sql.query<{ id: string; visible_to: string[] }>(
    "select source_id as id, visible_to from catalog.source_visibility",
  );
  return new Map(rows.map(({ id, visible_to }) => [id, new Set(visible_to)]));
}

function arrivalOf(stored: StoredEntity, sample: boolean): Arrival {
  const entity = JSON.parse(stored.document) as Entity;
  const { ref, sourceId, docsRoot } = stored;
  return { ref, entity, sourceId, sample: sample || isLabelledSample(entity), docsRoot: docsRoot ?? undefined };
}
