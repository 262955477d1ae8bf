import { getTrend, listScoreChanges, type ScoreChange } from "@roadbed/contracts/standards/scores";
import { encodeCursor, handle, readCursor, type Handler, type Sql } from "@roadbed/core";
import { z } from "zod";

import type { Board } from "./board.ts";
import { outcomeOf } from "./codes.ts";
import type { Definition } from "./definition.ts";
import type { ScorecardParts } from "./parts.ts";
import { seenOf, type Seen } from "./words.ts";

interface Row extends Record<string, unknown> {
  readonly id: string;
  readonly ref: string;
  readonly at: Date;
  readonly before_rank: number | null;
  readonly after_rank: number | null;
  readonly before_level: string | null;
  readonly after_level: string | null;
  readonly changes: readonly { readonly rule: string; readonly before?: string; readonly after?: string }[];
  readonly cause: ScoreChange["cause"];
}

const COLUMNS = "id, ref, at, before_rank, after_rank, before_level, after_level, changes, cause";
/** Rows that are read at once while looking for those that the caller may see. */
const BATCH = 1_000;
const DAY_MS = 86_400_000;

/** How results came to be what they are: change by change, and day by day. */
export function makeHistoryReaders({ board: readBoard, things }: ScorecardParts): readonly Handler[] {
  return [
    handle(listScoreChanges, async (ctx, { name, ref, owner, limit, cursor }) => {
      const [board, view] = [await readBoard(ctx.sql), await things.viewOf(ctx)];
      const definition = board.definition(name);
      const titles = new Map(definition.rules.map(({ id, title }) => [id, title]));
      const found: ScoreChange[] = [];
      let before = readCursor(z.object({ before: z.string().regex(/^\d{1,19}$/) }), cursor)?.before ?? LAST;
      for (let ended = false; !ended && found.length <= limit;) {
        const { rows } = await ctx.sql.query<Row>(
          `select ${COLUMNS} from standards.scorecard_history
           where scorecard = $1 and id < $2 and ($3::text is null or ref = $3) order by id desc limit ${BATCH}`,
          [name, before, ref ?? null],
        );
        ended = rows.length < BATCH;
        for (const row of rows) {
          if (found.length > limit) break;
          before = row.id;
          const thing = view.get(row.ref);
          if (thing && (owner === undefined || thing.owner === owner)) found.push(changeOf(row, name, thing.title, titles));
        }
      }
      const some = found.slice(0, limit);
      return { items: some, ...(found.length > limit ? { nextCursor: encodeCursor({ before: some.at(-1)!.id }) } : {}) };
    }),
    handle(getTrend, async (ctx, { name, owner, system, days }) => {
      const [board, view] = [await readBoard(ctx.sql), await things.viewOf(ctx)];
      const definition = board.definition(name);
      return trendOf(ctx.sql, board, definition, seenOf(board, definition, view, { owner, system }), days, ctx.now());
    }),
  ];
}

const LAST = "9223372036854775807";

function changeOf(row: Row, scorecard: string, title: string, titles: ReadonlyMap<string, string>): ScoreChange {
  const { id, at, ref, before_rank, after_rank, before_level, after_level, changes, cause } = row;
  const known = before_rank !== null && after_rank !== null;
  return {
    id,
    at: at.toISOString(),
    ref,
    title,
    scorecard,
    ...(before_level === null ? {} : { before: before_level }),
    ...(after_level === null ? {} : { after: after_level }),
    rose: known && after_rank > before_rank,
    fell: known && after_rank < before_rank,
    rules: changes.map(({ rule, before, after }) => {
      const [was, is] = [outcomeOf(before), outcomeOf(after)];
      return { id: rule, title: titles.get(rule) ?? rule, ...(was ? { before: was } : {}), ...(is ? { after: is } : {}) };
    }),
    cause,
  };
}

/** Goes back from now: each change undone, the state before it is known. */
async function trendOf(sql: Sql, board: Board, definition: Definition, seen: readonly Seen[], days: number, now: Date) {
  const { levels, name } = definition;
  const ranks = new Map<string, number>();
  const begun = new Map(seen.map(({ entry }) => [entry.ref, entry.firstAt]));
  for (const { entry } of seen) {
    const { rank } = board.standing(definition, entry);
    if (rank !== undefined) ranks.set(entry.ref, rank);
  }
  const counts = Array.from({ length: levels.length + 1 }, () => 0);
  for (const rank of ranks.values()) counts[Math.min(rank, levels.length)]!++;
  const from = startOfDay(now.getTime() - (days - 1) * DAY_MS);
  const { rows } = await sql.query<{ ref: string; at: Date; before_rank: number | null }>(
    `select ref, at, before_rank from standards.scorecard_history where scorecard = $1 and at >= $2 and not gone order by at desc, id desc`,
    [name, new Date(from)],
  );
  const births = [...begun].sort((a, b) => b[1] - a[1]);
  let [change, birth] = [0, 0];
  const result: { at: string; things: number; levelCounts: number[] }[] = [];
  const first = births.at(-1)?.[1];
  for (let end = now.getTime(); end > from; end = startOfDay(end - 1)) {
    // Changes stand before the birth of the same thing: undone first, the birth then takes it out.
    for (; change < rows.length && rows[change]!.at.getTime() > end; change++) set(rows[change]!.ref, rows[change]!.before_rank);
    for (; birth < births.length && births[birth]![1] > end; birth++) set(births[birth]![0], null);
    if (first === undefined || first > end) break;
    result.push({ at: new Date(end).toISOString(), things: ranks.size, levelCounts: [...counts] });
  }
  return {
    levels,
    days: result.reverse(),
    ...(first === undefined ? {} : { since: new Date(first).toISOString() }),
  };

  function set(ref: string, rank: number | null): void {
    if (!begun.has(ref)) return;
    const was = ranks.get(ref);
    if (was !== undefined) counts[Math.min(was, levels.length)]!--;
    if (rank === null) ranks.delete(ref);
    else {
      ranks.set(ref, rank);
      counts[Math.min(rank, levels.length)]!++;
    }
  }
}

/** The first moment of the day, in UTC. */
function startOfDay(at: number): number {
  return Math.floor(at / DAY_MS) * DAY_MS;
}
