/** One reason to believe something: what was read, where, and how much it would convince on its own. */
export interface Evidence {
  /** Key of the repository. */
  readonly repository: string;
  readonly file: string;
  readonly line: number;
  /** In words, as a sentence goes on after "because". */
  readonly says: string;
  /** Evidence of the same group is not independent: only the strongest of it counts. */
  readonly group: string;
  /** How sure this alone would make, 0 to 1. */
  readonly weight: number;
}

/** Something believed, how sure, and why. */
export interface Claim<T> {
  readonly value: T;
  readonly confidence: number;
  readonly evidence: readonly Evidence[];
}

/** Nothing that was only read is certain. */
const MOST = 0.99;

/**
 * How sure independent evidence makes: what is left of doubt is multiplied, 1 − Π(1 − w), with the strongest of each group. More
 * evidence never makes less sure, its order does not matter, and saying the same thing twice adds nothing.
 */
export function confidenceOf(evidence: readonly Pick<Evidence, "group" | "weight">[]): number {
  const strongest = new Map<string, number>();
  for (const { group, weight } of evidence) strongest.set(group, Math.max(strongest.get(group) ?? 0, weight));
  // Sorted: sums and products of fractions depend on their order in the last digit.
  const doubt = [...strongest.values()].sort((a, b) => a - b).reduce((left, weight) => left * (1 - weight), 1);
  return Math.min(MOST, Math.round((1 - doubt) * 100) / 100);
}

/** Strongest first, then by place; the same reason at the same place once. */
export function sortEvidence(evidence: readonly Evidence[]): readonly Evidence[] {
  const unique = new Map(evidence.map((one) => [`${one.repository}\0${one.file}\0${one.line}\0${one.says}\0${one.group}`, one]));
  return [...unique.values()].sort(
    (a, b) => b.weight - a.weight || order(a.repository, b.repository) || order(a.file, b.file) || a.line - b.line || order(a.says, b.says),
  );
}

export function claimOf<T>(value: T, evidence: readonly Evidence[]): Claim<T> {
  return { value, confidence: confidenceOf(evidence), evidence: sortEvidence(evidence).slice(0, MOST_EVIDENCE) };
}

/** Most reasons of one claim that are kept: the strongest. */
const MOST_EVIDENCE = 20;

/** In words, on one line: the strongest reason of each group. */
export function reasonOf(evidence: readonly Evidence[], most = 3): string {
  const groups = new Set<string>();
  const parts: string[] = [];
  for (const { group, says } of sortEvidence(evidence)) {
    if (groups.has(group) || parts.includes(says)) continue;
    groups.add(group);
    parts.push(says);
  }
  const rest = parts.length - most;
  return [parts.slice(0, most).join(", "), rest > 0 ? `and ${rest} more` : ""].filter(Boolean).join(" ");
}

export function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
