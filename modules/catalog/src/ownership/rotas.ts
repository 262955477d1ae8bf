import type { getOnCall } from "@roadbed/contracts/catalog/ownership";
import type { OutputOf } from "@roadbed/core";

import type { Estate } from "../estate/estate.ts";
import type { Visibility } from "../estate/visibility.ts";
import { OWNED_BY, PART_OF } from "./ownership-view.ts";

/** Whose rota may be asked for a thing. */
export interface Candidate {
  readonly ref: string;
  readonly because: NonNullable<OutputOf<typeof getOnCall>["from"]>["because"];
}

/** The rotas that may say who is called for a thing, the nearest first. The thing must be there. */
export function candidatesFor(estate: Estate, ref: string, visible: Visibility): Candidate[] {
  const item = estate.get(ref)!;
  const candidates: Candidate[] = [{ ref, because: "own" }];
  const put = (id: number, because: Candidate["because"]): void => {
    const other = visible.sees(id) ? estate.at(id) : undefined;
    if (other && !candidates.some((one) => one.ref === other.ref)) candidates.push({ ref: other.ref, because });
  };
  const owners = (id: number): number[] => {
    const found: number[] = [];
    estate.graph.forEach(id, "out", (other, type) => type === OWNED_BY >> 1 && found.push(other));
    return found.sort((a, b) => (estate.refOf(a) < estate.refOf(b) ? -1 : 1));
  };
  for (const owner of owners(item.id)) put(owner, "owner");
  const system = item.system === undefined ? undefined : estate.idOf(item.system);
  if (system !== undefined && visible.sees(system)) {
    put(system, "system");
    for (const owner of owners(system)) put(owner, "owner-of-system");
    const domain = domainOf(estate, system);
    if (domain !== undefined && visible.sees(domain)) {
      put(domain, "domain");
      for (const owner of owners(domain)) put(owner, "owner-of-domain");
    }
  }
  return candidates;
}

function domainOf(estate: Estate, system: number): number | undefined {
  const found: number[] = [];
  estate.graph.forEach(system, "out", (other, type) => type === PART_OF >> 1 && found.push(other));
  return found.find((id) => estate.at(id)?.kind === "Domain");
}
