/** Between what a figure lies, with the confidence that was asked for. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

export const DEFAULT_CONFIDENCE = 0.95;
