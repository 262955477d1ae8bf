import { setTimeout } from "node:timers/promises";

import { breathe } from "./breathe.ts";

/** Long work that stops now and then; whoever drives it decides whether others get their turn meanwhile. */
export type Turns<Result = void> = Generator<undefined, Result, undefined>;

/** Does it in one go. */
export function finish<Result>(work: Turns<Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Work that somebody waits for: what is done for later stands back. */
let awaited = 0;

/** Does it piece by piece: waiting requests get in between. */
export async function finishInTurns<Result>(work: Turns<Result>): Promise<Result> {
  awaited++;
  try {
    for (;;) {
      const { done, value } = work.next();
      if (done) return value;
      await breathe();
    }
  } finally {
    awaited--;
  }
}

/** Called often by work that nobody waits for: lets others in, and all work that somebody does wait for to its end. */
export async function standBack(): Promise<void> {
  await breathe();
  while (awaited > 0) await setTimeout(BACK_MS);
}

const BACK_MS = 5;

/** So many of a list are taken between two stops. */
const PIECE = 4_096;

export function* inPieces<One>(list: readonly One[], take: (some: readonly One[]) => void): Turns {
  for (let at = 0; at < list.length; at += PIECE) {
    if (at > 0) yield;
    take(list.length <= PIECE ? list : list.slice(at, at + PIECE));
  }
}

/** Sorts into a new list. Runs are sorted one by one, and joined two by two; what equals keeps its order. */
export function* sorting<One>(list: readonly One[], compare: (a: One, b: One) => number): Turns<One[]> {
  let runs: One[][] = [];
  for (let at = 0; at < list.length; at += PIECE) {
    runs.push(list.slice(at, at + PIECE).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const joined: One[][] = [];
    for (let at = 0; at < runs.length; at += 2) joined.push(runs[at + 1] ? yield* joining(runs[at]!, runs[at + 1]!, compare) : runs[at]!);
    runs = joined;
  }
  return runs[0] ?? [];
}

/** Joins two sorted lists. */
export function* joining<One>(first: readonly One[], second: readonly One[], compare: (a: One, b: One) => number): Turns<One[]> {
  // Much of what is sorted is in order already: then there is nothing to compare.
  if (first.length === 0 || second.length === 0 || compare(first.at(-1)!, second[0]!) <= 0) return first.concat(second);
  const joined: One[] = [];
  let [a, b] = [0, 0];
  while (a < first.length && b < second.length) {
    if (joined.length % PIECE === 0) yield;
    joined.push(compare(first[a]!, second[b]!) <= 0 ? first[a++]! : second[b++]!);
  }
  while (a < first.length) joined.push(first[a++]!);
  while (b < second.length) joined.push(second[b++]!);
  return joined;
}
