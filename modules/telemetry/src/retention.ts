import type { ClickHouse } from "@roadbed/clickhouse";

import type { TelemetryDeps } from "./deps.ts";

export interface RetentionDays {
  readonly spans: number;
  readonly logs: number;
  readonly metrics: number;
}

export function retentionDays({ retention = {} }: Pick<TelemetryDeps, "retention">): RetentionDays {
  return { spans: retention.spanDays ?? 30, logs: retention.logDays ?? 30, metrics: retention.metricDays ?? 90 };
}

/** Gives each table the days of the settings, where they differ from what it has. Existing parts follow when they are merged. */
export async function applyRetention(clickhouse: ClickHouse, days: RetentionDays): Promise<void> {
  const wanted: Readonly<Record<string, readonly [column: string, days: number]>> = {
    spans: ["toDateTime(time)", days.spans],
    logs: ["toDateTime(time)", days.logs],
    metric_points: ["toDateTime(time)", days.metrics],
    red_minute: ["minute", Math.max(days.spans, days.metrics)],
  };
  const local = clickhouse.cluster === undefined ? "" : "_local";
  const tables = await clickhouse.query<{ name: string; ddl: string }>(
    "select name, create_table_query as ddl from system.tables where database = currentDatabase()",
    { who: "telemetry retention" },
  );
  for (const [table, [column, count]] of Object.entries(wanted)) {
    const ddl = tables.find(({ name }) => name === table + local)?.ddl ?? "";
    if (ddl.includes(`toIntervalDay(${count})`)) continue;
    const ttl = `ALTER TABLE ${table}{{local}} {{on_cluster}} MODIFY TTL ${column} + toIntervalDay(${count})`;
    await clickhouse.command(ttl, { settings: { materialize_ttl_after_modify: 0 }, who: "telemetry retention" });
  }
}
