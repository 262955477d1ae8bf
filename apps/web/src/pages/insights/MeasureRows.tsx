import type { ReactNode } from "react";

import { listMeasureRows, type MeasureDefinition, type MeasureName } from "@roadbed/contracts/product/measures";
import type { OutputOf } from "@roadbed/core";
import { usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { hoursWords } from "./words.ts";

type Row = OutputOf<typeof listMeasureRows>["items"][number];
const COUNTS = { yes: "ok", "so far": "busy", no: "unknown" } as const;

/** What a figure is made of, and what it is not made of, each with the reason. */
export function MeasureRows({
  measure,
  about,
  unit,
}: {
  readonly measure: MeasureName;
  readonly about: string | undefined;
  readonly unit: MeasureDefinition["unit"];
}): ReactNode {
  const list = usePages(listMeasureRows, { measure, limit: 50, ...(about !== undefined && { about }) });
  const columns: readonly Column<Row>[] = [
    { id: "at", header: "When", width: "120px", cell: ({ at }) => <When at={at} /> },
    {
      id: "thing",
      header: "Whose",
      cell: ({ entityRef }) => (entityRef === undefined ? "nobody knows" : <EntityLink entityRef={entityRef} />),
    },
    { id: "key", header: "What", cell: ({ kind, key, source }) => <span title={`told by ${source}`}>{`${kind} ${key}`}</span> },
    {
      id: "counts",
      header: "Counts",
      width: "96px",
      cell: ({ counts }) => <StateBadge plain word={counts} state={COUNTS[counts]} />,
    },
    {
      id: "value",
      header: unit === "hours" ? "Took" : "Counts as",
      width: "92px",
      align: "right",
      cell: ({ value }) => (value === undefined ? "" : unit === "hours" ? hoursWords(value) : value),
    },
    { id: "why", header: "Why", width: "34%", cell: ({ why }) => <span title={why}>{why}</span> },
  ];
  return (
    <Section title="Rows" count={list.total}>
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : (
        <DataTable
          label="Rows"
          columns={columns}
          rows={list.rows}
          rowKey={({ id }) => id}
          loading={list.pending}
          stale={list.stale}
          empty={<EmptyState compact title="There is nothing that it could be made of in its window" />}
          footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
        />
      )}
    </Section>
  );
}
