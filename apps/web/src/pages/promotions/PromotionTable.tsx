import { Route } from "lucide-react";
import type { ReactNode } from "react";

import { listPromotions, type Promotion } from "@roadbed/contracts/delivery/promotions";
import { usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { Actor } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { When } from "../../ui/When.tsx";
import { PromotionBadge, PromotionLink, standingInTheWay } from "./words.tsx";

/** Of one promotion. */
export const COLUMNS: readonly Column<Promotion>[] = [
  {
    id: "what",
    header: "Promotion",
    width: "24%",
    value: ({ release }) => release.number,
    cell: (promotion) => <PromotionLink promotion={promotion} />,
  },
  {
    id: "state",
    header: "State",
    width: "130px",
    value: ({ state }) => state,
    cell: ({ state }) => <PromotionBadge plain state={state} />,
  },
  { id: "why", header: "Why", value: (promotion) => standingInTheWay(promotion) ?? "", cell: (promotion) => standingInTheWay(promotion) },
  {
    id: "by",
    header: "By",
    width: "130px",
    value: ({ requestedBy }) => requestedBy,
    cell: ({ requestedBy, automatic }) => (automatic ? "itself" : <Actor of={requestedBy} />),
  },
  { id: "at", header: "Begun", width: "110px", value: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <When at={createdAt} /> },
];

/** Promotions, newest first: of everything, of one component, or those that wait. */
export function PromotionTable({
  entityRef,
  open = false,
}: {
  readonly entityRef?: string | undefined;
  readonly open?: boolean;
}): ReactNode {
  const list = usePages(listPromotions, { limit: 50, ...(entityRef !== undefined && { entityRef }), ...(open && { open: true }) });
  if (list.error !== null && list.rows.length === 0) return <ErrorState error={list.error} retry={list.retry} />;
  return (
    <DataTable
      label="Promotions"
      columns={COLUMNS}
      rows={list.rows}
      rowKey={({ id }) => id}
      loading={list.pending}
      stale={list.stale}
      empty={
        <EmptyState icon={Route} title="Nothing was promoted yet">
          A release is promoted from its page, or with <code>roadbed promotion create orders#12 prod</code>. Where an environment says so,
          it comes by itself as soon as every gate lets it through.
        </EmptyState>
      }
      footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
    />
  );
}
