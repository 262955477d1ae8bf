import type { ClickHouse } from "@roadbed/clickhouse";

import { secondsOf, sqlTime, type Steps, type Window } from "./window.ts";

/** What was counted, and how it is read from either place that holds it. */
interface Source {
  readonly table: string;
  readonly at: string;
  readonly kind: string;
  readonly operation: string;
  readonly requests: string;
  readonly errors: string;
  readonly durations: string;
  readonly last: string;
}

const SOURCES: Readonly<Record<Steps["source"], Source>> = {
  minutes: {
    table: "red_minute",
    at: "minute",
    kind: "source",
    operation: "operation",
    requests: "sum(requests)",
    errors: "sum(errors)",
    durations: "quantilesTDigestMergeIf(0.5, 0.95, 0.99)(durations, source <= 'root')",
    last: "max(last)",
  },
  spans: {
    table: "spans",
    at: "time",
    kind: "multiIf(kind in ('server', 'consumer'), 'server', parent_span_id = toFixedString('', 8), 'root', 'inner')",
    operation: "name",
    requests: "count()",
    errors: "countIf(status = 'error')",
    durations: "quantilesTDigest(0.5, 0.95, 0.99)(toFloat32(duration_ns / 1e6))",
    last: "max(time)",
  },
};

export interface RedRow {
  readonly service: string;
  /** `server`: spans that enter the service; `root`: roots of a service that nobody enters; the rest only tells it lives. */
  readonly source: "server" | "root" | "inner" | "log" | "metric";
  readonly operation: string;
  readonly at: string;
  readonly requests: number;
  readonly errors: number;
  readonly durations: readonly (number | null)[];
  readonly last: string;
  readonly sample: boolean;
}

export interface RedQuery {
  readonly sql: string;
  readonly params: Record<string, unknown>;
}

export interface RedQuestion {
  readonly window: Window;
  readonly services?: readonly string[] | undefined;
  /** One row per operation, per step of so many seconds, or (neither) per service. */
  readonly by?: "operation" | { readonly seconds: number };
  readonly source: Steps["source"];
}

/** The query for requests, errors and durations, one row per service, source and what was asked for. */
export function redQuery({ window, services, by, source }: RedQuestion): RedQuery {
  const s = SOURCES[source];
  const step = typeof by === "object" ? by.seconds : 0;
  const sql = `
    select
      service,
      ${s.kind} as source,
      ${by === "operation" ? `toString(${s.operation})` : "''"} as operation,
      ${step > 0 ? `formatDateTime(toStartOfInterval(toDateTime(${s.at}, 'UTC'), toIntervalSecond({step:UInt32})), '%FT%TZ', 'UTC')` : "''"} as at,
      ${s.requests} as requests,
      ${s.errors} as errors,
      ${s.durations} as durations,
      formatDateTime(${s.last}, '%FT%T.000Z', 'UTC') as last,
      min(sample) as sample
    from ${s.table}
    where ${s.at} >= {from:DateTime64(3, 'UTC')} and ${s.at} < {to:DateTime64(3, 'UTC')}
      ${services === undefined ? "" : "and service in {services:Array(String)}"}
    group by service, source, operation, at
    order by service, source, at, requests desc
    limit ${MOST_ROWS}`;
  return {
    sql: sql.replaceAll(/^ *\n/gm, ""),
    params: {
      from: sqlTime(window.from),
      to: sqlTime(window.to),
      ...(services === undefined ? {} : { services }),
      ...(step > 0 ? { step } : {}),
    },
  };
}

const MOST_ROWS = 50_000;

export function readRed(clickhouse: ClickHouse, { sql, params }: RedQuery, who: string, signal: AbortSignal): Promise<RedRow[]> {
  return clickhouse.query<RedRow>(sql, { params, who, signal });
}

/** The rows that count as requests of their service: spans that enter it, or its roots when none does. */
export function requestRows(rows: readonly RedRow[]): RedRow[] {
  const entered = new Set(rows.filter(({ source }) => source === "server").map(({ service }) => service));
  return rows.filter(({ service, source }) => source === (entered.has(service) ? "server" : "root"));
}

/** The figures of a row, as contracts spell them; what is not known is absent. */
export function figuresOf(
  row: RedRow | undefined,
  window: Window,
): {
  requests: number;
  requestsPerSecond: number;
  errors: number;
  errorRate?: number;
  p50Ms?: number;
  p95Ms?: number;
  p99Ms?: number;
} {
  const { requests = 0, errors = 0, durations = [] } = row ?? {};
  const [p50, p95, p99] = requests === 0 ? [] : durations;
  return {
    requests,
    requestsPerSecond: requests / secondsOf(window),
    errors,
    ...(requests === 0 ? {} : { errorRate: errors / requests }),
    ...(typeof p50 === "number" ? { p50Ms: p50 } : {}),
    ...(typeof p95 === "number" ? { p95Ms: p95 } : {}),
    ...(typeof p99 === "number" ? { p99Ms: p99 } : {}),
  };
}
