import type { Catalogue } from "../estate/catalogue.ts";
import type { Visibility } from "../estate/visibility.ts";

export type Facets = Record<string, { value: string; count: number }[]>;

/** Answers that are kept of one state of a catalogue; a change forgets them all. */
const MOST_KEPT = 200;

interface Kept {
  readonly applied: number;
  readonly derived: number;
  readonly answers: Map<string, Facets>;
}

const kept = new WeakMap<Catalogue, Kept>();

/**
 * Counts the values of fields over what `choose` answers. Pages and people ask for the same counts again and again: what was counted
 * since the last change is not counted anew. `question`: all that `choose` depends on, besides who asks and what there is.
 */
export async function countFacets(
  catalogue: Catalogue,
  visible: Visibility,
  o: { readonly facets: readonly string[]; readonly question: unknown; readonly choose: () => Promise<readonly number[]> },
): Promise<Facets> {
  const key = JSON.stringify([visible.key, o.facets, o.question]);
  const before = answersOf(catalogue);
  const known = before.get(key);
  if (known) return known;
  await catalogue.estate.ready(o.facets.map((facet) => facet.toLowerCase()));
  const counted = catalogue.estate.facets(await o.choose(), o.facets, visible.all ? undefined : visible.sees);
  // What was chosen while a change came in may be from before it.
  if (answersOf(catalogue) === before && before.size < MOST_KEPT) before.set(key, counted);
  return counted;
}

function answersOf(catalogue: Catalogue): Map<string, Facets> {
  const applied = catalogue.feed.applied;
  const derived = catalogue.derived.engine.version;
  let one = kept.get(catalogue);
  if (one?.applied !== applied || one.derived !== derived) kept.set(catalogue, (one = { applied, derived, answers: new Map() }));
  return one.answers;
}
