import type { ClickHouse } from "@roadbed/clickhouse";
import { getSlo, getSloHistory, listSlos, type BurnRule, type Slo } from "@roadbed/contracts/telemetry/slos";
import { encodeCursor, handle, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { ObjectiveDeps } from "../deps.ts";
import { receiptOf } from "../read/receipt.ts";
import { sqlTime } from "../read/window.ts";
import { wordsOf } from "./alert-machine.ts";
import { judgeRules } from "./alert-rules.ts";
import { costOf, spentAfter } from "./cost.ts";
import { burnRate, figuresOf, periodAt } from "./figures.ts";
import { indicatorSql } from "./indicator-sql.ts";
import { readCounts, readSteps } from "./read-counts.ts";
import { objectiveOf, readSlo, type SloRow } from "./slo-store.ts";
import { toSlo } from "./to-slo.ts";

type ReadDeps = Pick<ObjectiveDeps, "things" | "deployedAt">;

/** What has no figure stands behind what has least left and before what is well. */
const WORST_FIRST = "case when state = 'burning' then -1000 else 0 end + coalesce(remaining, 0.5)";
const Cursor = z.object({ rank: z.number(), name: z.string() });

export function makeListSlos({ things }: ReadDeps): Handler {
  return handle(listSlos, async (ctx, { limit, cursor, entityRef, service, environment, state }) => {
    const after = readCursor(Cursor, cursor);
    const { rows } = await ctx.sql.query<SloRow & { rank: number }>(
      `select * from (select *, ${WORST_FIRST} as rank from telemetry.slo) s
       where entity_ref <> all($1::text[]) and ($2::text is null or entity_ref = $2) and ($3::text is null or service = $3)
         and ($4::text is null or environment = $4) and ($5::text is null or state = $5)
         and ($6::float8 is null or (rank, name) > ($6, $7))
       order by rank, name limit $8`,
      [
        await things.hiddenFrom(ctx),
        entityRef ?? null,
        service ?? null,
        environment ?? null,
        state ?? null,
        after?.rank ?? null,
        after?.name ?? null,
        limit + 1,
      ],
    );
    const page = rows.slice(0, limit);
    const owners = await ownersOf(things, ctx, page);
    const last = page.at(-1);
    return {
      items: page.map((row) => toSlo(row, owners.get(row.entity_ref))),
      ...(rows.length > limit && last !== undefined ? { nextCursor: encodeCursor({ rank: last.rank, name: last.name }) } : {}),
    };
  });
}

async function ownersOf(things: ReadDeps["things"], ctx: Ctx, rows: readonly SloRow[]): Promise<Map<string, string | undefined>> {
  const owners = new Map<string, string | undefined>();
  for (const ref of new Set(rows.map(({ entity_ref }) => entity_ref))) owners.set(ref, await things.ownerOf(ctx, ref));
  return owners;
}

export function makeGetSlo(clickhouse: ClickHouse, deps: ReadDeps): Handler {
  return handle(getSlo, async (ctx, { name }) => {
    const row = await readSlo(ctx.sql, name, await deps.things.hiddenFrom(ctx));
    const now = ctx.now();
    const counts = await readCounts(clickhouse, row, now, ctx.signal);
    const uncounted = row.figures?.uncounted ?? 0;
    const figures = figuresOf({ objective: objectiveOf(row), ...counts, uncounted, now });
    const counting = indicatorSql({ service: row.service, environment: row.environment ?? undefined, indicator: row.indicator });
    const span = periodAt(row.period, now);
    return {
      ...toSlo(row, await deps.things.ownerOf(ctx, row.entity_ref), row.figures === null && figures.total === 0 ? undefined : figures),
      rules: rulesOf(row, counts.burns, now),
      cost: { ...costOf(objectiveOf(row), figures, now), ...(await spentOn(clickhouse, deps, ctx, row)) },
      text: row.text,
      query: receiptOf(counts.query.sql, counts.query.params),
      countedBy: receiptOf(`${counting.sql} order by minute`, { ...counting.params, from: sqlTime(span.from), to: sqlTime(span.to) }),
    };
  });
}

function rulesOf(row: SloRow, burns: Parameters<typeof judgeRules>[1], now: Date): BurnRule[] {
  const firing = new Map(row.alert.firing.map(({ rule, since }) => [rule, since]));
  return judgeRules(objectiveOf(row), burns, now).map((judged) => {
    const { name, severity, long, short, threshold, longRate, shortRate } = judged;
    const since = firing.get(name);
    return {
      name,
      severity,
      long,
      short,
      threshold,
      ...(longRate === undefined ? {} : { longRate }),
      ...(shortRate === undefined ? {} : { shortRate }),
      firing: since !== undefined,
      ...(since === undefined ? {} : { since }),
      why: wordsOf(judged),
    };
  });
}

/** What failed within an hour after a deployment, and what failed otherwise; nothing where nobody can say what was deployed. */
async function spentOn(clickhouse: ClickHouse, { deployedAt }: ReadDeps, ctx: Ctx, row: SloRow) {
  if (deployedAt === undefined) return {};
  const span = periodAt(row.period, ctx.now());
  const [deployments, { steps }] = await Promise.all([
    deployedAt(ctx, { entityRef: row.entity_ref, ...span }),
    readSteps(clickhouse, row, span, 300, ctx.signal),
  ]);
  return spentAfter(deployments, steps);
}

const STEPS = [300, 900, 1_800, 3_600, 7_200, 10_800, 21_600];
const MOST_STEPS = 240;

export function makeGetSloHistory(clickhouse: ClickHouse, { things }: ReadDeps): Handler {
  return handle(getSloHistory, async (ctx, { name }) => {
    const row = await readSlo(ctx.sql, name, await things.hiddenFrom(ctx));
    const span = periodAt(row.period, ctx.now());
    const seconds = (span.to.getTime() - span.from.getTime()) / 1_000;
    const stepSeconds = STEPS.find((step) => seconds / step <= MOST_STEPS) ?? STEPS.at(-1)!;
    const { steps, query } = await readSteps(clickhouse, row, span, stepSeconds, ctx.signal);
    const total = steps.reduce((sum, step) => sum + step.total, 0);
    const allowed = total * (1 - row.target);
    let spent = 0;
    return {
      from: span.from.toISOString(),
      to: span.to.toISOString(),
      stepSeconds,
      steps: steps.map((step) => {
        spent += step.total - step.good;
        const { at, ...count } = step;
        return { at: new Date(at * 1_000).toISOString(), ...count, left: 1 - spent / allowed, rate: burnRate(count, row.target) ?? 0 };
      }),
      query: receiptOf(query.sql, query.params),
    };
  });
}

export type { Slo };
