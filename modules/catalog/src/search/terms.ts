import { finish, joining, sorting, type Turns } from "../source/turns.ts";
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
  /** Does with stops what the next question would do at once. */
  preparing(): Turns;
}

/** Before a word that stands for a whole name. */
export const WHOLE = "=";
/** Beginnings that stand for more words than this are too short to mean something. */
const MAX_EXPANSION = 1_000;
/** Slips are looked for among so many words that hold a part of the one that was typed. */
const MAX_CANDIDATES = 5_000;

/** New words are looked at one by one until there are so many that they are put among the others. */
const MOST_ADDED = 2_000;
/** Putting more than these in order would keep everybody waiting: that is left to `preparing`, and until then each is looked at. */
const MOST_AT_ONCE = 50_000;
/** So many words are joined between two stops. */
const PIECE = 8_192;

export function createTerms(): Terms {
  const terms = new Map<string, Term>();
  let sorted: readonly Term[] = [];
  /** The sorted words as one text, in which the machine finds a middle fastest. Made by the first question for one. */
  let joined: string | undefined;
  /** Not among the sorted yet. */
  let added: Term[] = [];

  return {
    get: (text) => terms.get(text),
    add: (text, place) => {
      const term = terms.get(text);
      if (term) return void term.places.push(place);
      // Most words of a large estate are names, and stand in one place: a list that is made with it takes no more room than that.
      const made = { text, places: [place] };
      terms.set(text, made);
      added.push(made);
    },
    beginningWith,
    containing: (text) => containing(text),
    lookingLike,
    all: () => terms.values(),
    preparing,
  };

  function* preparing(): Turns {
    if (added.length <= MOST_ADDED && joined !== undefined) return;
    const [order, taken] = [sorted, added];
    const count = taken.length;
    const all = yield* joining(order, yield* sorting(taken.slice(0, count), inAlphabet), inAlphabet);
    const parts: string[] = ["\n"];
    for (let at = 0; at < all.length; at += PIECE) {
      yield;
      parts.push(joinedText(all.slice(at, at + PIECE)));
    }
    // Somebody who could not wait has put them in order meanwhile.
    if (sorted !== order || added !== taken) return;
    sorted = all;
    joined = parts.join("");
    added = taken.slice(count);
  }

  function putInOrder(): void {
    if (added.length <= MOST_ADDED || added.length > MOST_AT_ONCE) return;
    sorted = finish(joining(sorted, added.sort(inAlphabet), inAlphabet));
    joined = undefined;
    added = [];
  }

  function* beginningWith(text: string): Generator<Term> {
    putInOrder();
    let found = 0;
    for (let at = lowerBound(sorted, text); at < sorted.length && found < MAX_EXPANSION && sorted[at]!.text.startsWith(text); at++) {
      found++;
      yield sorted[at]!;
    }
    for (const term of added) {
      if (!term.text.startsWith(text)) continue;
      if (found++ >= MAX_EXPANSION) return;
      yield term;
    }
  }

  /** `lengths`: of the words that are wanted; the others are passed over. */
  function* containing(text: string, most = MAX_EXPANSION, lengths: readonly [number, number] = [0, Infinity]): Generator<Term> {
    putInOrder();
    joined ??= `\n${joinedText(sorted)}`;
    let found = 0;
    for (let at = joined.indexOf(text); at >= 0 && found < most; found++) {
      const end = joined.indexOf("\n", at);
      const start = joined.lastIndexOf("\n", at) + 1;
      if (end - start >= lengths[0] && end - start <= lengths[1]) yield terms.get(joined.slice(start, end))!;
      at = joined.indexOf(text, end);
    }
    for (const term of added) {
      if (!term.text.includes(text) || term.text.startsWith(WHOLE)) continue;
      if (found++ >= most) return;
      if (term.text.length >= lengths[0] && term.text.length <= lengths[1]) yield term;
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

function inAlphabet(a: Term, b: Term): number {
  return a.text < b.text ? -1 : 1;
}

/** Each word with its end; those that stand for whole names are nobody's middle. */
function joinedText(order: readonly Term[]): string {
  return order.map(({ text }) => (text.startsWith(WHOLE) ? "" : `${text}\n`)).join("");
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
