import { Link } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";

import { listTraces, type TraceRow } from "@roadbed/contracts/telemetry";
import type { InputOf } from "@roadbed/core";
import { formatMs, formatNumber } from "../format/number.ts";
import type { Column } from "../table/column.ts";
import { DataTable } from "../table/DataTable.tsx";
import { LoadMore } from "../table/LoadMore.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { ErrorState } from "../ui/ErrorState.tsx";
import { StateBadge } from "../ui/StateBadge.tsx";
import { When } from "../ui/When.tsx";
import classes from "./observe.module.css";
import { useWindowedPages, type WindowedPages } from "./use-windowed.ts";

type TraceQuestion = Omit<InputOf<typeof listTraces>, "cursor" | "from" | "to">;

interface Props {
  readonly input: TraceQuestion;
  readonly range: string | undefined;
}

/** The first traces that fit; each leads to its waterfall. */
export function TraceList({ input, range }: Props): ReactNode {
  const list = useWindowedPages(listTraces, input, range);
  return <TraceTable list={list} />;
}

interface TableProps {
  readonly list: WindowedPages<TraceRow>;
  /** Show how much there is, and fetch more. */
  readonly paged?: boolean;
  readonly empty?: ReactNode;
}

/** Traces as a table, with their durations side by side. */
export function TraceTable({ list, paged = false, empty }: TableProps): ReactNode {
  const { rows } = list;
  const columns = useMemo(() => columnsFor(Math.max(...rows.map(({ durationMs }) => durationMs), 1)), [rows]);
  if (list.error !== null && rows.length === 0) return <ErrorState error={list.error} retry={list.retry} />;
  return (
    <DataTable
      label="Traces"
      columns={columns}
      rows={rows}
      rowKey={({ traceId }) => traceId}
      loading={list.pending}
      stale={list.stale}
      density="compact"
      empty={
        empty ?? (
          <EmptyState compact title="No trace fits">
            Traces arrive seconds after a request. Choose a longer time or fewer conditions.
          </EmptyState>
        )
      }
      footer={paged ? <LoadMore shown={rows.length} total={undefined} more={list.more} loading={list.loadingMore} /> : undefined}
    />
  );
}

const BAR_PX = 96;

function columnsFor(longest: number): readonly Column<TraceRow>[] {
  return [
    {
      id: "name",
      header: "Begins with",
      width: "32%",
      cell: ({ traceId, at, rootService, rootName }) => (
        <Link to="/traces/$traceId" params={{ traceId }} search={{ at }} className={classes.plainLink} title={`${rootService} ${rootName}`}>
          <span className="rb-dim">{rootService}</span> {rootName}
        </Link>
      ),
    },
    {
      id: "duration",
      header: "Duration",
      width: "200px",
      cell: ({ durationMs }) => (
        <span className={classes.duration}>
          <i style={{ width: Math.max(3, (durationMs / longest) * BAR_PX) }} aria-hidden />
          <span>{formatMs(durationMs)}</span>
        </span>
      ),
    },
    { id: "spans", header: "Spans", width: "72px", align: "right", cell: ({ spans }) => formatNumber(spans) },
    {
      id: "errors",
      header: "Errors",
      width: "84px",
      cell: ({ errors }) =>
        errors > 0 ? <StateBadge plain word="failed" label={formatNumber(errors)} title={`${errors} spans failed`} /> : null,
    },
    { id: "services", header: "Services", cell: ({ services }) => <span title={services.join(", ")}>{services.join(", ")}</span> },
    { id: "at", header: "When", width: "104px", cell: ({ at }) => <When at={at} /> },
  ];
}
