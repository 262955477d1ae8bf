import { graphEntities } from "@roadbed/contracts/catalog";
import { handle, InvalidError, NotFoundError, type Handler, type OutputOf } from "@roadbed/core";

import { codeOf, RELATION_TYPES } from "../entity/relations.ts";
import type { Selector } from "../entity/select-entities.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import type { Estate } from "../estate/estate.ts";
import { visibleTo, type Visibility } from "../estate/visibility.ts";
import { typeMask, type TypeMask, type Walk } from "./graph.ts";

type Answer = OutputOf<typeof graphEntities>;
type Node = Answer["nodes"][number];

export function makeGraphEntities(catalogue: Catalogue, selector: Selector): Handler {
  return handle(graphEntities, async (ctx, { ref, filter, direction, depth, types, limit }) => {
    const { estate, feed } = catalogue;
    await feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    if (ref === undefined) return wholeOf(estate, await selector.select(ctx.sql, visible, filter), maskOf(types) ?? ALL, limit);
    const start = estate.idOf(ref);
    if (start === undefined || !visible.sees(start)) throw new NotFoundError("entity", ref, "List the entities to see what there is.");
    const mask = maskOf(types) ?? (ORGANISATION.has(ref.slice(0, ref.indexOf(":"))) ? ALL : WITHOUT_PEOPLE);
    const selected = filter === undefined ? undefined : new Set(await selector.select(ctx.sql, visible, filter));
    // What a walk answers is good until the next one: nothing is waited for from here on.
    const reach = walk(estate, visible, start, direction, depth, mask);
    return answerOf(estate, selected ? keep(reach, selected, start) : reach, mask, limit);
  });
}

/**
 * Which way is down? Along these relations one needs the other end: what depends or consumes goes down to what it needs. Along the
 * others the other end needs, or holds, this one: an API needs its provider, a system its parts, a group holds what it owns.
 */
const DOWN_FORWARD = bits("dependsOn", "consumesApi");
const DOWN_BACKWARD = bits("providesApi", "partOf", "ownedBy", "childOf", "memberOf");

const ALL = either(DOWN_FORWARD, DOWN_BACKWARD);
/** Who owns what is no dependence; it is followed only from a group or a person, or when it is asked for. */
const WITHOUT_PEOPLE = bits("dependsOn", "consumesApi", "providesApi", "partOf");
const ORGANISATION = new Set(["group", "user"]);

function bits(...types: string[]): TypeMask {
  return typeMask(types.map((type) => codeOf(type)! >> 1));
}

function either(a: TypeMask, b: TypeMask): TypeMask {
  return a.map((is, type) => is | b[type]!);
}

function both(a: TypeMask, b: TypeMask): TypeMask {
  return a.map((is, type) => is & b[type]!);
}

/** Both names of a relation mean the same edges. */
function maskOf(types: readonly string[] | undefined): TypeMask | undefined {
  if (types === undefined || types.length === 0) return undefined;
  const unknown = types.filter((type) => codeOf(type.trim()) === undefined);
  if (unknown.length === 0) return bits(...types.map((type) => type.trim()));
  throw new InvalidError(`There is no relation ${unknown.join(", ")}.`, {
    mend: `The relations are ${RELATION_TYPES.join(", ")}.`,
    problems: [{ at: "types", reason: `unknown: ${unknown.join(", ")}` }],
  });
}

/** What was reached, nearest first. Plain arrays of numbers: it may be a million nodes, of which a few are answered. */
type Reach = Pick<Walk, "nodes" | "levels">;

function walk(
  { graph }: Estate,
  visible: Visibility,
  start: number,
  direction: "down" | "up" | "both",
  depth: number,
  mask: TypeMask,
): Reach {
  const [down, up] = [both(mask, DOWN_FORWARD), both(mask, DOWN_BACKWARD)];
  const hidden = visible.hidden();
  if (direction === "down") return graph.walk(start, { forward: down, backward: up, depth, hidden });
  if (direction === "up") return graph.walk(start, { forward: up, backward: down, depth, hidden });
  const { nodes, levels } = graph.walk(start, { forward: down, backward: up, depth, hidden });
  // A walk's own memory is used again by the next one.
  const below = { nodes: nodes.slice(), levels };
  return merge(below, graph.walk(start, { forward: up, backward: down, depth, hidden }), graph.nodes);
}

/** Both, level by level, each node once: so at its lesser distance. */
function merge(a: Reach, b: Reach, count: number): Reach {
  const seen = new Uint8Array(count);
  const nodes = new Uint32Array(a.nodes.length + b.nodes.length);
  const levels: number[] = [];
  let end = 0;
  for (let level = 0; level < Math.max(a.levels.length, b.levels.length); level++) {
    for (const reach of [a, b]) {
      for (const node of levelOf(reach, level)) {
        if (seen[node] === 0) nodes[end++] = node;
        seen[node] = 1;
      }
    }
    levels.push(end);
  }
  return { nodes: nodes.subarray(0, end), levels };
}

function levelOf({ nodes, levels }: Reach, level: number): Uint32Array {
  return nodes.subarray(level === 0 ? 0 : (levels[level - 1] ?? nodes.length), levels[level] ?? nodes.length);
}

function keep(reach: Reach, selected: ReadonlySet<number>, start: number): Reach {
  const nodes: number[] = [];
  const levels = reach.levels.map((_, level) => {
    for (const node of levelOf(reach, level)) if (node === start || selected.has(node)) nodes.push(node);
    return nodes.length;
  });
  return { nodes: Uint32Array.from(nodes), levels };
}

function wholeOf(estate: Estate, selected: readonly number[], mask: TypeMask, limit: number): Answer {
  return answerOf(estate, { nodes: Uint32Array.from(selected), levels: [selected.length] }, mask, limit);
}

function answerOf(estate: Estate, { nodes: reached, levels }: Reach, mask: TypeMask, limit: number): Answer {
  const kept = reached.slice(0, limit);
  const isKept = new Set(kept);
  let depth = 0;
  const nodes = Array.from(kept, (id, at) => {
    while (at >= levels[depth]!) depth++;
    return nodeOf(estate, id, depth);
  });
  const edges: Answer["edges"] = [];
  for (const id of kept) {
    estate.graph.forEach(id, "out", (other, type) => {
      if (mask[type] === 1 && isKept.has(other))
        edges.push({ from: estate.refOf(id), to: estate.refOf(other), type: RELATION_TYPES[type << 1]! });
    });
  }
  return { nodes, edges, reached: reached.length, truncated: reached.length > nodes.length };
}

function nodeOf(estate: Estate, id: number, depth: number): Node {
  const item = estate.at(id);
  const ref = estate.refOf(id);
  if (!item) return { ref, kind: ref.slice(0, ref.indexOf(":")), name: ref.slice(ref.indexOf("/") + 1), found: false, depth };
  const { kind, name, title, type, owner, system } = item;
  return {
    ref,
    kind,
    name,
    found: true,
    depth,
    ...(title === undefined ? {} : { title }),
    ...(type === undefined ? {} : { type }),
    ...(owner === undefined ? {} : { owner }),
    ...(system === undefined ? {} : { system }),
  };
}
