import { type EntityRow, type EntityTrust, listEntities } from "@roadbed/contracts/catalog";
import { decodeCursor, encodeCursor, handle, InvalidError, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { Catalogue } from "../estate/catalogue.ts";
import type { Item } from "../estate/item.ts";
import { compare, positionOf, sortItems, type Position, type SortKey } from "../estate/orders.ts";
import { has } from "../estate/sets.ts";
import type { Visibility } from "../estate/visibility.ts";
import { readTrust } from "../facts/entity-trust.ts";
import type { Standpoints } from "../time/standpoints.ts";

export function makeListEntities(standpoints: Standpoints): Handler {
  return handle(listEntities, async (ctx, { filter, text, asOf: given, sort: wanted, fields, limit, cursor, trust }) => {
    const sort = wanted as Sort;
    const position = cursor === undefined ? undefined : readCursor(cursor, sort);
    // "Two hours ago" is a little later on the second page: the first one says when.
    const asOf = given === undefined ? undefined : (position?.asOf ?? given);
    const { catalogue, selector, visible } = await standpoints.at(ctx, asOf);
    const selected = await selector.select(ctx.sql, visible, filter, text);
    if (isLong(catalogue, selected)) await catalogue.estate.orders.ready(keyOf(sort));
    const page = pageOf(catalogue, selected, sort, limit, position?.at);
    const last = page.items.at(-1);
    // Trust decays: it is of now only.
    const refs = trust === true && asOf === undefined ? page.items.map(({ ref }) => ref) : [];
    const trusted =
      refs.length > 0
        ? await readTrust(ctx.sql, refs, { now: ctx.now(), kinds: catalogue.kinds, visible })
        : new Map<string, EntityTrust>();
    return {
      items: page.items.map((item) => {
        const overall = trusted.get(item.ref)?.overall;
        const row = { ...toRow(item), ...valuesOf(catalogue, visible, item, fields) };
        return overall === undefined ? row : { ...row, trust: overall };
      }),
      ...(page.more && last ? { nextCursor: encodeCursor({ sort, at: positionOf(last, keyOf(sort)), asOf }) } : {}),
      total: selected.length,
    };
  });
}

/** The further values that were asked for, as far as the item has them. */
function valuesOf(
  { estate }: Catalogue,
  visible: Visibility,
  item: Item,
  fields: readonly string[] | undefined,
): { readonly values?: Record<string, unknown> } {
  if (fields === undefined) return {};
  const sees = visible.all ? undefined : visible.sees;
  const values = fields.map((field) => [field, estate.valueOf(item, field, sees)] as const);
  return { values: Object.fromEntries(values.filter(([, value]) => value !== undefined)) };
}

export function toRow(item: Item): EntityRow {
  const { ref, kind, namespace, name, title, description, type, lifecycle, owner, system, tags, sample } = item;
  return {
    ref,
    kind,
    namespace,
    name,
    tags: [...tags],
    sample,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(type === undefined ? {} : { type }),
    ...(lifecycle === undefined ? {} : { lifecycle }),
    ...(owner === undefined ? {} : { owner }),
    ...(system === undefined ? {} : { system }),
  };
}

type Sort = SortKey | `-${SortKey}`;

function keyOf(sort: Sort): SortKey {
  return sort.replace("-", "") as SortKey;
}

const Cursor = z.object({ sort: z.string(), at: z.tuple([z.string(), z.string()]), asOf: z.iso.datetime().optional() });

/** A short list is sorted on its own; for a long one, the order of everything is at hand. */
function isLong({ estate }: Pick<Catalogue, "estate">, selected: readonly number[]): boolean {
  return selected.length > estate.size / 8;
}

/** The page behind the position that the cursor names: rows that come or go in between shift nothing. */
function pageOf(
  { estate }: Catalogue,
  selected: readonly number[],
  sort: Sort,
  limit: number,
  position: Position | undefined,
): { readonly items: readonly Item[]; readonly more: boolean } {
  const key = keyOf(sort);
  const descending = sort.startsWith("-");
  const order = isLong({ estate }, selected)
    ? estate.orders.by(key)
    : sortItems(
        selected.map((id) => estate.at(id)!),
        key,
      );
  // Looked up one by one: in a dense selection a page is found within a few rows, and a set of all would cost more.
  const isPart = isLong({ estate }, selected) && selected.length < estate.size;
  const items: Item[] = [];
  const step = descending ? -1 : 1;
  for (let at = beginOf(order, key, position, descending); at >= 0 && at < order.length; at += step) {
    const item = order[at]!;
    if (isPart && !has(selected, item.id)) continue;
    if (items.length === limit) return { items, more: true };
    items.push(item);
  }
  return { items, more: false };
}

function readCursor(cursor: string, sort: string): z.output<typeof Cursor> {
  const read = decodeCursor(Cursor, cursor);
  if (read?.sort === sort) return read;
  throw new InvalidError("This cursor does not belong to this list.", { mend: "Begin at the first page again: leave the cursor out." });
}

/** Index of the first row after a position, in the direction of reading. */
function beginOf(order: readonly Item[], key: SortKey, position: Position | undefined, descending: boolean): number {
  if (!position) return descending ? order.length - 1 : 0;
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const difference = compare(positionOf(order[middle]!, key), position);
    if (difference < 0 || (difference === 0 && !descending)) low = middle + 1;
    else high = middle;
  }
  return descending ? low - 1 : low;
}
