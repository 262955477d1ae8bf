/** A span, by what tells whether it is a leaf. Ids are hexadecimal; `parent` is empty for a root. */
export interface LeafSpan {
  readonly trace: string;
  readonly span: string;
  readonly parent: string;
  /** It calls a model and told what it used. */
  readonly uses: boolean;
}

export interface Leaves {
  /**
   * Which of a request's spans count what they used: those that no other span that counts has above it. A call that holds calls sums
   * them up, and would count them twice. Children end before their parents and so come earlier or together; what came earlier is known.
   */
  settle(spans: readonly LeafSpan[]): boolean[];
}

const REMEMBERED = 200_000;
const DEEPEST = 200;

/** Remembers, for the last 200,000 of them, which spans have a call below them. */
export function createLeaves(most = REMEMBERED): Leaves {
  const above = new Set<string>();

  function note(key: string): void {
    if (above.has(key)) above.delete(key);
    else if (above.size >= most) above.delete(above.values().next().value as string);
    above.add(key);
  }

  return {
    settle(spans) {
      const parents = new Map(spans.map(({ trace, span, parent }) => [trace + span, parent]));
      for (const { trace, span, parent, uses } of spans) {
        // A span that is known to be above a call hands that on, whether or not it used something itself.
        if (parent === "" || (!uses && !above.has(trace + span))) continue;
        let next: string | undefined = parent;
        for (let depth = 0; next !== undefined && next !== "" && depth < DEEPEST; depth++) {
          note(trace + next);
          next = parents.get(trace + next);
        }
      }
      return spans.map(({ trace, span, uses }) => uses && !above.has(trace + span));
    },
  };
}
