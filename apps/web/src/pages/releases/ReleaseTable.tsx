import { PackageCheck } from "lucide-react";
import type { ReactNode } from "react";

import { listReleases, type Release } from "@roadbed/contracts/delivery/releases";
import { usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { When } from "../../ui/When.tsx";
import { HOW_WORDS, KIND_WORDS, Places, ReleaseLink } from "./words.tsx";

const COLUMNS: readonly Column<Release>[] = [
  { id: "release", header: "Release", width: "16%", value: ({ number }) => number, cell: (release) => <ReleaseLink release={release} /> },
  { id: "title", header: "What", value: ({ title }) => title, cell: ({ title }) => title },
  {
    id: "parts",
    header: "Holds",
    width: "16%",
    value: ({ parts }) => parts.map(({ kind }) => kind).join(" "),
    cell: ({ parts }) => parts.map(({ kind }) => KIND_WORDS[kind]).join(", "),
  },
  {
    id: "in",
    header: "Runs in",
    width: "20%",
    value: (release) => release.in.map(({ environment }) => environment).join(" "),
    cell: (release) => <Places of={release.in} />,
  },
  {
    id: "entity",
    header: "Component",
    width: "14%",
    value: ({ entityRef }) => entityRef,
    cell: ({ entityRef }) => <EntityLink entityRef={entityRef} tab="deploys" />,
  },
  { id: "how", header: "How", width: "110px", value: ({ how }) => how, cell: ({ how }) => HOW_WORDS[how] },
  { id: "at", header: "Made", width: "110px", value: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <When at={createdAt} /> },
];

/** Releases, newest first: of everything, or of one component. */
export function ReleaseTable({ entityRef }: { readonly entityRef?: string | undefined }): ReactNode {
  const list = usePages(listReleases, { limit: 50, ...(entityRef !== undefined && { entityRef }) });
  if (list.error !== null && list.rows.length === 0) return <ErrorState error={list.error} retry={list.retry} />;
  return (
    <DataTable
      label="Releases"
      columns={entityRef === undefined ? COLUMNS : COLUMNS.filter(({ id }) => id !== "entity")}
      rows={list.rows}
      rowKey={({ id }) => id}
      loading={list.pending}
      stale={list.stale}
      empty={
        <EmptyState icon={PackageCheck} title="There is no release yet">
          A push that becomes healthy in the first environment is a release by itself. One with a model, a prompt or an image is made with{" "}
          <code>roadbed release create</code>: what stands in one release travels together.
        </EmptyState>
      }
      footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
    />
  );
}
