import { setImmediate } from "node:timers/promises";

/** How long a job may keep the event loop before others get their turn. */
const TURN_MS = 12;

let turnEnds = 0;

/** Called often by long jobs: lets waiting requests in once the turn is over, else costs nothing. */
export function breathe(): Promise<void> | undefined {
  if (performance.now() < turnEnds) return undefined;
  return setImmediate().then(() => void (turnEnds = performance.now() + TURN_MS));
}
