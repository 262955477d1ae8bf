import { Link } from "@tanstack/react-router";
import { ArrowUpFromLine } from "lucide-react";
import type { ReactNode } from "react";

import { listUpgrades, type Upgrade } from "@roadbed/contracts/paths/upgrades";
import { usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { Actor } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { progressWords } from "./words.tsx";

const COLUMNS: readonly Column<Upgrade>[] = [
  {
    id: "path",
    header: "Upgrade",
    width: "28%",
    value: ({ pathTitle }) => pathTitle,
    cell: ({ id, pathTitle, toVersion }) => (
      <Link to="/upgrades/$id" params={{ id }}>
        {pathTitle} {toVersion !== undefined && `to ${toVersion}`}
      </Link>
    ),
  },
  { id: "state", header: "State", width: "130px", value: ({ state }) => state, cell: ({ state }) => <StateBadge plain word={state} /> },
  { id: "wave", header: "Wave", width: "90px", cell: ({ wave, waves }) => `${wave} of ${waves}` },
  { id: "progress", header: "Progress", cell: ({ counts }) => progressWords(counts) },
  { id: "by", header: "By", width: "120px", value: ({ startedBy }) => startedBy, cell: ({ startedBy }) => <Actor of={startedBy} /> },
  { id: "at", header: "Begun", width: "116px", value: ({ startedAt }) => startedAt, cell: ({ startedAt }) => <When at={startedAt} /> },
];

/** Every upgrade of what paths made, newest first. */
export function UpgradesPage(): ReactNode {
  const list = usePages(listUpgrades, { limit: 50 });
  return (
    <Page
      title="Upgrades"
      state="New versions of golden paths on their way to what older ones made."
      trail={<Link to="/ledger">Ledger</Link>}
    >
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : (
        <DataTable
          label="Upgrades"
          columns={COLUMNS}
          rows={list.rows}
          rowKey={({ id }) => id}
          loading={list.pending}
          stale={list.stale}
          empty={
            <EmptyState
              icon={ArrowUpFromLine}
              title="No upgrade was started yet"
              act={
                <Link to="/ledger" search={{ state: "older" }}>
                  See what is on an older version
                </Link>
              }
            >
              An upgrade proposes one change per repository: with the answers it was made with, with what was changed there, in waves.
            </EmptyState>
          }
          footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
        />
      )}
    </Page>
  );
}
