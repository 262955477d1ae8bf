import type { Range } from "./functions.ts";

/** The change over a range, carried on to its borders where points lie near them, as Prometheus does. */
export function extrapolated(
  { times, values, from, to }: Range,
  o: { readonly counter: boolean; readonly perSecond: boolean },
): number | undefined {
  const n = times.length;
  if (n < 2) return undefined;
  const [first, last] = [values[0] as number, values[n - 1] as number];
  let change = last - first;
  // A counter that falls began anew: what it had is added.
  if (o.counter) for (let i = 1; i < n; i++) if ((values[i] as number) < (values[i - 1] as number)) change += values[i - 1] as number;
  let toStart = ((times[0] as number) - from) / 1_000;
  const toEnd = (to - (times[n - 1] as number)) / 1_000;
  const sampled = ((times[n - 1] as number) - (times[0] as number)) / 1_000;
  const between = sampled / (n - 1);
  // A counter is never below 0, so it began where it would have been 0.
  if (o.counter && change > 0 && first >= 0) toStart = Math.min(toStart, sampled * (first / change));
  const near = between * 1.1;
  const whole = sampled + (toStart < near ? toStart : between / 2) + (toEnd < near ? toEnd : between / 2);
  return (change * (whole / sampled)) / (o.perSecond ? (to - from) / 1_000 : 1);
}

/** The change between the last two points. */
export function instant({ times, values }: Range, o: { readonly counter: boolean; readonly perSecond: boolean }): number | undefined {
  const n = times.length;
  if (n < 2) return undefined;
  const [before, last] = [values[n - 2] as number, values[n - 1] as number];
  const change = o.counter && last < before ? last : last - before;
  const seconds = ((times[n - 1] as number) - (times[n - 2] as number)) / 1_000;
  return o.perSecond ? (seconds === 0 ? undefined : change / seconds) : change;
}

export function changes(values: readonly number[]): number {
  let count = 0;
  for (let i = 1; i < values.length; i++) if (!Object.is(values[i], values[i - 1]) && values[i] !== values[i - 1]) count++;
  return count;
}

export function resets(values: readonly number[]): number {
  let count = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] as number) < (values[i - 1] as number)) count++;
  return count;
}

/** Change per second of the line that fits best. */
export function slope(range: Range): number | undefined {
  return range.times.length < 2 ? undefined : regression(range, range.times[0] as number).slope;
}

export function predicted(range: Range, seconds: number): number | undefined {
  if (range.times.length < 2) return undefined;
  const line = regression(range, range.to);
  return line.slope * seconds + line.at;
}

function regression({ times, values }: Range, origin: number): { slope: number; at: number } {
  const n = times.length;
  const xs = times.map((time) => (time - origin) / 1_000);
  const [x, y] = [mean(xs), mean(values)];
  let [covariance, spread] = [0, 0];
  for (let i = 0; i < n; i++) {
    covariance += ((xs[i] as number) - x) * ((values[i] as number) - y);
    spread += ((xs[i] as number) - x) ** 2;
  }
  const steep = covariance / spread;
  return { slope: steep, at: y - steep * x };
}

/** With what is lost by rounding carried along (Kahan). */
export function sum(values: readonly number[]): number {
  let [total, lost] = [0, 0];
  for (const value of values) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return Number.isFinite(total) ? total + lost : total;
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

export function variance(values: readonly number[]): number {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
}

/** What is no number is passed over, unless there is nothing else. */
export function least(values: readonly number[]): number {
  return values.reduce((best, value) => (value < best || Number.isNaN(best) ? value : best));
}

export function greatest(values: readonly number[]): number {
  return values.reduce((best, value) => (value > best || Number.isNaN(best) ? value : best));
}

export function quantile(q: number, values: readonly number[]): number {
  if (values.length === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  const sorted = values.toSorted((a, b) => a - b);
  const rank = q * (sorted.length - 1);
  const below = Math.max(0, Math.floor(rank));
  const above = Math.min(sorted.length - 1, below + 1);
  const weight = rank - Math.floor(rank);
  return (sorted[below] as number) * (1 - weight) + (sorted[above] as number) * weight;
}
