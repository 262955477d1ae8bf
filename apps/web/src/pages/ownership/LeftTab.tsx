import { Button } from "@mantine/core";
import { UserX } from "lucide-react";
import type { ReactNode } from "react";

import { listLeavers, type Leaver } from "@roadbed/contracts/catalog/ownership";
import { usePages } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { When } from "../../ui/When.tsx";

const HOW: Readonly<Record<Leaver["how"], string>> = {
  marked: "Marked as left",
  removed: "Removed",
  unknown: "Not in the catalogue",
};

/** People who left and still stand somewhere, with the way to give on what they own. */
export function LeftTab({ onGive }: { readonly onGive: (from: string) => void }): ReactNode {
  const pages = usePages(listLeavers, { limit: 50 });
  if (pages.error !== null) return <ErrorState error={pages.error} retry={pages.retry} />;
  return (
    <DataTable
      label="People who left"
      columns={columnsOf(onGive)}
      rows={pages.rows}
      rowKey={({ ref }) => ref}
      loading={pages.pending}
      onSort={() => {}}
      empty={
        <EmptyState icon={UserX} title="Nobody who left still stands anywhere">
          Whoever is marked with <code>roadbed.dev/active: &quot;false&quot;</code>, or was removed by the source they came from, is listed
          here as long as they are an owner, a member, an approver or on call.
        </EmptyState>
      }
      footer={<LoadMore more={pages.more} loading={pages.loadingMore} shown={pages.rows.length} total={pages.total} />}
    />
  );
}

function columnsOf(onGive: (from: string) => void): readonly Column<Leaver>[] {
  return [
    {
      id: "person",
      header: "Person",
      sortable: false,
      cell: ({ ref, name, how }) => <EntityLink entityRef={ref} title={name} found={how === "marked"} />,
    },
    {
      id: "how",
      header: "How we know",
      width: "190px",
      sortable: false,
      cell: ({ how, since }) => (
        <span>
          {HOW[how]} {since !== undefined && <When at={since} />}
        </span>
      ),
    },
    { id: "stands", header: "Still stands as", width: "34%", sortable: false, cell: (leaver) => <Stands of={leaver} /> },
    {
      id: "act",
      header: "",
      width: "110px",
      sortable: false,
      cell: ({ ref, name, counts }) =>
        counts.owner > 0 && (
          <Button size="compact-xs" variant="light" aria-label={`Hand over what ${name} owns`} onClick={() => onGive(ref)}>
            Hand over…
          </Button>
        ),
    },
  ];
}

function Stands({ of: { counts, stands } }: { readonly of: Leaver }): ReactNode {
  const parts = [
    ...(counts.owner > 0 ? [`owner of ${formatCount(counts.owner, "thing")}`] : []),
    ...(counts.member > 0 ? [`member of ${formatCount(counts.member, "team")}`] : []),
    ...(counts.approver > 0 ? [`approver of ${formatCount(counts.approver, "thing")}`] : []),
    ...(counts.onCall > 0 ? [`on call for ${formatCount(counts.onCall, "thing")}`] : []),
  ];
  return <span title={stands.map(({ title, as }) => `${as}: ${title}`).join("\n")}>{parts.join(", ")}</span>;
}
