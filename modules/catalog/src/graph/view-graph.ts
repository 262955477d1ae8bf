import { viewGraph, type GraphNodeView } from "@roadbed/contracts/catalog/graph";
import { handle, InvalidError, type Ctx, type Handler, type OutputOf, type ParsedInputOf } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import type { Visibility } from "../estate/visibility.ts";
import type { Standpoint, Standpoints } from "../time/standpoints.ts";
import { describeEdges, edgesAmong } from "./edges.ts";
import { createGrouper } from "./group-nodes.ts";
import { startOf } from "./start-of.ts";
import { waysOf, type Way } from "./ways.ts";

export type View = OutputOf<typeof viewGraph>;
export type ViewQuestion = ParsedInputOf<typeof viewGraph>;

/** A page can draw no more lines than this; groups hold the others. */
const MOST_EDGES = 20_000;

export function makeViewGraph(standpoints: Standpoints): Handler {
  return handle(viewGraph, (ctx, question) => readView(standpoints, ctx, question));
}

/** The part of the estate that a question is about: what is open one by one, the rest in groups with counts. */
export async function readView(standpoints: Standpoints, ctx: Ctx, q: ViewQuestion): Promise<View> {
  const place = await graphAt(standpoints, ctx, q);
  const { catalogue, visible } = place;
  const { estate, observed } = catalogue;
  const { down, up } = waysOf({ relations: catalogue.kinds.relations, types: q.types, origins: q.origins, start: q.ref });
  const depths = await reachOf(place, ctx, q, { down, up });
  const groupOf = createGrouper(estate, q.groupBy);
  const open = new Set(q.open);
  const keys = new Map([...depths.keys()].map((id) => [id, groupOf(id)]));
  const shown: number[] = [];
  const groups = new Map<string, { count: number; shown: number }>();
  for (const id of depths.keys()) {
    const key = keys.get(id);
    const group = key === undefined ? undefined : (groups.get(key) ?? { count: 0, shown: 0 });
    if (group) {
      group.count++;
      groups.set(key!, group);
    }
    if ((key === undefined || open.has(key)) && shown.length < q.limit) {
      shown.push(id);
      if (group) group.shown++;
    }
  }
  const alone = new Set(shown);
  const edges = edgesAmong(catalogue, depths.keys(), depths, down);
  const single = edges.filter(({ from, to }) => alone.has(from) && alone.has(to)).slice(0, MOST_EDGES);
  const described = describeEdges(catalogue, visible, single, ctx.now());
  const bundles = bundle(
    catalogue,
    visible,
    edges.filter(({ from, to }) => !alone.has(from) || !alone.has(to)),
    (id) => (alone.has(id) ? estate.refOf(id) : keys.get(id)),
    ctx.now(),
  );
  const capped =
    shown.length === q.limit && [...depths.keys()].some((id) => !alone.has(id) && (keys.get(id) === undefined || open.has(keys.get(id)!)));
  return {
    nodes: shown.map((id) => nodeOf(estate, id, depths.get(id)!, keys.get(id))),
    groups: [...groups]
      .map(([key, { count, shown: members }]) => ({ key, label: labelOf(estate, key), count, open: open.has(key), shown: members }))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
    edges: described,
    bundles,
    reached: depths.size,
    relations: edges.length,
    truncated: capped,
    ...(observed.watchedFrom === undefined ? {} : { watchedFrom: observed.watchedFrom.toISOString() }),
  };
}

/** The graph of now with what traces tell, or that of an instant. Throws `InvalidError` for what nobody knows of the past. */
export async function graphAt(
  standpoints: Standpoints,
  ctx: Ctx,
  { asOf, origins }: Pick<ViewQuestion, "asOf" | "origins">,
): Promise<Standpoint> {
  if (asOf !== undefined && origins !== undefined && origins.length > 0 && !origins.includes("declared")) {
    throw new InvalidError("Of the past only declared relations are known.", {
      mend: "Ask for declared relations, or leave the moment out.",
      problems: [{ at: "origins", reason: `${origins.join(" and ")} relations are known of now only` }],
    });
  }
  const place = await standpoints.at(ctx, asOf);
  await place.catalogue.observed.fresh(ctx.sql);
  return place;
}

