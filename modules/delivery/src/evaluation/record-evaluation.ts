import { createHash } from "node:crypto";

import { evaluationRecorded } from "@roadbed/contracts/delivery/evaluations";
import { ConflictError, formatActor, newId, type Ctx } from "@roadbed/core";

import type { ReleaseRow } from "../release/release-store.ts";
import { findEvaluations, subjectDigestOf, type EvaluationRow, type SetRow } from "./evaluation-store.ts";
import { readScores, type ScoreLine } from "./read-lines.ts";

export interface Grader {
  readonly name: string;
  readonly version: string;
}

/** What a grader said, as lines. The same lines of the same grader twice are one evaluation. */
export async function writeEvaluation(
  ctx: Ctx,
  o: {
    readonly release: ReleaseRow;
    readonly set: SetRow;
    readonly grader: Grader;
    readonly results: string;
    /** Of one that was being run; absent: a new one. */
    readonly running?: string;
  },
): Promise<EvaluationRow> {
  const { release, set, grader } = o;
  const scores = readScores(o.results, new Set(set.case_ids));
  const digest = digestOf(scores);
  const [known] = await findEvaluations(
    ctx.sql,
    "e.release_id = $1 and e.set_id = $2 and e.grader = $3 and e.grader_version = $4 and e.digest = $5",
    [release.id, set.id, grader.name, grader.version, digest],
  );
  if (known !== undefined && o.running === undefined) return known;
  const id = o.running ?? newId("evl", ctx.now().getTime());
  const sums = sumsOf(scores, set.case_ids.length);
  if (o.running === undefined) {
    await insertEvaluation(ctx, { id, release, set, grader, state: "recorded", how: "recorded" });
  } else {
    const { rowCount } = await ctx.sql.query("update delivery.evaluation set state = 'recorded' where id = $1 and state = 'running'", [id]);
    if (rowCount === 0) throw new ConflictError(`The evaluation ${id} is over already.`);
  }
  await ctx.sql.query(
    `update delivery.evaluation set scored = $2, mean = $3, tokens = $4, cost = $5, latency_ms = $6, digest = $7, ended_at = $8 where id = $1`,
    // What was run twice with the same outcome stays two: it shows that it can be relied upon.
    [id, scores.length, sums.mean, sums.tokens, sums.cost, sums.latencyMs, known === undefined ? digest : null, ctx.now()],
  );
  await ctx.sql.query(
    `insert into delivery.evaluation_score (evaluation_id, case_id, score, note)
     select $1, * from unnest($2::text[], $3::float8[], $4::text[])`,
    [id, scores.map((line) => line.case), scores.map(({ score }) => score), scores.map(({ note }) => note ?? null)],
  );
  ctx.emit(evaluationRecorded, release.entity_ref, {
    evaluationId: id,
    entityRef: release.entity_ref,
    releaseId: release.id,
    number: release.number,
    set: set.name,
    state: "recorded",
    estimate: sums.mean,
  });
  return (await findEvaluations(ctx.sql, "e.id = $1", [id]))[0]!;
}

export async function insertEvaluation(
  ctx: Ctx,
  o: {
    readonly id: string;
    readonly release: ReleaseRow;
    readonly set: SetRow;
    readonly grader: Grader;
    readonly state: EvaluationRow["state"];
    readonly how: EvaluationRow["how"];
  },
): Promise<void> {
  await ctx.sql.query(
    `insert into delivery.evaluation (id, entity_ref, release_id, subject_digest, set_id, grader, grader_version, state, how, made_by, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      o.id,
      o.release.entity_ref,
      o.release.id,
      subjectDigestOf(o.release),
      o.set.id,
      o.grader.name,
      o.grader.version,
      o.state,
      o.how,
      formatActor(ctx.actor),
      ctx.now(),
    ],
  );
}

function digestOf(scores: readonly ScoreLine[]): string {
  const lines = scores.map((line) => [line.case, line.score, line.tokens ?? null, line.cost ?? null, line.latencyMs ?? null]);
  lines.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return `sha256:${createHash("sha256").update(JSON.stringify(lines)).digest("hex")}`;
}

/** Of what not every case says nothing is summed: a part would look like less. */
function sumsOf(
  scores: readonly ScoreLine[],
  cases: number,
): { readonly mean: number; readonly tokens: number | null; readonly cost: string | null; readonly latencyMs: number | null } {
  const all = <T>(pick: (line: ScoreLine) => T | undefined): T[] | undefined => {
    const found = scores.flatMap((line) => pick(line) ?? []);
    return found.length === scores.length ? (found as T[]) : undefined;
  };
  const sum = (values: readonly number[] | undefined): number | null => values?.reduce((total, value) => total + value, 0) ?? null;
  const costs = all(({ cost }) => cost);
  return {
    mean: scores.reduce((total, { score }) => total + score, 0) / cases,
    tokens: sum(all(({ tokens }) => tokens)),
    cost: costs === undefined ? null : sumMoney(costs),
    latencyMs: sum(all(({ latencyMs }) => latencyMs)),
  };
}

/** Money is added as whole numbers of its smallest part, never as a float. */
function sumMoney(amounts: readonly string[]): string {
  const total = amounts.reduce((sum, amount) => {
    const [whole = "0", part = ""] = amount.split(".");
    return sum + BigInt(whole) * 10n ** 12n + BigInt(part.padEnd(12, "0").slice(0, 12));
  }, 0n);
  return `${total / 10n ** 12n}.${String(total % 10n ** 12n).padStart(12, "0")}`;
}
