import type { NeighbourView } from "@roadbed/contracts/catalog";
import { listNeighbours } from "@roadbed/contracts/catalog/entity-operations";
import { encodeCursor, handle, NotFoundError, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { Catalogue } from "../estate/catalogue.ts";
import type { Visibility } from "../estate/visibility.ts";
import type { Standpoints } from "../time/standpoints.ts";

/** Of each relation so many stand with the entity itself: a group of twenty thousand is no reason to answer slowly. */
export const NEIGHBOURS_SHOWN = 200;

interface End {
  readonly id: number;
  readonly code: number;
  readonly ref: string;
}

/** What an entity is related to, by relation in the order of their names: the first of each, and how many there are. */
export function firstNeighbours(
  catalogue: Catalogue,
  visible: Visibility,
  id: number,
): { readonly neighbours: readonly NeighbourView[]; readonly counts: Readonly<Record<string, number>> } {
  const byType = endsOf(catalogue, visible, id);
  const neighbours: NeighbourView[] = [];
  const counts: Record<string, number> = {};
  for (const type of [...byType.keys()].sort()) {
    const ends = byType.get(type)!;
    counts[type] = ends.length;
    for (const end of firstOf(ends, NEIGHBOURS_SHOWN)) neighbours.push(viewOf(catalogue, id, type, end));
  }
  return { neighbours, counts };
}

/** All of them, page by page. */
export function makeListNeighbours(standpoints: Standpoints): Handler {
  return handle(listNeighbours, async (ctx, { ref, relation, asOf, limit, cursor }) => {
    const { catalogue, visible } = await standpoints.at(ctx, asOf);
    const id = catalogue.estate.idOf(ref);
    if (id === undefined || !catalogue.estate.at(id) || !visible.sees(id)) {
      throw new NotFoundError("entity", ref, "List the entities to see what there is.");
    }
    const [afterType = "", afterRef = ""] = readCursor(z.tuple([z.string(), z.string()]), cursor) ?? [];
    const asked = [...endsOf(catalogue, visible, id)]
      .filter(([type]) => relation === undefined || type.toLowerCase() === relation.toLowerCase())
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const found: { readonly type: string; readonly end: End }[] = [];
    for (const [type, ends] of asked) {
      if (type < afterType || found.length > limit) continue;
      const rest = type === afterType ? ends.filter(({ ref: other }) => other > afterRef) : ends;
      for (const end of firstOf(rest, limit + 1 - found.length)) found.push({ type, end });
    }
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(({ type, end }) => viewOf(catalogue, id, type, end)),
      total: asked.reduce((sum, [, ends]) => sum + ends.length, 0),
      ...(found.length > limit && last ? { nextCursor: encodeCursor([last.type, last.end.ref]) } : {}),
    };
  });
}

function endsOf({ estate, kinds }: Catalogue, visible: Visibility, id: number): Map<string, End[]> {
  const byType = new Map<string, End[]>();
  estate.forEachNeighbour(id, (other, code) => {
    if (!visible.all && !visible.sees(other)) return;
    const type = kinds.relations.typeOf(code);
    let ends = byType.get(type);
    if (!ends) byType.set(type, (ends = []));
    ends.push({ id: other, code, ref: estate.refOf(other) });
  });
  return byType;
}

/** The first by reference, without sorting all: of twenty thousand only few are ever put in. */
function firstOf(ends: readonly End[], count: number): readonly End[] {
  const first: End[] = [];
  for (const end of ends) {
    if (first.length === count && end.ref > first.at(-1)!.ref) continue;
    let [low, high] = [0, first.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (first[middle]!.ref < end.ref) low = middle + 1;
      else high = middle;
    }
    first.splice(low, 0, end);
    if (first.length > count) first.pop();
  }
  return first;
}

function viewOf({ estate }: Catalogue, from: number, type: string, { id, code, ref }: End): NeighbourView {
  const other = estate.at(id);
  const rule = estate.inferredBy(from, code, id);
  return {
    type,
    ref,
    kind: other?.kind ?? ref.slice(0, ref.indexOf(":")),
    ...(other?.title === undefined ? {} : { title: other.title }),
    ...(other?.type === undefined ? {} : { specType: other.type }),
    found: other !== undefined,
    origin: rule === undefined ? "declared" : "inferred",
    ...(rule === undefined ? {} : { rule }),
  };
}
