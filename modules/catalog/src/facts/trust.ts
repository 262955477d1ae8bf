const DAY_MS = 86_400_000;

/**
 * How far to trust what was said: its confidence, halved with each half-life that has passed since it was observed.
 * Between 0 and 1; what is said to come from the future counts as from now; a half-life of `Infinity` never decays.
 */
export function trustOf(confidence: number, observedAt: Date, halfLifeDays: number, now: Date): number {
  const sure = Math.min(1, Math.max(0, confidence));
  const age = Math.max(0, now.getTime() - observedAt.getTime());
  if (halfLifeDays <= 0) return age === 0 ? sure : 0;
  return sure * 0.5 ** (age / (halfLifeDays * DAY_MS));
}

/** What bears on one value. All between 0 and 1. */
export interface Weights {
  /** Of those who say this value, each by itself: the source that is believed, others that agree, people who confirmed it. */
  readonly supporting: readonly number[];
  /** Of those who say another value. */
  readonly contradicting: readonly number[];
  /** A person decided it: who says otherwise was heard and overruled. */
  readonly locked: boolean;
  /** Somebody who was asked said that it is wrong, and it is still the same. */
  readonly denied: boolean;
}

/** The trust of a value: of its best witness, less up to half of it when another source is sure of something else. */
export function trustOfValue({ supporting, contradicting, locked, denied }: Weights): number {
  if (denied) return 0;
  const best = Math.max(0, ...supporting);
  return locked ? best : best * (1 - 0.5 * Math.max(0, ...contradicting));
}

/** As people read it: whole per cent. */
export function toPercent(trust: number): number {
  return Math.round(trust * 100);
}
