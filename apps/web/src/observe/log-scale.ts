/** Places values between `low` and `high` on 0 to 1 by their order of magnitude; a little room above and below. */
export function logScale(low: number, high: number): (value: number) => number {
  const [from, to] = bounds(low, high);
  return (value) => Math.min(1, Math.max(0, (Math.log10(Math.max(value, SMALLEST)) - from) / (to - from)));
}

/** Round values (1, 10, 100 …) within the scale; also 2 and 5 of each where there would be too few. */
export function decades(low: number, high: number): readonly number[] {
  const [from, to] = bounds(low, high);
  const within = (factors: readonly number[]): number[] =>
    Array.from({ length: Math.ceil(to) - Math.floor(from) + 1 }, (_, index) => 10 ** (Math.floor(from) + index))
      .flatMap((power) => factors.map((factor) => Number((factor * power).toPrecision(6))))
      .filter((value) => Math.log10(value) >= from && Math.log10(value) <= to);
  for (const factors of [[1], [1, 3], [1, 2, 5]]) {
    const ticks = within(factors);
    if (ticks.length >= 3) return ticks;
  }
  return within([1, 2, 5]);
}

const SMALLEST = 1e-3;
const ROOM = 0.08;

function bounds(low: number, high: number): readonly [number, number] {
  const from = Math.log10(Math.max(low, SMALLEST));
  const to = Math.log10(Math.max(high, low, SMALLEST));
  const room = Math.max((to - from) * ROOM, 0.05);
  return [from - room, to + room];
}
