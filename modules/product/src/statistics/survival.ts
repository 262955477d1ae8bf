/** How long something took, or how long it has been going on: then `ended` is false, and it counts for as long as it is known. */
export interface Lasting {
  readonly duration: number;
  readonly ended: boolean;
}

/**
 * By when half have ended, those that go on counted for what is known of them: leaving them out would make the slow look fast. Undefined where
 * fewer than half are known to end.
 *
 * Source: E. L. Kaplan, P. Meier, J. Amer. Statist. Assoc. 53 (1958).
 */
export function survivalMedian(all: readonly Lasting[]): number | undefined {
  const byTime = [...Map.groupBy(all, ({ duration }) => duration)].sort(([a], [b]) => a - b);
  let [surviving, atRisk] = [1, all.length];
  for (const [time, members] of byTime) {
    const ended = members.filter((one) => one.ended).length;
    surviving *= 1 - ended / atRisk;
    // A hair's breadth: products of fractions that make exactly a half seldom do so in floating point.
    if (ended > 0 && surviving <= 0.5 + 1e-12) return time;
    atRisk -= members.length;
  }
  return undefined;
}
