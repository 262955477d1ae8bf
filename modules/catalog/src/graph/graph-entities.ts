import { graphEntities } from "@roadbed/contracts/catalog";
import { handle, InvalidError, type Handler, type OutputOf } from "@roadbed/core";

import type { RelationTypes } from "../kinds/relation-types.ts";
import { RELATION_TYPES } from "../entity/relations.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import type { Estate } from "../estate/estate.ts";
import type { Visibility } from "../estate/visibility.ts";
import type { Standpoints } from "../time/standpoints.ts";
import { startOf } from "./start-of.ts";
import { typeMask, type TypeMask, type Walk } from "./graph.ts";

type Answer = OutputOf<typeof graphEntities>;
type Node = Answer["nodes"][number];

export function makeGraphEntities(standpoints: Standpoints): Handler {
  return handle(graphEntities, async (ctx, { ref, filter, asOf, direction, depth, types, limit }) => {
    const { catalogue, selector, visible } = await standpoints.at(ctx, asOf);
    const { estate, kinds } = catalogue;
    const masks = masksOf(kinds.relations);
    const wanted = wantedOf(kinds.relations, types);
    if (ref === undefined) return wholeOf(catalogue, await selector.select(ctx.sql, visible, filter), wanted ?? masks.all, limit);
    const start = startOf(estate, visible, ref);
    const mask = wanted ?? (ORGANISATION.has(ref.slice(0, ref.indexOf(":"))) ? masks.all : masks.withoutPeople);
    const selected = filter === undefined ? undefined : new Set(await selector.select(ctx.sql, visible, filter));
    // What a walk answers is good until the next one: nothing is waited for from here on.
    const reach = walk(estate, visible, start, direction, depth, mask, masks);
    return answerOf(catalogue, selected ? keep(reach, selected, start) : reach, mask, limit);
  });
}

/**
 * Which way is down? Along these relations one needs the other end: what depends or consumes goes down to what it needs. Along the
 * others the other end needs, or holds, this one: an API needs its provider, a system its parts, a group holds what it owns.
 */
const DOWN_FORWARD = ["dependsOn", "consumesApi"];
const DOWN_BACKWARD = ["providesApi", "partOf", "ownedBy", "childOf", "memberOf"];
/** Who owns what is no dependence; it is followed only from a group or a person, or when it is asked for. */
const PEOPLE = ["ownedBy", "childOf", "memberOf"];
const ORGANISATION = new Set(["group", "user"]);

interface Masks {
  readonly downForward: TypeMask;
  readonly downBackward: TypeMask;
  readonly all: TypeMask;
  readonly withoutPeople: TypeMask;
}

/** Along a relation that a kind of somebody's own brings, who states it needs the other end. */
function masksOf(relations: RelationTypes): Masks {
  const own = relations.names.filter((name) => relations.codeOf(name)! >= RELATION_TYPES.length);
  const downForward = bits(relations, [...DOWN_FORWARD, ...own]);
  const downBackward = bits(relations, DOWN_BACKWARD);
  const withoutPeople = bits(relations, [...DOWN_FORWARD, ...own, ...DOWN_BACKWARD.filter((type) => !PEOPLE.includes(type))]);
  return { downForward, downBackward, all: either(downForward, downBackward), withoutPeople };
}

function bits(relations: RelationTypes, types: readonly string[]): TypeMask {
  return typeMask(types.map((type) => relations.codeOf(type)! >> 1));
}

function either(a: TypeMask, b: TypeMask): TypeMask {
  return a.map((is, type) => is | b[type]!);
}

function both(a: TypeMask, b: TypeMask): TypeMask {
  return a.map((is, type) => is & b[type]!);
}

/** Both names of a relation mean the same edges. */
function wantedOf(relations: RelationTypes, types: readonly string[] | undefined): TypeMask | undefined {
  if (types === undefined || types.length === 0) return undefined;
  const unknown = types.filter((type) => relations.codeOf(type.trim()) === undefined);
  if (unknown.length === 0)
    return bits(
      relations,
      types.map((type) => type.trim()),
    );
  throw new InvalidError(`There is no relation ${unknown.join(", ")}.`, {
    mend: `The relations are ${relations.names.join(", ")}.`,
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
  { downForward, downBackward }: Masks,
): Reach {
  const [down, up] = [both(mask, downForward), both(mask, downBackward)];
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

function wholeOf(catalogue: Catalogue, selected: readonly number[], mask: TypeMask, limit: number): Answer {
  return answerOf(catalogue, { nodes: Uint32Array.from(selected), levels: [selected.length] }, mask, limit);
}

function answerOf({ estate, kinds }: Catalogue, { nodes: reached, levels }: Reach, mask: TypeMask, limit: number): Answer {
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
      if (mask[type] !== 1 || !isKept.has(other)) return;
      const rule = estate.inferredBy(id, type << 1, other);
      const inferred = rule === undefined ? {} : { origin: "inferred" as const, rule };
      edges.push({ from: estate.refOf(id), to: estate.refOf(other), type: kinds.relations.typeOf(type << 1), ...inferred });
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
