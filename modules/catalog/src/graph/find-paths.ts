import { findPaths } from "@roadbed/contracts/catalog/graph";
import { handle, type Handler, type OutputOf } from "@roadbed/core";

import type { Estate } from "../estate/estate.ts";
import type { Standpoints } from "../time/standpoints.ts";
import { describeEdges, type RawEdge } from "./edges.ts";
import { startOf } from "./start-of.ts";
import { graphAt, nodeOf } from "./view-graph.ts";
import { waysOf, type Way } from "./ways.ts";

type Item = OutputOf<typeof findPaths>["items"][number];

/** Ways that are longer than the shortest by more than this are no alternatives. */
const MOST_DETOUR = 3;
/** Steps that are tried in all; in a dense graph there are more ways than one could look at. */
const MOST_TRIES = 50_000;

/** The shortest ways from one thing to another, the shortest first. */
export function makeFindPaths(standpoints: Standpoints): Handler {
  return handle(findPaths, async (ctx, { from, to, asOf, direction, types, origins, paths, depth }) => {
    const { catalogue, visible } = await graphAt(standpoints, ctx, { asOf, origins });
    const { estate } = catalogue;
    const begin = startOf(estate, visible, from);
    const end = startOf(estate, visible, to);
    const { down, up } = waysOf({ relations: catalogue.kinds.relations, types, origins, start: from });
    const way = direction === "any" ? either(down, up) : direction === "down" ? down : up;
    const found = shortest(estate, { begin, end, way, hidden: visible.hidden(), depth, most: paths });
    const items = found.map((path): Item => {
      const nodes = path.map((id, at) => nodeOf(estate, id, at));
      const edges = path.slice(1).flatMap((id, at) => describeEdges(catalogue, visible, between(estate, path[at]!, id, way), ctx.now()));
      return { length: path.length - 1, nodes, edges, text: nodes.map(({ title, name }) => title ?? name).join(" → ") };
    });
    return { items };
  });
}

function either(a: Way, b: Way): Way {
  return { forward: a.forward.map((is, type) => is | b.forward[type]!), backward: a.backward.map((is, type) => is | b.backward[type]!) };
}

/**
 * First how far everything is from the end, by one walk against the way; then from the beginning, step by step, only where what is
 * left is short enough. Longer ways come when there are no more short ones.
 */
export function shortest(
  { graph }: Pick<Estate, "graph">,
  o: {
    readonly begin: number;
    readonly end: number;
    readonly way: Way;
    readonly hidden: readonly number[];
    readonly depth: number;
    readonly most: number;
  },
): number[][] {
  const { begin, end, way, depth, most } = o;
  const { nodes, levels } = graph.walk(end, { forward: way.backward, backward: way.forward, depth, hidden: o.hidden });
  const left = new Map<number, number>();
  for (let level = 0, at = 0; level < levels.length; level++) for (; at < levels[level]!; at++) left.set(nodes[at]!, level);
  const least = left.get(begin);
  if (least === undefined) return [];
  const found: number[][] = [];
  let tries = 0;
  for (let length = least; length <= Math.min(least + MOST_DETOUR, depth) && found.length < most && tries < MOST_TRIES; length++) {
    const path = [begin];
    const on = new Set(path);
    const search = (): void => {
      const last = path.at(-1)!;
      if (last === end) {
        if (path.length - 1 === length) found.push([...path]);
        return;
      }
      for (const next of stepsFrom(graph, last, way)) {
        if (found.length >= most || ++tries > MOST_TRIES) return;
        const rest = left.get(next);
        if (rest === undefined || on.has(next) || path.length + rest > length) continue;
        path.push(next);
        on.add(next);
        search();
        on.delete(next);
        path.pop();
      }
    };
    search();
  }
  return found;
}

function stepsFrom(graph: Estate["graph"], id: number, { forward, backward }: Way): number[] {
  const steps = new Set<number>();
  graph.forEach(id, "out", (other, type) => forward[type] === 1 && steps.add(other));
  graph.forEach(id, "in", (other, type) => backward[type] === 1 && steps.add(other));
  return [...steps].sort((a, b) => a - b);
}

function between({ graph }: Estate, a: number, b: number, { forward, backward }: Way): RawEdge[] {
  const edges: RawEdge[] = [];
  graph.forEach(a, "out", (other, type) => other === b && forward[type] === 1 && edges.push({ from: a, to: b, type }));
  graph.forEach(a, "in", (other, type) => other === b && backward[type] === 1 && edges.push({ from: b, to: a, type }));
  return edges;
}
