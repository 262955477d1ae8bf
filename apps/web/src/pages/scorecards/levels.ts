import type { ScorecardRow } from "@roadbed/contracts/standards/scorecards";
import type { Outcome } from "@roadbed/contracts/standards/scores";
import { formatCount } from "../../format/number.ts";
import type { State } from "../../ui/state.ts";

interface Level {
  readonly title: string;
}

/** What a level is called; below the lowest there is no name of its own. */
export function levelTitle(levels: readonly Level[], rank: number | undefined): string {
  if (rank === undefined) return "Not rated";
  return rank === 0 ? `Below ${levels[0]?.title ?? "the lowest"}` : (levels[rank - 1]?.title ?? String(rank));
}

/** Below the lowest is bad, the highest is good, all between is on the way. */
export function levelState(levels: readonly Level[], rank: number | undefined): State {
  if (rank === undefined) return "unknown";
  return rank === 0 ? "fail" : rank >= levels.length ? "ok" : "warn";
}

/** The colour of a level, from that of a failure over that of a warning to that of what is well. */
export function levelColour(rank: number, levels: number): string {
  if (rank === 0) return "var(--rb-fail)";
  if (rank >= levels) return "var(--rb-ok)";
  const share = Math.round((100 * (rank - 1)) / Math.max(1, levels - 1));
  return `color-mix(in oklab, var(--rb-ok) ${share}%, var(--rb-warn))`;
}

/** `3 below Bronze, 5 Bronze, 2 Gold`: what a bar shows, in words. */
export function sayLevels(levels: readonly Level[], counts: readonly number[]): string {
  const said = counts.flatMap((count, rank) => {
    if (count === 0) return [];
    const title = levelTitle(levels, rank);
    return [`${count.toLocaleString("en")} ${rank === 0 ? title.replace("Below", "below") : title}`];
  });
  return said.length === 0 ? "nothing is rated" : said.join(", ");
}

/** The answer of a scorecard in a sentence: how many came how far, and what is weakest. */
export function answerOf(o: {
  readonly things: number;
  readonly levels: readonly Level[];
  readonly levelCounts: readonly number[];
  readonly weakest?: string | undefined;
}): string {
  const { things, levels, levelCounts, weakest } = o;
  if (things === 0) return "It looks at nothing that you may see.";
  const top = levelCounts.at(-1) ?? 0;
  const below = levelCounts[0] ?? 0;
  const highest = levels.at(-1)?.title ?? "the highest level";
  const first =
    top === things
      ? `All ${formatCount(things, "thing")} reached ${highest}.`
      : `${top.toLocaleString("en")} of ${formatCount(things, "thing")} reached ${highest}${below === 0 ? "" : `; ${below.toLocaleString("en")} ${below === 1 ? "has" : "have"} not reached ${levels[0]?.title}`}.`;
  return weakest === undefined || top === things ? first : `${first} ${weakest} holds most of them back.`;
}

/** The category in which most have not reached what they reach elsewhere: where the share of passes is lowest. */
export function weakestOf(cells: readonly { readonly title: string; readonly passShare?: number | undefined }[]): string | undefined {
  const known = cells.filter(({ passShare }) => passShare !== undefined);
  if (known.length < 2) return undefined;
  return known.reduce((least, one) => (one.passShare! < least.passShare! ? one : least)).title;
}

export const OUTCOMES: Readonly<Record<Outcome, { readonly label: string; readonly state: State }>> = {
  pass: { label: "Passes", state: "ok" },
  fail: { label: "Fails", state: "fail" },
  unknown: { label: "Unknown", state: "unknown" },
  waived: { label: "Waived", state: "warn" },
  "not-applicable": { label: "Not asked", state: "unknown" },
};

export const EFFORT_WORDS = { minutes: "Minutes", hours: "Hours", days: "Days", weeks: "Weeks" } as const;

/** How far looking at everything anew has come; empty while nothing is. */
export function computingOf({ computing, progress }: Pick<ScorecardRow, "computing" | "progress">): string {
  if (!computing) return "";
  if (progress === undefined || progress.of === 0) return " Being computed anew.";
  return ` Being computed anew: ${progress.looked.toLocaleString("en")} of ${progress.of.toLocaleString("en")} looked at.`;
}
