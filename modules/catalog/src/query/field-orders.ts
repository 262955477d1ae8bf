import type { Position } from "@roadbed/contracts/catalog/backstage";

import type { Estate } from "../estate/estate.ts";

/** One field to sort by; `""` is the reference itself, which every entity has. */
export interface OrderField {
  readonly field: string;
  readonly descending: boolean;
}

/** What an entity is sorted by in one field: its value, null for a value that cannot be compared, false for none. */
type Rank = string | null | false;

/** All entities in one order: by value, then those whose value cannot be compared, then those without; ties by reference. */
interface FieldOrder {
  readonly ids: number[];
  /** By number; undefined for what is not in `ids`. */
  readonly ranks: (Rank | undefined)[];
  /** How many have a value that can be compared, and how many have any. */
  valued: number;
  having: number;
  readonly builtAt: number;
}

/** A walk through entities: some number of places, each with an entity, in the order that was asked for. */
export interface Sequence {
  readonly length: number;
  at(place: number): number;
  ids(): number[];
  /** The first place that is after the position, or at it when `including`. */
  placeOf(position: Position, including: boolean): number;
}

/** Keeps entities sorted by the fields that were asked for, single changes included. */
export interface FieldOrders {
  /** Every entity, or, with `lacking: "out"`, every one that has the first field. */
  whole(order: readonly OrderField[], lacking: "last" | "out"): Sequence;
  /** Some entities, sorted now. */
  some(order: readonly OrderField[], lacking: "last" | "out", ids: readonly number[]): Sequence;
  /** How many of these would be left with `lacking: "out"`. */
  countHaving(order: readonly OrderField[], ids: readonly number[]): number;
  positionOf(order: readonly OrderField[], id: number): Position;
  /** These changed, came or went. */
  apply(refs: readonly string[]): void;
}

/** Orders that are kept; the one asked for longest ago goes first. */
const MAX_ORDERS = 16;
const MAX_COMBINED = 4;
/** How long an order is kept of which nobody tells what changed. */
const MAX_AGE_MS = 2_000;

