import type { Source } from "@roadbed/contracts/catalog";
import { formatCount, formatMs, formatNumber } from "../../format/number.ts";

export const KINDS: Readonly<Record<Source["kind"], string>> = {
  folder: "Folder",
  git: "Git URL",
  repository: "Repository",
  inline: "Given here",
  connector: "System",
  upload: "File",
};

/** A source's state in a word that says what was read. */
export function wordOfState(state: Source["state"]): string {
  return { ok: "all read", partial: "partly read", failed: "not read", held: "asks you", syncing: "reading", never: "never read" }[state];
}

/** When a source without a fixed hour is read. */
export function wordOfSchedule({ pausedAt, watch, kind }: Pick<Source, "pausedAt" | "watch" | "kind">): string {
  if (pausedAt !== undefined) return "paused";
  if (kind === "inline") return "never";
  return watch ? "on change" : "when asked";
}

type Counts = NonNullable<Source["counts"]>;

/** What a reading did, in a sentence: `Found 12 entities in 0.4 s: 10 new, 1 unchanged; 1 does not fit.` */
export function sentenceOfCounts(counts: Counts, durationMs: number): string {
  const did = partsOfCounts(counts);
  const failed = counts.failed === 0 ? "" : `; ${formatNumber(counts.failed)} ${counts.failed === 1 ? "does" : "do"} not fit`;
  return `Found ${formatCount(counts.read, "entity", "entities")} in ${formatMs(Math.round(durationMs))}${did.length === 0 ? "" : `: ${did.join(", ")}`}${failed}.`;
}

function partsOfCounts({ registered, changed, unchanged, removed, conflicts }: Counts): readonly string[] {
  const named: readonly (readonly [number, string])[] = [
    [registered, "new"],
    [changed, "changed"],
    [unchanged, "unchanged"],
    [removed, "removed"],
    [conflicts, "named by another source too"],
  ];
  return named.filter(([count]) => count > 0).map(([count, word]) => `${formatNumber(count)} ${word}`);
}

export type TargetKind = "folder" | "git" | "unclear";

/** What a typed target is taken for; `unclear` while it could still become either. */
export function kindOfTarget(target: string): TargetKind {
  const text = target.trim();
  if (/^(https?|ssh|git|file):\/\/\S+$/i.test(text) || /^[\w.-]+@[\w.-]+:\S+$/.test(text)) return "git";
  if (/^(\/|~\/|\.{1,2}(\/|$)|[a-z]:[\\/])/i.test(text)) return "folder";
  return "unclear";
}

/** A name for a source that was given none: the last part of its target. */
export function nameOfTarget(target: string): string {
  return (
    target
      .trim()
      .replace(/[?#].*$/, "")
      .replace(/[\\/]+$/, "")
      .replace(/\.git$/, "")
      .split(/[\\/:]/)
      .at(-1) ?? ""
  );
}
