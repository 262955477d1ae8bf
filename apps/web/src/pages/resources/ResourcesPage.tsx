import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Database } from "lucide-react";
import { useState, type ReactNode } from "react";

import { listResources, type ProvisionedResource } from "@roadbed/contracts/paths/resources";
import { usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { When } from "../../ui/When.tsx";
import { RequestResource } from "./RequestResource.tsx";
import classes from "./resources.module.css";
import { costWords, ResourceBadge } from "./words.tsx";

const route = getRouteApi("/app/resources");
const POLL_MS = 5_000;

const COLUMNS: readonly Column<ProvisionedResource>[] = [
  {
    id: "name",
    header: "Resource",
    width: "18%",
    value: ({ name }) => name,
    cell: ({ id, name }) => (
      <Link to="/resources/$id" params={{ id }}>
        {name}
      </Link>
    ),
  },
  { id: "class", header: "Type and class", width: "150px", value: (one) => one.type, cell: (one) => `${one.type}/${one.class}` },
  { id: "environment", header: "Where", width: "90px", value: ({ environment }) => environment, cell: ({ environment }) => environment },
  { id: "state", header: "State", width: "120px", value: ({ state }) => state, cell: (one) => <ResourceBadge plain of={one} /> },
  {
    id: "consumer",
    header: "Used by",
    value: ({ consumer }) => consumer ?? "",
    cell: ({ consumer }) => (consumer === undefined ? <span className="rb-dim">nobody named</span> : <EntityLink entityRef={consumer} />),
  },
  { id: "owner", header: "Owner", width: "15%", value: ({ owner }) => owner, cell: ({ owner }) => <EntityLink entityRef={owner} /> },
  {
    id: "cost",
    header: "A month",
    width: "110px",
    align: "right",
    value: ({ cost }) => cost?.amount ?? "",
    cell: ({ cost }) => costWords(cost),
  },
  {
    id: "seen",
    header: "Looked at",
    width: "110px",
    value: ({ readAt }) => readAt ?? "",
    cell: ({ readAt }) => (readAt === undefined ? "never" : <When at={readAt} />),
  },
];

/** Everything that was provisioned: what, where, for whom, at what price, and how it is. */
export function ResourcesPage(): ReactNode {
  const { state, q } = route.useSearch();
  const navigate = route.useNavigate();
  const [asks, setAsks] = useState(false);
  const list = usePages(
    listResources,
    { limit: 50, ...(state !== undefined && { state }), ...(q !== undefined && { q }) },
    { every: POLL_MS },
  );
  return (
    <Page
      title="Resources"
      state="Databases, buckets and queues that golden paths made, or somebody requested by type and class."
      act={<Button onClick={() => setAsks(true)}>Request one</Button>}
    >
      <RequestResource
        opened={asks}
        onClose={() => setAsks(false)}
        onDone={(id) => void navigate({ to: "/resources/$id", params: { id } })}
      />
      <div className={classes.tools}>
        <SegmentedControl
          size="xs"
          aria-label="State"
          value={state ?? "all"}
          onChange={(value) =>
            void navigate({ search: (now) => ({ ...now, state: value === "all" ? undefined : (value as typeof state) }) })
          }
          data={[
            { value: "all", label: "All" },
            { value: "ready", label: "Ready" },
            { value: "drifted", label: "Drifted" },
            { value: "failed", label: "Failed" },
            { value: "destroyed", label: "Destroyed" },
          ]}
        />
        <TextInput
          size="xs"
          aria-label="Part of the name"
          placeholder="Part of the name"
          defaultValue={q ?? ""}
          onChange={(event) => {
            const typed = event.currentTarget.value.trim();
            void navigate({ search: (now) => ({ ...now, q: typed === "" ? undefined : typed }), replace: true });
          }}
        />
      </div>
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : (
        <DataTable
          label="Resources"
          columns={COLUMNS}
          rows={list.rows}
          rowKey={({ id }) => id}
          loading={list.pending}
          stale={list.stale}
          empty={
            <EmptyState icon={Database} title={state === undefined && q === undefined ? "Nothing was provisioned yet" : "Nothing fits"}>
              {state === undefined && q === undefined
                ? "Request a database by type and class: it is made on this machine, and its consumer's workload gets the credentials."
                : "Choose another state, or clear the name."}
            </EmptyState>
          }
          footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
        />
      )}
    </Page>
  );
}
