import { NODE_BITS, NODE_MASK, type Rows, type TypeMask } from "./rows.ts";

export interface WalkOptions {
  /** Edges of these types are followed from their beginning to their end. */
  readonly forward: TypeMask;
  /** Edges of these types are followed from their end to their beginning. */
  readonly backward: TypeMask;
  readonly depth: number;
  /** Nodes that are not there for who asks: neither reached nor passed through. */
  readonly hidden?: Iterable<number>;
}

/** The nodes that were reached, the start first, nearest first. Valid until the next walk. */
export interface Walk {
  readonly nodes: Uint32Array;
  /** `levels[d]` is how many of `nodes` are at most `d` steps away. */
  readonly levels: readonly number[];
}

/** Packed edges of the nodes where the rows are out of date. */
export type Patches = Map<number, { readonly out: number[]; readonly in: number[] }>;

export interface Adjacency {
  readonly nodes: number;
  readonly out: Rows;
  readonly into: Rows;
  readonly patches: Patches;
  /** One bit per node: whether it is among the patches. */
  readonly patched: Uint32Array;
}

/** The types that are followed each way; undefined where there are none. */
interface Way {
  readonly forward: TypeMask | undefined;
  readonly backward: TypeMask | undefined;
}

/**
 * Walks breadth first. A level usually grows from the nodes of the one before ("who do you know?"). Where that one holds a good
 * part of all nodes, those not reached yet are asked instead ("do you know one of them?"): they lie in a row in memory, and the
 * first yes is enough. Which nodes were reached is one bit each, so that random access stays in the processor's cache.
 */
export function createWalker(): {
  walk(graph: Adjacency, start: number | readonly number[], o: WalkOptions): Walk;
  readonly bytes: number;
} {
  let reached = new Uint32Array(0);
  let frontier = new Uint32Array(0);
  let queue = new Uint32Array(0);

  return {
    walk,
    get bytes() {
      return reached.byteLength + frontier.byteLength + queue.byteLength;
    },
  };

  function walk(graph: Adjacency, start: number | readonly number[], o: WalkOptions): Walk {
    const starts = (typeof start === "number" ? [start] : [...new Set(start)]).filter((node) => node < graph.nodes);
    if (starts.length === 0) return { nodes: new Uint32Array(0), levels: [0] };
    makeRoom(graph.nodes);
    // Who counts as reached already is never reached: it costs the loops below nothing.
    for (const node of o.hidden ?? []) if (node < graph.nodes) setBit(reached, node);
    const way: Way = { forward: o.forward.includes(1) ? o.forward : undefined, backward: o.backward.includes(1) ? o.backward : undefined };
    for (const node of starts) setBit(reached, node);
    queue.set(starts);
    let tail = starts.length;
    const levels = [tail];
    for (let head = 0, level = 0; level < o.depth && head < tail; level++) {
      const end = tail;
      tail = end - head > graph.nodes / 24 ? askTheRest(graph, way, head, end) : followOn(graph, way, head, end);
      head = end;
      levels.push(tail);
    }
    return { nodes: queue.subarray(0, tail), levels };
  }

  function makeRoom(nodes: number): void {
    if (queue.length < nodes) {
      const room = Math.ceil(nodes * 1.1);
      queue = new Uint32Array(room);
      reached = new Uint32Array((room >>> 5) + 1);
      frontier = new Uint32Array((room >>> 5) + 1);
    } else reached.fill(0);
  }

  function followOn({ out, into, patches, patched }: Adjacency, { forward, backward }: Way, head: number, end: number): number {
    let tail = end;
    if (patches.size === 0) {
      if (forward) tail = followRows(out, forward, reached, queue, head, end, tail);
      if (backward) tail = followRows(into, backward, reached, queue, head, end, tail);
      return tail;
    }
    for (let at = head; at < end; at++) {
      const node = queue[at]!;
      const patch = hasBit(patched, node) ? patches.get(node) : undefined;
      if (forward) {
        tail = patch ? followEdges(patch.out, forward, reached, queue, tail) : followRows(out, forward, reached, queue, at, at + 1, tail);
      }
      if (backward) {
        tail = patch ? followEdges(patch.in, backward, reached, queue, tail) : followRows(into, backward, reached, queue, at, at + 1, tail);
      }
    }
    return tail;
  }

  function askTheRest({ nodes, out, into, patches, patched }: Adjacency, { forward, backward }: Way, head: number, end: number): number {
    frontier.fill(0);
    for (let at = head; at < end; at++) setBit(frontier, queue[at]!);
    let tail = end;
    for (let word = 0, words = (nodes + 31) >>> 5; word < words; word++) {
      const known = reached[word]!;
      if (known === 0xffffffff) continue;
      for (let node = word << 5, last = Math.min(node + 32, nodes); node < last; node++) {
        if (((known >>> (node & 31)) & 1) === 1) continue;
        const patch = patches.size > 0 && hasBit(patched, node) ? patches.get(node) : undefined;
        const found =
          (forward && (patch ? knowsIn(patch.in, forward, frontier) : knows(into, node, forward, frontier))) ||
          (backward && (patch ? knowsIn(patch.out, backward, frontier) : knows(out, node, backward, frontier)));
        if (found) queue[tail++] = node;
      }
    }
    for (let at = end; at < tail; at++) setBit(reached, queue[at]!);
    return tail;
  }
}

