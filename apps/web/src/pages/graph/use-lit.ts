import { useMemo } from "react";

import { findPaths, getImpact } from "@roadbed/contracts/catalog/graph";
import { useOperation } from "../../api/use-operation.ts";
import type { Lit } from "../../graph/GraphView.tsx";
import { groupId, type Graph } from "../../graph/group.ts";
import type { GraphSearch } from "./graph-search.ts";

export const MOST_LIT = 500;

/** What stands out in the picture: a way, or a blast radius with the groups that hold some of it. */
export function useLit(graph: Graph, { impact, from, to, way, asOf }: GraphSearch): Lit | undefined {
  const blast = useOperation(
    getImpact,
    { ref: impact ?? "", limit: MOST_LIT },
    { enabled: impact !== undefined && from === undefined && asOf === undefined },
  );
  const paths = useOperation(
    findPaths,
    { from: from ?? "", to: to ?? "", ...(way === undefined ? {} : { direction: way }), ...(asOf === undefined ? {} : { asOf }) },
    { enabled: from !== undefined && to !== undefined },
  );
  return useMemo(() => {
    if (from !== undefined) {
      if (to === undefined || paths.data === undefined) return undefined;
      return lightOf(graph, new Set(paths.data.items.flatMap(({ nodes }) => nodes.map(({ ref }) => ref))));
    }
    if (impact === undefined || blast.data === undefined) return undefined;
    return lightOf(graph, new Set([impact, ...blast.data.items.map(({ ref }) => ref)]), new Set(blast.data.systems.map(({ ref }) => ref)));
  }, [graph, impact, from, to, blast.data, paths.data]);
}

/** Groups that are closed stand out with what they hold, as far as that is known by its system. Where nothing of it is drawn, nothing is dimmed. */
function lightOf({ groups, nodes }: Graph, refs: ReadonlySet<string>, systems: ReadonlySet<string> = new Set()): Lit | undefined {
  const held = groups.filter(({ key, open }) => !open && (refs.has(key) || systems.has(key))).map(({ key }) => groupId(key));
  if (held.length === 0 && !nodes.some(({ ref }) => refs.has(ref))) return undefined;
  return { nodes: new Set([...refs, ...held]) };
}
