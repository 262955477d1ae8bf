/** How much a change hurts those who call: surely, perhaps, or not. */
export type Severity = "breaking" | "risky" | "safe";

/** One difference between two versions of a definition. */
export interface ApiChange {
  readonly severity: Severity;
  /** The operation or type, e.g. `GET /orders/{id}`. */
  readonly at: string;
  /** In words, with the field it is about. */
  readonly what: string;
}

/** Two versions of one huge document can differ in everything: nobody reads more. */
const MOST_CHANGES = 1_000;

/** Collects changes; more than anybody reads are left out. */
export interface Report {
  readonly changes: ApiChange[];
  add(severity: Severity, at: string, what: string): void;
  /** False when this pair need not be compared: it is being compared already, or has been and is equal. */
  begin(direction: string, before: object, after: object): boolean;
  /** The pair differs: it is to be told wherever it is used. */
  again(direction: string, before: object, after: object): void;
}

export function createReport(): Report {
  const changes: ApiChange[] = [];
  const seen = new Map<string, WeakMap<object, WeakSet<object>>>();
  const pairsOf = (direction: string): WeakMap<object, WeakSet<object>> => {
    const pairs = seen.get(direction) ?? new WeakMap<object, WeakSet<object>>();
    seen.set(direction, pairs);
    return pairs;
  };
  return {
    changes,
    add: (severity, at, what) => void (changes.length < MOST_CHANGES && changes.push({ severity, at, what })),
    begin: (direction, before, after) => {
      const partners = pairsOf(direction).get(before) ?? new WeakSet();
      if (partners.has(after)) return false;
      pairsOf(direction).set(before, partners.add(after));
      return true;
    },
    again: (direction, before, after) => void pairsOf(direction).get(before)?.delete(after),
  };
}

const ORDER: Readonly<Record<Severity, number>> = { breaking: 0, risky: 1, safe: 2 };

/** What hurts first; else in the order of the document. */
export function sorted(changes: readonly ApiChange[]): ApiChange[] {
  return changes.toSorted((a, b) => ORDER[a.severity] - ORDER[b.severity]);
}
