import type { ReactNode } from "react";

import type { OutputOf } from "@roadbed/core";
import type { getService } from "@roadbed/contracts/telemetry";
import type { Point } from "../charts/scale.ts";
import { TimeSeries, type Marker } from "../charts/TimeSeries.tsx";
import { formatMs, formatPercent, formatRate } from "../format/number.ts";
import { Receipt } from "../ui/Receipt.tsx";
import classes from "./observe.module.css";

type Data = OutputOf<typeof getService>;

interface Props {
  readonly data: Data;
  readonly markers: readonly Marker[];
  /** Dragging over a chart chooses a part of its time. */
  readonly onWindow?: (from: Date, to: Date) => void;
}

/** Request rate, errors and latency percentiles over the same time. */
export function SignalCharts({ data, markers, onWindow }: Props): ReactNode {
  const stepMs = data.stepSeconds * 1_000;
  const shared = { from: Date.parse(data.from), to: Date.parse(data.to), stepMs, markers, ...(onWindow !== undefined && { onWindow }) };
  const line = (pick: (point: Data["series"][number]) => number | undefined): readonly Point[] =>
    data.series.map((point) => ({ at: Date.parse(point.at), value: pick(point) }));
  const head = (of: string, definition: string): ReactNode => (
    <b className={classes.chartTitle}>
      {of}{" "}
      <Receipt
        of={of}
        definition={definition}
        source="Server spans of this service"
        rows={`${data.series.length} steps of ${formatMs(stepMs)}`}
        query={data.query}
      />
    </b>
  );
  return (
    <div className={classes.charts}>
      <TimeSeries
        title="Requests per second"
        head={head("Requests per second", "Server spans that ended in the step, by its seconds.")}
        series={[{ name: "requests", points: line(({ requestsPerSecond }) => requestsPerSecond), area: true }]}
        format={formatRate}
        {...shared}
      />
      <TimeSeries
        title="Errors"
        head={head("Errors", "Server spans with status error, as a share of all in the step.")}
        series={[{ name: "errors", points: line(({ errorRate }) => errorRate), color: "var(--rb-series-fail)", area: true }]}
        format={formatPercent}
        {...shared}
      />
      <TimeSeries
        title="Latency"
        head={head("Latency", "Percentiles of the duration of server spans in the step.")}
        series={[
          { name: "p50", points: line(({ p50Ms }) => p50Ms), color: "var(--rb-series-2)" },
          { name: "p95", points: line(({ p95Ms }) => p95Ms), color: "var(--rb-series-1)" },
          { name: "p99", points: line(({ p99Ms }) => p99Ms), color: "var(--rb-series-3)" },
        ]}
        format={formatMs}
        {...shared}
      />
    </div>
  );
}
