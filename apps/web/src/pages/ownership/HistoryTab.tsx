import { Button } from "@mantine/core";
import { History } from "lucide-react";
import { useState, type ReactNode } from "react";

import { listHandOvers, undoHandOver, type HandOver } from "@roadbed/contracts/catalog/ownership";
import { toWords } from "../../api/errors.ts";
import { useAct, usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { Actor } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./ownership.module.css";

/** Who gave what to whom and why; each act can be taken back as one. */
export function HistoryTab(): ReactNode {
  const pages = usePages(listHandOvers, { limit: 50 });
  const [said, setSaid] = useState<string>();
  const undo = useAct(undoHandOver, { onDone: (done) => setSaid(done.said) });
  if (pages.error !== null) return <ErrorState error={pages.error} retry={pages.retry} />;
  return (
    <>
      <p role="status" className={classes.said}>
        {undo.error === null ? said : `${toWords(undo.error).title} ${toWords(undo.error).mend ?? ""}`}
      </p>
      <DataTable
        label="Hand-overs"
        columns={columnsOf((id) => undo.mutate({ id }), undo.isPending)}
        rows={pages.rows}
        rowKey={({ id }) => id}
        loading={pages.pending}
        onSort={() => {}}
        empty={
          <EmptyState icon={History} title="Nothing was handed over yet">
            Every assignment and hand-over stands here, with who did it and why. For 30 days each can be taken back as one act.
          </EmptyState>
        }
        footer={<LoadMore more={pages.more} loading={pages.loadingMore} shown={pages.rows.length} total={pages.total} />}
      />
    </>
  );
}

function columnsOf(undo: (id: string) => void, busy: boolean): readonly Column<HandOver>[] {
  return [
    { id: "at", header: "When", width: "120px", sortable: false, cell: ({ at }) => <When at={at} /> },
    { id: "things", header: "Things", width: "80px", align: "right", sortable: false, cell: ({ things }) => things },
    {
      id: "from",
      header: "From",
      sortable: false,
      cell: ({ from }) => (from === undefined ? <span className="rb-dim">nobody who is there</span> : <EntityLink entityRef={from} />),
    },
    { id: "to", header: "To", sortable: false, cell: ({ to }) => <EntityLink entityRef={to} /> },
    { id: "actor", header: "By", width: "140px", sortable: false, cell: ({ actor }) => <Actor of={actor} /> },
    {
      id: "reason",
      header: "Why",
      width: "22%",
      sortable: false,
      cell: ({ reason, undone }) => reason ?? (undone === undefined ? "" : undone.reason),
    },
    {
      id: "act",
      header: "",
      width: "130px",
      sortable: false,
      cell: ({ id, undone, undoableUntil }) =>
        undone !== undefined ? (
          <span className="rb-dim">
            undone <When at={undone.at} />
          </span>
        ) : (
          undoableUntil !== undefined && (
            <Button size="compact-xs" variant="default" disabled={busy} onClick={() => undo(id)}>
              Undo
            </Button>
          )
        ),
    },
  ];
}
