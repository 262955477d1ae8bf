import type { Fact } from "@roadbed/contracts/catalog/facts";

/** A fact below its threshold. */
export interface Stale {
  readonly ref: string;
  readonly fact: Fact;
}

/**
 * Whom to ask about what: the least trusted fact first, and of those who may know it the one who was asked least this week. Nobody
 * is asked more than `perWeek`; what nobody is left for is not asked about now.
 */
export function choosePeople(
  stale: readonly Stale[],
  o: {
    readonly candidatesFor: (ref: string) => readonly string[];
    readonly askedThisWeek: ReadonlyMap<string, number>;
    readonly perWeek: number;
  },
): (Stale & { readonly person: string })[] {
  const asked = new Map(o.askedThisWeek);
  const urgent = [...stale].sort((a, b) => a.fact.trust - b.fact.trust || (keyOf(a) < keyOf(b) ? -1 : 1));
  return urgent.flatMap((one) => {
    const free = o.candidatesFor(one.ref).filter((person) => (asked.get(person) ?? 0) < o.perWeek);
    const person = free.reduce<string | undefined>(
      (least, next) => (least !== undefined && (asked.get(least) ?? 0) <= (asked.get(next) ?? 0) ? least : next),
      undefined,
    );
    if (person === undefined) return [];
    asked.set(person, (asked.get(person) ?? 0) + 1);
    return [{ ...one, person }];
  });
}

function keyOf({ ref, fact }: Stale): string {
  return `${ref} ${fact.property}`;
}
