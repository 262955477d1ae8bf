import { SegmentedControl, Switch } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { History } from "lucide-react";
import type { ReactNode } from "react";

import { listRuns, type Run } from "@roadbed/contracts/paths";
import { usePages } from "../../api/use-operation.ts";
import { formatMs } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { Actor } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";

const route = getRouteApi("/app/runs");
const STATUSES = ["running", "waiting", "succeeded", "failed", "cancelled"] as const;

const COLUMNS: readonly Column<Run>[] = [
  {
    id: "path",
    header: "Run",
    width: "26%",
    value: ({ pathTitle }) => pathTitle,
    cell: ({ id, pathTitle, values }) => (
      <Link to="/runs/$id" params={{ id }}>
        {pathTitle}
        {typeof values["name"] === "string" && `: ${values["name"]}`}
      </Link>
    ),
  },
  {
    id: "status",
    header: "State",
    width: "130px",
    value: ({ status }) => status,
    cell: ({ status, error }) => <StateBadge plain word={status} title={error} />,
  },
  {
    id: "step",
    header: "Step",
    cell: ({ steps, error }) => {
      const current = steps.find(({ status }) => status === "processing" || status === "failed");
      const done = steps.filter(({ status }) => status === "completed" || status === "skipped").length;
      return error === undefined ? (
        current === undefined ? (
          `${done} of ${steps.length}`
        ) : (
          `${done + 1} of ${steps.length}: ${current.name}`
        )
      ) : (
        <span data-state="fail">{error}</span>
      );
    },
  },
  {
    id: "made",
    header: "Made",
    width: "18%",
    cell: ({ outputs }) => (typeof outputs["entityRef"] === "string" ? <EntityLink entityRef={outputs["entityRef"]} /> : null),
  },
  { id: "actor", header: "By", width: "110px", value: ({ actor }) => actor, cell: ({ actor }) => <Actor of={actor} /> },
  {
    id: "took",
    header: "Took",
    width: "90px",
    align: "right",
    cell: ({ startedAt, endedAt }) =>
      startedAt === undefined || endedAt === undefined ? null : formatMs(Date.parse(endedAt) - Date.parse(startedAt)),
  },
  { id: "at", header: "Begun", width: "116px", value: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <When at={createdAt} /> },
];

/** Every run of a golden path, newest first. */
export function RunsPage(): ReactNode {
  const { status, mine } = route.useSearch();
  const navigate = route.useNavigate();
  const wanted = STATUSES.find((one) => one === status);
  const list = usePages(listRuns, { limit: 50, ...(wanted !== undefined && { status: wanted }), ...(mine === true && { mine: true }) });
  return (
    <Page
      title="Runs"
      state="What golden paths made, step by step. A run goes on after a crash or a restart."
      act={<Link to="/lifetimes">What ends by itself</Link>}
    >
      <div style={{ display: "flex", gap: 16, alignItems: "center", marginBottom: 12, flexWrap: "wrap" }}>
        <SegmentedControl
          size="xs"
          aria-label="State"
          value={wanted ?? "all"}
          onChange={(value) => void navigate({ search: (old) => ({ ...old, status: value === "all" ? undefined : value }) })}
          data={[{ value: "all", label: "All" }, ...STATUSES.map((value) => ({ value, label: value }))]}
        />
        <Switch
          size="xs"
          label="Only mine"
          checked={mine === true}
          onChange={(event) => void navigate({ search: (old) => ({ ...old, mine: event.currentTarget.checked ? true : undefined }) })}
        />
      </div>
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : (
        <DataTable
          label="Runs"
          columns={COLUMNS}
          rows={list.rows}
          rowKey={({ id }) => id}
          loading={list.pending}
          stale={list.stale}
          empty={
            <EmptyState
              icon={History}
              title={wanted === undefined ? "Nothing has run yet" : `No run is ${wanted}`}
              act={<Link to="/create">Choose a golden path</Link>}
            >
              Each run keeps its steps, its log and what it made.
            </EmptyState>
          }
          footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
        />
      )}
    </Page>
  );
}
