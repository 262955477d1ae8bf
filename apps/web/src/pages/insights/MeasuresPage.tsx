import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listMeasures, type ListedMeasure } from "@roadbed/contracts/product/measures";
import { useOperation } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { intervalWords, statusWords, valueWords } from "./words.ts";

const COLUMNS: readonly Column<ListedMeasure>[] = [
  {
    id: "title",
    header: "Measure",
    width: "240px",
    value: ({ title }) => title,
    cell: ({ measure, title }) => (
      <Link to="/measures/$measure" params={{ measure }}>
        {title}
      </Link>
    ),
  },
  { id: "question", header: "The question it answers", cell: ({ question }) => <span title={question}>{question}</span> },
  {
    id: "value",
    header: "Now",
    width: "100px",
    align: "right",
    cell: ({ unit, value }) => valueWords(unit, value.value) ?? <span className="rb-dim">no value</span>,
  },
  { id: "interval", header: "Between", width: "150px", align: "right", cell: ({ unit, value }) => intervalWords(unit, value) ?? "" },
  {
    id: "status",
    header: "Status",
    width: "130px",
    cell: ({ value }) => <StateBadge plain word={value.status} {...statusWords(value.status)} title={value.why} />,
  },
  { id: "version", header: "Version", width: "76px", align: "right", value: ({ version }) => version, cell: ({ version }) => version },
  { id: "owner", header: "Owner", width: "140px", cell: ({ owner }) => owner },
];

/** The catalogue of measures: one definition of each. */
export function MeasuresPage(): ReactNode {
  const list = useOperation(listMeasures, { limit: 100 });
  return (
    <Page title="Measures" state="Each has one definition with a version, and opens to the rows that it is made of.">
      {list.error !== null ? (
        <ErrorState error={list.error} retry={() => void list.refetch()} />
      ) : (
        <DataTable
          label="Measures"
          columns={COLUMNS}
          rows={list.data?.items ?? []}
          rowKey={({ measure }) => measure}
          loading={list.data === undefined}
          empty={null}
        />
      )}
    </Page>
  );
}
