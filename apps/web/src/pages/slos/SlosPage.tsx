import { getRouteApi } from "@tanstack/react-router";
import { Target } from "lucide-react";
import type { ReactNode } from "react";

import { listSlos } from "@roadbed/contracts/telemetry/slos";
import { usePages } from "../../api/use-operation.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { COLUMNS } from "./columns.tsx";
import { sentenceOf } from "./words.ts";

const route = getRouteApi("/app/slos");
const EVERY_MS = 60_000;

/** What is promised, the one with the least left first. */
export function SlosPage(): ReactNode {
  const { entity } = route.useSearch();
  const list = usePages(listSlos, { limit: 100, ...(entity !== undefined && { entityRef: entity }) }, { every: EVERY_MS });
  return (
    <Page title="Objectives" state={list.pending ? "Reading…" : sentenceOf(list.rows)}>
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : (
        <DataTable
          label="Objectives"
          columns={COLUMNS}
          rows={list.rows}
          rowKey={({ name }) => name}
          loading={list.pending}
          stale={list.stale}
          empty={
            <EmptyState icon={Target} title="Nothing is promised yet">
              Say in a file which share of the requests of a service is to be good, in the shape of OpenSLO; try it with{" "}
              <code>roadbed slo test FILE</code> and keep it with <code>roadbed slo apply FILE</code>. What was counted in the past counts
              at once.
            </EmptyState>
          }
          footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
        />
      )}
    </Page>
  );
}
