import { Switch } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Waypoints } from "lucide-react";
import type { ReactNode } from "react";

import { listRollouts, type Rollout } from "@roadbed/contracts/delivery/rollouts";
import { usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { STRATEGY_WORDS } from "./words.ts";

const route = getRouteApi("/app/rollouts");

export type Listed = Omit<Rollout, "analysis" | "tripwires" | "mirrored">;

export const COLUMNS: readonly Column<Listed>[] = [
  {
    id: "commit",
    header: "Release",
    width: "120px",
    value: ({ commit }) => commit,
    cell: ({ id, commit }) => (
      <Link to="/rollouts/$id" params={{ id }} className="rb-mono">
        {commit.slice(0, 8)}
      </Link>
    ),
  },
  {
    id: "entity",
    header: "Component",
    value: ({ entityRef }) => entityRef,
    cell: ({ entityRef }) => <EntityLink entityRef={entityRef} tab="deploys" />,
  },
  { id: "environment", header: "In", width: "110px", value: ({ environment }) => environment, cell: ({ environment }) => environment },
  { id: "strategy", header: "How", width: "120px", value: ({ strategy }) => strategy, cell: ({ strategy }) => STRATEGY_WORDS[strategy] },
  {
    id: "state",
    header: "State",
    width: "150px",
    value: ({ state }) => state,
    cell: ({ state, reason }) => <StateBadge plain word={state} title={reason} />,
  },
  { id: "weight", header: "Requests", width: "100px", value: ({ weight }) => weight, cell: ({ weight }) => `${weight} %` },
  { id: "at", header: "Began", width: "120px", value: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <When at={createdAt} /> },
];

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
