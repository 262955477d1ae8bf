import { getScores, listScores, type Score, type ScoresBy } from "@roadbed/contracts/telemetry/scores";
import { handle, type Ctx, type Handler } from "@roadbed/core";

import { literal, receiptOf } from "../read/receipt.ts";
import { resolveWindow, sqlTime } from "../read/window.ts";
import { PROMPT, WITHIN, type AiDeps } from "./which-calls.ts";

const MOST_GROUPS = 500;

/** What is scored is a span; whose model and prompt it was, its call says. */
const KEYS: Readonly<Record<ScoresBy, string>> = { service: "toString(s.service)", model: "c.model", prompt: "c.prompt", agent: "c.agent" };

interface Which {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly service?: string | undefined;
  readonly name?: string | undefined;
  readonly traceId?: string | undefined;
}

export function makeGetScores(deps: AiDeps): Handler {
  return handle(getScores, async (ctx, { by, ...which }) => {
    const { where, params } = await scoresOf(ctx, deps, which);
    const call = `left any join (
    select trace_id, span_id, toString(model) as model, ${PROMPT} as prompt, toString(agent) as agent from ai_call where ${WITHIN_A_DAY} and correction = ''
  ) as c on s.trace_id = c.trace_id and s.span_id = c.span_id`;
    const sql = `select toString(s.name) as name, ${KEYS[by]} as key, count() as scores, countIf(s.error != '') as errors, count(s.value) as values,
    avg(s.value) as mean, quantileTDigest(0.1)(s.value) as p10, quantileTDigest(0.5)(s.value) as p50,
    arrayMap(x -> (x.1, x.2), arraySort(x -> -x.2, arrayZip((sumMapIf([toString(s.label)], [toUInt64(1)], s.label != '') as m).1, m.2))) as labels
  from (select * from ai_score where ${where}) as s
  ${by === "service" ? "" : call}
  group by name, key
  order by name, scores desc, key
  limit ${MOST_GROUPS + 1}`;
    const rows = await deps.clickhouse.query<GroupRow>(sql, { params, who: getScores.name, signal: ctx.signal });
    return { items: rows.slice(0, MOST_GROUPS).map(toGroup), truncated: rows.length > MOST_GROUPS, query: receiptOf(sql, params) };
  });
}

export function makeListScores(deps: AiDeps): Handler {
  return handle(listScores, async (ctx, { limit, ...which }) => {
    const { where, params } = await scoresOf(ctx, deps, which);
    const sql = `select formatDateTime(time, '%FT%T.%fZ', 'UTC') as at, service, name, value, label, explanation, error,
    lower(hex(trace_id)) as traceId, lower(hex(span_id)) as spanId, response_id as responseId
  from ai_score where ${where} order by time desc, service, name limit ${limit + 1}`;
    const rows = await deps.clickhouse.query<ScoreRow>(sql, { params, who: listScores.name, signal: ctx.signal });
    return { items: rows.slice(0, limit).map(toScore), truncated: rows.length > limit };
  });
}

/** A call may lie long before its evaluation. */
const WITHIN_A_DAY = "time >= {from:DateTime64(3, 'UTC')} - toIntervalDay(1) and time < {to:DateTime64(3, 'UTC')}";

interface GroupRow {
  readonly name: string;
  readonly key: string;
  readonly scores: number;
  readonly errors: number;
  readonly values: number;
  readonly mean: number | null;
  readonly p10: number | null;
  readonly p50: number | null;
  readonly labels: readonly (readonly [label: string, scores: number])[];
}

function toGroup({ mean, p10, p50, labels, ...group }: GroupRow) {
  const figures = group.values === 0 ? {} : { mean: mean ?? 0, p10: p10 ?? 0, p50: p50 ?? 0 };
  return { ...group, ...figures, labels: labels.slice(0, 10).map(([label, scores]) => ({ label, scores })) };
}

interface ScoreRow extends Omit<Required<Score>, "value"> {
  readonly value: number | null;
}

function toScore({ value, traceId, spanId, ...rest }: ScoreRow): Score {
  const { at, service, name, label, explanation, error, responseId } = rest;
  return {
    at,
    service,
    name,
    ...(value === null ? {} : { value }),
    ...(label === "" ? {} : { label }),
    ...(explanation === "" ? {} : { explanation }),
    ...(error === "" ? {} : { error }),
    ...(isZero(traceId) ? {} : { traceId }),
    ...(isZero(spanId) ? {} : { spanId }),
    ...(responseId === "" ? {} : { responseId }),
  };
}

function isZero(id: string | undefined): boolean {
  return id === undefined || /^0*$/.test(id);
}

/** The scores that somebody asks for, without those of services that they may not see. */
async function scoresOf(
  ctx: Ctx,
  { clickhouse, things }: AiDeps,
  which: Which,
): Promise<{ where: string; params: Record<string, string> }> {
  const window = resolveWindow(which, ctx.now());
  const span = { from: sqlTime(window.from), to: sqlTime(window.to) };
  const o = { params: span, who: "telemetry.ai-score", signal: ctx.signal };
  const all = (await clickhouse.query<{ service: string }>(`select distinct service from ai_score where ${WITHIN}`, o)).map(
    ({ service }) => service,
  );
  const [whose, hidden] = await Promise.all([things.whoseServices(all), things.hiddenFrom(ctx)]);
  const hiddenRefs = new Set(hidden);
  const unseen = all.filter((service) => hiddenRefs.has(whose.get(service)?.ref ?? ""));
  const { service, name, traceId } = which;
  const conditions = [
    WITHIN,
    ...(unseen.length === 0 ? [] : [`service not in (${unseen.map(literal).join(", ")})`]),
    ...(service === undefined ? [] : ["service = {service:String}"]),
    ...(name === undefined ? [] : ["name = {name:String}"]),
    ...(traceId === undefined ? [] : ["trace_id = toFixedString(unhex({trace:String}), 16)"]),
  ];
  const params = {
    ...span,
    ...(service === undefined ? {} : { service }),
    ...(name === undefined ? {} : { name }),
    ...(traceId === undefined ? {} : { trace: traceId }),
  };
  return { where: conditions.join(" and "), params };
}
