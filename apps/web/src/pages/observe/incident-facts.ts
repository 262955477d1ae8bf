import type { Incident } from "@roadbed/contracts/telemetry";

import { formatCount, formatMs } from "../../format/number.ts";
import { fixedRange } from "../../url-state.ts";

type Times = Pick<Incident, "openedAt" | "closedAt">;

/** How long an incident lasted, or has lasted until `now`, in ms. */
export function lastedMs({ openedAt, closedAt }: Times, now: number): number {
  return Math.max(0, (closedAt === undefined ? now : Date.parse(closedAt)) - Date.parse(openedAt));
}

/** What is wrong now, and how long such things took, in a sentence. */
export function answerOf(open: readonly Times[], closed: readonly Times[], now: number): string {
  const durations = closed.map((one) => lastedMs(one, now)).sort((a, b) => a - b);
  const half = durations[Math.floor((durations.length - 1) / 2)];
  const past =
    half === undefined
      ? ""
      : ` Of the last ${formatCount(durations.length, "closed one", "closed ones")}, half took at most ${formatMs(half)}.`;
  if (open.length === 0) return `No incident is open.${past}`;
  const longest = Math.max(...open.map((one) => lastedMs(one, now)));
  return `${open.length === 1 ? "One incident is open," : `${open.length} incidents are open, the oldest`} for ${formatMs(roundMinutes(longest))}.${past}`;
}

const BEFORE_MS = 30 * 60_000;
const MINUTE_MS = 60_000;

/** The time around an incident, as a range: half an hour before it until half an hour after. */
export function rangeAround(incident: Times, now: number): string {
  const end = incident.closedAt === undefined ? now : Math.min(now, Date.parse(incident.closedAt) + BEFORE_MS);
  return fixedRange(new Date(Date.parse(incident.openedAt) - BEFORE_MS), new Date(end));
}

/** Seconds of something that goes on for hours would only flicker. */
function roundMinutes(ms: number): number {
  return ms < MINUTE_MS ? ms : Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}
