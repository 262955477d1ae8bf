import type { ClickHouse } from "@roadbed/clickhouse";
import { getService } from "@roadbed/contracts/telemetry";
import { handle, type Handler } from "@roadbed/core";

import { countOpenIncidents } from "../incident/count-open.ts";
import { receiptOf } from "./receipt.ts";
import { figuresOf, readRed, redQuery, requestRows, type RedQuestion } from "./red.ts";
import { serviceRows } from "./service-rows.ts";
import { alignWindow, resolveWindow, stepsOf, type Window } from "./window.ts";

const MOST_OPERATIONS = 200;

export function makeGetService(clickhouse: ClickHouse): Handler {
  return handle(getService, async (ctx, { service, ...input }) => {
    const asked = resolveWindow(input, ctx.now());
    const steps = stepsOf(asked);
    const window = alignWindow(asked, steps.seconds, ctx.now());
    const ask = (by?: RedQuestion["by"]) => {
      const query = redQuery({ window, services: [service], source: steps.source, ...(by === undefined ? {} : { by }) });
      return { query, rows: readRed(clickhouse, query, getService.name, ctx.signal) };
    };
    const [whole, stepped, named] = [ask(), ask({ seconds: steps.seconds }), ask("operation")];
    const [summaryRows, series, operations, incidents] = await Promise.all([
      whole.rows,
      stepped.rows,
      named.rows,
      countOpenIncidents(ctx.sql),
    ]);
    const [summary] = serviceRows(summaryRows, incidents, window, [service]);
    if (summary === undefined) throw new TypeError("a service that was asked for has no row");
    return {
      service,
      from: window.from.toISOString(),
      to: window.to.toISOString(),
      stepSeconds: steps.seconds,
      summary,
      series: requestRows(series).map((row) => ({ at: row.at, ...figuresOf(row, stepWindow(row.at, steps.seconds, window)) })),
      operations: requestRows(operations)
        .slice(0, MOST_OPERATIONS)
        .map((row) => ({ operation: row.operation, ...figuresOf(row, window) })),
      query: receiptOf(stepped.query.sql, stepped.query.params),
    };
  });
}

/** One step; the last one ends where the window does, so that a rate of a step that is not over yet is not too low. */
function stepWindow(at: string, seconds: number, { to }: Window): Window {
  const from = new Date(at);
  const end = new Date(from.getTime() + seconds * 1_000);
  return { from, to: end > to && to > from ? to : end };
}
