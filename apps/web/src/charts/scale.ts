/** One point of a line; `value` undefined is a gap, never zero. */
export interface Point {
  readonly at: number;
  readonly value: number | undefined;
}

const MINUTE = 60_000;
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080, 20_160, 40_320].map((minutes) => minutes * MINUTE);

/** About `wanted` round moments within [from, to], on the reader's own clock. */
export function timeTicks(from: number, to: number, wanted: number): readonly number[] {
  const step = TIME_STEPS.find((size) => (to - from) / size <= wanted) ?? 40_320 * MINUTE;
  const shift = new Date(from).getTimezoneOffset() * MINUTE;
  const ticks: number[] = [];
  for (let at = Math.ceil((from - shift) / step) * step + shift; at <= to; at += step) ticks.push(at);
  return ticks;
}

/** Round values from zero to at least `max`, three to six of them. */
export function valueTicks(max: number): readonly number[] {
  if (!(max > 0)) return [0, 1];
  const rough = max / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const count = Math.ceil(max / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/**
 * Splits points into unbroken stretches: a gap is a missing value, or more than one and a half steps without a point.
 */
export function stretches(points: readonly Point[], stepMs: number): readonly (readonly { at: number; value: number }[])[] {
  const out: { at: number; value: number }[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { at, value } of inOrder(points)) {
    if (value === undefined) continue;
    if (at - last > stepMs * 1.5) out.push([]);
    out.at(-1)?.push({ at, value });
    last = at;
  }
  return out;
}

/** The point nearest to a moment, if it lies within one step. */
export function nearest(points: readonly Point[], at: number, stepMs: number): Point | undefined {
  let best: Point | undefined;
  for (const point of points) if (best === undefined || Math.abs(point.at - at) < Math.abs(best.at - at)) best = point;
  return best !== undefined && Math.abs(best.at - at) <= stepMs ? best : undefined;
}

/** Answers need not come in the order of time. */
function inOrder(points: readonly Point[]): readonly Point[] {
  return points.every(({ at }, index) => index === 0 || at >= (points[index - 1]?.at ?? 0))
    ? points
    : points.toSorted((a, b) => a.at - b.at);
}
