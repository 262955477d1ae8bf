const WINDOW_MS = 5 * 60_000;
const LONGEST_PAUSE_MS = 60_000;
const LOOP = 5;

/**
 * When a process that crashed is started again, and whether it is caught in a crash loop. `crashes` are the times of its
 * crashes so far, this one included; those that are long past do not count.
 */
export function nextRestart(
  crashes: readonly number[],
  now: number,
  firstPauseMs: number,
): { readonly pauseMs: number; readonly looping: boolean; readonly count: number } {
  const count = crashes.filter((at) => now - at < WINDOW_MS).length;
  return { pauseMs: Math.min(firstPauseMs * 2 ** Math.max(0, count - 1), LONGEST_PAUSE_MS), looping: count >= LOOP, count };
}
