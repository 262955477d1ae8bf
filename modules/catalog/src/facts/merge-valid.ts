import type { Entity } from "@roadbed/contracts/catalog";

import { formatPath } from "../entity/fault.ts";
import { validateEntity } from "../entity/validate-entity.ts";
import type { Kinds } from "../kinds/registry.ts";
import { mergeClaims, type Claim, type DeclaredOrder, type Merged, type Overlay, type Voice } from "./merge-claims.ts";

/** What was said that would have made a wrong entity, and is therefore not believed. */
export interface Refused<V extends Voice> {
  readonly voice: V;
  readonly problems: readonly { readonly at: string; readonly reason: string; readonly mend?: string }[];
}

export interface ValidMerge<V extends Voice> extends Merged<V> {
  readonly entity: Entity;
  readonly refused: readonly Refused<V>[];
}

/**
 * Merges, and believes nobody who would make the entity wrong by the rules of its kind: then one after the other is heard, in the
 * order of their names, and whoever breaks it is left out.
 */
export function mergeValid<V extends Voice>(
  base: Claim<V> & { readonly document: Entity },
  claims: readonly Claim<V>[],
  overlays: readonly Overlay<V>[],
  precedence: readonly DeclaredOrder[],
  kinds: Kinds,
): ValidMerge<V> {
  const merged = mergeClaims(base, claims, overlays, precedence);
  const { entity } = validateEntity(merged.document, kinds);
  if (entity) return { ...merged, entity, refused: [] };
  return hearOneByOne(base, claims, overlays, precedence, kinds, merged);
}

function hearOneByOne<V extends Voice>(
  base: Claim<V> & { readonly document: Entity },
  claims: readonly Claim<V>[],
  overlays: readonly Overlay<V>[],
  precedence: readonly DeclaredOrder[],
  kinds: Kinds,
  all: Merged<V>,
): ValidMerge<V> {
  const refused: Refused<V>[] = [];
  const heard: { claims: Claim<V>[]; overlays: Overlay<V>[] } = { claims: [], overlays: [] };
  let best = mergeClaims(base, [], [], precedence);
  let entity = base.document;
  const candidates = [
    ...claims.map((claim) => ({ voice: claim.voice, claims: [claim], overlays: [] as Overlay<V>[] })),
    ...overlays.map((overlay) => ({ voice: overlay.voice, claims: [] as Claim<V>[], overlays: [overlay] })),
  ].sort((a, b) => (a.voice.id < b.voice.id ? -1 : 1));
  for (const one of candidates) {
    const tried = mergeClaims(base, [...heard.claims, ...one.claims], [...heard.overlays, ...one.overlays], precedence);
    const { entity: valid, faults } = validateEntity(tried.document, kinds);
    if (valid) {
      heard.claims.push(...one.claims);
      heard.overlays.push(...one.overlays);
      [best, entity] = [tried, valid];
    } else {
      const problems = faults.map(({ path, reason, mend }) => ({ at: formatPath(path), reason, ...(mend === undefined ? {} : { mend }) }));
      refused.push({ voice: one.voice, problems });
    }
  }
  return { document: best.document, facts: withRefused(best, all, refused), entity, refused };
}

/** Also what is not believed because it would be wrong stays visible, at its property. */
function withRefused<V extends Voice>(best: Merged<V>, all: Merged<V>, refused: readonly Refused<V>[]): Merged<V>["facts"] {
  const ids = new Set(refused.map(({ voice }) => voice.id));
  const facts = new Map(best.facts);
  for (const [property, { path, winner, value, losing }] of all.facts) {
    const said = [...(winner ? [{ voice: winner, value }] : []), ...losing].filter(({ voice }) => ids.has(voice.id));
    if (said.length === 0) continue;
    const known = facts.get(property) ?? { path, value: undefined, winner: undefined, losing: [] };
    facts.set(property, { ...known, losing: [...known.losing, ...said] });
  }
  return facts;
}
