import { quantileOf } from "../statistics/quantile.ts";
import type { Random } from "../statistics/random.ts";

/** What somebody thinks that a number is: between two, and most likely a third. */
export interface Range {
  readonly low: number;
  readonly likely: number;
  readonly high: number;
}

export interface Spread {
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

/** Enough that the tenth percentile stands still. */
export const DRAWS = 2_000;

/** Draws from the triangle over a range, by the inverse of its distribution. */
export function drawFrom({ low, likely, high }: Range, random: Random): number {
  if (high === low) return low;
  const place = random();
  const turn = (likely - low) / (high - low);
  return place < turn
    ? low + Math.sqrt(place * (high - low) * (likely - low))
    : high - Math.sqrt((1 - place) * (high - low) * (high - likely));
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (p: number): number => Math.round(quantileOf(sorted, p));
  return { p10: at(0.1), p50: at(0.5), p90: at(0.9) };
}

/** One input with its ends, and what comes of everything with each. */
export interface Driver {
  readonly input: string;
  readonly low: number;
  readonly high: number;
}

/** Each input at its ends, all others at their likely value: the widest first, those that move nothing left out. */
export function driversOf<I>(
  inputs: readonly { readonly input: string; readonly range: Range; readonly put: (value: number) => I }[],
  worth: (inputs: I) => number,
): Driver[] {
  return inputs
    .map(({ input, range, put }) => ({ input, low: Math.round(worth(put(range.low))), high: Math.round(worth(put(range.high))) }))
    .filter(({ low, high }) => low !== high)
    .sort((a, b) => Math.abs(b.high - b.low) - Math.abs(a.high - a.low) || (a.input < b.input ? -1 : 1));
}
