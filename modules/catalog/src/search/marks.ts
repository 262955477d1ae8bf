import { isNear, normalise } from "./tokens.ts";

/** Where a text shows what was looked for: pairs of the first letter and the one after the last, in order, not overlapping. */
export type Marks = [from: number, to: number][];

/** Marks the words in a text: where they stand, else the word they are the slip of. Words are as `tokens` gives them. */
export function marksOf(text: string, words: readonly string[]): Marks {
  // Letters whose plain form has another length would shift what comes after: such a text is marked by whole words only.
  const plain = normalise(text).length === text.length ? normalise(text) : text.toLowerCase();
  const marked = new Uint8Array(text.length);
  for (const word of words) {
    if (word === "" || markAll(plain, word, marked) || word.length < 4) continue;
    for (const { 0: other, index } of plain.matchAll(/[\p{Letter}\p{Number}]+/gu)) {
      if (isNear(word, other, word.length >= 8 ? 2 : 1)) marked.fill(1, index, index + other.length);
    }
  }
  const marks: Marks = [];
  for (let at = 0; at < marked.length; at++) {
    if (marked[at] === 0) continue;
    const last = marks.at(-1);
    if (last && last[1] === at) last[1] = at + 1;
    else marks.push([at, at + 1]);
  }
  return marks;
}

function markAll(plain: string, word: string, marked: Uint8Array): boolean {
  // At the beginning of a word where there is such, in the middle of one only where there is none.
  const places: number[] = [];
  for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + word.length)) places.push(at);
  const beginnings = places.filter((at) => at === 0 || !/[\p{Letter}\p{Number}]/u.test(plain[at - 1]!));
  for (const at of beginnings.length > 0 ? beginnings : places) marked.fill(1, at, at + word.length);
  return places.length > 0;
}
