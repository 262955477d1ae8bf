import type { Estate } from "../estate/estate.ts";
import { NOBODY, type Columns } from "../graph/columns.ts";
import { isObservedType, nameOfType, type Way } from "../graph/ways.ts";
import type { RelationTypes } from "../kinds/relation-types.ts";
import type { Observed } from "../observed/observed.ts";
import { createTally } from "./tally.ts";

/** What a blast radius is asked of. */
export interface BlastOptions {
  readonly starts: readonly number[];
  /** One for each direction that is followed. */
  readonly ways: readonly Way[];
  readonly depth: number;
  readonly hidden: readonly number[];
  /** Only these are counted; all are walked through. */
  readonly only: ReadonlySet<number> | undefined;
  /** Only these of the first step are followed; undefined: all. */
  readonly firstStep?: ReadonlySet<number> | undefined;
}

/** All that is affected. Valid until the next one. */
export interface Blast {
  /** What is affected, nearest first; without the starts, and without what is only named. */
  readonly ids: Uint32Array;
  distanceOf(id: number): number;
  /** From 0 to 1: how much of what it does stands on what changes. */
  exposureOf(id: number): number;
  weightOf(id: number): number;
  /** The strongest way from it to what changes: each hop with the two ends as the edge runs. */
  pathOf(id: number): Step[];
  readonly weighedBy: "paths" | "distance";
  readonly byDistance: ReadonlyMap<number, number>;
  readonly byKind: ReadonlyMap<string, number>;
  readonly owners: readonly { readonly id: number; readonly count: number; readonly weight: number }[];
  readonly withoutOwner: number;
  readonly systems: readonly { readonly id: number; readonly count: number }[];
}

export interface Step {
  readonly from: number;
  readonly to: number;
  readonly type: number;
  /** Where traffic was seen on it: how much of what the dependent end does goes this way. */
  readonly share: number | undefined;
}

/** Up to here every way is weighed; beyond, the distance has to do: it says who is near, and that is what one can act on. */
const MOST_WEIGHED = 20_000;
/** What stands on something without traffic to show how much. */
const DECLARED_ONLY = 0.5;
/** Seen before, but not within the last 24 hours. */
const QUIET = 0.05;
/** Exposure falls by this much per step where ways are not weighed. */
const PER_STEP = 0.5;
const FAR = 255;

