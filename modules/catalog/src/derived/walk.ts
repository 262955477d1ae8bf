import type { Estate } from "../estate/estate.ts";
import type { Kinds } from "../kinds/registry.ts";
import type { Hop } from "./path.ts";

/** Follows ways over relations, there and back. */
export interface Walker {
  /** Numbers of the entities at the end of the way, ascending, each once. References that dangle lead nowhere. */
  ends(start: number, hops: readonly Hop[]): readonly number[];
  /** Who may have come to `node` by the first `count` hops: more of them rather than fewer. */
  starts(node: number, hops: readonly Hop[], count: number): Iterable<number>;
}

export function createWalker(estate: Estate, kinds: Kinds): Walker {
  return {
    ends: (start, hops) => {
      let nodes: readonly number[] = [start];
      for (const { type, kind } of hops) {
        const code = kinds.relations.codeOf(type);
        if (code === undefined) return [];
        nodes = step(nodes, code, (id) => {
          const item = estate.at(id);
          return item !== undefined && (kind === undefined || item.kind.toLowerCase() === kind);
        });
      }
      return nodes;
    },
    starts: (node, hops, count) => {
      let nodes: readonly number[] = [node];
      for (let at = count - 1; at >= 0; at--) {
        const code = kinds.relations.codeOf(hops[at]!.type);
        if (code === undefined) return [];
        nodes = step(nodes, code ^ 1, () => true);
      }
      return nodes;
    },
  };

  function step(nodes: readonly number[], wanted: number, isRight: (id: number) => boolean): number[] {
    const found = new Set<number>();
    for (const node of nodes) {
      estate.forEachNeighbour(node, (other, code) => {
        if (code === wanted && !found.has(other) && isRight(other)) found.add(other);
      });
    }
    return [...found].sort((a, b) => a - b);
  }
}
