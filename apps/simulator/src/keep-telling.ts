import { setTimeout as pause } from "node:timers/promises";

const AGAIN_MS = 10_000;

/** Tells what was since the last time, every so often, until it is ended. What could not be told is told again. */
export async function keepTelling(o: {
  /** How far back the first telling reaches. */
  readonly backMs: number;
  readonly everyMs: number;
  readonly signal: AbortSignal;
  readonly tell: (from: number, to: number) => Promise<void>;
}): Promise<void> {
  let toldTo = Date.now() - o.backMs;
  while (!o.signal.aborted) {
    const now = Date.now();
    try {
      await o.tell(toldTo, now);
      toldTo = now;
    } catch {
      // The server may still be starting.
      await pause(AGAIN_MS, undefined, { signal: o.signal }).catch(() => {});
      continue;
    }
    await pause(o.everyMs, undefined, { signal: o.signal }).catch(() => {});
  }
}
