import type { Turns } from "../source/turns.ts";
import { createTerms, WHOLE, type Term } from "./terms.ts";
import { normalise, tokens } from "./tokens.ts";

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

/** What is looked for, as words in the form of `tokens`. */
export interface Wanted {
  /** As they stand, as beginnings, as middles, or nearly. */
  readonly words: readonly string[];
  /** As they stand only. */
  readonly whole?: readonly string[];
  /** None of these, as they stand. */
  readonly without?: readonly string[];
  /** The text as it was typed: whoever types a name means what has it. */
  readonly name?: string;
}

/**
 * An inverted index with ranking: rare words count more than common ones, names more than prose, whole words more than beginnings,
 * and where no word begins so, the middle of one or a slip of the finger will do. All words of a question must be found; if nothing
 * has all, some will do.
 */
export interface SearchIndex {
  readonly size: number;
  /** Puts in, or replaces, what is found under a key. */
  put(key: string, fields: readonly Field[]): void;
  remove(key: string): void;
  /** Best first. What is not among `only` is as if it were not in the index. */
  query(wanted: Wanted | string, limit: number, only?: (key: string) => boolean): Hit[];
  /** Does with stops what the next question would do at once. */
  preparing(): Turns;
  /** Keys in which all words are found, whole or as a beginning. */
  matching(wanted: Wanted | string): ReadonlySet<string>;
}

const EXACT = 1;
const BEGINNING = 0.55;
const INSIDE = 0.4;
const SLIP = 0.3;
const MAX_WORDS = 12;