export function createFieldOrders(estate: Estate): FieldOrders {
  const orders = new Map<string, FieldOrder>();
  /** Orders by several fields: made anew after a change. */
  const combined = new Map<string, readonly number[]>();

  return {
    whole: (order, lacking) => {
      if (order.length !== 1) return sequenceOf(order, combine(order));
      return walkThrough(order[0]!, lacking);
    },
    some: (order, lacking, ids) => {
      const [first] = order;
      const kept = lacking === "out" && first ? ids.filter((id) => rankOf(first, id) !== false) : ids;
      return sequenceOf(order, sort(order, kept));
    },
    countHaving: ([first], ids) => {
      if (!first || first.field === "") return ids.length;
      const { ranks, having } = orderOf(first.field);
      if (having === estate.size) return ids.length;
      let count = 0;
      for (const id of ids) if (ranks[id] !== false) count++;
      return count;
    },
    positionOf,
    apply: (refs) => {
      combined.clear();
      // Beyond this, sorting anew is cheaper than correcting it piece by piece.
      const whole = refs.length > Math.max(200, estate.size / 20);
      for (const [field, order] of orders) {
        if (whole || isVolatile(field)) orders.delete(field);
        else for (const ref of refs) change(field, order, ref);
      }
    },
  };

  /** The order by one field, as it stands or turned round: only the values turn, those without stay at the end. */
  function walkThrough({ field, descending }: OrderField, lacking: "last" | "out"): Sequence {
    const order = orderOf(field);
    const { ids, valued } = order;
    const length = lacking === "out" ? order.having : ids.length;
    const placeIn = (place: number): number => (descending && place < valued ? valued - 1 - place : place);
    const at = (place: number): number => ids[placeIn(place)]!;
    return makeSequence([{ field, descending }], length, at);
  }

  function sequenceOf(order: readonly OrderField[], ids: readonly number[]): Sequence {
    return makeSequence(order, ids.length, (place) => ids[place]!);
  }

  function makeSequence(order: readonly OrderField[], length: number, at: (place: number) => number): Sequence {
    return {
      length,
      at,
      ids: () => Array.from({ length }, (_, place) => at(place)),
      placeOf: (position, including) => search(order, length, at, position, including),
    };
  }

  function search(
    order: readonly OrderField[],
    length: number,
    at: (place: number) => number,
    position: Position,
    including: boolean,
  ): number {
    let [low, high] = [0, length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const difference = compare(order, positionOf(order, at(middle)), position);
      if (difference < 0 || (difference === 0 && !including)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function positionOf(order: readonly OrderField[], id: number): Position {
    return { at: order.map((one) => placed(rankOf(one, id))), ref: estate.refOf(id) };
  }

  function rankOf({ field }: OrderField, id: number): Rank {
    if (field === "") return estate.refOf(id);
    const rank = orderOf(field).ranks[id];
    return rank === undefined ? false : rank;
  }

  function combine(order: readonly OrderField[]): readonly number[] {
    const key = JSON.stringify(order);
    const known = combined.get(key);
    if (known) return known;
    const made = sort(order, estate.all());
    combined.set(key, made);
    if (combined.size > MAX_COMBINED) combined.delete(combined.keys().next().value!);
    return made;
  }

  function sort(order: readonly OrderField[], ids: readonly number[]): readonly number[] {
    const keyed = ids.map((id) => ({ id, position: positionOf(order, id) }));
    return keyed.sort((a, b) => compare(order, a.position, b.position)).map(({ id }) => id);
  }

  function orderOf(field: string): FieldOrder {
    const kept = orders.get(field);
    const isOld = isVolatile(field) && kept !== undefined && performance.now() - kept.builtAt > MAX_AGE_MS;
    const order = kept === undefined || isOld ? build(field) : kept;
    orders.delete(field);
    orders.set(field, order);
    if (orders.size > MAX_ORDERS) orders.delete(orders.keys().next().value!);
    return order;
  }

  function build(field: string): FieldOrder {
    const ranks: (Rank | undefined)[] = [];
    const ids = [...estate.all()];
    let [valued, having] = [0, 0];
    for (const id of ids) {
      const rank = read(field, id);
      ranks[id] = rank;
      if (typeof rank === "string") valued++;
      if (rank !== false) having++;
    }
    ids.sort((a, b) => compareRanked(ranks[a]!, estate.refOf(a), ranks[b]!, estate.refOf(b)));
    return { ids, ranks, valued, having, builtAt: performance.now() };
  }

  function change(field: string, order: FieldOrder, ref: string): void {
    const id = estate.idOf(ref);
    if (id === undefined) return;
    const before = order.ranks[id];
    if (before !== undefined) {
      const place = placeIn(order, before, ref);
      if (order.ids[place] === id) order.ids.splice(place, 1);
      count(order, before, -1);
      order.ranks[id] = undefined;
    }
    if (!estate.at(id)) return;
    const rank = read(field, id);
    order.ids.splice(placeIn(order, rank, ref), 0, id);
    order.ranks[id] = rank;
    count(order, rank, 1);
  }

  function count(order: FieldOrder, rank: Rank, by: number): void {
    if (typeof rank === "string") order.valued += by;
    if (rank !== false) order.having += by;
  }

  function placeIn({ ids, ranks }: FieldOrder, rank: Rank, ref: string): number {
    let [low, high] = [0, ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const id = ids[middle]!;
      if (compareRanked(ranks[id]!, estate.refOf(id), rank, ref) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function read(field: string, id: number): Rank {
    if (field === "") return estate.refOf(id);
    const value = field.startsWith("relations.") ? firstRelated(field, id) : estate.sortValueOf(estate.at(id)!, field);
    return value === undefined ? false : value;
  }

  function firstRelated(field: string, id: number): string | undefined {
    return estate.neighbours(id).find(({ type }) => `relations.${type.toLowerCase()}` === field)?.ref;
  }
}

/** Relations of one entity are stated by others, and what is derived follows later: which entities changed is not known here. */
function isVolatile(field: string): boolean {
  return field.startsWith("relations.") || field.startsWith("derived.");
}

function compareRanked(a: Rank, aRef: string, b: Rank, bRef: string): number {
  return segmentOf(a) - segmentOf(b) || compareText(a || "", b || "") || compareText(aRef, bRef);
}

function segmentOf(rank: Rank): number {
  return typeof rank === "string" ? 0 : rank === null ? 1 : 2;
}

function placed(rank: Rank): [number, string] {
  return [segmentOf(rank), rank || ""];
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** In the order that was asked for. The reference turns with the first field, so that one walk serves both directions. */
function compare(order: readonly OrderField[], a: Position, b: Position): number {
  for (const [at, { descending }] of order.entries()) {
    const [segment, value] = a.at[at] ?? NOWHERE;
    const [otherSegment, otherValue] = b.at[at] ?? NOWHERE;
    const difference = segment - otherSegment || compareText(value, otherValue);
    if (difference !== 0) return descending && segment === otherSegment ? -difference : difference;
  }
  const turned = order[0]?.descending === true && a.at[0]?.[0] === 0;
  return turned ? compareText(b.ref, a.ref) : compareText(a.ref, b.ref);
}

const NOWHERE = [2, ""] as const;
