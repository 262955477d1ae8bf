import { isNear } from "./tokens.ts";

/** A word, and where it stands: `entry * 256 + weight`, a number per place. */
export interface Term {
  readonly text: string;
  readonly places: number[];
}

/** All words of an index, found by how they begin, by what is in them, and by what they look like. */
export interface Terms {
  get(text: string): Term | undefined;
  /** The term stands there, too; it is made if it is new. */
  add(text: string, place: number): void;
  beginningWith(text: string): Iterable<Term>;
  containing(text: string): Iterable<Term>;
  /** Words that become this one by one slip, of eight letters or more by two. */
  lookingLike(text: string): Iterable<Term>;
  all(): Iterable<Term>;
  drop(text: string): void;
}

/** Before a word that stands for a whole name. */
export const WHOLE = "=";
/** Beginnings that stand for more words than this are too short to mean something. */
const MAX_EXPANSION = 1_000;
/** Slips are looked for among so many words that hold a part of the one that was typed. */
const MAX_CANDIDATES = 5_000;

export function createTerms(): Terms {
  const terms = new Map<string, Term>();
  /** Made by the first question after a change: in order, and as one text, in which the machine finds a middle fastest. */
  let sorted: Term[] | undefined;
  let joined: string | undefined;
  let since = 0;

  return {
    get: (text) => terms.get(text),
    add: (text, place) => {
      const term = terms.get(text);
      if (term) return void term.places.push(place);
      // Most words of a large estate are names, and stand in one place: a list that is made with it takes no more room than that.
      const made = { text, places: [place] };
      terms.set(text, made);
      keepSorted(made);
    },
    beginningWith,
    containing: (text) => containing(text),
    lookingLike,
    all: () => terms.values(),
    drop: (text) => {
      if (terms.delete(text)) [sorted, joined] = [undefined, undefined];
    },
  };

  /** A few new words are put in their place; while very many come, nobody asks. */
  function keepSorted(term: Term): void {
    joined = undefined;
    if (!sorted) return;
    if (++since > 500) sorted = undefined;
    else sorted.splice(lowerBound(sorted, term.text), 0, term);
  }

  function inOrder(): Term[] {
    since = 0;
    return (sorted ??= [...terms.values()].sort((a, b) => (a.text < b.text ? -1 : 1)));
  }

  function* beginningWith(text: string): Generator<Term> {
    const order = inOrder();
    const from = lowerBound(order, text);
    for (let at = from; at < order.length && at < from + MAX_EXPANSION && order[at]!.text.startsWith(text); at++) yield order[at]!;
  }

  /** `lengths`: of the words that are wanted; the others are passed over. */
  function* containing(text: string, most = MAX_EXPANSION, lengths: readonly [number, number] = [0, Infinity]): Generator<Term> {
    joined ??= `\n${inOrder()
      .flatMap(({ text: word }) => (word.startsWith(WHOLE) ? [] : [word]))
      .join("\n")}\n`;
    for (let at = joined.indexOf(text), found = 0; at >= 0 && found < most; found++) {
      const end = joined.indexOf("\n", at);
      const start = joined.lastIndexOf("\n", at) + 1;
      if (end - start >= lengths[0] && end - start <= lengths[1]) yield terms.get(joined.slice(start, end))!;
      at = joined.indexOf(text, end);
    }
  }

  /**
   * Whoever slips once leaves one half of the word as it is, whoever slips twice a third; two letters that changed places may have
   * stood on the cut, so the word is cut at two places. What holds such a part is compared letter by letter.
   */
  function* lookingLike(text: string): Generator<Term> {
    const slips = text.length >= 8 ? 2 : 1;
    const seen = new Set<string>();
    for (const part of partsOf(text, slips + 1)) {
      for (const term of containing(part, MAX_CANDIDATES, [text.length - slips, text.length + slips])) {
        if (seen.has(term.text)) continue;
        seen.add(term.text);
        if (isNear(text, term.text, slips)) yield term;
      }
    }
  }
}

function partsOf(text: string, count: number): Set<string> {
  const parts = new Set<string>();
  for (const shift of [0, 1]) {
    const cuts = Array.from({ length: count + 1 }, (_, at) =>
      Math.min(text.length, Math.floor((text.length * at) / count) + (at === 0 || at === count ? 0 : shift)),
    );
    for (let at = 0; at < count; at++) if (cuts[at + 1]! > cuts[at]!) parts.add(text.slice(cuts[at], cuts[at + 1]));
  }
  return parts;
}

function lowerBound(sorted: readonly Term[], value: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.text < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
