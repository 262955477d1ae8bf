import type { Origin, viewGraph } from "@roadbed/contracts/catalog/graph";
import type { InputOf } from "@roadbed/core";

import type { GroupBy } from "../../graph/group.ts";

/** What the graph's URL holds. */
export interface GraphSearch {
  readonly group?: GroupBy | undefined;
  readonly open?: readonly string[] | undefined;
  readonly select?: string | undefined;
  readonly kind?: readonly string[] | undefined;
  readonly view?: "graph" | "table" | "drift" | undefined;
  /** The entity around which the picture is, and how far. */
  readonly ref?: string | undefined;
  /** The moment that is looked at; now without it. */
  readonly asOf?: string | undefined;
  readonly depth?: number | undefined;
  readonly direction?: "up" | "down" | undefined;
  readonly origin?: Origin | undefined;
  /** The entity whose blast radius is lit. */
  readonly impact?: string | undefined;
  /** Ends of the way that is looked for. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly way?: "up" | "any" | undefined;
  readonly finding?: "unseen" | "undeclared" | "unknown" | undefined;
  readonly days?: number | undefined;
}

/** People and teams are not part of how the software hangs together; a facet brings them in. */
export const KINDS: readonly string[] = ["component", "api", "resource"];
const WITH_PEOPLE = "dependsOn,consumesApi,providesApi,partOf,calls,sends,uses,ownedBy,memberOf,childOf";
const LIMIT = 5_000;
export const START_DEPTH = 2;

/** The question that the URL asks of the server. */
export function questionOf({ group, open, kind, ref, asOf, depth, direction, origin, view }: GraphSearch): InputOf<typeof viewGraph> {
  const kinds = kind ?? KINDS;
  const byDefault: GroupBy = ref === undefined ? "system" : "none";
  return {
    ...(ref === undefined ? {} : { ref, depth: depth ?? START_DEPTH, ...(direction === undefined ? {} : { direction }) }),
    // The system or domain in the middle is no component, yet it is what was asked for.
    filter: kinds.map((one) => `kind=${one}`).join(","),
    ...(kinds.some((one) => one === "user" || one === "group") ? { types: WITH_PEOPLE } : {}),
    // Of the past only what was declared is known.
    ...(asOf !== undefined ? { asOf } : origin === undefined ? {} : { origins: [origin] }),
    groupBy: view === "table" ? "none" : (group ?? byDefault),
    ...(open === undefined || view === "table" ? {} : { open: [...open] }),
    limit: LIMIT,
  };
}
