import { z } from "zod";

/**
 * A moment, as people give it: ISO 8601 with a zone, a day (its beginning, UTC), or how long ago: `-90m`, `-2h`, `-7d`. Parsed, it is
 * ISO 8601 in UTC, in whole milliseconds.
 */
export const Instant = z
  .string()
  .trim()
  .max(40)
  .transform((text, ctx) => {
    const instant = readInstant(text, Date.now());
    if (instant !== undefined) return instant;
    ctx.addIssue({ code: "custom", message: "must be a moment, e.g. 2026-03-01T14:05:00Z, 2026-03-01 or -2h (two hours ago)" });
    return z.NEVER;
  });

/** `now` in milliseconds; undefined for what is no moment between the years 1970 and 2200. */
export function readInstant(text: string, now: number): string | undefined {
  const [, ago, unit] = /^-(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const ms = ago === undefined ? Date.parse(IS_INSTANT.test(text) ? text : "") : now - Number(ago) * UNITS[unit as keyof typeof UNITS];
  return ms >= 0 && ms < LAST_INSTANT ? new Date(ms).toISOString() : undefined;
}

const IS_INSTANT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/i;
const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const LAST_INSTANT = Date.UTC(2200, 0);

export const AsOf = Instant.optional().describe("Answer from the catalogue as it was at that moment, e.g. 2026-03-01T14:05:00Z or -2h");
