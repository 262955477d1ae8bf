import { formatRef, type Entity } from "@roadbed/contracts/catalog";
import type { ProposalEdits } from "@roadbed/contracts/catalog/proposals";

import { canonical } from "../../entity/relations.ts";
import type { Draft } from "../combine/draft.ts";

const LISTS = ["dependsOn", "consumesApis", "providesApis"];

/**
 * The entity of a draft with what a person changed. `renames`: the names that other proposals were given, so that relations
 * to them follow.
 */
export function applyEdits({ entity }: Pick<Draft, "entity">, edits: ProposalEdits, renames: ReadonlyMap<string, string> = NONE): Entity {
  const spec: Record<string, unknown> = { ...entity.spec };
  const without = new Set(edits.without ?? []);
  for (const field of LISTS) {
    if (!Array.isArray(spec[field])) continue;
    const left = (spec[field] as string[]).filter((ref) => !without.has(ref)).map((ref) => renames.get(ref) ?? ref);
    if (left.length > 0) spec[field] = [...new Set(left)].sort();
    else delete spec[field];
  }
  for (const field of ["type", "lifecycle", "owner", "system"] as const) {
    const value = edits[field];
    if (typeof value === "string")
      spec[field] = field === "owner" || field === "system" ? wholeRef(value, field === "owner" ? "group" : "system") : value;
    else if (typeof spec[field] === "string") spec[field] = renames.get(spec[field]) ?? spec[field];
    if (spec[field] === "") delete spec[field];
  }
  const { name, title, description } = edits;
  return {
    ...entity,
    metadata: {
      ...entity.metadata,
      ...(typeof name === "string" ? { name } : {}),
      ...(typeof title === "string" ? { title } : {}),
      ...(typeof description === "string" ? { description } : {}),
    },
    spec,
  };
}

const NONE: ReadonlyMap<string, string> = new Map();

function wholeRef(text: string, kind: string): string {
  return text === "" ? "" : canonical(text, kind, "default");
}

/** The reference a draft will have, with the name a person gave it. */
export function refAfter(draft: Pick<Draft, "ref">, edits: ProposalEdits): string {
  if (typeof edits.name !== "string") return draft.ref;
  const [kind, namespace] = draft.ref.split(/[:/]/);
  return formatRef({ kind: kind!, namespace: namespace!, name: edits.name });
}

/** New changes over old ones; null takes one back. */
export function mergeEdits(before: ProposalEdits, change: ProposalEdits): ProposalEdits {
  const merged = { ...before, ...Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}
