import type { Origin, viewGraph } from "@roadbed/contracts/catalog/graph";
import type { OutputOf } from "@roadbed/core";

import { layoutLayers, wayKey, type Box, type Layout, type Place } from "./layout.ts";

export type Graph = OutputOf<typeof viewGraph>;
export type GraphNode = Graph["nodes"][number];
export type GraphEdge = Graph["edges"][number];
export type GroupBy = "system" | "domain" | "owner" | "kind" | "none";
/** What a picture is made of. */
export type Picture = Pick<Graph, "nodes" | "groups" | "edges" | "bundles">;

interface NamedGroup {
  readonly id: string;
  /** What the server calls it, to open and close it by. */
  readonly key: string;
  readonly label: string;
  readonly count: number;
}

/** What is drawn: entities, closed groups with a count, and the frames of open groups. */
export interface Scene {
  readonly entities: readonly (GraphNode & Place)[];
  readonly groups: readonly (NamedGroup & Place)[];
  readonly frames: readonly (NamedGroup & { readonly width: number; readonly height: number } & Place)[];
  readonly edges: readonly DrawnEdge[];
  /** Lines that are not drawn, because there would be too many to tell apart. */
  readonly leftOut: number;
}

/** A line between two drawn things; `count` relations in one line. */
export interface SceneEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly count: number;
  readonly origins: readonly Origin[];
  readonly calls: number | undefined;
  readonly errorShare: number | undefined;
  /** How many of its relations are told by one side only. */
  readonly drift: number;
}

/** With the points between boxes that it passes, from its beginning to its end. */
export interface DrawnEdge extends SceneEdge {
  readonly via: readonly Place[];
}

export const ENTITY = { width: 178, height: 40 };
export const GROUP = { width: 178, height: 52 };
const FRAME = { top: 36, side: 14 };
/** So many lines can be told apart, and drawn without a wait; the busiest are. */
const MOST_LINES = 1_500;
const MOST_BUNDLES = 150;
/** The type of a line to or from a closed group. */
export const MANY = "relations";

/** Places what the server has grouped: closed groups are one box each, the members of open ones stand in a frame. */
export function buildScene({ nodes, groups, edges, bundles }: Picture): Scene {
  const open = new Set(groups.filter((group) => group.open).map(({ key }) => key));
  const frameOf = new Map(nodes.flatMap(({ ref, group }) => (group !== undefined && open.has(group) ? [[ref, group] as const] : [])));
  const closed = new Set(groups.filter((group) => !group.open).map(({ key }) => key));
  const idOf = (end: string): string => (closed.has(end) ? groupId(end) : end);
  const all = [
    ...busiest(edges.map(lineOf), MOST_LINES),
    ...busiest(
      bundles.map((bundle) => bundleLine(bundle, idOf)),
      MOST_BUNDLES,
    ),
  ];
  const lines = all.slice(0, MOST_LINES);
  const inner = new Map(
    [...open].map((key) => [
      key,
      layoutMembers(
        nodes.filter(({ group }) => group === key),
        lines,
      ),
    ]),
  );
  const outer = layoutLayers(
    [
      ...nodes.filter(({ ref }) => !frameOf.has(ref)).map(({ ref }): Box => ({ id: ref, ...ENTITY })),
      ...[...closed].map((key): Box => ({ id: groupId(key), ...GROUP })),
      ...[...inner].map(([key, { width, height }]): Box => ({
        id: groupId(key),
        width: width + FRAME.side * 2,
        height: height + FRAME.top + FRAME.side,
      })),
    ],
    lines.map(({ from, to }) => ({ from: outerOf(from, frameOf), to: outerOf(to, frameOf) })),
  );
  const at = (id: string): Place => outer.places.get(id) ?? { x: 0, y: 0 };
  return {
    edges: lines.map((line) => ({ ...line, via: wayOf(line, { frameOf, inner, outer, at }) })),
    leftOut: edges.length + bundles.length - lines.length,
    groups: groups.filter((group) => !group.open).map((group) => ({ ...named(group), ...at(groupId(group.key)) })),
    frames: groups
      .filter((group) => group.open)
      .map((group) => ({ ...named(group), ...at(groupId(group.key)), ...sizeOf(inner.get(group.key)) })),
    entities: nodes.map((node) => ({ ...node, ...placeOf(node, frameOf.get(node.ref), inner, at) })),
  };
}

