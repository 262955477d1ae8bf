import { NotFoundError } from "@roadbed/core";

import type { Estate } from "../estate/estate.ts";
import type { Visibility } from "../estate/visibility.ts";

/**
 * The number of what a walk begins at: an entity, or a name that something visible states or calls. Throws `NotFoundError` for all
 * others, also for names that are known from another moment only.
 */
export function startOf(estate: Estate, visible: Visibility, ref: string): number {
  const id = estate.idOf(ref);
  if (id !== undefined && visible.sees(id) && (estate.at(id) !== undefined || isNamed(estate, visible, id))) return id;
  throw new NotFoundError("entity", ref, "List the entities to see what there is.");
}

function isNamed({ graph }: Estate, visible: Visibility, id: number): boolean {
  let named = false;
  for (const direction of ["in", "out"] as const) graph.forEach(id, direction, (other) => void (named ||= visible.sees(other)));
  return named;
}
