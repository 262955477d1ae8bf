import { DEFAULT_CONFIDENCE, type Interval } from "./interval.ts";
import { zOf } from "./special-functions.ts";

/** Answers from 0 to 10 to whether somebody would recommend it: 9 and 10 promote, 0 to 6 detract. */
export interface Promotion {
  readonly promoters: number;
  readonly passives: number;
  readonly detractors: number;
}

/**
 * The net promoter score, -100 to 100, with its interval. Undefined where nobody answered.
 *
 * Source: adjusted Wald (three more answers, three quarters of them to each end): B. Rocks, The American Statistician 70 (2016); bootstraps are
 * too narrow for the few answers that teams give.
 */
export function netPromoterScore(
  { promoters, passives, detractors }: Promotion,
  confidence: number = DEFAULT_CONFIDENCE,
): (Interval & { readonly score: number }) | undefined {
  const answers = promoters + passives + detractors;
  if (answers === 0) return undefined;
  const adjusted = answers + 3;
  const [up, down] = [(promoters + 0.75) / adjusted, (detractors + 0.75) / adjusted];
  const reach = zOf(confidence) * Math.sqrt((up + down - (up - down) ** 2) / adjusted);
  return {
    score: (100 * (promoters - detractors)) / answers,
    lower: Math.max(-100, 100 * (up - down - reach)),
    upper: Math.min(100, 100 * (up - down + reach)),
  };
}
