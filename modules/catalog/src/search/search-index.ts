import { isNear, normalise, tokens } from "./tokens.ts";

/** A text that can be found, and how much a word in it counts. */
export interface Field {
  readonly text: string;
  readonly weight: number;
  /** The whole text is a name: who types all of it, or how it begins, means this one. */
  readonly isName?: boolean;
}

export interface Hit {
  readonly key: string;
  readonly score: number;
}

/**
 * An inverted index with ranking: rare words count more than common ones, names more than prose, whole words more than beginnings,
 * and where no word begins so, the middle of one or a slip of the finger will do. All words of a question must be found; if nothing has all, some will do.
 */
export interface SearchIndex {
  readonly size: number;
  /** Puts in, or replaces, what is found under a key. */
  put(key: string, fields: readonly Field[]): void;
  remove(key: string): void;
  /** Best first. What is not among `only` is as if it were not in the index. */
  query(text: string, limit: number, only?: (key: string) => boolean): Hit[];
  /** Keys in which all words are found, whole or as a beginning. */
  matching(text: string): ReadonlySet<string>;
}

interface Term {
  readonly text: string;
  /** Numbers of the entries, ascending, and beside each the weight of the word there. */
  readonly entries: number[];
  readonly weights: number[];
}

interface Entry {
  readonly key: string;
  readonly terms: readonly Term[];
}

type Admits = (entry: number) => boolean;

/** Before a word that stands for a whole name. */
const WHOLE = "=";
/** Beginnings that stand for more words than this are too short to mean something. */
const MAX_EXPANSION = 1_000;
const MAX_SPLICES = 500;
const EXACT = 1;
const BEGINNING = 0.55;
const INSIDE = 0.4;
const SLIP = 0.3;

export function createSearchIndex(): SearchIndex {
  const entries = new Map<number, Entry>();
  const numbers = new Map<string, number>();
  const terms = new Map<string, Term>();
  /** Kept sorted through single changes; after many it is made anew by the next question. */
  let sorted: string[] | undefined;
  let changes = 0;
  let next = 0;

  return {
    get size() {
      return entries.size;
    },
    put: (key, fields) => {
      remove(key);
      const number = next++;
      const weights = weigh(fields);
      const own = [...weights].map(([text, weight]) => {
        const term = terms.get(text) ?? addTerm(text);
        // Numbers only grow, so the lists stay sorted.
        term.entries.push(number);
        term.weights.push(weight);
        return term;
      });
      entries.set(number, { key, terms: own });
      numbers.set(key, number);
    },
    remove,
    query,
    matching: (text) => {
      const scores = all(words(text).map((word) => scoresOf(word, false)));
      return new Set([...scores.keys()].map((number) => entries.get(number)!.key));
    },
  };

  function addTerm(text: string): Term {
    const term: Term = { text, entries: [], weights: [] };
    terms.set(text, term);
    if (keepSorted()) sorted!.splice(lowerBound(sorted!, text), 0, text);
    return term;
  }

  function keepSorted(): boolean {
    if (++changes > MAX_SPLICES) sorted = undefined;
    return sorted !== undefined;
  }

  function remove(key: string): void {
    const number = numbers.get(key);
    if (number === undefined) return;
    for (const term of entries.get(number)!.terms) {
      const at = indexOf(term.entries, number);
      term.entries.splice(at, 1);
      term.weights.splice(at, 1);
      if (term.entries.length > 0) continue;
      terms.delete(term.text);
      if (keepSorted()) sorted!.splice(lowerBound(sorted!, term.text), 1);
    }
    entries.delete(number);
    numbers.delete(key);
  }

  function query(text: string, limit: number, only?: (key: string) => boolean): Hit[] {
    const asked = words(text);
    if (asked.length === 0) return [];
    const admits = only && ((number: number) => only(entries.get(number)!.key));
    const parts = asked.map((word) => scoresOf(word, true, admits));
    const scores = all(parts);
    const found = scores.size > 0 ? scores : some(parts);
    const name = WHOLE + normalise(text);
    addTo(found, terms.get(name), 100, admits);
    for (const term of beginningWith(name)) if (term.text !== name) addTo(found, term, 8 * (name.length / term.text.length), admits);
    const hits = Array.from(found, ([number, score]): Hit => ({ key: entries.get(number)!.key, score }));
    return hits.sort((a, b) => b.score - a.score || (a.key < b.key ? -1 : 1)).slice(0, limit);
  }

  /** Score of every entry that has the word, or one that begins so; and, when there is none, one that looks like it. */
  function scoresOf(word: string, forgiving: boolean, admits?: Admits): Map<number, number> {
    const scores = new Map<number, number>();
    for (const term of beginningWith(word))
      raise(scores, term, term.text === word ? EXACT : BEGINNING * (word.length / term.text.length) ** 0.5, admits);
    if (scores.size > 0 || !forgiving) return scores;
    if (word.length >= 3) for (const term of containing(word)) raise(scores, term, INSIDE * (word.length / term.text.length), admits);
    if (scores.size === 0 && word.length >= 4) for (const term of lookingLike(word)) raise(scores, term, SLIP, admits);
    return scores;
  }

  /** An entry has the score of its best term, not the sum: a beginning may stand for many words. */
  function raise(scores: Map<number, number>, { entries: list, weights }: Term, factor: number, admits?: Admits): void {
    const rarity = Math.log(1 + entries.size / list.length);
    for (let at = 0; at < list.length; at++) {
      const score = rarity * weights[at]! * factor;
      if (score > (scores.get(list[at]!) ?? 0) && (!admits || admits(list[at]!))) scores.set(list[at]!, score);
    }
  }

  function* beginningWith(word: string): Generator<Term> {
    changes = 0;
    sorted ??= [...terms.keys()].sort();
    const from = lowerBound(sorted, word);
    for (let at = from; at < sorted.length && at < from + MAX_EXPANSION && sorted[at]!.startsWith(word); at++)
      yield terms.get(sorted[at]!)!;
  }

  function* containing(word: string): Generator<Term> {
    for (const [text, term] of terms) if (text.includes(word) && !text.startsWith(WHOLE)) yield term;
  }

  function* lookingLike(word: string): Generator<Term> {
    const limit = word.length >= 8 ? 2 : 1;
    for (const [text, term] of terms) {
      if (!text.startsWith(WHOLE) && Math.abs(text.length - word.length) <= limit && isNear(word, text, limit)) yield term;
    }
  }
}

