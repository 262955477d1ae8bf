import type { Entity } from "@roadbed/contracts/catalog";
import type { Sql } from "@roadbed/core";

import { statementsOf } from "../entity/relations.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { around } from "./around.ts";

/** In the order of changes: a change may be of many entities. */
export interface Place {
  readonly change: number;
  readonly ref: string;
}

export interface News {
  /** Entities that appeared or changed, or whose documentation did. */
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Whom they named before and perhaps name no more. */
  readonly namedBefore: readonly string[];
  /** Where to go on. */
  readonly place: Place;
  /** How many more there are, at least; more than a few are counted only so far. */
  readonly waiting: number;
  /** Where everything that is known now ends. */
  readonly end: Place;
}

/** What is counted of what waits. */
const MOST_COUNTED = 20_000;

/** What is at `place` has been seen, unless its reference is empty: then nothing of that change has. */
export async function changesAfter(catalogue: Catalogue, sql: Sql, { change, ref }: Place, limit: number): Promise<News> {
  const { feed, derived } = catalogue;
  await feed.caughtUp();
  await derived.engine.settled();
  const { applied } = feed;
  const end: Place = { change: applied + 1, ref: "" };
  const after = (number: string, name: string): string =>
    `${number} >= $1 and ${number} <= $3 and (${number} > $1 or ${name} collate "C" > $2)`;
  const { rows } = await sql.query<{ ref: string; change: string; gone: boolean }>(
    `select * from (
       select ref, change, false as gone from catalog.entity where ${after("change", "ref")}
       union all
       select ref, change, true from catalog.removed_entity where ${after("change", "ref")}
       union all
       select e.ref, d.change, false from catalog.doc_root d join catalog.entity e on e.source_id = d.source_id and e.docs_root = d.root
       where ${after("d.change", "e.ref")}
     ) news order by change, ref collate "C" limit ${MOST_COUNTED}`,
    [change, ref, applied],
  );
  const some = rows.slice(0, limit);
  const last = some.at(-1);
  const isAll = some.length === rows.length && rows.length < MOST_COUNTED;
  const changed = some.filter(({ gone }) => !gone).map((row) => row.ref);
  const removed = some.filter(({ gone }) => gone).map((row) => row.ref);
  return {
    changed,
    removed,
    namedBefore:
      some.length === 0
        ? []
        : await readNamedBefore(
            catalogue,
            sql,
            some.map((row) => row.ref),
            change,
          ),
    place: isAll || !last ? end : { change: Number(last.change), ref: last.ref },
    waiting: rows.length - some.length,
    end,
  };
}

/**
 * A relation that a document stated and states no more is gone at its other end too, whose own document is as it was. A team that lost
 * somebody is another one for all that it owns.
 */
async function readNamedBefore(catalogue: Catalogue, sql: Sql, refs: readonly string[], since: number): Promise<readonly string[]> {
  const { rows } = await sql.query<{ ref: string; before: Entity }>(
    "select ref, before from catalog.history where ref = any($1) and number >= $2 and before is not null",
    [refs, since],
  );
  const named = new Set<string>();
  for (const { ref, before } of rows) {
    const targets = statementsOf(before, catalogue.kinds).map(({ target }) => target);
    for (const one of ref.startsWith("user:") ? [...targets, ...around(catalogue, targets)] : targets) named.add(one);
  }
  return [...named];
}
