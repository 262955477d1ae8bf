import { graphEntities } from "@roadbed/contracts/catalog";
import { handle, InvalidError, NotFoundError, type Handler, type OutputOf } from "@roadbed/core";

import { codeOf, RELATION_TYPES } from "../entity/relations.ts";
import type { Selector } from "../entity/select-entities.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import type { Estate } from "../estate/estate.ts";
import { visibleTo, type Visibility } from "../estate/visibility.ts";
import { typeMask, type TypeMask } from "./graph.ts";

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
    const depths = walk(estate, visible, start, direction, depth, mask);
    const selected = filter === undefined ? undefined : new Set(await selector.select(ctx.sql, visible, filter));
    return answerOf(estate, selected ? keep(depths, selected, start) : depths, mask, limit);
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

/** How far each node that can be reached is away, nearest first. */
function walk(
  { graph }: Estate,
  visible: Visibility,
  start: number,
  direction: "down" | "up" | "both",
  depth: number,
  mask: TypeMask,
): Map<number, number> {
  const [down, up] = [both(mask, DOWN_FORWARD), both(mask, DOWN_BACKWARD)];
  const hidden = visible.hidden();
  const depths = new Map<number, number>();
  const add = (forward: TypeMask, backward: TypeMask): void => {
    const { nodes, levels } = graph.walk(start, { forward, backward, depth, hidden });
    for (let level = 0, at = 0; level < levels.length; level++) {
      for (; at < levels[level]!; at++) if (level < (depths.get(nodes[at]!) ?? Infinity)) depths.set(nodes[at]!, level);
    }
  };
  if (direction !== "up") add(down, up);
  if (direction !== "down") add(up, down);
  return direction === "both" ? new Map([...depths].sort((a, b) => a[1] - b[1])) : depths;
}

function keep(depths: ReadonlyMap<number, number>, selected: ReadonlySet<number>, start: number): Map<number, number> {
  return new Map([...depths].filter(([id]) => id === start || selected.has(id)));
}

function wholeOf(estate: Estate, selected: readonly number[], mask: TypeMask, limit: number): Answer {
  return answerOf(estate, new Map(selected.map((id) => [id, 0])), mask, limit);
}

function answerOf(estate: Estate, depths: ReadonlyMap<number, number>, mask: TypeMask, limit: number): Answer {
  const nodes: Node[] = [];
  const kept = new Set<number>();
  for (const [id, depth] of depths) {
    if (nodes.length === limit) break;
    kept.add(id);
    nodes.push(nodeOf(estate, id, depth));
  }
  const edges: Answer["edges"] = [];
  for (const id of kept) {
    estate.graph.forEach(id, "out", (other, type) => {
      if (mask[type] === 1 && kept.has(other))
        edges.push({ from: estate.refOf(id), to: estate.refOf(other), type: RELATION_TYPES[type << 1]! });
    });
  }
  return { nodes, edges, reached: depths.size, truncated: depths.size > nodes.length };
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
