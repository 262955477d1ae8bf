import { Switch } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { Waypoints } from "lucide-react";
import type { ReactNode } from "react";

import { listRollouts } from "@roadbed/contracts/delivery/rollouts";
import { usePages } from "../../api/use-operation.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { COLUMNS } from "./columns.tsx";

const route = getRouteApi("/app/rollouts");

/** How releases replaced the ones before: what is being decided, and what came of it. */
export function RolloutsPage(): ReactNode {
  const { entity, active } = route.useSearch();
  const navigate = route.useNavigate();
  const list = usePages(listRollouts, {
    limit: 50,
    ...(entity !== undefined && { entityRef: entity }),
    ...(active === true && { active: true }),
  });
  const held = list.rows.filter(({ state }) => state === "held").length;
  return (
    <Page
      title="Rollouts"
      state={
        held > 0
          ? `${held} ${held === 1 ? "waits" : "wait"} for somebody to decide.`
          : "How a release takes the place of the one before: step by step, judged against it."
      }
      act={
        <Switch
          label="Only those that go on"
          checked={active === true}
          onChange={({ currentTarget: { checked } }) =>
            void navigate({ search: (old) => ({ ...old, active: checked ? true : undefined }), replace: true })
          }
        />
      }
    >
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : (
        <DataTable
          label="Rollouts"
          columns={COLUMNS}
          rows={list.rows}
          rowKey={({ id }) => id}
          loading={list.pending}
          stale={list.stale}
          empty={
            <EmptyState icon={Waypoints} title={active === true ? "No rollout goes on" : "There is no rollout yet"}>
              A component whose <code>roadbed.yaml</code> names a strategy (canary, blue-green or shadow) is rolled out at its next push:
              two releases run beside each other, and the new one takes over when it is proven no worse.
            </EmptyState>
          }
          footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
        />
      )}
    </Page>
  );
}
