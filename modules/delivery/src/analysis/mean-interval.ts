/** Between what the mean of scores from 0 to 1 lies, by a number of them that was fixed beforehand. */
export interface MeanInterval {
  readonly count: number;
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

/**
 * Both bounds hold together with the named confidence, whatever the scores are distributed like. Few scores give a wide interval: none give all of
 * 0 to 1.
 *
 * Source: I. Waudby-Smith, A. Ramdas, "Estimating means of bounded random variables by betting", JRSS B 2024: predictable plug-in empirical
 * Bernstein interval (theorem 2 with the stakes for a fixed number). The order of the scores must not depend on what they are.
 */
export function meanInterval(scores: readonly number[], confidence: number): MeanInterval {
  const count = scores.length;
  if (count === 0) return { count, estimate: Number.NaN, lower: 0, upper: 1 };
  const limit = Math.log(2 / (1 - confidence));
  let [sum, spread, stakes, staked, penalty] = [0, 0, 0, 0, 0];
  for (let at = 0; at < count; at++) {
    const score = scores[at]!;
    const mean = (0.5 + sum) / (at + 1);
    const variance = (0.25 + spread) / (at + 1);
    const stake = Math.min(0.75, Math.sqrt((2 * limit) / (variance * count)));
    stakes += stake;
    staked += stake * score;
    penalty += (score - mean) ** 2 * (-Math.log(1 - stake) - stake);
    sum += score;
    spread += (score - (0.5 + sum) / (at + 2)) ** 2;
  }
  const [centre, reach] = [staked / stakes, (limit + penalty) / stakes];
  return { count, estimate: sum / count, lower: clamp(centre - reach), upper: clamp(centre + reach) };
}

/** More cases than a set may have are not asked for. */
const MOST = 100_000;

/**
 * About how many scores like these it takes until their interval lies on one side of `mark`: the same ones over and over. Undefined when not even
 * the most that there can be would do.
 */
export function casesNeeded(scores: readonly number[], mark: number, confidence: number): number | undefined {
  const isDecided = (count: number): boolean => {
    const { lower, upper } = meanInterval(
      Array.from({ length: count }, (_, at) => scores[at % scores.length]!),
      confidence,
    );
    return lower >= mark || upper < mark;
  };
  if (scores.length === 0) return undefined;
  let [low, high] = [scores.length, scores.length * 2];
  while (high <= MOST && !isDecided(high)) [low, high] = [high, high * 2];
  if (high > MOST) return undefined;
  // A number for people: five percent are near enough.
  while (high - low > Math.max(1, high / 20)) {
    const middle = Math.floor((low + high) / 2);
    if (isDecided(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
