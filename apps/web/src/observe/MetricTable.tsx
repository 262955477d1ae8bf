import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { OutputOf } from "@roadbed/core";
import { listMetrics } from "@roadbed/contracts/telemetry";
import { formatBytes, formatMs, formatPercent, formatShort } from "../format/number.ts";
import type { Column } from "../table/column.ts";
import { DataTable } from "../table/DataTable.tsx";
import { Section } from "../ui/Page.tsx";
import { When } from "../ui/When.tsx";
import { useWindowed } from "./use-windowed.ts";

type MetricRow = OutputOf<typeof listMetrics>["items"][number];

/** The metrics a service sent, with the newest value of each; nothing where it sent none. */
export function MetricTable({ service, range }: { readonly service: string; readonly range: string | undefined }): ReactNode {
  const { data } = useWindowed(listMetrics, { service }, range);
  if (data === undefined || data.items.length === 0) return null;
  return (
    <Section title="Metrics" count={data.items.length}>
      <DataTable label="Metrics" density="compact" rows={data.items} rowKey={({ name }) => name} columns={COLUMNS} sort="name" />
    </Section>
  );
}

const COLUMNS: readonly Column<MetricRow>[] = [
  { id: "name", header: "Name", width: "40%", value: ({ name }) => name, cell: ({ name }) => <span className="rb-mono">{name}</span> },
  {
    id: "value",
    header: "Newest value",
    align: "right",
    value: ({ value }) => value,
    cell: ({ value, unit }) => (value === undefined ? null : withUnit(value, unit)),
  },
  { id: "kind", header: "Kind", value: ({ kind }) => kind, cell: ({ kind }) => kind },
  { id: "points", header: "Points", align: "right", value: ({ points }) => points, cell: ({ points }) => formatShort(points) },
  {
    id: "exemplar",
    header: "Trace",
    value: ({ exemplar }) => exemplar?.at,
    cell: ({ exemplar }) =>
      exemplar === undefined ? null : (
        <Link to="/traces/$traceId" params={{ traceId: exemplar.traceId }} search={{ at: exemplar.at }}>
          {formatShort(exemplar.value)}
        </Link>
      ),
  },
  { id: "at", header: "At", value: ({ at }) => at, cell: ({ at }) => <When at={at} /> },
];

/** A value in the unit of UCUM that OpenTelemetry gives, as one reads it. */
export function withUnit(value: number, unit: string): string {
  switch (unit) {
    case "By":
      return formatBytes(value);
    case "s":
      return formatMs(value * 1_000);
    case "ms":
      return formatMs(value);
    case "%":
      return formatPercent(value / 100);
    case "":
    case "1":
      return formatShort(value);
    default:
      return `${formatShort(value)}\u202f${unit.replaceAll(/[{}]/g, "")}`;
  }
}