/** Measures blast radii over the graph in memory. One of these per process: it keeps its rows between the questions. */
export function createBlaster({
  estate,
  columns,
  observed,
  kinds,
}: {
  readonly estate: Estate;
  readonly kinds: { readonly relations: Pick<RelationTypes, "typeOf"> };
  readonly columns: Columns;
  readonly observed: Observed;
}): {
  measure(o: BlastOptions): Blast;
} {
  let depths = new Uint8Array(0);
  let touched: Uint32Array = new Uint32Array(0);
  const owners = createTally();
  const systems = createTally();
  return { measure };

  function measure(o: BlastOptions): Blast {
    const reached = reach(o);
    const exposures = reached.length <= MOST_WEIGHED ? weigh(reached, o.ways) : undefined;
    const exposureOf = (id: number): number => exposures?.get(id)?.exposure ?? PER_STEP ** depths[id]!;
    const criticality = columns.criticality;
    const counted = count(reached, o.only, (id) => exposureOf(id) * criticality[id]!);
    return {
      ...counted,
      distanceOf: (id) => depths[id]!,
      exposureOf,
      weightOf: (id) => exposureOf(id) * criticality[id]!,
      pathOf: (id) => pathOf(id, o.ways, exposures),
      weighedBy: exposures ? "paths" : "distance",
    };
  }

  /** Everything that is reached, with its distance in `depths`. */
  function reach({ starts, ways, depth, hidden, firstStep }: BlastOptions): Uint32Array {
    for (const id of touched) depths[id] = FAR;
    if (depths.length < estate.graph.nodes) depths = new Uint8Array(Math.ceil(estate.graph.nodes * 1.1)).fill(FAR);
    // Where only some of the first step are followed, the walk begins at them, one step away.
    const [begins, offset] = firstStep === undefined ? [starts, 0] : [[...firstStep], 1];
    const parts = ways.map((way) => {
      const { nodes, levels } = estate.graph.walk(begins, {
        ...way,
        depth: depth - offset,
        hidden: offset === 0 ? hidden : [...hidden, ...starts],
      });
      const fresh = ways.length === 1 ? nodes : new Uint32Array(nodes.length);
      let kept = 0;
      for (let level = 0, at = 0; level < levels.length; level++) {
        const distance = Math.min(level + offset, FAR - 1);
        for (const end = levels[level]!; at < end; at++) {
          const id = nodes[at]!;
          if (depths[id] !== FAR) {
            depths[id] = Math.min(depths[id]!, distance);
            continue;
          }
          depths[id] = distance;
          if (ways.length > 1) fresh[kept] = id;
          kept++;
        }
      }
      return fresh.subarray(0, kept);
    });
    if (offset > 0) {
      for (const id of starts) depths[id] = 0;
      parts.unshift(Uint32Array.from(starts));
    }
    touched = parts.length === 1 ? parts[0]!.slice() : joined(parts);
    return touched;
  }

  /** From near to far: the best of all edges that lead one step back. */
  function weigh(reached: Uint32Array, ways: readonly Way[]): Map<number, { exposure: number; step: Step | undefined }> {
    const order = ways.length === 1 ? reached : [...reached].sort((a, b) => depths[a]! - depths[b]!);
    const best = new Map<number, { exposure: number; step: Step | undefined }>();
    for (const id of order) {
      if (depths[id] === 0) {
        best.set(id, { exposure: 1, step: undefined });
        continue;
      }
      let top: { exposure: number; step: Step | undefined } = { exposure: 0, step: undefined };
      forEachStepBack(id, ways, (step, nearer, factor) => {
        const exposure = factor * (best.get(nearer)?.exposure ?? 0);
        if (exposure > top.exposure) top = { exposure, step };
      });
      best.set(id, top);
    }
    return best;
  }

  /** Edges that lead from a node to one nearer to the start. */
  function forEachStepBack(id: number, ways: readonly Way[], visit: (step: Step, nearer: number, factor: number) => void): void {
    const depth = depths[id]!;
    for (const { forward, backward } of ways) {
      estate.graph.forEach(id, "in", (other, type) => {
        if (forward[type] === 1 && depths[other]! < depth) look({ from: other, to: id, type }, other);
      });
      estate.graph.forEach(id, "out", (other, type) => {
        if (backward[type] === 1 && depths[other]! < depth) look({ from: id, to: other, type }, other);
      });
    }
    function look(edge: { from: number; to: number; type: number }, nearer: number): void {
      const share = shareOf(edge);
      visit({ ...edge, share }, nearer, share === undefined ? DECLARED_ONLY : Math.max(share, QUIET));
    }
  }

  function shareOf({ from, to, type }: { from: number; to: number; type: number }): number | undefined {
    if (nameOfType(kinds.relations, type) === "providesApi") return 1;
    if (!isObservedType(type)) return undefined;
    const edge = observed.between(from, to).find((one) => one.type === nameOfType(kinds.relations, type));
    // Who is sent to depends on who sends.
    return edge ? observed.shareOf(edge.type === "sends" ? to : from, edge) : 0;
  }

  function pathOf(id: number, ways: readonly Way[], exposures: ReadonlyMap<number, { step: Step | undefined }> | undefined): Step[] {
    const path: Step[] = [];
    for (let at = id; depths[at]! > 0;) {
      const step = exposures?.get(at)?.step ?? nearest(at, ways);
      if (!step) break;
      path.push(step);
      at = step.from === at ? step.to : step.from;
    }
    return path;
  }

  function nearest(id: number, ways: readonly Way[]): Step | undefined {
    let found: Step | undefined;
    let top = -1;
    forEachStepBack(id, ways, (step, nearer, factor) => {
      if (depths[nearer] === depths[id]! - 1 && factor > top) [found, top] = [step, factor];
    });
    return found;
  }

  function count(
    reached: Uint32Array,
    only: ReadonlySet<number> | undefined,
    weightOf: (id: number) => number,
  ): Pick<Blast, "ids" | "byDistance" | "byKind" | "owners" | "withoutOwner" | "systems"> {
    const { kind, owner, system, kinds } = columns;
    const perKind = new Uint32Array(256);
    const perDistance = new Uint32Array(256);
    const ids = new Uint32Array(reached.length);
    owners.begin(estate.graph.nodes);
    systems.begin(estate.graph.nodes);
    let [kept, withoutOwner] = [0, 0];
    for (const id of reached) {
      const distance = depths[id]!;
      if (distance === 0 || kind[id] === 0 || kind[id] === undefined || (only && !only.has(id))) continue;
      ids[kept++] = id;
      perKind[kind[id]]!++;
      perDistance[distance]!++;
      if (system[id] !== NOBODY) systems.add(system[id]!, 0);
      if (owner[id] === NOBODY) withoutOwner++;
      else owners.add(owner[id]!, weightOf(id));
    }
    return {
      ids: ids.subarray(0, kept),
      byDistance: new Map([...perDistance.entries()].filter(([, n]) => n > 0)),
      byKind: new Map([...perKind.entries()].flatMap(([at, n]) => (n > 0 ? [[kinds[at]!, n] as const] : []))),
      owners: owners.end(),
      withoutOwner,
      systems: systems.end(),
    };
  }
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
