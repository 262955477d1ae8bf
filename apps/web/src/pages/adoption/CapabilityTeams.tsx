import { SegmentedControl } from "@mantine/core";
import type { ReactNode } from "react";

import { listCapabilityTeams, type TeamOfCapability } from "@roadbed/contracts/product/adoption";
import { usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { howWords } from "./words.ts";

export type Only = "eligible" | "active" | "drifting" | "not-yet";
const ONLY: readonly { readonly value: string; readonly label: string }[] = [
  { value: "", label: "All" },
  { value: "active", label: "Active" },
  { value: "drifting", label: "Drifting off" },
  { value: "not-yet", label: "Not yet" },
];

const COLUMNS: readonly Column<TeamOfCapability>[] = [
  { id: "team", header: "Team", width: "200px", cell: ({ team, title }) => <EntityLink entityRef={team} title={title} kind="group" /> },
  {
    id: "state",
    header: "Now",
    width: "140px",
    cell: ({ active, drift, eligible }) => {
      if (drift !== undefined) return <StateBadge plain word={drift} state={drift === "left" ? "fail" : "warn"} />;
      if (active) return <StateBadge plain word="active" state="ok" />;
      return <StateBadge plain word={eligible ? "not active" : "not eligible"} state="unknown" />;
    },
  },
  { id: "how", header: "Came", width: "104px", cell: ({ how }) => howWords(how) },
  { id: "adopted", header: "Adopted", width: "112px", cell: ({ adoptedOn }) => adoptedOn ?? "" },
  {
    id: "events",
    header: "Uses",
    width: "110px",
    align: "right",
    hint: "In the last 28 days, and in the 28 before",
    cell: ({ events, before }) => (
      <>
        {events} <span className="rb-dim">({before})</span>
      </>
    ),
  },
  { id: "why", header: "Why it counts so", cell: ({ why }) => <span title={why}>{why}</span> },
];

/** The teams behind the figures, by name and not by rank, each with the reason. */
export function CapabilityTeams({
  name,
  only,
  onOnly,
}: {
  readonly name: string;
  readonly only: Only | undefined;
  readonly onOnly: (only: Only | undefined) => void;
}): ReactNode {
  const list = usePages(listCapabilityTeams, { name, limit: 50, ...(only !== undefined && { only }) });
  return (
    <Section
      title="Teams"
      count="by name, not by rank"
      act={
        <SegmentedControl
          size="xs"
          aria-label="Which teams"
          data={[...ONLY]}
          value={only ?? ""}
          onChange={(next) => onOnly(next === "" ? undefined : (next as Only))}
        />
      }
    >
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : (
        <DataTable
          label="Teams"
          columns={COLUMNS}
          rows={list.rows}
          rowKey={({ team }) => team}
          loading={list.pending}
          stale={list.stale}
          empty={<EmptyState compact title={only === "drifting" ? "Nobody drifts off" : "There is no such team"} />}
          footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
        />
      )}
    </Section>
  );
}
