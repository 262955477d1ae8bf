import type { Position } from "@roadbed/contracts/catalog/backstage";

import type { FieldOrders, OrderField, Sequence } from "./field-orders.ts";

/** Which page of which entities in which order. */
export interface PageRequest {
  /** Sorted numbers of what matches and may be seen. */
  readonly ids: readonly number[];
  /** How many entities there are at all. */
  readonly size: number;
  /** At least one field. */
  readonly order: readonly OrderField[];
  readonly lacking: "last" | "out";
  readonly limit: number;
  readonly offset: number;
  /** Begin after (or, backwards, end before) the row that stood here; it need not be there any more. */
  readonly from?: { readonly position: Position; readonly backwards: boolean } | undefined;
}

export interface Page {
  readonly ids: readonly number[];
  readonly total: number;
  /** Whether there is anything after the page, and before it. */
  readonly more: boolean;
  readonly before: boolean;
}

/**
 * Takes a page out of an order. Rows that come and go between two pages shift nothing: a page begins at a position, not at a number.
 * A long list is walked in an order that is at hand; a short one is sorted on its own.
 */
export function takePage(orders: FieldOrders, request: PageRequest): Page {
  const { ids, size, order, lacking, limit, offset, from } = request;
  const isLong = ids.length > size / 8;
  const sequence = isLong ? orders.whole(order, lacking) : orders.some(order, lacking, ids);
  const isWanted = isLong && ids.length < size ? makeTest(ids) : everything;
  const total = lacking === "out" ? orders.countHaving(order, ids) : ids.length;
  if (limit === 0) return { ids: [], total, more: false, before: false };
  const start = from ? sequence.placeOf(from.position, from.backwards) : 0;
  const page = from?.backwards === true ? backwards(sequence, isWanted, start, limit) : forwards(sequence, isWanted, start, limit, offset);
  return { ...page, total };
}

function forwards(
  sequence: Sequence,
  isWanted: (id: number) => boolean,
  start: number,
  limit: number,
  offset: number,
): Omit<Page, "total"> {
  const ids: number[] = [];
  let place = start;
  // Where everything is wanted, what is skipped need not be looked at.
  let left = offset;
  if (isWanted === everything) {
    place += offset;
    left = 0;
  }
  for (; place < sequence.length; place++) {
    const id = sequence.at(place);
    if (!isWanted(id) || left-- > 0) continue;
    if (ids.length === limit) break;
    ids.push(id);
  }
  return { ids, more: place < sequence.length, before: hasBefore(sequence, isWanted, start) };
}

function backwards(sequence: Sequence, isWanted: (id: number) => boolean, end: number, limit: number): Omit<Page, "total"> {
  const ids: number[] = [];
  let place = end - 1;
  for (; place >= 0; place--) {
    const id = sequence.at(place);
    if (!isWanted(id)) continue;
    if (ids.length === limit) break;
    ids.push(id);
  }
  return { ids: ids.reverse(), more: hasAfter(sequence, isWanted, end), before: place >= 0 };
}

function hasBefore(sequence: Sequence, isWanted: (id: number) => boolean, start: number): boolean {
  for (let place = start - 1; place >= 0; place--) if (isWanted(sequence.at(place))) return true;
  return false;
}

function hasAfter(sequence: Sequence, isWanted: (id: number) => boolean, start: number): boolean {
  for (let place = start; place < sequence.length; place++) if (isWanted(sequence.at(place))) return true;
  return false;
}

function everything(): boolean {
  return true;
}

/** One byte per entity: quickly made, quickly asked. */
function makeTest(ids: readonly number[]): (id: number) => boolean {
  const wanted = new Uint8Array((ids.at(-1) ?? -1) + 1);
  for (const id of ids) wanted[id] = 1;
  return (id) => wanted[id] === 1;
}
