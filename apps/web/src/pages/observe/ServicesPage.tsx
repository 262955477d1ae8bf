import { SegmentedControl } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listServices } from "@roadbed/contracts/telemetry";
import { LiveNote } from "../../observe/LiveNote.tsx";
import classes from "../../observe/observe.module.css";
import { NoTelemetry } from "../../observe/SendTelemetry.tsx";
import { useWindowed } from "../../observe/use-windowed.ts";
import { sortRows } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { TimeRange } from "../../ui/TimeRange.tsx";
import { TextFilter } from "../catalogue/TextFilter.tsx";
import { answerOf, fits, type HealthFilter } from "./service-answer.ts";
import { useServiceColumns } from "./service-columns.tsx";

const route = getRouteApi("/app/observe");

/** How do the services do? Each with its rate, errors and latency, and why it is well or not. */
export function ServicesPage(): ReactNode {
  const search = route.useSearch();
  const { range, q = "", health, sort = "health" } = search;
  const navigate = route.useNavigate();
  const change = (patch: Partial<typeof search>): void => void navigate({ search: (old) => ({ ...old, ...patch }), replace: true });
  const list = useWindowed(listServices, { limit: 2_000 }, range);
  const columns = useServiceColumns(range);
  const all = list.data?.items ?? [];
  const rows = sortRows(
    all.filter((row) => fits(row, q, health)),
    columns,
    sort,
  );
  return (
    <Page
      title="Services"
      state={list.isPending ? "Reading…" : answerOf(all)}
      act={<TimeRange value={range} onChange={(value) => change({ range: value === "1h" ? undefined : value })} />}
    >
      <div className={classes.filters}>
        <TextFilter value={q} onChange={(text) => change({ q: text === "" ? undefined : text })} />
        <SegmentedControl
          size="xs"
          aria-label="Health"
          value={health ?? "all"}
          onChange={(value) => change({ health: value === "all" ? undefined : (value as HealthFilter) })}
          data={FILTERS}
        />
        <div className={classes.filtersEnd}>
          <LiveNote range={range} />
        </div>
      </div>
      {list.error !== null && list.data === undefined ? (
        <ErrorState error={list.error} retry={() => void list.refetch()} />
      ) : (
        <DataTable
          label="Services"
          columns={columns}
          rows={rows}
          rowKey={({ service }) => service}
          loading={list.isPending}
          stale={list.isPlaceholderData}
          sort={sort}
          onSort={(next) => change({ sort: next === "health" ? undefined : next })}
          empty={all.length === 0 ? <NoTelemetry what="services" /> : NONE_FITS}
        />
      )}
    </Page>
  );
}

const FILTERS = [
  { value: "all", label: "All" },
  { value: "sick", label: "Not well" },
  { value: "ok", label: "Well" },
  { value: "unknown", label: "Unknown" },
];

const NONE_FITS = (
  <EmptyState compact title="No service fits">
    Other words, another health or a longer time may find it.
  </EmptyState>
);
