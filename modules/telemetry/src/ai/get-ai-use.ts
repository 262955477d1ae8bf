import { getAiUse, type AiBy } from "@roadbed/contracts/telemetry/ai";
import { handle, type Handler } from "@roadbed/core";

import { receiptOf } from "../read/receipt.ts";
import { resolveWindow, stepsOf } from "../read/window.ts";
import { FIGURES_SQL, NO_FIGURES, toFigures, usdOf, type FiguresRow } from "./figures.ts";
import { callsOf, PROMPT, type AiDeps } from "./which-calls.ts";

/** By what calls are put together. */
const KEYS: Readonly<Record<AiBy, string>> = {
  model: "toString(model)",
  provider: "toString(provider)",
  prompt: PROMPT,
  agent: "who",
  team: "team",
  service: "toString(service)",
  environment: "toString(environment)",
  operation: "toString(operation)",
};

const UNTOLD: Readonly<Record<AiBy, string>> = {
  model: "no model told",
  provider: "no provider told",
  prompt: "no prompt told",
  agent: "outside of agents",
  team: "nobody's",
  service: "no service told",
  environment: "no environment told",
  operation: "no operation told",
};

export function makeGetAiUse(deps: AiDeps): Handler {
  return handle(getAiUse, async (ctx, { by, limit, from, to, ...which }) => {
    const window = resolveWindow({ from, to }, ctx.now());
    const calls = await callsOf(ctx, deps, window, which, by === "agent");
    const o = { params: calls.params, who: getAiUse.name, signal: ctx.signal };
    const steps = Math.max(stepsOf(window).seconds, 10);
    const items = `select ${KEYS[by]} as key,${FIGURES_SQL}
  from ${calls.from}
  where ${calls.where}
  group by key
  order by sum(cost) desc, sum(input_tokens + output_tokens) desc, key
  limit ${limit + 1}`;
    const [rows, [sum], series, unpriced] = await Promise.all([
      deps.clickhouse.query<FiguresRow & { key: string }>(items, o),
      deps.clickhouse.query<FiguresRow>(`select ${FIGURES_SQL}\n  from ${calls.from}\n  where ${calls.where}`, o),
      deps.clickhouse.query<SeriesRow>(seriesSql(calls, steps), o),
      deps.clickhouse.query<{ why: string; n: number; tokens: number }>(unpricedSql(calls), o),
    ]);
    return {
      from: window.from.toISOString(),
      to: window.to.toISOString(),
      summary: sum === undefined || sum.allCalls === 0 ? NO_FIGURES : toFigures(sum),
      by,
      items: rows.slice(0, limit).map(({ key, ...row }) => ({ key, title: key === "" ? UNTOLD[by] : key, ...toFigures(row) })),
      truncated: rows.length > limit,
      stepSeconds: steps,
      series: series.map(({ usd, pricedCalls, allCalls, ...step }) => ({
        ...step,
        calls: allCalls,
        ...(pricedCalls > 0 ? { cost: usdOf(usd) } : {}),
      })),
      unpriced: unpriced.map(({ n, ...reason }) => ({ ...reason, calls: n })),
      query: receiptOf(items, calls.params),
    };
  });
}

interface SeriesRow {
  readonly at: string;
  readonly allCalls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly usd: string;
  readonly pricedCalls: number;
}

function seriesSql({ from, where }: { readonly from: string; readonly where: string }, seconds: number): string {
  return `
  select formatDateTime(toStartOfInterval(toDateTime(time, 'UTC'), toIntervalSecond(${seconds})), '%FT%TZ', 'UTC') as at,
    toInt64(sum(calls)) as allCalls, sum(input_tokens) as inputTokens, sum(output_tokens) as outputTokens, toString(sum(cost)) as usd, toInt64(sum(priced)) as pricedCalls
  from ${from}
  where ${where}
  group by at
  order by at`;
}

function unpricedSql({ from, where }: { readonly from: string; readonly where: string }): string {
  return `
  select toString(why_unpriced) as why, toInt64(sum(unpriced)) as n, sumIf(input_tokens + output_tokens, unpriced > 0) as tokens
  from ${from}
  where ${where} and unpriced != 0
  group by why
  having sum(unpriced) > 0
  order by n desc, why
  limit 20`;
}
