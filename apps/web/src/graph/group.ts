import type { graphEntities } from "@roadbed/contracts/catalog";
import type { OutputOf } from "@roadbed/core";

import { layoutLayers, type Box, type Layout, type Place } from "./layout.ts";

export type Graph = OutputOf<typeof graphEntities>;
export type GraphNode = Graph["nodes"][number];
export type GraphEdge = Graph["edges"][number];
export type GroupBy = "system" | "domain" | "owner" | "kind" | "none";

/** What is drawn: entities, closed groups with a count, and the frames of open groups. */
export interface Scene {
  readonly entities: readonly (GraphNode & Place)[];
  readonly groups: readonly ({ readonly id: string; readonly label: string; readonly count: number } & Place)[];
  readonly frames: readonly ({
    readonly id: string;
    readonly label: string;
    readonly count: number;
    readonly width: number;
    readonly height: number;
  } & Place)[];
  readonly edges: readonly SceneEdge[];
}

/** An edge between two drawn things; `count` relations of one type in one line. */
export interface SceneEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly count: number;
}

export const ENTITY = { width: 178, height: 40 };
export const GROUP = { width: 178, height: 52 };
const FRAME = { top: 36, side: 14 };
/** Beyond this, everything at once is a ball of wool. */
export const OPEN_ALL_LIMIT = 60;
const NO_GROUP = "";
/** The type of a line between two closed groups. */
export const MANY = "relations";

/** Groups first, opened on demand: groups not in `open` are one box each, with the relations between them counted. */
export function buildScene(graph: Pick<Graph, "nodes" | "edges">, by: GroupBy, open: ReadonlySet<string>): Scene {
  const groupOf = new Map(graph.nodes.map((node) => [node.ref, by === "none" ? NO_GROUP : groupKey(node, by, graph)]));
  const members = Map.groupBy(graph.nodes, (node) => groupOf.get(node.ref) ?? NO_GROUP);
  // The thing that is a group (the system itself) is its group's name, not a member that would draw an edge to it.
  const isClosed = (key: string): boolean => key !== NO_GROUP && !open.has(key);
  const drawnAs = (ref: string): string => {
    const key = groupOf.get(ref) ?? NO_GROUP;
    return isClosed(key) ? groupId(key) : ref;
  };
  const edges = mergeEdges(graph.edges, drawnAs);
  const inner = new Map(
    [...members].filter(([key]) => key !== NO_GROUP && !isClosed(key)).map(([key, nodes]) => [key, layoutMembers(nodes, edges)]),
  );
  const outer = layoutOuter(members, inner, edges, (id) => outerId(id, groupOf, isClosed));
  return place(members, inner, outer, edges, isClosed);
}

/** Which group a node belongs to; `other …` where it names none. */
export function groupKey(node: GraphNode, by: Exclude<GroupBy, "none">, graph: Pick<Graph, "nodes" | "edges">): string {
  const isSelf = node.kind.toLowerCase() === by;
  if (isSelf) return node.ref;
  if (by === "kind") return node.kind;
  if (by === "owner") return node.owner ?? "without owner";
  if (by === "system") return node.system ?? (node.kind.toLowerCase() === "domain" ? node.ref : "without system");
  const above = node.kind.toLowerCase() === "system" ? node.ref : node.system;
  return graph.edges.find(({ from, type, to }) => from === above && type === "partOf" && to.startsWith("domain:"))?.to ?? "without domain";
}

export function groupId(key: string): string {
  return `group ${key}`;
}

function mergeEdges(edges: readonly GraphEdge[], drawnAs: (ref: string) => string): readonly SceneEdge[] {
  const merged = new Map<string, SceneEdge>();
  for (const { from, to, type: own } of edges) {
    const [left, right] = [drawnAs(from), drawnAs(to)];
    if (left === right) continue;
    // Between closed groups one line says how much there is; what it is, one sees inside.
    const type = left !== from && right !== to ? MANY : own;
    const id = `${left} ${type} ${right}`;
    merged.set(id, { id, from: left, to: right, type, count: (merged.get(id)?.count ?? 0) + 1 });
  }
  return [...merged.values()];
}

function layoutMembers(nodes: readonly GraphNode[], edges: readonly SceneEdge[]): Layout {
  return layoutLayers(
    nodes.map(({ ref }) => ({ id: ref, ...ENTITY })),
    edges,
  );
}

function layoutOuter(
  members: ReadonlyMap<string, readonly GraphNode[]>,
  inner: ReadonlyMap<string, Layout>,
  edges: readonly SceneEdge[],
  toOuter: (id: string) => string,
): Layout {
  const boxes: Box[] = [...members].flatMap(([key, nodes]) => {
    if (key === NO_GROUP) return nodes.map(({ ref }) => ({ id: ref, ...ENTITY }));
    const opened = inner.get(key);
    if (opened === undefined) return [{ id: groupId(key), ...GROUP }];
    return [{ id: groupId(key), width: opened.width + FRAME.side * 2, height: opened.height + FRAME.top + FRAME.side }];
  });
  return layoutLayers(
    boxes,
    edges.map(({ from, to }) => ({ from: toOuter(from), to: toOuter(to) })),
  );
}

function outerId(id: string, groupOf: ReadonlyMap<string, string>, isClosed: (key: string) => boolean): string {
  const key = groupOf.get(id);
  return key === undefined || key === NO_GROUP || isClosed(key) ? id : groupId(key);
}

function place(
  members: ReadonlyMap<string, readonly GraphNode[]>,
  inner: ReadonlyMap<string, Layout>,
  outer: Layout,
  edges: readonly SceneEdge[],
  isClosed: (key: string) => boolean,
): Scene {
  const at = (id: string): Place => outer.places.get(id) ?? { x: 0, y: 0 };
  const keys = [...members.keys()].filter((key) => key !== NO_GROUP);
  const named = (key: string): { id: string; label: string; count: number } => ({
    id: groupId(key),
    label: key,
    count: members.get(key)?.length ?? 0,
  });
  return {
    edges,
    groups: keys.filter(isClosed).map((key) => ({ ...named(key), ...at(groupId(key)) })),
    frames: keys
      .filter((key) => !isClosed(key))
      .map((key) => ({
        ...named(key),
        ...at(groupId(key)),
        width: (inner.get(key)?.width ?? 0) + FRAME.side * 2,
        height: (inner.get(key)?.height ?? 0) + FRAME.top + FRAME.side,
      })),
    entities: [...members].flatMap(([key, nodes]) => {
      if (isClosed(key)) return [];
      if (key === NO_GROUP) return nodes.map((node) => ({ ...node, ...at(node.ref) }));
      const origin = at(groupId(key));
      return nodes.map((node) => {
        const own = inner.get(key)?.places.get(node.ref) ?? { x: 0, y: 0 };
        return { ...node, x: origin.x + FRAME.side + own.x, y: origin.y + FRAME.top + own.y };
      });
    }),
  };
}
