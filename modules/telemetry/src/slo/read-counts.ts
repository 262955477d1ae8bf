import type { ClickHouse } from "@roadbed/clickhouse";

import { sqlTime } from "../read/window.ts";
import { BURN_WINDOWS, lastSettled, periodAt, type BurnWindow, type Count, type Span } from "./figures.ts";
import type { SloRow } from "./slo-store.ts";

export interface SloCounts {
  readonly count: Count;
  readonly burns: Readonly<Record<BurnWindow, Count>>;
  readonly lastEventAt: Date | undefined;
  readonly query: CountQuery;
}

export interface CountQuery {
  readonly sql: string;
  readonly params: Readonly<Record<string, unknown>>;
}

type Read = Pick<SloRow, "name" | "revision" | "period">;

/** Of a minute that was counted more than once the count with the most events holds: rows only ever come. */
const MINUTES = `
  select minute, argMax(s.good, s.total) as good, max(s.total) as total from slo_minute as s
  where slo = {slo:String} and revision = {revision:String} and minute >= {from:DateTime64(3, 'UTC')} and minute < {to:DateTime64(3, 'UTC')}
  group by minute`;

/** Every window of an objective in one query over its counted minutes. */
export async function readCounts(clickhouse: ClickHouse, slo: Read, now: Date, signal?: AbortSignal): Promise<SloCounts> {
  const query = countQuery(slo, now);
  const [row] = await clickhouse.query<Record<string, number>>(query.sql, {
    params: query.params,
    who: "telemetry.slo.read",
    ...(signal === undefined ? {} : { signal }),
  });
  const of = (name: string): Count => ({ good: row?.[`good_${name}`] ?? 0, total: row?.[`total_${name}`] ?? 0 });
  return {
    count: of("window"),
    burns: Object.fromEntries(BURN_WINDOWS.map(({ window }) => [window, of(window)])) as Record<BurnWindow, Count>,
    lastEventAt: row === undefined || (row["last"] ?? 0) === 0 ? undefined : new Date((row["last"] ?? 0) * 1_000),
    query,
  };
}

function countQuery(slo: Read, now: Date): CountQuery {
  const to = lastSettled(now);
  const period = periodAt(slo.period, now);
  // In the first days of a month the longest burn windows reach into the one before.
  const longest = new Date(to.getTime() - 4_320 * 60_000);
  const columns = BURN_WINDOWS.flatMap(({ window }) => [
    `sumIf(good, minute >= {from_${window}:DateTime64(3, 'UTC')}) as good_${window}`,
    `sumIf(total, minute >= {from_${window}:DateTime64(3, 'UTC')}) as total_${window}`,
  ]);
  const froms = BURN_WINDOWS.map(({ window, minutes }) => [`from_${window}`, sqlTime(new Date(to.getTime() - minutes * 60_000))] as const);
  return {
    sql: `
  select
    sumIf(good, minute >= {from_window:DateTime64(3, 'UTC')}) as good_window,
    sumIf(total, minute >= {from_window:DateTime64(3, 'UTC')}) as total_window,
    ${columns.join(",\n    ")},
    toUnixTimestamp(maxIf(minute, total > 0)) as last
  from (${MINUTES}
  )`,
    params: {
      slo: slo.name,
      revision: slo.revision,
      from: sqlTime(period.from < longest ? period.from : longest),
      to: sqlTime(to),
      from_window: sqlTime(period.from),
      ...Object.fromEntries(froms),
    },
  };
}

/** Good and all events by steps of a window, without those in which nothing came. */
export async function readSteps(
  clickhouse: ClickHouse,
  slo: Read,
  span: Span,
  stepSeconds: number,
  signal?: AbortSignal,
): Promise<{ readonly steps: readonly (Count & { readonly at: number })[]; readonly query: CountQuery }> {
  const query: CountQuery = {
    sql: `
  select toUnixTimestamp(toStartOfInterval(minute, toIntervalSecond({step:UInt32}))) as at, sum(good) as good, sum(total) as total
  from (${MINUTES}
  )
  group by at
  having total > 0
  order by at`,
    params: { slo: slo.name, revision: slo.revision, from: sqlTime(span.from), to: sqlTime(span.to), step: stepSeconds },
  };
  const steps = await clickhouse.query<Count & { at: number }>(query.sql, {
    params: query.params,
    who: "telemetry.slo.history",
    ...(signal === undefined ? {} : { signal }),
  });
  return { steps, query };
}