/** How much each word counts in an entry: more where it stands in a heavy field or often, less where it is one of very many. */
function weigh(fields: readonly Field[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const { text, weight, isName } of fields) {
    const found = tokens(text);
    const share = weight / Math.max(1, Math.log2(found.length + 1));
    const seen = new Map<string, number>();
    for (const word of found) seen.set(word, (seen.get(word) ?? 0) + 1);
    for (const [word, times] of seen) weights.set(word, (weights.get(word) ?? 0) + share * Math.sqrt(Math.min(times, 9)));
    if (isName === true) weights.set(WHOLE + normalise(text).slice(0, 200), weight);
  }
  return weights;
}

function words(text: string): string[] {
  return [...new Set(tokens(text))].slice(0, 12);
}

function all(parts: readonly Map<number, number>[]): Map<number, number> {
  const [first, ...rest] = [...parts].sort((a, b) => a.size - b.size);
  const scores = new Map<number, number>();
  for (const [number, score] of first ?? []) {
    if (rest.every((part) => part.has(number)))
      scores.set(
        number,
        rest.reduce((sum, part) => sum + part.get(number)!, score),
      );
  }
  return scores;
}

function some(parts: readonly Map<number, number>[]): Map<number, number> {
  const scores = new Map<number, number>();
  for (const part of parts) for (const [number, score] of part) scores.set(number, (scores.get(number) ?? 0) + score / parts.length);
  return scores;
}

function addTo(scores: Map<number, number>, term: Term | undefined, bonus: number, admits?: Admits): void {
  for (const number of term?.entries ?? []) if (!admits || admits(number)) scores.set(number, (scores.get(number) ?? 0) + bonus);
}

function indexOf(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function lowerBound(sorted: readonly string[], value: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
