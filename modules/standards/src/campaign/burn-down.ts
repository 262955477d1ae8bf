import type { Sql } from "@roadbed/core";

import type { Definition } from "../scorecard/definition.ts";
import { openIn, type Part } from "./progress.ts";

export interface BurnDownDay {
  readonly at: string;
  readonly things: number;
  readonly open: number;
}

interface HistoryRow extends Record<string, unknown> {
  readonly ref: string;
  readonly at: Date;
  readonly changes: readonly { readonly rule: string; readonly before?: string }[];
}

const DAY_MS = 86_400_000;

/**
 * What was open at the end of each day since it began, of today's things: goes back from now through the stored history and undoes one
 * change after the other. A thing counts from its first result on.
 */
export async function burnDown(
  sql: Sql,
  o: {
    readonly definition: Definition;
    readonly rules: readonly number[];
    readonly parts: readonly Part[];
    readonly from: Date;
    readonly to: Date;
  },
): Promise<BurnDownDay[]> {
  const { definition, rules, parts } = o;
  const codes = new Map(parts.map(({ seen, codes: now }) => [seen.entry.ref, now.split("")]));
  const at = new Map(definition.rules.map(({ id }, n) => [id, n]));
  const open = new Set(parts.filter((part) => part.open.length > 0).map(({ seen }) => seen.entry.ref));
  const births = parts.map(({ seen }) => ({ ref: seen.entry.ref, at: seen.entry.firstAt })).sort((a, b) => b.at - a.at);
  const from = startOfDay(o.from.getTime());
  const { rows } = await sql.query<HistoryRow>(
    `select ref, at, changes from standards.scorecard_history
     where scorecard = $1 and at >= $2 and not gone and ref = any($3) order by at desc, id desc`,
    [definition.name, new Date(from), [...codes.keys()]],
  );
  const days: BurnDownDay[] = [];
  let [change, birth] = [0, 0];
  for (let end = o.to.getTime(); end > from; end = startOfDay(end - 1)) {
    for (; change < rows.length && rows[change]!.at.getTime() > end; change++) undo(rows[change]!);
    for (; birth < births.length && births[birth]!.at > end; birth++) {
      codes.delete(births[birth]!.ref);
      open.delete(births[birth]!.ref);
    }
    if (codes.size === 0) break;
    days.push({ at: new Date(end).toISOString(), things: codes.size, open: open.size });
  }
  return days.reverse();

  function undo({ ref, changes }: HistoryRow): void {
    const known = codes.get(ref);
    if (!known) return;
    for (const { rule, before } of changes) {
      const n = at.get(rule);
      // A rule that was not asked before stood in nobody's way.
      if (n !== undefined) known[n] = before ?? "n";
    }
    if (openIn(known.join(""), rules).length > 0) open.add(ref);
    else open.delete(ref);
  }
}

function startOfDay(at: number): number {
  return Math.floor(at / DAY_MS) * DAY_MS;
}
