import { Link } from "@tanstack/react-router";
import { FilePen } from "lucide-react";
import type { ReactNode } from "react";

import { listSourceEdits, type SourceEdit } from "@roadbed/contracts/delivery/source";
import { usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { Actor } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";

const COLUMNS: readonly Column<SourceEdit>[] = [
  {
    id: "path",
    header: "File",
    value: ({ path }) => path,
    cell: ({ path, message }) => (
      <>
        <code className="rb-mono">{path}</code>
        <div className="rb-dim">{message}</div>
      </>
    ),
  },
  {
    id: "state",
    header: "What came of it",
    value: ({ state }) => state,
    cell: ({ state, outcome, problems, promotionId }) => (
      <>
        <StateBadge plain word={state} state={state === "taken" ? "ok" : "fail"} label={state} />{" "}
        {promotionId === undefined ? (
          outcome
        ) : (
          <Link to="/promotions/$id" params={{ id: promotionId }}>
            {outcome}
          </Link>
        )}
        {problems.map(({ at, field, reason, mend }) => (
          <div key={`${at} ${field} ${reason}`}>
            <code className="rb-mono">{at}</code> {field === undefined ? "" : `${field} `}
            {reason}
            {mend !== undefined && <span className="rb-dim">. {mend}</span>}
          </div>
        ))}
      </>
    ),
  },
  { id: "by", header: "Pushed by", width: "140px", value: ({ pushedBy }) => pushedBy, cell: ({ pushedBy }) => <Actor of={pushedBy} /> },
  { id: "at", header: "When", width: "120px", value: ({ at }) => at, cell: ({ at }) => <When at={at} /> },
];

/** What people wrote on `main` of the repository of what runs where. */
export function SourceEdits(): ReactNode {
  const list = usePages(listSourceEdits, { limit: 10 });
  return (
    <Section title="Written in Git">
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : (
        <DataTable
          label="What people wrote in Git"
          columns={COLUMNS}
          rows={list.rows}
          rowKey={({ id }) => id}
          loading={list.pending}
          stale={list.stale}
          empty={
            <EmptyState compact icon={FilePen} title="Nobody changed a file yet">
              <code>main</code> of <code>{`${location.origin}/git/platform-delivery.git`}</code> holds <code>environments/prod.yaml</code>{" "}
              and <code>workloads/prod/orders.yaml</code>. Change one and push: it becomes a change of the environment, or a promotion
              through its gates. What cannot be used is put back, with line and reason.
            </EmptyState>
          }
          footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
        />
      )}
    </Section>
  );
}
