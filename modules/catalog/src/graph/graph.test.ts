import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createGraph, typeMask, type Graph } from "./graph.ts";

const NONE = typeMask([]);

type Edge = readonly [from: number, to: number, type: number];

const NODES = 40;
const TYPES = [0, 1, 2, 15, 31, 32, 33, 200, 255];
const edge = fc.tuple(fc.nat(NODES - 1), fc.nat(NODES - 1), fc.constantFrom(...TYPES));

function load(edges: readonly Edge[], nodes = NODES): Graph {
  const graph = createGraph();
  graph.load(
    nodes,
    Uint32Array.from(edges, ([from]) => from),
    Uint32Array.from(edges, ([, to]) => to),
    Uint8Array.from(edges, ([, , type]) => type),
  );
  return graph;
}

/** The plain way: sets of edges, searched level by level. */
function reach(
  edges: ReadonlySet<string>,
  start: number,
  forward: readonly number[],
  backward: readonly number[],
  depth: number,
): Map<number, number> {
  const found = new Map([[start, 0]]);
  for (let level = 1; level <= depth; level++) {
    for (const text of edges) {
      const [from, to, type] = text.split(",").map(Number) as [number, number, number];
      if (forward.includes(type) && found.get(from)! < level && !found.has(to)) found.set(to, level);
      if (backward.includes(type) && found.get(to)! < level && !found.has(from)) found.set(from, level);
    }
  }
  return found;
}

function depthsOf(
  graph: Graph,
  start: number,
  forward: readonly number[],
  backward: readonly number[],
  depth: number,
): Map<number, number> {
  const { nodes, levels } = graph.walk(start, { forward: typeMask(forward), backward: typeMask(backward), depth });
  return new Map(Array.from(nodes, (node, at) => [node, levels.findIndex((end) => at < end)]));
}

describe("a graph", () => {
  test("reaches what a plain search reaches, at the same distance, before and after changes", () => {
    const change = fc.tuple(fc.boolean(), edge);
    const masks = fc.tuple(fc.subarray(TYPES), fc.subarray(TYPES));
    fc.assert(
      fc.property(
        fc.array(edge, { maxLength: 120 }),
        fc.array(change, { maxLength: 30 }),
        masks,
        fc.nat(NODES - 1),
        fc.nat(8),
        (edges, changes, [forward, backward], start, depth) => {
          const graph = load(edges);
          const known = new Set(edges.map(String));
          expect(graph.edges).toBe(known.size);
          expect(depthsOf(graph, start, forward, backward, depth)).toEqual(reach(known, start, forward, backward, depth));
          for (const [adds, changed] of changes) {
            const had = known.has(String(changed));
            if (adds) {
              expect(graph.add(...changed)).toBe(!had);
              known.add(String(changed));
            } else {
              expect(graph.remove(...changed)).toBe(had);
              known.delete(String(changed));
            }
          }
          expect(graph.edges).toBe(known.size);
          expect(depthsOf(graph, start, forward, backward, depth)).toEqual(reach(known, start, forward, backward, depth));
        },
      ),
      { numRuns: 400 },
    );
  });

  test("tells the edges of a node from both ends", () => {
    const graph = load([
      [0, 1, 3],
      [0, 1, 4],
      [2, 1, 3],
    ]);
    const found: string[] = [];
    graph.forEach(1, "in", (other, type) => found.push(`${other} by ${type}`));
    expect(found.sort()).toEqual(["0 by 3", "0 by 4", "2 by 3"]);
  });

  test("grows by nodes that it did not know, and is put together anew after many changes", () => {
    const graph = load([[0, 1, 0]], 2);
    for (let node = 2; node < 6_000; node++) graph.add(node - 1, node, 0);
    expect(graph.nodes).toBe(6_000);
    expect(graph.edges).toBe(5_999);
    expect(graph.walk(0, { forward: typeMask([0]), backward: NONE, depth: 10_000 }).nodes).toHaveLength(6_000);
    expect(graph.walk(5_999, { forward: NONE, backward: typeMask([0]), depth: 10_000 }).nodes).toHaveLength(6_000);
  });

  test("what is hidden is neither reached nor passed through", () => {
    fc.assert(
      fc.property(fc.array(edge, { maxLength: 120 }), fc.subarray([...Array(NODES).keys()]), fc.nat(NODES - 1), (edges, hidden, start) => {
        const seen = edges.filter(([from, to]) => [from, to].every((node) => node === start || !hidden.includes(node)));
        const all = typeMask(TYPES);
        const walked = load(edges).walk(start, { forward: all, backward: all, depth: 40, hidden });
        const open = load(seen).walk(start, { forward: all, backward: all, depth: 40 });
        expect(new Set(walked.nodes)).toEqual(new Set(open.nodes));
      }),
    );
  });

  test("a start that nobody knows reaches nothing", () => {
    expect(load([]).walk(NODES + 5, { forward: typeMask([0]), backward: typeMask([0]), depth: 3 }).nodes).toHaveLength(0);
  });

  test("asks the rest where one level holds most of the graph", () => {
    const nodes = 20_000;
    const edges: Edge[] = [];
    for (let node = 1; node <= 10_000; node++) edges.push([0, node, 0], [node, 10_000 + (node % 9_999), 0]);
    const graph = load(edges, nodes);
    graph.add(1, 19_999, 0);
    const { nodes: found, levels } = graph.walk(0, { forward: typeMask([0]), backward: NONE, depth: 5 });
    expect(new Set(found).size).toBe(found.length);
    expect(levels.slice(0, 3)).toEqual([1, 10_001, 20_000]);
  });
});
