import { finish, type Turns } from "../source/turns.ts";

/** The edges of a node, packed: the type in the upper eight bits, the other node in the lower 24. */
export interface Rows {
  /** One more than there are nodes: the edges of node n are from `start[n]` to `start[n + 1]`. */
  readonly start: Uint32Array;
  readonly edges: Uint32Array;
}

export const NODE_BITS = 24;
export const NODE_MASK = (1 << NODE_BITS) - 1;
export const TYPES = 256;

/** Which types of edges are meant: one byte for each, 0 or 1. A table and not bits, because a number has bits for 32 types only. */
export type TypeMask = Uint8Array;

export function typeMask(types: Iterable<number>): TypeMask {
  const mask = new Uint8Array(TYPES);
  for (const type of types) mask[type] = 1;
  return mask;
}

export function packEdge(node: number, type: number): number {
  return ((type << NODE_BITS) | node) >>> 0;
}

export function emptyRows(): Rows {
  return { start: new Uint32Array(1), edges: new Uint32Array(0) };
}

/** Goes through all edges, with a stop now and then. It is gone through twice, and must tell the same both times. */
export type EdgeSource = (put: (from: number, to: number, type: number) => void) => Turns;

/** Sorts edges into rows by counting, then drops those that are in their row twice. */
export function buildRows(nodes: number, from: Uint32Array, to: Uint32Array, type: Uint8Array): Rows {
  return finish(
    buildingRows(nodes, function* (put) {
      for (let at = 0; at < from.length; at++) put(from[at]!, to[at]!, type[at]!);
      yield;
    }),
  );
}

/** The same, of edges that stand nowhere in a row: a copy of ten million of them would be larger than the rows. */
export function* buildingRows(nodes: number, source: EdgeSource): Turns<Rows> {
  const start = new Uint32Array(nodes + 1);
  yield* source((from) => void start[from + 1]!++);
  sumUp(start);
  const next = start.slice();
  const edges = new Uint32Array(start[nodes]!);
  yield;
  yield* source((from, to, type) => void (edges[next[from]!++] = packEdge(to, type)));
  return yield* dropTwins(nodes, start, edges);
}

/** The same edges, seen from their other end. */
export function turnRows(rows: Rows): Rows {
  return finish(turningRows(rows));
}

export function* turningRows({ start, edges }: Rows): Turns<Rows> {
  const nodes = start.length - 1;
  const turned = new Uint32Array(nodes + 1);
  for (let at = 0; at < edges.length; at++) {
    turned[(edges[at]! & NODE_MASK) + 1]!++;
    if (at % PIECE === 0) yield;
  }
  sumUp(turned);
  const next = turned.slice();
  const back = new Uint32Array(edges.length);
  for (let node = 0; node < nodes; node++) {
    if (node % PIECE === 0) yield;
    for (let at = start[node]!, end = start[node + 1]!; at < end; at++) {
      const edge = edges[at]!;
      back[next[edge & NODE_MASK]!++] = packEdge(node, edge >>> NODE_BITS);
    }
  }
  return { start: turned, edges: back };
}

/** So many nodes or edges are looked at between two stops. */
const PIECE = 16_384;

function sumUp(start: Uint32Array): void {
  for (let at = 1; at < start.length; at++) start[at]! += start[at - 1]!;
}

function* dropTwins(nodes: number, start: Uint32Array, edges: Uint32Array): Turns<Rows> {
  // For each node, the last row that named it, and with which types. Few estates have more than 32 of them: those have a set.
  const seenBy = new Uint32Array(nodes);
  const seenTypes = new Uint32Array(nodes);
  const seenLate = new Set<number>();
  let kept = 0;
  for (let node = 0, at = 0; node < nodes; node++) {
    if (node % PIECE === 0) yield;
    const end = start[node + 1]!;
    start[node] = kept;
    if (seenLate.size > 0) seenLate.clear();
    for (; at < end; at++) {
      const edge = edges[at]!;
      const type = edge >>> NODE_BITS;
      if (type >= 32) {
        if (seenLate.has(edge)) continue;
        seenLate.add(edge);
      } else {
        const other = edge & NODE_MASK;
        const bit = 1 << type;
        if (seenBy[other] !== node + 1) {
          seenBy[other] = node + 1;
          seenTypes[other] = 0;
        } else if ((seenTypes[other]! & bit) !== 0) continue;
        seenTypes[other]! |= bit;
      }
      edges[kept++] = edge;
    }
  }
  start[nodes] = kept;
  return { start, edges: kept === edges.length ? edges : edges.slice(0, kept) };
}