/** Inside a frame its own way, else the one between frames, groups and what stands alone. */
function wayOf(
  { from, to }: SceneEdge,
  o: {
    readonly frameOf: ReadonlyMap<string, string>;
    readonly inner: ReadonlyMap<string, Layout>;
    readonly outer: Layout;
    readonly at: (id: string) => Place;
  },
): readonly Place[] {
  const [begin, end] = [o.frameOf.get(from), o.frameOf.get(to)];
  if (begin === undefined || begin !== end) return pick(o.outer, outerOf(from, o.frameOf), outerOf(to, o.frameOf));
  const { x, y } = o.at(groupId(begin));
  return pick(o.inner.get(begin), from, to).map((one) => ({ x: x + FRAME.side + one.x, y: y + FRAME.top + one.y }));
}

function pick(layout: Layout | undefined, from: string, to: string): readonly Place[] {
  return layout?.ways.get(wayKey(from, to)) ?? layout?.ways.get(wayKey(to, from))?.toReversed() ?? [];
}

/** In their own order, so that the picture stays the same. */
function busiest(lines: readonly SceneEdge[], most: number): readonly SceneEdge[] {
  if (lines.length <= most) return lines;
  const weight = ({ calls, count, drift }: SceneEdge): number => (calls ?? 0) + count + drift * 10;
  const kept = new Set([...lines].sort((a, b) => weight(b) - weight(a) || (a.id < b.id ? -1 : 1)).slice(0, most));
  return lines.filter((line) => kept.has(line));
}

export function groupId(key: string): string {
  return `group ${key}`;
}

function outerOf(id: string, frameOf: ReadonlyMap<string, string>): string {
  const frame = frameOf.get(id);
  return frame === undefined ? id : groupId(frame);
}

function lineOf({ from, to, type, origins, traffic, drift }: GraphEdge): SceneEdge {
  return {
    id: `${from} ${type} ${to}`,
    from,
    to,
    type,
    count: 1,
    origins,
    calls: traffic?.calls,
    errorShare: traffic?.errorShare,
    drift: drift === undefined ? 0 : 1,
  };
}

function bundleLine(
  { from, to, declared, observed, inferred, drift, calls, errors }: Graph["bundles"][number],
  idOf: (end: string) => string,
): SceneEdge {
  const origins: Origin[] = [];
  if (declared > 0) origins.push("declared");
  if (observed > 0) origins.push("observed");
  if (inferred > 0) origins.push("inferred");
  return {
    id: `${idOf(from)} ${MANY} ${idOf(to)}`,
    from: idOf(from),
    to: idOf(to),
    type: MANY,
    count: Math.max(declared, observed, inferred),
    origins,
    calls: observed > 0 ? calls : undefined,
    errorShare: calls > 0 ? errors / calls : undefined,
    drift,
  };
}

function layoutMembers(nodes: readonly GraphNode[], edges: readonly SceneEdge[]): Layout {
  return layoutLayers(
    nodes.map(({ ref }) => ({ id: ref, ...ENTITY })),
    edges,
  );
}

function named({ key, label, count }: Graph["groups"][number]): NamedGroup {
  return { id: groupId(key), key, label, count };
}

function sizeOf(layout: Layout | undefined): { width: number; height: number } {
  return { width: (layout?.width ?? 0) + FRAME.side * 2, height: (layout?.height ?? 0) + FRAME.top + FRAME.side };
}

function placeOf(node: GraphNode, frame: string | undefined, inner: ReadonlyMap<string, Layout>, at: (id: string) => Place): Place {
  if (frame === undefined) return at(node.ref);
  const origin = at(groupId(frame));
  const own = inner.get(frame)?.places.get(node.ref) ?? { x: 0, y: 0 };
  return { x: origin.x + FRAME.side + own.x, y: origin.y + FRAME.top + own.y };
}
