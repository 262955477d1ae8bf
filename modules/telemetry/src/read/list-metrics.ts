import type { ClickHouse } from "@roadbed/clickhouse";
import { listMetrics } from "@roadbed/contracts/telemetry";
import { handle, type Handler } from "@roadbed/core";

import { resolveWindow, sqlTime } from "./window.ts";

interface StoredMetric {
  readonly name: string;
  readonly unit: string;
  readonly kind: string;
  readonly newest: number | null;
  readonly at: string;
  readonly points: number;
  readonly exemplar: readonly [at: string, value: number, traceId: string, spanId: string];
}

export function makeListMetrics(clickhouse: ClickHouse): Handler {
  return handle(listMetrics, async (ctx, { service, ...input }) => {
    const window = resolveWindow(input, ctx.now());
    const params = { service, from: sqlTime(window.from), to: sqlTime(window.to) };
    const rows = await clickhouse.query<StoredMetric>(METRICS, { params, who: listMetrics.name, signal: ctx.signal });
    return { items: rows.map(toMetric) };
  });
}

function toMetric({ newest, exemplar: [at, value, traceId, spanId], ...metric }: StoredMetric) {
  const told = !/^0*$/.test(traceId);
  return { ...metric, ...(newest === null ? {} : { value: newest }), ...(told ? { exemplar: { at, value, traceId, spanId } } : {}) };
}

/** A histogram or summary has no one value, so its newest is absent. */
const METRICS = `
  select
    name,
    any(unit) as unit,
    toString(kind) as kind,
    argMax(tuple(value), time).1 as newest,
    formatDateTime(max(time), '%FT%T.%fZ', 'UTC') as at,
    count() as points,
    argMaxIf(
      (
        formatDateTime(exemplar_time[-1], '%FT%T.%fZ', 'UTC'), exemplar_value[-1],
        lower(hex(exemplar_trace_id[-1])), lower(hex(exemplar_span_id[-1]))
      ),
      time,
      notEmpty(exemplar_time) and exemplar_trace_id[-1] != toFixedString('', 16)
    ) as exemplar
  from metric_points
  where service = {service:String} and time >= {from:DateTime64(3, 'UTC')} and time < {to:DateTime64(3, 'UTC')}
  group by name, kind
  order by name
  limit 1000`;