async function reachOf(
  { catalogue, selector, visible }: Standpoint,
  ctx: Ctx,
  q: ViewQuestion,
  { down, up }: { readonly down: Way; readonly up: Way },
): Promise<Map<number, number>> {
  const { estate } = catalogue;
  const selected = q.filter === undefined ? undefined : await selector.select(ctx.sql, visible, q.filter);
  if (q.ref === undefined) return new Map((selected ?? visible.only(estate.all())).map((id) => [id, 0]));
  const start = startOf(estate, visible, q.ref);
  const depths = new Map<number, number>();
  const ways = q.direction === "both" ? [down, up] : [q.direction === "down" ? down : up];
  for (const way of ways) {
    const { nodes, levels } = estate.graph.walk(start, { ...way, depth: q.depth, hidden: visible.hidden() });
    for (let level = 0, at = 0; level < levels.length; level++) {
      for (; at < levels[level]!; at++) if (level < (depths.get(nodes[at]!) ?? Infinity)) depths.set(nodes[at]!, level);
    }
  }
  const kept = selected === undefined ? undefined : new Set(selected);
  return new Map([...depths].filter(([id]) => id === start || kept === undefined || kept.has(id)).sort((a, b) => a[1] - b[1]));
}

export function nodeOf(estate: Catalogue["estate"], id: number, depth: number, group?: string): GraphNodeView {
  const ref = estate.refOf(id);
  const item = estate.at(id);
  const placed = { depth, ...(group === undefined ? {} : { group }) };
  if (!item) return { ref, kind: ref.slice(0, ref.indexOf(":")), name: ref.slice(ref.indexOf("/") + 1), found: false, ...placed };
  const { kind, name, title, type, owner, system, lifecycle } = item;
  const optional = Object.entries({ title, type, owner, system, lifecycle }).filter(([, value]) => value !== undefined);
  return { ref, kind, name, found: true, ...Object.fromEntries(optional), ...placed };
}

function labelOf(estate: Catalogue["estate"], key: string): string {
  return estate.get(key)?.title ?? (key.includes("/") ? key.slice(key.indexOf("/") + 1) : key);
}

/** One line between two drawn things, with how much of each origin it stands for. */
function bundle(
  { estate, observed, ...rest }: Catalogue,
  visible: Visibility,
  edges: readonly { readonly from: number; readonly to: number; readonly type: number }[],
  drawnAs: (id: number) => string | undefined,
  now: Date,
): View["bundles"] {
  const found = new Map<string, View["bundles"][number]>();
  const pairs = new Map<string, { from: number; to: number; type: number }[]>();
  for (const edge of edges) {
    const [from, to] = [drawnAs(edge.from), drawnAs(edge.to)];
    if (from === undefined || to === undefined || from === to) continue;
    const key = `${from}\u0000${to}`;
    const list = pairs.get(key);
    if (list) list.push(edge);
    else pairs.set(key, [edge]);
  }
  for (const [key, list] of pairs) {
    const [from = "", to = ""] = key.split("\u0000");
    const sum = { from, to, declared: 0, observed: 0, inferred: 0, drift: 0, calls: 0, errors: 0 };
    for (const edge of describeEdges({ estate, observed, ...rest }, visible, list, now)) {
      if (edge.origins.includes("declared")) sum.declared++;
      if (edge.origins.includes("inferred")) sum.inferred++;
      if (edge.drift !== undefined) sum.drift++;
      if (edge.traffic === undefined) continue;
      sum.observed++;
      sum.calls += edge.traffic.calls;
      sum.errors += edge.traffic.errors;
    }
    found.set(key, sum);
  }
  return [...found.values()].sort((a, b) => (a.from === b.from ? (a.to < b.to ? -1 : 1) : a.from < b.from ? -1 : 1));
}
