import type { ReactNode } from "react";

import { entityHistory } from "@roadbed/contracts/catalog";
import { usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import type { KnownEntity } from "./use-entity.ts";

interface Change {
  readonly at: string;
  readonly change: string;
  readonly fields: readonly string[];
  readonly source: string;
}

const COLUMNS: readonly Column<Change>[] = [
  { id: "at", header: "When", width: "140px", cell: ({ at }) => <When at={at} /> },
  {
    id: "change",
    header: "Change",
    width: "130px",
    cell: ({ change }) => (
      <StateBadge plain word={change} state={change === "removed" ? "warn" : change === "registered" ? "ok" : "unknown"} />
    ),
  },
  { id: "fields", header: "Fields", cell: ({ fields }) => <span className="rb-mono">{fields.join(", ")}</span> },
  { id: "source", header: "Source", width: "22%", cell: ({ source }) => source },
];

/** What changed about its descriptor, newest first. */
export function HistoryTab({ known }: { readonly known: KnownEntity }): ReactNode {
  const list = usePages(entityHistory, { ref: known.ref, limit: 50 });
  return (
    <DataTable
      label="History"
      columns={COLUMNS}
      rows={list.rows}
      rowKey={({ at, change }) => `${at} ${change}`}
      loading={list.pending}
      empty={
        <EmptyState compact title="No change is recorded">
          Changes of the descriptor stand here from the moment Roadbed reads them.
        </EmptyState>
      }
      footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
    />
  );
}
