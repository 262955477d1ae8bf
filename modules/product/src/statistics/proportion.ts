import { DEFAULT_CONFIDENCE, type Interval } from "./interval.ts";
import { betaQuantile, zOf } from "./special-functions.ts";

/** Of none of nothing anything may be true: 0 to 1. */
const ANYTHING: Interval = { lower: 0, upper: 1 };

/**
 * Between what a share lies of which `hits` of `total` were seen. Holds for few and for none.
 *
 * Source: E. B. Wilson (1927), as method 3 of R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872.
 */
export function wilsonInterval(hits: number, total: number, confidence: number = DEFAULT_CONFIDENCE): Interval {
  if (total === 0) return ANYTHING;
  const z = zOf(confidence);
  const middle = 2 * hits + z * z;
  const reach = z * Math.sqrt(z * z + (4 * hits * (total - hits)) / total);
  const scale = 2 * (total + z * z);
  return {
    lower: hits === 0 ? 0 : (middle - reach) / scale,
    upper: hits === total ? 1 : (middle + reach) / scale,
  };
}

/** The same, never too narrow: for claims that have to hold at least with the confidence named. Source: Clopper and Pearson, Biometrika 26 (1934). */
export function clopperPearsonInterval(hits: number, total: number, confidence: number = DEFAULT_CONFIDENCE): Interval {
  if (total === 0) return ANYTHING;
  const tail = (1 - confidence) / 2;
  return {
    lower: hits === 0 ? 0 : betaQuantile(tail, hits, total - hits + 1),
    upper: hits === total ? 1 : betaQuantile(1 - tail, hits + 1, total - hits),
  };
}
