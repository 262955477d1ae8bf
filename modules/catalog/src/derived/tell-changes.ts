import { entityChanged, entityRegistered, entityRemoved, sourceSynced } from "@roadbed/contracts/catalog";
import { propertiesChanged, propertyChanged } from "@roadbed/contracts/catalog/kinds";
import type { Ctx, Subscription } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { isProperty } from "./work.ts";

/** Most changes of one occasion that are told one by one; of more, how many there are, by property. */
const MAX_TOLD = 500;

interface Told {
  readonly ref: string;
  readonly kind: string;
  readonly property: string;
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * Tells of derived properties that became others. Every process works them out, one tells: the subscription's row is locked while
 * its events are received, and what was told last is stored in the transaction that tells. So each change is told once, whichever
 * process does it, and a process that dies in between leaves it to the next.
 */
export function makeTellChanges(catalogue: Catalogue): Subscription {
  /** What the last transaction told: it may have been taken back after that, and then none of it was told. */
  let last = new Set<number>();
  /** Events that are received in one transaction had all been committed before it: what follows from them is told with the first. */
  let done: Ctx["sql"] | undefined;
  return {
    name: "catalog.tell-properties",
    events: [entityRegistered.name, entityChanged.name, entityRemoved.name, sourceSynced.name],
    receive: async (ctx) => {
      if (done === ctx.sql) return;
      const { feed, derived, estate } = catalogue;
      await feed.caughtUp();
      await derived.engine.settled();
      const fresh = derived.engine.takeChanged();
      const ids = new Set([...last, ...fresh]);
      // Kept until the next time: then it is told for sure, or it is told again.
      last = ids;
      if (ids.size === 0) return void (done = ctx.sql);
      await tell(
        ctx,
        catalogue,
        [...ids].map((id) => estate.refOf(id)),
      );
      last = fresh.size > 0 ? fresh : ids;
      done = ctx.sql;
    },
  };
}

async function tell(ctx: Ctx, { estate, derived }: Catalogue, refs: readonly string[]): Promise<void> {
  const defined = new Map<string, Set<string>>();
  for (const { definition, ...work } of derived.engine.works.filter(isProperty)) {
    if (work.hidden || definition.kind === undefined) continue;
    defined.set(definition.kind, (defined.get(definition.kind) ?? new Set()).add(definition.name));
  }
  const { rows: known } = await ctx.sql.query<{ ref: string; property: string; value: unknown }>(
    "select ref, property, value from catalog.derived_told where ref = any($1)",
    [refs],
  );
  const { rows: begun } = await ctx.sql.query<{ kind: string; property: string }>("select kind, property from catalog.derived_begun");
  const isBegun = new Set(begun.map(({ kind, property }) => `${kind}.${property}`));
  const told = new Map(known.map(({ ref, property, value }) => [`${ref} ${property}`, value]));
  const changes = refs.flatMap((ref): Told[] => {
    const item = estate.get(ref);
    const kind = ref.slice(0, ref.indexOf(":"));
    const names = new Set([...(defined.get(kind) ?? []), ...known.filter((one) => one.ref === ref).map(({ property }) => property)]);
    return [...names].flatMap((property): Told[] => {
      const before = told.get(`${ref} ${property}`);
      const after = defined.get(kind)?.has(property) === true ? item?.derived?.[property] : undefined;
      return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ ref, kind: item?.kind ?? kind, property, before, after }];
    });
  });
  await store(ctx, changes);
  // The first values of a new definition, and the last of one that is gone, are no news of the entities.
  const news = changes.filter(({ ref, property }) => {
    const kind = ref.slice(0, ref.indexOf(":"));
    return isBegun.has(`${kind}.${property}`) && defined.get(kind)?.has(property) === true;
  });
  if (news.length <= MAX_TOLD)
    for (const { before, after, ...what } of news)
      ctx.emit(propertyChanged, what.ref, {
        ...what,
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
      });
  else
    for (const [property, changed] of Map.groupBy(news, (one) => one.property))
      ctx.emit(propertiesChanged, property, { property, changes: changed.length });
  await begin(ctx, defined, isBegun);
}

async function store({ sql }: Ctx, changes: readonly Told[]): Promise<void> {
  const gone = changes.filter(({ after }) => after === undefined);
  const there = changes.filter(({ after }) => after !== undefined);
  if (gone.length > 0) {
    await sql.query(
      "delete from catalog.derived_told t using unnest($1::text[], $2::text[]) as g(ref, property) where t.ref = g.ref and t.property = g.property",
      [gone.map(({ ref }) => ref), gone.map(({ property }) => property)],
    );
  }
  if (there.length > 0) {
    await sql.query(
      `insert into catalog.derived_told (ref, property, value) select * from unnest($1::text[], $2::text[], $3::json[])
       on conflict (ref, property) do update set value = excluded.value`,
      [there.map(({ ref }) => ref), there.map(({ property }) => property), there.map(({ after }) => JSON.stringify(after))],
    );
  }
}

/** Remembers which definitions have given their first values. */
async function begin({ sql }: Ctx, defined: ReadonlyMap<string, ReadonlySet<string>>, isBegun: ReadonlySet<string>): Promise<void> {
  const wanted = [...defined].flatMap(([kind, names]) => [...names].map((property) => ({ kind, property })));
  const fresh = wanted.filter(({ kind, property }) => !isBegun.has(`${kind}.${property}`));
  const keys = new Set(wanted.map(({ kind, property }) => `${kind}.${property}`));
  const over = [...isBegun].filter((key) => !keys.has(key));
  if (fresh.length > 0) {
    await sql.query(
      "insert into catalog.derived_begun (kind, property) select * from unnest($1::text[], $2::text[]) on conflict do nothing",
      [fresh.map(({ kind }) => kind), fresh.map(({ property }) => property)],
    );
  }
  if (over.length > 0) await sql.query("delete from catalog.derived_begun where kind || '.' || property = any($1)", [over]);
}
