import { Switch } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { GitCompareArrows } from "lucide-react";
import type { ReactNode } from "react";

import { listDrift } from "@roadbed/contracts/delivery/drift";
import { usePages } from "../../api/use-operation.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page } from "../../ui/Page.tsx";
import { DriftCard } from "./DriftCard.tsx";

const route = getRouteApi("/app/drift");

/** Where what runs is not what Git says, and what came of it. */
export function DriftPage(): ReactNode {
  const { entity, environment, all } = route.useSearch();
  const navigate = route.useNavigate();
  const list = usePages(listDrift, {
    limit: 50,
    open: all !== true,
    ...(entity !== undefined && { entityRef: entity }),
    ...(environment !== undefined && { environment }),
  });
  const open = list.rows.filter(({ endedAt }) => endedAt === undefined).length;
  const where = [entity, environment === undefined ? undefined : `in ${environment}`].filter(Boolean).join(" ");
  return (
    <Page
      title="Drift"
      state={
        list.pending
          ? "What runs is compared with what Git says."
          : `${open === 0 ? "What runs is what Git says" : `${open} ${open === 1 ? "place differs" : "places differ"} from Git`}${where === "" ? "" : `: ${where}`}.`
      }
      act={
        <Switch
          label="Also what was put right"
          checked={all === true}
          onChange={({ currentTarget: { checked } }) =>
            void navigate({ search: (old) => ({ ...old, all: checked ? true : undefined }), replace: true })
          }
        />
      }
    >
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : list.pending ? (
        <SkeletonRows rows={4} height={96} />
      ) : list.rows.length === 0 ? (
        <EmptyState icon={GitCompareArrows} title={all === true ? "Nothing ever differed" : "What runs is what Git says"}>
          Each environment's branch in <code>platform-delivery</code> says what it is to have. A commit that came another way, a process
          that was stopped, a variable that is another by now: whatever runs and Git does not say is shown here, to be healed or taken into
          Git.
        </EmptyState>
      ) : (
        <>
          {list.rows.map((drift) => (
            <DriftCard key={drift.id} drift={drift} />
          ))}
          <p className="rb-dim">
            <LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />
          </p>
        </>
      )}
    </Page>
  );
}
