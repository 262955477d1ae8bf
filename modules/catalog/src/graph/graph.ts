import { finish, type Turns } from "../source/turns.ts";
import {
  buildingRows,
  buildRows,
  emptyRows,
  NODE_BITS,
  NODE_MASK,
  packEdge,
  turningRows,
  turnRows,
  type EdgeSource,
  type Rows,
} from "./rows.ts";
import { createWalker, setBit, type Patches, type Walk, type WalkOptions } from "./walk.ts";

export { typeMask, type TypeMask } from "./rows.ts";
export type { Walk, WalkOptions } from "./walk.ts";

/**
 * A directed graph with typed edges in compressed sparse rows: for every node, where its edges begin in one long array. Edges are
 * kept in both directions. Single changes go into an overlay of the nodes they touch, until there are so many that the rows are
 * made anew. A node is a small whole number, given out by the caller without gaps; a type is a number from 0 to 255.
 */
export interface Graph {
  /** Replaces everything. The arrays have one element per edge; an edge given twice is kept once. */
  load(nodes: number, from: Uint32Array, to: Uint32Array, type: Uint8Array): void;
  /** Builds beside what can be asked what will replace it; nothing is replaced before the answer is called. */
  building(nodes: number, source: EdgeSource): Turns<() => void>;
  /** Answers false when it was there already. Nodes come into being by being named. */
  add(from: number, to: number, type: number): boolean;
  /** Answers false when there was no such edge. */
  remove(from: number, to: number, type: number): boolean;
  forEach(node: number, direction: "out" | "in", visit: (other: number, type: number) => void): void;
  /** From one node, or from several at once. */
  walk(start: number | readonly number[], o: WalkOptions): Walk;
  readonly nodes: number;
  readonly edges: number;
  /** Of the arrays; the overlay is not counted. */
  readonly bytes: number;
}

/** So many patched nodes (or a tenth of all, if that is more) are carried along before the rows are made anew. */
const MAX_PATCHES = 2_000;

export function createGraph(): Graph {
  const walker = createWalker();
  const patches: Patches = new Map();
  let out: Rows = emptyRows();
  let into: Rows = emptyRows();
  let patched = new Uint32Array(1);
  let nodes = 0;
  let edges = 0;

  return {
    load: (count, from, to, type) => {
      const rows = buildRows(count, from, to, type);
      replace(rows, turnRows(rows));
    },
    building: function* (count, source) {
      const rows = yield* buildingRows(count, source);
      const turned = yield* turningRows(rows);
      return () => replace(rows, turned);
    },
    forEach,
    add: (from, to, type) => {
      grow(Math.max(from, to) + 1);
      const { out: row } = patchOf(from);
      const edge = packEdge(to, type);
      if (row.includes(edge)) return false;
      row.push(edge);
      patchOf(to).in.push(packEdge(from, type));
      edges++;
      compact();
      return true;
    },
    remove: (from, to, type) => {
      if (from >= nodes || to >= nodes || !drop(patchOf(from).out, packEdge(to, type))) return false;
      drop(patchOf(to).in, packEdge(from, type));
      edges--;
      compact();
      return true;
    },
    walk: (start, options) => walker.walk({ nodes, out, into, patches, patched }, start, options),
    get nodes() {
      return nodes;
    },
    get edges() {
      return edges;
    },
    get bytes() {
      return [out.start, out.edges, into.start, into.edges, patched].reduce((sum, { byteLength }) => sum + byteLength, walker.bytes);
    },
  };

  function replace(forward: Rows, backward: Rows): void {
    [out, into] = [forward, backward];
    nodes = forward.start.length - 1;
    edges = forward.edges.length;
    patches.clear();
    patched = new Uint32Array((nodes >>> 5) + 1);
  }

  function grow(count: number): void {
    nodes = Math.max(nodes, count);
    if (nodes <= patched.length * 32) return;
    const wider = new Uint32Array(((nodes * 1.2) >>> 5) + 32);
    wider.set(patched);
    patched = wider;
  }

  function patchOf(node: number): { out: number[]; in: number[] } {
    const known = patches.get(node);
    if (known) return known;
    const patch = { out: rowOf(out, node), in: rowOf(into, node) };
    patches.set(node, patch);
    setBit(patched, node);
    return patch;
  }

  function compact(): void {
    if (patches.size <= Math.max(MAX_PATCHES, nodes / 10)) return;
    const rows = finish(
      buildingRows(nodes, function* (put) {
        for (let node = 0; node < nodes; node++) forEach(node, "out", (other, type) => put(node, other, type));
        yield;
      }),
    );
    replace(rows, turnRows(rows));
  }

  function forEach(node: number, direction: "out" | "in", visit: (other: number, type: number) => void): void {
    const patch = patches.get(node);
    if (patch) {
      for (const edge of patch[direction]) visit(edge & NODE_MASK, edge >>> NODE_BITS);
      return;
    }
    const { start, edges: packed } = direction === "out" ? out : into;
    if (node + 1 >= start.length) return;
    for (let at = start[node]!, end = start[node + 1]!; at < end; at++) visit(packed[at]! & NODE_MASK, packed[at]! >>> NODE_BITS);
  }
}

function rowOf({ start, edges }: Rows, node: number): number[] {
  return node + 1 >= start.length ? [] : [...edges.subarray(start[node], start[node + 1])];
}

function drop(row: number[], edge: number): boolean {
  const at = row.indexOf(edge);
  if (at >= 0) row.splice(at, 1);
  return at >= 0;
}
