import type { Ctx, Logger, Sql } from "@roadbed/core";

import type { CatalogDeps, Expressions } from "../deps.ts";
import { createDerived, type Derived } from "../derived/derived.ts";
import { createKinds, type Kinds } from "../kinds/registry.ts";
import { inPieces } from "../source/turns.ts";
import { createColumns, type Columns } from "../graph/columns.ts";
import { createObserved, type Observed } from "../observed/observed.ts";
import { createFieldOrders, type FieldOrders } from "../query/field-orders.ts";
import { createFinder, type Finder } from "../search/finder.ts";
import { createDocumentCache, type DocumentCache } from "./document-cache.ts";
import { createEntityReader, type EntityReader } from "./entity-reader.ts";
import { createEstate, type Estate } from "./estate.ts";
import { createFeed, type Feed } from "./feed.ts";

/** Everything that answers from memory, kept together by one feed. */
export interface Catalogue extends EntityReader {
  readonly estate: Estate;
  readonly columns: Columns;
  readonly observed: Observed;
  /** The estate sorted by whatever field was asked for. */
  readonly fieldOrders: FieldOrders;
  readonly finder: Finder;
  readonly documents: DocumentCache;
  readonly feed: Feed;
  readonly cel: Expressions | undefined;
  readonly viewers: CatalogDeps["viewers"];
  readonly kinds: Kinds;
  readonly derived: Derived;
}

/** What the verbs that only read are given. */
export type ReadCtx = Pick<Ctx, "sql" | "actor" | "scopes">;

export function createCatalogue(o: {
  readonly sql: Sql;
  readonly log: Logger;
  readonly cel?: Expressions | undefined;
  readonly viewers?: CatalogDeps["viewers"];
}): Catalogue {
  const kinds = createKinds(o.cel);
  const estate = createEstate(kinds);
  const columns = createColumns(estate);
  const fieldOrders = createFieldOrders(estate);
  const finder = createFinder(estate);
  const documents = createDocumentCache();
  const derived = createDerived({ sql: o.sql, log: o.log, cel: o.cel, estate, kinds, documents });
  const feed = createFeed({
    sql: o.sql,
    log: o.log,
    follower: {
      applyRestrictions: (sources) => estate.restrictions.setSources(sources),
      applyKinds: (all) => {
        const again = kinds.set(all);
        derived.engine.define();
        return again;
      },
      get kindsVersion() {
        return kinds.version;
      },
      prepare: (arrival, arena) => {
        const { ref, entity } = arrival;
        const definition = entity.kind === "API" ? entity.spec?.["definition"] : undefined;
        return {
          ref,
          item: estate.prepare(arrival, arena),
          picked: derived.engine.pick(entity),
          definition: typeof definition === "string" ? definition : undefined,
        };
      },
      applyEntities: function* (arrivals, departures, stored) {
        const items = arrivals.map(({ item }) => item);
        const refs = arrivals.map(({ ref }) => ref);
        for (const ref of departures) documents.forget(ref);
        for (const ref of refs) documents.forget(ref);
        for (const entity of stored ?? []) documents.put(entity);
        // By number, so nobody asks for what is not there yet.
        yield* inPieces(items, (some) => columns.apply(some, []));
        yield* estate.applying(items, departures);
        columns.apply([], departures);
        yield* derived.engine.arrived(arrivals, departures);
        fieldOrders.apply([...departures, ...refs]);
        for (const { ref, definition } of arrivals) if (definition !== undefined) finder.hold(ref, definition);
        finder.applyEntities([], departures);
        yield* inPieces(refs, (some) => finder.applyEntities(some, []));
      },
      applyDocs: (roots) => {
        finder.applyDocs(roots);
        void finder.ready();
      },
    },
  });
  const observed = createObserved(estate, { changeOf: () => feed.applied });
  const reader = createEntityReader({ documents, feed });
  return { ...reader, estate, fieldOrders, columns, observed, finder, documents, feed, cel: o.cel, viewers: o.viewers, kinds, derived };
}
