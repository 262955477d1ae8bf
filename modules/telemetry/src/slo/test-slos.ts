import type { ClickHouse } from "@roadbed/clickhouse";
import { testSlos } from "@roadbed/contracts/telemetry/slos";
import { handle, type Ctx, type Handler } from "@roadbed/core";

import type { ObjectiveDeps } from "../deps.ts";
import { receiptOf } from "../read/receipt.ts";
import { sqlTime } from "../read/window.ts";
import { lastSettled, percent } from "./figures.ts";
import { indicatorSql } from "./indicator-sql.ts";
import { readOpenSlo, type SloText } from "./read-openslo.ts";

/** Each of them reads the rows as they came. */
const MOST_TRIED = 20;

/** Counts objectives that are not kept, so that whoever writes one sees what it means before it wakes somebody. */
export function makeTestSlos(clickhouse: ClickHouse, { things }: Pick<ObjectiveDeps, "things">): Handler {
  return handle(testSlos, async (ctx, { text, hours }) => {
    const said = readOpenSlo(text);
    const hidden = new Set(await things.hiddenFrom(ctx));
    const items = [];
    for (const one of said.slice(0, MOST_TRIED)) items.push(await tryOne(clickhouse, ctx, one, hours, hidden));
    return { items };
  });
}

async function tryOne(clickhouse: ClickHouse, ctx: Ctx, said: SloText, hours: number, hidden: ReadonlySet<string>) {
  const to = lastSettled(ctx.now());
  const { sql, params } = indicatorSql(said);
  const whole = `select sum(good) as good, sum(total) as total from (${sql})`;
  const values = { ...params, from: sqlTime(new Date(to.getTime() - hours * 3_600_000)), to: sqlTime(to) };
  const [row] = hidden.has(said.entityRef)
    ? []
    : await clickhouse.query<{ good: number; total: number }>(whole, { params: values, who: testSlos.name, signal: ctx.signal });
  const { good = 0, total = 0 } = row ?? {};
  const ratio = total === 0 ? undefined : good / total;
  const { name, service, target } = said;
  return {
    name,
    service,
    target,
    good,
    total,
    ...(ratio === undefined ? {} : { ratio, met: ratio >= target }),
    advice: adviceOf(said, { good, total }, hours),
    query: receiptOf(whole, values),
  };
}

function adviceOf(
  { indicator, environment, service, target, minimumEvents }: SloText,
  { good, total }: { good: number; total: number },
  hours: number,
): string {
  if (total === 0) {
    const spans = "spans" in indicator && indicator.spans === "entering" ? " If it begins its traces itself, say spans: roots." : "";
    const where = environment === undefined ? "" : ` Does its telemetry say deployment.environment.name=${environment}?`;
    return `Nothing of ${service} counted in ${hours} h: it would never be known whether it is met.${spans}${where}`;
  }
  const bad = total - good;
  if (total < minimumEvents) return `${total} events in ${hours} h; it judges from ${minimumEvents} on.`;
  const ratio = good / total;
  if (ratio < target) return `${bad} of ${total} failed: at this rate ${round(bad / total / (1 - target))} times the budget is spent.`;
  const allowed = total * (1 - target);
  if (allowed < 1) return `Met, but it allows less than one failure in ${hours} h: the first one alerts. A lower target says more.`;
  return `Met: ${percent(ratio)}, ${round((bad / allowed) * 100)} % of the budget of ${hours} h spent.`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
