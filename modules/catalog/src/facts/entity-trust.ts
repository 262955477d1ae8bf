import type { EntityTrust } from "@roadbed/contracts/catalog";
import type { Fact } from "@roadbed/contracts/catalog/facts";
import type { Sql } from "@roadbed/core";

import type { Visibility } from "../estate/visibility.ts";
import type { Kinds } from "../kinds/registry.ts";
import { readFacts } from "./read-facts.ts";

/** How far whole entities are to be trusted: as far as the weakest of the facts that have a threshold. */
export async function readTrust(
  sql: Sql,
  refs: readonly string[],
  o: { readonly now: Date; readonly kinds: Kinds; readonly visible: Visibility },
): Promise<Map<string, EntityTrust>> {
  const facts = await readFacts(sql, refs, { now: o.now, kinds: o.kinds, seesSource: o.visible.seesSource });
  return new Map([...facts].map(([ref, entity]) => [ref, trustOfEntity(entity.facts)]));
}

export function trustOfEntity(facts: readonly Fact[]): EntityTrust {
  const there = facts.filter(({ value }) => value !== undefined);
  const weighty = there.filter(({ threshold }) => threshold !== undefined);
  const weakest = (weighty.length > 0 ? weighty : there).reduce<Fact | undefined>(
    (least, fact) => (least && least.trust <= fact.trust ? least : fact),
    undefined,
  );
  return {
    overall: weakest?.trust ?? 0,
    ...(weakest === undefined ? {} : { weakest: weakest.property }),
    ...(weakest?.observedAt === undefined ? {} : { observedAt: weakest.observedAt }),
    properties: Object.fromEntries(there.map(({ property, trust }) => [property, trust])),
    stale: there.filter(({ stale }) => stale).map(({ property }) => property),
  };
}
