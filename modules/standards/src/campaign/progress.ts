import type { Board } from "../scorecard/board.ts";
import type { Definition } from "../scorecard/definition.ts";
import { doesCount } from "../scorecard/standing.ts";
import { seenOf, type Seen } from "../scorecard/words.ts";
import type { ThingView } from "../scorecard/things.ts";
import type { CampaignRow } from "./campaign-store.ts";

/** The part of a scorecard that a campaign is about. */
export interface Slice {
  /** Positions of the rules. */
  readonly rules: readonly number[];
}

/** One thing that a campaign is about, and what is left to do. */
export interface Part {
  readonly seen: Seen;
  readonly codes: string;
  /** Positions of the rules that do not hold. */
  readonly open: readonly number[];
}

/** A level means all rules that count for it and for those below; rules that were named and are gone mean nothing any more. */
export function sliceOf({ level, rules: named }: Pick<CampaignRow, "level" | "rules">, { levels, rules }: Definition, at: number): Slice {
  const top = level === null ? -1 : levels.findIndex(({ name }) => name === level);
  return {
    rules: rules.flatMap((rule, n) => ((level === null ? named.includes(rule.id) : rule.levelAt <= top && doesCount(rule, at)) ? [n] : [])),
  };
}

/** What a campaign is about, as far as it may be seen. A thing of which none of its rules is asked is not part of it. */
export function partsOf(board: Board, definition: Definition, row: CampaignRow, view: Pick<ThingView, "get">, at: number): Part[] {
  const { rules } = sliceOf(row, definition, at);
  return seenOf(board, definition, view).flatMap((seen) => {
    const { owner = "", system = "" } = seen.thing;
    if (row.owners.length > 0 && !row.owners.includes(owner)) return [];
    if (row.systems.length > 0 && !row.systems.includes(system)) return [];
    const codes = board.codes(definition, seen.entry);
    if (rules.every((n) => codes[n] === "n")) return [];
    return [{ seen, codes, open: openIn(codes, rules) }];
  });
}

export function openIn(codes: string, rules: readonly number[]): number[] {
  return rules.filter((n) => codes[n] === "f" || codes[n] === "u");
}

export interface Progress {
  readonly things: number;
  readonly done: number;
  readonly share?: number;
}

export function progressOf(parts: readonly Part[]): Progress {
  const done = parts.filter(({ open }) => open.length === 0).length;
  return { things: parts.length, done, ...(parts.length === 0 ? {} : { share: done / parts.length }) };
}

/** Whether the goal is reached; a campaign about nothing has reached nothing. */
export function isReached({ things, done }: Progress, goal: number): boolean {
  // 0.9 of 10 are 9, whatever the last bits of a double say.
  return things > 0 && done + 1e-9 >= goal * things;
}

const DAY_MS = 86_400_000;

/** The moment at which its last day is over. */
export function endOf(deadline: string): number {
  return Date.parse(`${deadline}T00:00:00Z`) + DAY_MS;
}

/** Whole days until the last day: 0 on that day itself, below zero after it. */
export function daysLeft(deadline: string, at: number): number {
  return Math.ceil((endOf(deadline) - at) / DAY_MS) - 1;
}

/** The reminders that are due: of those that were missed only the last, so that nobody is reminded twice at once. */
export function dueReminder(remindDays: readonly number[], reminded: readonly number[], left: number): number | undefined {
  const due = remindDays.filter((days) => days >= left && !reminded.includes(days));
  return left < 0 || due.length === 0 ? undefined : Math.min(...due);
}
