import { NotFoundError } from "@roadbed/core";

import type { Thing, ThingsSeen } from "../deps.ts";

/** What a figure is about, and the components that it is made from. */
export interface About {
  readonly ref: string | undefined;
  readonly title: string;
  readonly components: readonly Thing[];
}

/**
 * A component is itself; a system its components; a domain those of its systems; a team what it owns, and what the teams below it own. A person is
 * nothing that is measured. Throws `NotFoundError` for what is not there, or not for them.
 */
export function aboutOf(seen: ThingsSeen, ref: string | undefined): About {
  if (ref === undefined) return { ref, title: "Everything you may see", components: seen.components };
  const thing = seen.get(ref);
  const measured = thing !== undefined && ["component", "system", "domain", "group"].includes(thing.kind.toLowerCase());
  if (!measured) throw new NotFoundError("component, system, domain or team", ref, "See roadbed entity list. People are not measured.");
  return { ref, title: thing.title, components: seen.components.filter((one) => isWithin(seen, one, ref)) };
}

/** How many levels of teams or domains are gone up: more is a ring. */
const MOST_LEVELS = 20;

function isWithin(seen: ThingsSeen, component: Thing, ref: string): boolean {
  if (component.ref === ref) return true;
  return climbs(seen, component.owner, ref) || climbs(seen, component.system, ref);
}

function climbs(seen: ThingsSeen, from: string | undefined, to: string): boolean {
  let at = from;
  for (let level = 0; at !== undefined && level < MOST_LEVELS; level++) {
    if (at === to) return true;
    at = seen.parentOf(at);
  }
  return false;
}
