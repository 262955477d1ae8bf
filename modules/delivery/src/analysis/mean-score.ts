/** The mean of scores between 0 and 1 (what a judge gave, whether an answer was right), as far as is known after any number of them. */
export interface MeanScore {
  readonly count: number;
  readonly estimate: number | undefined;
  /** The mean lies between these at all looks together with probability 1 − α. */
  readonly lower: number;
  readonly upper: number;
}

/** All that has to be kept between looks. The bounds hold for the α that it was begun with. */
export interface MeanScoreState {
  readonly alpha: number;
  readonly count: number;
  readonly sum: number;
  /** Squared distances of each score from the mean before it. */
  readonly spread: number;
  readonly stakes: number;
  readonly staked: number;
  readonly penalty: number;
}

export function beginScores(alpha: number): MeanScoreState {
  return { alpha, count: 0, sum: 0, spread: 0, stakes: 0, staked: 0, penalty: 0 };
}

/**
 * Takes in one score. The bounds adapt to how much scores vary, and hold at every moment, however often one looks.
 *
 * Source: I. Waudby-Smith, A. Ramdas, "Estimating means of bounded random variables by betting", JRSS B 2024: predictable plug-in
 * empirical Bernstein confidence sequence (theorem 2).
 */
export function addScore(state: MeanScoreState, score: number): MeanScoreState {
  const { alpha, count, sum, spread } = state;
  const mean = (0.5 + sum) / (count + 1);
  const variance = (0.25 + spread) / (count + 1);
  const moment = count + 1;
  // What is staked on a score is set before it is seen.
  const stake = Math.min(0.5, Math.sqrt((2 * Math.log(2 / alpha)) / (variance * moment * Math.log(1 + moment))));
  const surprise = (score - mean) ** 2;
  const next = (0.5 + sum + score) / (count + 2);
  return {
    alpha,
    count: count + 1,
    sum: sum + score,
    spread: spread + (score - next) ** 2,
    stakes: state.stakes + stake,
    staked: state.staked + stake * score,
    penalty: state.penalty + 4 * surprise * ((-Math.log(1 - stake) - stake) / 4),
  };
}

export function describeScores({ alpha, count, sum, stakes, staked, penalty }: MeanScoreState): MeanScore {
  if (count === 0) return { count, estimate: undefined, lower: 0, upper: 1 };
  const centre = staked / stakes;
  const reach = (Math.log(2 / alpha) + penalty) / stakes;
  return { count, estimate: sum / count, lower: Math.max(0, centre - reach), upper: Math.min(1, centre + reach) };
}

/** How two scores of one case differ, as a score: a half where they are equal, more where the candidate's is the better one. */
export function differenceOf(candidate: number, baseline: number): number {
  return (1 + candidate - baseline) / 2;
}
