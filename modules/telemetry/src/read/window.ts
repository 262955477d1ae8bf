import { InvalidError } from "@roadbed/core";

/** Half-open, in UTC. */
export interface Window {
  readonly from: Date;
  readonly to: Date;
}

const HOUR_MS = 3_600_000;
const MAX_DAYS = 400;

/** The window of a query: the last hour unless it says otherwise. Throws INVALID when it is empty or longer than 400 days. */
export function resolveWindow(input: { readonly from?: string | undefined; readonly to?: string | undefined }, now: Date): Window {
  const to = input.to === undefined ? now : new Date(input.to);
  const from = input.from === undefined ? new Date(to.getTime() - HOUR_MS) : new Date(input.from);
  if (from >= to) throw new InvalidError("from: must be before to", { problems: [{ at: "from", reason: "must be before to" }] });
  if (to.getTime() - from.getTime() > MAX_DAYS * 24 * HOUR_MS) {
    throw new InvalidError(`from: must be at most ${MAX_DAYS} days before to`, {
      problems: [{ at: "from", reason: `must be at most ${MAX_DAYS} days before to` }],
    });
  }
  return { from, to };
}

export function secondsOf({ from, to }: Window): number {
  return (to.getTime() - from.getTime()) / 1_000;
}

/** How a series over a window is cut. Below a minute it must be counted from the spans themselves. */
export interface Steps {
  readonly seconds: number;
  readonly source: "minutes" | "spans";
}

const MOST_POINTS = 120;
const SHORT_SECONDS = 30 * 60;
const FINE = [1, 2, 5, 10, 15, 20, 30];
const COARSE = [1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080].map((minutes) => minutes * 60);

/** The finest step that gives at most 120 points. */
export function stepsOf(window: Window): Steps {
  const length = secondsOf(window);
  const source = length <= SHORT_SECONDS ? "spans" : "minutes";
  const steps = source === "spans" ? FINE : COARSE;
  const seconds = steps.find((step) => length / step <= MOST_POINTS) ?? steps.at(-1) ?? 60;
  return { seconds, source };
}

/** The window widened to whole steps, since nothing finer is counted; never beyond now. */
export function alignWindow({ from, to }: Window, stepSeconds: number, now: Date): Window {
  const step = stepSeconds * 1_000;
  const end = new Date(Math.ceil(to.getTime() / step) * step);
  return { from: new Date(Math.floor(from.getTime() / step) * step), to: end > now && to <= now ? to : end };
}

/** As a ClickHouse parameter of type `DateTime64(3, 'UTC')`. */
export function sqlTime(time: Date): string {
  return time.toISOString().replace("T", " ").replace("Z", "");
}
