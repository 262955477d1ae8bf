import { getEvaluation, listEvaluations, listEvaluationSets, type PairedDifference } from "@roadbed/contracts/delivery/evaluations";
import { encodeCursor, handle, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import { checkEnvironment } from "../environment/environment-store.ts";
import { releaseIn } from "../release/release-in.ts";
import { readRelease } from "../release/release-store.ts";
import {
  costPerCase,
  findEvaluations,
  readEvaluation,
  SHOWN_CONFIDENCE,
  subjectDigestOf,
  toEvaluation,
  toSet,
  type EvaluationRow,
  type SetRow,
} from "./evaluation-store.ts";
import { readCasesOf, readPairing } from "./scoring.ts";

const TENTHS = 10;

export function makeEvaluationReaders(deps: DeliveryDeps): Handler[] {
  const hiddenOf = async (ctx: Ctx): Promise<readonly string[]> => (await deps.entities.hiddenFrom?.(ctx)) ?? [];
  return [
    handle(listEvaluationSets, async (ctx, { limit, cursor, entityRef }) => {
      const { rows } = await ctx.sql.query<SetRow & { cases: number }>(
        `select id, entity_ref, name, version, digest, path, repository, commit, made_by, created_at, cardinality(case_ids) as cases
         from delivery.evaluation_set where ($1::text is null or entity_ref = $1) and ($2::text is null or id < $2) and entity_ref <> all($3::text[])
         order by id desc limit $4`,
        [entityRef?.toLowerCase() ?? null, readCursor(z.string(), cursor) ?? null, await hiddenOf(ctx), limit + 1],
      );
      const items = rows.slice(0, limit).map(toSet);
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)?.id) } : {}) };
    }),
    handle(listEvaluations, async (ctx, { limit, cursor, entityRef, release }) => {
      const hidden = await hiddenOf(ctx);
      const of = release === undefined ? undefined : await readRelease(ctx.sql, release, hidden);
      const rows = await findEvaluations(
        ctx.sql,
        `($1::text is null or e.entity_ref = $1) and ($2::text is null or e.id < $2) and e.entity_ref <> all($3::text[])
         and ($5::text is null or e.release_id = $5) order by e.id desc limit $4`,
        [entityRef?.toLowerCase() ?? null, readCursor(z.string(), cursor) ?? null, hidden, limit + 1, of?.id ?? null],
      );
      const items = [];
      for (const row of rows.slice(0, limit)) items.push(await toEvaluation(ctx.sql, row));
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)?.id) } : {}) };
    }),
    handle(getEvaluation, async (ctx, { id, environment, limit }) => {
      if (environment !== undefined) await checkEnvironment(ctx.sql, environment);
      const row = await readEvaluation(ctx.sql, id, await hiddenOf(ctx));
      const shown = await toEvaluation(ctx.sql, row);
      const log = row.log === null ? {} : { log: [...row.log] };
      if (row.state !== "recorded") return { ...shown, histogram: [], worst: [], ...log };
      const before = await baseOf(ctx, row, environment);
      const against = before && (await differenceOf(ctx, row, before, environment, SHOWN_CONFIDENCE));
      return { ...shown, ...(await casesShown(ctx, row, before, limit)), ...(against === undefined ? {} : { against }), ...log };
    }),
  ];
}

/** By which a release is judged with this set: the newest that was recorded for what it holds. */
export async function evaluationOf(
  ctx: Pick<Ctx, "sql">,
  release: Parameters<typeof subjectDigestOf>[0] & { readonly entity_ref: string },
  setId: string,
): Promise<EvaluationRow | undefined> {
  const [found] = await findEvaluations(
    ctx.sql,
    "e.entity_ref = $1 and e.set_id = $2 and e.subject_digest = $3 and e.state = 'recorded' order by e.id desc limit 1",
    [release.entity_ref, setId, subjectDigestOf(release)],
  );
  return found;
}

export async function differenceOf(
  ctx: Pick<Ctx, "sql">,
  row: EvaluationRow,
  before: EvaluationRow,
  environment: string | undefined,
  confidence: number,
): Promise<PairedDifference> {
  const { interval, better, worse, same } = await readPairing(ctx.sql, row, before.id, confidence);
  const cost = costPerCase(before);
  return {
    with: { id: before.id, release: before.number, ...(environment === undefined ? {} : { environment }) },
    difference: interval,
    better,
    worse,
    same,
    ...(cost === undefined ? {} : { costPerCase: cost }),
  };
}

/** What it is compared with: what an environment has, by the same set; else the one before of something else. */
async function baseOf(ctx: Ctx, row: EvaluationRow, environment: string | undefined): Promise<EvaluationRow | undefined> {
  if (environment === undefined) {
    const [found] = await findEvaluations(
      ctx.sql,
      "e.entity_ref = $1 and e.set_id = $2 and e.subject_digest <> $3 and e.state = 'recorded' and e.id < $4 order by e.id desc limit 1",
      [row.entity_ref, row.set_id, row.subject_digest, row.id],
    );
    return found;
  }
  const release = await releaseIn(ctx, row.entity_ref, environment);
  return release === undefined ? undefined : evaluationOf(ctx, release, row.set_id);
}

async function casesShown(
  ctx: Ctx,
  row: EvaluationRow,
  before: EvaluationRow | undefined,
  limit: number,
): Promise<{
  histogram: { from: number; to: number; count: number }[];
  worst: { case: string; score?: number; before?: number; note?: string }[];
}> {
  const cases = await readCasesOf(ctx.sql, row.set_id, row.id, before?.id);
  const counts = Array.from({ length: TENTHS }, () => 0);
  for (const { score } of cases) counts[Math.min(TENTHS - 1, Math.floor((score ?? 0) * TENTHS))]! += 1;
  const lossOf = (one: (typeof cases)[number]): number => (before === undefined ? (one.score ?? 0) : (one.score ?? 0) - (one.before ?? 0));
  const worst = cases.toSorted((a, b) => lossOf(a) - lossOf(b) || (a.score ?? 0) - (b.score ?? 0)).slice(0, limit);
  const { rows } = await ctx.sql.query<{ case_id: string; note: string | null }>(
    "select case_id, note from delivery.evaluation_score where evaluation_id = $1 and case_id = any($2) and note is not null",
    [row.id, worst.map(({ case_id }) => case_id)],
  );
  const notes = new Map(rows.map(({ case_id, note }) => [case_id, note]));
  return {
    histogram: counts.map((count, at) => ({ from: at / TENTHS, to: (at + 1) / TENTHS, count })),
    worst: worst.map(({ case_id, score, before: was }) => {
      const note = notes.get(case_id);
      return {
        case: case_id,
        ...(score === null ? {} : { score }),
        ...(was === null ? {} : { before: was }),
        ...(note == null ? {} : { note }),
      };
    }),
  };
}
