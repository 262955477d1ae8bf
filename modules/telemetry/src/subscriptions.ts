import type { ClickHouse } from "@roadbed/clickhouse";
import { sampleRemoved } from "@roadbed/contracts/catalog";
import type { Subscription } from "@roadbed/core";

const TABLES = ["spans", "ai_call", "ai_score", "logs", "metric_points", "red_minute", "slo_minute", "slo_slot"];

/** What the module hears of others. */
export function makeSubscriptions(clickhouse: ClickHouse): readonly Subscription[] {
  return [
    {
      name: "telemetry.forget-sample",
      events: [sampleRemoved.name],
      // Deleting what is gone already does nothing, so the event may come twice.
      receive: async (ctx) => {
        await forgetSample(clickhouse);
        await ctx.sql.query("delete from telemetry.slo where sample");
        await ctx.sql.query("delete from telemetry.incident where sample");
      },
    },
  ];
}

/** Deletes every row that is marked as sample. What is still on its way comes after: call it again when the sender has ended. */
export async function forgetSample(clickhouse: ClickHouse): Promise<void> {
  for (const table of TABLES)
    await clickhouse.command(`DELETE FROM ${table}{{local}} {{on_cluster}} WHERE sample`, { who: "telemetry.forget-sample" });
}
