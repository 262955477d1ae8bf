import type { Red } from "@roadbed/contracts/telemetry";
import type { z } from "zod";

import { formatMs, formatPercent, formatRate, formatShort } from "../format/number.ts";
import type { Column } from "../table/column.ts";
import { stateOfErrors } from "./error-state.ts";

type RedRow = z.infer<typeof Red>;

/** Columns for rate, errors and durations; a figure that nobody measured stays empty. */
export const RED: Readonly<Record<"requests" | "rate" | "errors" | "p50" | "p95" | "p99", Column<RedRow>>> = {
  requests: {
    id: "requests",
    header: "Requests",
    width: "92px",
    align: "right",
    value: ({ requests }) => requests,
    cell: ({ requests }) => formatShort(requests),
  },
  rate: {
    id: "rate",
    header: "Rate",
    width: "100px",
    align: "right",
    value: ({ requestsPerSecond }) => requestsPerSecond,
    cell: ({ requests, requestsPerSecond }) => (requests === 0 ? null : formatRate(requestsPerSecond)),
  },
  errors: {
    id: "errors",
    header: "Errors",
    width: "80px",
    align: "right",
    value: ({ errorRate }) => errorRate,
    cell: ({ errorRate }) =>
      errorRate === undefined ? null : <span data-state={stateOfErrors(errorRate)}>{formatPercent(errorRate)}</span>,
  },
  p50: {
    id: "p50",
    header: "p50",
    width: "84px",
    align: "right",
    hint: "Half of the requests were at least this quick",
    value: ({ p50Ms }) => p50Ms,
    cell: ({ p50Ms }) => ms(p50Ms),
  },
  p95: {
    id: "p95",
    header: "p95",
    width: "80px",
    align: "right",
    hint: "95 of 100 requests were at least this quick",
    value: ({ p95Ms }) => p95Ms,
    cell: ({ p95Ms }) => ms(p95Ms),
  },
  p99: {
    id: "p99",
    header: "p99",
    width: "84px",
    align: "right",
    hint: "99 of 100 requests were at least this quick",
    value: ({ p99Ms }) => p99Ms,
    cell: ({ p99Ms }) => ms(p99Ms),
  },
};

function ms(value: number | undefined): string | null {
  return value === undefined ? null : formatMs(value);
}
