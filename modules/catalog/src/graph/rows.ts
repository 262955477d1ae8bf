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

/** Sorts edges into rows by counting, then drops those that are in their row twice. */
export function buildRows(nodes: number, from: Uint32Array, to: Uint32Array, type: Uint8Array): Rows {
  const start = countStarts(nodes, from);
  const next = start.slice();
  const edges = new Uint32Array(from.length);
  for (let at = 0; at < from.length; at++) edges[next[from[at]!]!++] = packEdge(to[at]!, type[at]!);
  return dropTwins(nodes, start, edges);
}

/** The same edges, seen from their other end. */
export function turnRows({ start, edges }: Rows): Rows {
  const nodes = start.length - 1;
  const turned = new Uint32Array(nodes + 1);
  for (const edge of edges) turned[(edge & NODE_MASK) + 1]!++;
  sumUp(turned);
  const next = turned.slice();
  const back = new Uint32Array(edges.length);
  for (let node = 0; node < nodes; node++) {
    for (let at = start[node]!, end = start[node + 1]!; at < end; at++) {
      const edge = edges[at]!;
      back[next[edge & NODE_MASK]!++] = packEdge(node, edge >>> NODE_BITS);
    }
  }
  return { start: turned, edges: back };
}

function countStarts(nodes: number, from: Uint32Array): Uint32Array {
  const start = new Uint32Array(nodes + 1);
  for (const node of from) start[node + 1]!++;
  sumUp(start);
  return start;
}

function sumUp(start: Uint32Array): void {
  for (let at = 1; at < start.length; at++) start[at]! += start[at - 1]!;
}

function dropTwins(nodes: number, start: Uint32Array, edges: Uint32Array): Rows {
  // For each node, the last row that named it, and with which types. Few estates have more than 32 of them: those have a set.
  const seenBy = new Uint32Array(nodes);
  const seenTypes = new Uint32Array(nodes);
  const seenLate = new Set<number>();
  let kept = 0;
  for (let node = 0, at = 0; node < nodes; node++) {
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
