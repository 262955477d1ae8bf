import { scoreChanged, type Outcome } from "@roadbed/contracts/standards/scores";
import type { Outbox } from "@roadbed/postgres";

import { alignCodes } from "./board.ts";
import { outcomeOf } from "./codes.ts";
import type { Definition } from "./definition.ts";
import type { Result } from "./evaluate.ts";
import type { Cause, ChangedResult, HistoryRow, ResultRow } from "./result-store.ts";
import { standingOf } from "./standing.ts";

/** Whom it is told to, and by which scorecards. */
interface Telling {
  readonly outbox: Outbox;
  readonly definitions: readonly Definition[];
}

/** What is to be written of a result; undefined where it is as it was. */
export function compare(
  definition: Definition,
  ref: string,
  row: ResultRow | undefined,
  result: Result | undefined,
  at: Date,
): ChangedResult | undefined {
  const { name: scorecard, version } = definition;
  const was = row?.codes ?? undefined;
  if (result === undefined) return was === undefined ? undefined : { scorecard, ref, version, rank: undefined, result, stands: true };
  const { rank } = standingOf(definition, result.codes, at.getTime());
  const isSame = was === result.codes && row!.version === version && (row!.rank ?? undefined) === rank;
  const saysSame = JSON.stringify(row?.notes ?? {}) === JSON.stringify(result.notes);
  if (isSame && saysSame) return undefined;
  return { scorecard, ref, version, rank, result, stands: !isSame };
}

/** Which rules say otherwise than before, and from which level to which it went. */
export function historyOf(
  definition: Definition,
  old: Definition | undefined,
  row: ResultRow,
  changed: ChangedResult,
  cause: Cause,
): HistoryRow {
  const { rank, result } = changed;
  const before = alignCodes(definition, row.codes!, old);
  const after = result?.codes;
  const known = new Set(old?.rules.map(({ id }) => id));
  const changes = definition.rules.flatMap(({ id }, n) => {
    const was = known.has(id) ? before[n] : undefined;
    return was === after?.[n] ? [] : [{ rule: id, before: was, after: after?.[n] }];
  });
  return {
    scorecard: definition.name,
    ref: changed.ref,
    version: definition.version,
    beforeRank: row.rank,
    afterRank: rank ?? null,
    beforeLevel: levelOf(old ?? definition, row.rank),
    afterLevel: levelOf(definition, rank ?? null),
    changes,
    cause,
    gone: result === undefined,
  };
}

function levelOf({ levels }: Definition, rank: number | null): string | null {
  return rank === null || rank === 0 ? null : (levels[rank - 1]?.name ?? null);
}

/** One event about one thing. */
export function tell({ outbox, definitions }: Telling, row: HistoryRow): void {
  const definition = definitions.find(({ name }) => name === row.scorecard)!;
  const titles = new Map(definition.rules.map(({ id, title }) => [id, title]));
  outbox.emit(scoreChanged, row.ref, {
    scorecard: row.scorecard,
    title: definition.title,
    ref: row.ref,
    ...(row.beforeLevel === null ? {} : { before: row.beforeLevel }),
    ...(row.afterLevel === null ? {} : { after: row.afterLevel }),
    rose: isHigher(row.afterRank, row.beforeRank),
    fell: isHigher(row.beforeRank, row.afterRank),
    rules: row.changes.map(({ rule, before, after }) => ({
      id: rule,
      title: titles.get(rule) ?? rule,
      ...optional("before", outcomeOf(before)),
      ...optional("after", outcomeOf(after)),
    })),
    cause: row.cause,
  });
}

function isHigher(a: number | null, b: number | null): boolean {
  return a !== null && b !== null && a > b;
}

function optional<K extends string>(key: K, value: Outcome | undefined): Partial<Record<K, Outcome>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, Outcome>);
}
