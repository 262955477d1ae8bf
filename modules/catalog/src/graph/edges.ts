import type { GraphEdge } from "@roadbed/contracts/catalog/graph";

import type { Catalogue } from "../estate/catalogue.ts";
import type { Visibility } from "../estate/visibility.ts";
import { declarationOf, evidence, isJudged, judge } from "../observed/compare.ts";
import type { ObservedEdge } from "../observed/observed.ts";
import { trafficOf } from "../observed/traffic.ts";
import { isObservedType, nameOfType, type Way } from "./ways.ts";

/** A relation that is never seen for so long is drift, as in `catalog.drift.list`. */
const DRIFT_DAYS = 30;

/** An edge in numbers, before it is put into words. */
export interface RawEdge {
  readonly from: number;
  readonly to: number;
  readonly type: number;
}

/** The edges among some nodes along a way, in the order of the nodes. What is reached only against the way is left out. */
export function edgesAmong(
  { estate }: Pick<Catalogue, "estate">,
  nodes: Iterable<number>,
  kept: { has(id: number): boolean },
  { forward, backward }: Way,
): RawEdge[] {
  const found: RawEdge[] = [];
  for (const from of nodes) {
    estate.graph.forEach(from, "out", (to, type) => {
      if ((forward[type] === 1 || backward[type] === 1) && kept.has(to)) found.push({ from, to, type });
    });
  }
  return found;
}

/**
 * Puts edges into words: where a declared relation and traffic run between the same ends, they are one edge with two origins, its
 * figures and what they say of each other.
 */
export function describeEdges(catalogue: Catalogue, visible: Visibility, edges: readonly RawEdge[], now: Date): GraphEdge[] {
  const { estate, observed, kinds } = catalogue;
  const merged = new Set<ObservedEdge>();
  const declared = edges
    .filter(({ type }) => !isObservedType(type))
    .map((edge): GraphEdge => {
      const shown = base(edge);
      if (!isJudged(edge.type) || observed.watchedFrom === undefined) return shown;
      const seen = evidence(catalogue, edge);
      const direct = seen.filter(({ from, to }) => from === edge.from && to === edge.to);
      for (const one of direct) merged.add(one);
      if (seen.length > 0) {
        const traffic = trafficOf(direct, now);
        return { ...shown, origins: [...shown.origins, "observed"], ...(traffic ? { traffic } : {}) };
      }
      return judge(catalogue, edge, { days: DRIFT_DAYS, now }).state === "unseen" ? { ...shown, drift: "unseen" } : shown;
    });
  const told = edges
    .filter(({ type }) => isObservedType(type))
    .flatMap((edge): GraphEdge[] => {
      const one = observed.between(edge.from, edge.to).find(({ type }) => type === nameOfType(kinds.relations, edge.type));
      if (!one || merged.has(one)) return [];
      const declaration = declarationOf(catalogue, one);
      const via = declaration?.via;
      return [
        {
          ...base(edge),
          origins: ["observed"],
          traffic: trafficOf([one], now)!,
          ...(via !== undefined && visible.sees(via) ? { via: estate.refOf(via) } : {}),
          ...(declaration ? {} : { drift: "undeclared" as const }),
        },
      ];
    });
  return [...declared, ...told];

  function base({ from, to, type }: RawEdge): GraphEdge {
    const origin = !isObservedType(type) && estate.inferredBy(from, type << 1, to) !== undefined ? "inferred" : "declared";
    return { from: estate.refOf(from), to: estate.refOf(to), type: nameOfType(kinds.relations, type), origins: [origin] };
  }
}