export function createSearchIndex(): SearchIndex {
  let terms = createTerms();
  /** By number; a number whose key is gone stands in the terms until they are cleared up. */
  let keys: (string | undefined)[] = [];
  const numbers = new Map<string, number>();
  let score = new Float32Array(0);
  let best = new Float32Array(0);
  let matched = new Uint8Array(0);
  let admitted = new Uint8Array(0);

  return {
    get size() {
      return numbers.size;
    },
    put: (key, fields) => {
      remove(key);
      const number = keys.push(key) - 1;
      numbers.set(key, number);
      for (const [text, weight] of weigh(fields)) terms.add(text, number * 256 + quantise(weight));
    },
    remove,
    query,
    matching,
    preparing: () => terms.preparing(),
  };

  function remove(key: string): void {
    const number = numbers.get(key);
    if (number === undefined) return;
    numbers.delete(key);
    keys[number] = undefined;
    if (keys.length - numbers.size > numbers.size / 3 + 1_000) clearUp();
  }

  /** Numbers the entries anew, without those that are gone. */
  function clearUp(): void {
    const next = new Int32Array(keys.length).fill(-1);
    let count = 0;
    keys.forEach((key, number) => key !== undefined && (next[number] = count++));
    const kept = createTerms();
    for (const { text, places } of terms.all()) {
      const live = places.flatMap((place) => (next[place >>> 8]! < 0 ? [] : [next[place >>> 8]! * 256 + (place & 255)]));
      if (live.length > 0) for (const place of live) kept.add(text, place);
    }
    terms = kept;
    keys = keys.filter((key) => key !== undefined);
    keys.forEach((key, number) => numbers.set(key!, number));
  }

  function query(asked: Wanted | string, limit: number, only?: (key: string) => boolean): Hit[] {
    const wanted = wantedOf(asked);
    const parts = [...wanted.words.map((word) => [word, true] as const), ...(wanted.whole ?? []).map((word) => [word, false] as const)];
    if (parts.length === 0) return [];
    makeRoom();
    const isIn = admitting(only, wanted.without ?? []);
    const found: number[] = [];
    let most = 0;
    for (const [word, forgiving] of parts) {
      const touched = forgiving ? reach(word, true, isIn) : standing(word, isIn);
      for (const number of touched) {
        score[number]! += best[number]!;
        best[number] = 0;
        const times = ++matched[number]!;
        if (times === 1) found.push(number);
        if (times > most) most = times;
      }
    }
    // Of what has but some of the words, what has more of them comes first.
    const enough = most === parts.length ? most : 1;
    const name = WHOLE + normalise(wanted.name ?? "");
    if (name !== WHOLE) {
      for (const place of terms.get(name)?.places ?? []) score[place >>> 8]! += 100;
      for (const { text, places } of terms.beginningWith(name)) {
        if (text !== name) for (const place of places) score[place >>> 8]! += 8 * (name.length / text.length);
      }
    }
    const hits: Hit[] = [];
    for (const number of found) {
      const share = most === parts.length ? 1 : matched[number]! / parts.length;
      if (matched[number]! >= enough) offer(hits, keys[number]!, score[number]! * share, limit);
    }
    for (const number of found) {
      score[number] = 0;
      matched[number] = 0;
    }
    return hits;
  }

  function matching(asked: Wanted | string): ReadonlySet<string> {
    const { words, whole = [], without = [] } = wantedOf(asked);
    makeRoom();
    const isIn = admitting(undefined, without);
    let found: Set<number> | undefined;
    for (const [at, word] of [...words, ...whole].entries()) {
      const touched = at < words.length ? reach(word, false, isIn) : standing(word, isIn);
      for (const number of touched) best[number] = 0;
      found = new Set(found ? touched.filter((number) => found!.has(number)) : touched);
    }
    return new Set(Array.from(found ?? [], (number) => keys[number]!));
  }

  function makeRoom(): void {
    if (score.length >= keys.length) return void admitted.fill(0);
    const room = Math.ceil(keys.length * 1.2) + 64;
    score = new Float32Array(room);
    best = new Float32Array(room);
    matched = new Uint8Array(room);
    admitted = new Uint8Array(room);
  }

  /** Whether an entry is there for this question; found out once for each. */
  function admitting(only: ((key: string) => boolean) | undefined, without: readonly string[]): (number: number) => boolean {
    for (const word of without) for (const place of terms.get(word)?.places ?? []) admitted[place >>> 8] = NO;
    return (number) => {
      const known = admitted[number]!;
      if (known !== 0) return known === YES;
      const key = keys[number];
      const isIn = key !== undefined && (!only || only(key));
      admitted[number] = isIn ? YES : NO;
      return isIn;
    };
  }

  /** Entries that have the word, or one that begins so; and, when there is none, one that looks like it. Their scores are in `best`. */
  function reach(word: string, forgiving: boolean, isIn: (number: number) => boolean): number[] {
    const touched: number[] = [];
    for (const term of terms.beginningWith(word)) {
      raise(touched, term, term.text === word ? EXACT : BEGINNING * (word.length / term.text.length) ** 0.5, isIn);
    }
    if (touched.length > 0 || !forgiving) return touched;
    if (word.length >= 3) for (const term of terms.containing(word)) raise(touched, term, INSIDE * (word.length / term.text.length), isIn);
    if (touched.length === 0 && word.length >= 4) for (const term of terms.lookingLike(word)) raise(touched, term, SLIP, isIn);
    return touched;
  }

  function standing(word: string, isIn: (number: number) => boolean): number[] {
    const touched: number[] = [];
    const term = terms.get(word);
    if (term) raise(touched, term, EXACT, isIn);
    return touched;
  }

  /** An entry has the score of its best term, not the sum: a beginning may stand for many words. */
  function raise(touched: number[], { places }: Term, factor: number, isIn: (number: number) => boolean): void {
    const rarity = Math.log(1 + numbers.size / places.length) * factor;
    for (const place of places) {
      const number = place >>> 8;
      const value = rarity * WEIGHTS[place & 255]!;
      const before = best[number]!;
      if (value <= before || !isIn(number)) continue;
      if (before === 0) touched.push(number);
      best[number] = value;
    }
  }
}

const YES = 1;
const NO = 2;

/** Keeps the best, in order. */
function offer(hits: Hit[], key: string, score: number, limit: number): void {
  const last = hits.at(-1);
  // Most are not among them: nothing is made of those.
  if (hits.length === limit && last && score < last.score) return;
  const hit = { key, score };
  if (hits.length === limit && last && !isBefore(hit, last)) return;
  let at = hits.length;
  while (at > 0 && isBefore(hit, hits[at - 1]!)) at--;
  hits.splice(at, 0, hit);
  if (hits.length > limit) hits.pop();
}

function isBefore(a: Hit, b: Hit): boolean {
  return a.score !== b.score ? a.score > b.score : a.key < b.key;
}

/** Weights in 255 steps of a fifteenth of an octave: what differs by less is alike. */
const WEIGHTS = Float32Array.from({ length: 256 }, (_, step) => 2 ** ((step - 128) / 15));

function quantise(weight: number): number {
  return Math.min(255, Math.max(0, Math.round(Math.log2(weight) * 15) + 128));
}

function wantedOf(asked: Wanted | string): Wanted {
  if (typeof asked === "string") return { words: distinct(tokens(asked)), name: asked };
  return { ...asked, words: distinct(asked.words), whole: distinct(asked.whole ?? []) };
}

function distinct(words: readonly string[]): string[] {
  return [...new Set(words)].slice(0, MAX_WORDS);
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