function hasBit(bits: Uint32Array, node: number): boolean {
  return ((bits[node >>> 5]! >>> (node & 31)) & 1) === 1;
}

export function setBit(bits: Uint32Array, node: number): void {
  bits[node >>> 5]! |= 1 << (node & 31);
}

/** Follows the edges of the nodes at `head` to `end` of the queue; answers where the queue ends now. The hot loop: nothing but arrays. */
function followRows(rows: Rows, mask: TypeMask, reached: Uint32Array, queue: Uint32Array, head: number, end: number, from: number): number {
  const { start, edges } = rows;
  const known = start.length - 1;
  let tail = from;
  for (let at = head; at < end; at++) {
    const node = queue[at]!;
    if (node >= known) continue;
    for (let place = start[node]!, last = start[node + 1]!; place < last; place++) {
      const edge = edges[place]!;
      if (mask[edge >>> NODE_BITS] === 0) continue;
      const next = edge & NODE_MASK;
      const word = reached[next >>> 5]!;
      const bit = 1 << (next & 31);
      if ((word & bit) !== 0) continue;
      reached[next >>> 5] = word | bit;
      queue[tail++] = next;
    }
  }
  return tail;
}

function followEdges(edges: readonly number[], mask: TypeMask, reached: Uint32Array, queue: Uint32Array, from: number): number {
  let tail = from;
  for (const edge of edges) {
    const next = edge & NODE_MASK;
    if (mask[edge >>> NODE_BITS] === 0 || ((reached[next >>> 5]! >>> (next & 31)) & 1) === 1) continue;
    setBit(reached, next);
    queue[tail++] = next;
  }
  return tail;
}

function knows({ start, edges }: Rows, node: number, mask: TypeMask, frontier: Uint32Array): boolean {
  if (node + 1 >= start.length) return false;
  for (let place = start[node]!, last = start[node + 1]!; place < last; place++) {
    const edge = edges[place]!;
    const next = edge & NODE_MASK;
    if (((frontier[next >>> 5]! >>> (next & 31)) & mask[edge >>> NODE_BITS]!) === 1) return true;
  }
  return false;
}

function knowsIn(edges: readonly number[], mask: TypeMask, frontier: Uint32Array): boolean {
  return edges.some((edge) => {
    const next = edge & NODE_MASK;
    return ((frontier[next >>> 5]! >>> (next & 31)) & mask[edge >>> NODE_BITS]!) === 1;
  });
}
