import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listServiceEdges } from "@roadbed/contracts/telemetry";
import { formatMs, formatPercent, formatShort } from "../format/number.ts";
import type { Column } from "../table/column.ts";
import { DataTable } from "../table/DataTable.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { Loaded } from "../ui/Loaded.tsx";
import { Section } from "../ui/Page.tsx";
import { CallPicture } from "./CallPicture.tsx";
import { errorRateOf, neighboursOf, type Neighbour } from "./calls.ts";
import { stateOfErrors } from "./error-state.ts";
import classes from "./calls.module.css";
import { useWindowed } from "./use-windowed.ts";

/** Who calls a service and whom it calls, as seen in traces: a picture, then both as tables. */
export function Calls({ service, range }: { readonly service: string; readonly range: string | undefined }): ReactNode {
  const edges = useWindowed(listServiceEdges, { service }, range);
  return (
    <Section title="Calls">
      <Loaded query={edges} skeleton={220}>
        {({ items }) => {
          const { callers, callees } = neighboursOf(service, items);
          if (callers.length + callees.length === 0) {
            return (
              <EmptyState compact title="No calls seen in this time">
                Calls between services are read from traces: both sides must send spans, and hand on the header <code>traceparent</code>.
              </EmptyState>
            );
          }
          return (
            <>
              <CallPicture service={service} callers={callers} callees={callees} />
              <div className={classes.tables}>
                <CallTable label="Called by" rows={callers} />
                <CallTable label="Calls" rows={callees} />
              </div>
            </>
          );
        }}
      </Loaded>
    </Section>
  );
}

function CallTable({ label, rows }: { readonly label: string; readonly rows: readonly Neighbour[] }): ReactNode {
  return (
    <div className={classes.half}>
      <h3 className={classes.tableTitle}>
        {label} <span className="rb-dim">{rows.length}</span>
      </h3>
      <DataTable
        label={label}
        density="compact"
        columns={COLUMNS}
        rows={rows}
        rowKey={({ service }) => service}
        sort="-requests"
        empty={<p className="rb-dim">{label === "Calls" ? "It called no other service." : "No other service called it."}</p>}
      />
    </div>
  );
}

const COLUMNS: readonly Column<Neighbour>[] = [
  {
    id: "service",
    header: "Service",
    value: ({ service }) => service,
    cell: ({ service }) => (
      <Link to="/observe/services/$service" params={{ service }} className={classes.link} title={service}>
        {service}
      </Link>
    ),
  },
  {
    id: "requests",
    header: "Calls",
    width: "84px",
    align: "right",
    value: ({ requests }) => requests,
    cell: ({ requests }) => formatShort(requests),
  },
  {
    id: "errors",
    header: "Failed",
    width: "84px",
    align: "right",
    value: errorRateOf,
    cell: (row) => {
      const rate = errorRateOf(row);
      return rate === undefined ? null : <span data-state={stateOfErrors(rate)}>{formatPercent(rate)}</span>;
    },
  },
  {
    id: "p95",
    header: "p95",
    width: "88px",
    align: "right",
    value: ({ p95Ms }) => p95Ms,
    cell: ({ p95Ms }) => (p95Ms === undefined ? null : formatMs(p95Ms)),
  },
];
