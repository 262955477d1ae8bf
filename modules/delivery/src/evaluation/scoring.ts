import { createHash } from "node:crypto";

import type { Interval } from "@roadbed/contracts/delivery/evaluations";
import type { Sql } from "@roadbed/core";

import { meanInterval } from "../analysis/mean-interval.ts";

export interface Scoring {
  readonly interval: Interval;
  /** What it rests on, in chance order; of a difference, a half where both are the same. */
  readonly scores: readonly number[];
}

export interface Pairing extends Scoring {
  readonly better: number;
  readonly worse: number;
  readonly same: number;
}

interface CaseRow extends Record<string, unknown> {
  readonly case_id: string;
  readonly score: number | null;
  readonly before: number | null;
}

/** Every case of the set; a missing one counts as 0, so that leaving out the hard ones helps nobody. */
export async function readScoring(
  sql: Sql,
  { id, set_id }: { readonly id: string; readonly set_id: string },
  confidence: number,
): Promise<Scoring> {
  const rows = inChanceOrder(await readCasesOf(sql, set_id, id, undefined));
  return scoringOf(
    rows.map(({ score }) => score ?? 0),
    confidence,
  );
}

/** Two evaluations by the same cases: what differs between cases falls out, so that far fewer are needed. */
export async function readPairing(
  sql: Sql,
  { id, set_id }: { readonly id: string; readonly set_id: string },
  before: string,
  confidence: number,
): Promise<Pairing> {
  const rows = inChanceOrder(await readCasesOf(sql, set_id, id, before));
  return pairingOf(
    rows.map((row) => ({ now: row.score ?? 0, before: row.before ?? 0 })),
    confidence,
  );
}

export function scoringOf(scores: readonly number[], confidence: number): Scoring {
  const { estimate, lower, upper, count } = meanInterval(scores, confidence);
  return { interval: { estimate, lower, upper, confidence, count }, scores };
}

/** Of differences between -1 and 1, by the interval for scores of which a half is no difference. */
export function pairingOf(pairs: readonly { readonly now: number; readonly before: number }[], confidence: number): Pairing {
  const halves = pairs.map(({ now, before }) => (1 + now - before) / 2);
  const { estimate, lower, upper, count } = meanInterval(halves, confidence);
  const counted = (test: (pair: { readonly now: number; readonly before: number }) => boolean): number => pairs.filter(test).length;
  return {
    interval: { estimate: 2 * estimate - 1, lower: 2 * lower - 1, upper: 2 * upper - 1, confidence, count },
    scores: halves,
    better: counted(({ now, before }) => now > before),
    worse: counted(({ now, before }) => now < before),
    same: counted(({ now, before }) => now === before),
  };
}

export async function readCasesOf(sql: Sql, setId: string, id: string, before: string | undefined): Promise<CaseRow[]> {
  const { rows } = await sql.query<CaseRow>(
    `select c.case_id, n.score, b.score as before from delivery.evaluation_set s cross join lateral unnest(s.case_ids) as c(case_id)
     left join delivery.evaluation_score n on n.evaluation_id = $2 and n.case_id = c.case_id
     left join delivery.evaluation_score b on b.evaluation_id = $3 and b.case_id = c.case_id where s.id = $1`,
    [setId, id, before ?? null],
  );
  return rows;
}

/** In a file the hard cases may stand together; by the hash of their names they stand as by chance, and the same each time. */
function inChanceOrder<T extends { readonly case_id: string }>(rows: readonly T[]): T[] {
  return rows
    .map((row) => ({ row, key: createHash("sha1").update(row.case_id).digest("hex") }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ row }) => row);
}
