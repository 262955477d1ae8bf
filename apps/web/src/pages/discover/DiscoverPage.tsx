import { Tabs } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listDiscoveries, listIdentities, listProposals } from "@roadbed/contracts/catalog/proposals";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { PeopleTab } from "./PeopleTab.tsx";
import { ProposalsTab } from "./ProposalsTab.tsx";
import { ReadRepositories } from "./ReadRepositories.tsx";

const route = getRouteApi("/app/discover");
/** While repositories are read the page shows how far it is. */
const WATCH_MS = 700;

/** Bring your own organisation: repositories are read, entities are proposed, a person decides. */
export function DiscoverPage(): ReactNode {
  const { tab = "proposals" } = route.useSearch();
  const navigate = route.useNavigate();
  const readings = useOperation(listDiscoveries, { limit: 5 });
  const [latest] = readings.data?.items ?? [];
  const busy = latest?.status === "queued" || latest?.status === "running";
  useOperation(listDiscoveries, { limit: 5 }, { enabled: busy, every: busy ? WATCH_MS : false });
  const open = useOperation(listProposals, { limit: 1 }, { keep: true });
  const logins = useOperation(listIdentities, { limit: 1 }, { keep: true });
  const waiting = count(logins.data?.states, "proposed") + count(logins.data?.states, "open");
  const states = open.data?.facets.state;
  if (readings.error !== null) {
    return (
      <Page title="Discover">
        <ErrorState error={readings.error} retry={() => void readings.refetch()} />
      </Page>
    );
  }
  return (
    <Page
      title="Discover"
      state={latest === undefined ? TEACH : sentence(count(states, "open"), count(states, "accepted"), count(states, "refused"))}
    >
      <ReadRepositories latest={latest} pending={readings.isPending} />
      {latest !== undefined && (
        <Tabs value={tab} onChange={(value) => void navigate({ search: value === "people" ? { tab: "people" } : {} })} keepMounted={false}>
          <Tabs.List mb="md">
            <Tabs.Tab value="proposals">Proposals{badge(count(states, "open"))}</Tabs.Tab>
            <Tabs.Tab value="people">People{badge(waiting)}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="proposals">
            <ProposalsTab busy={busy} />
          </Tabs.Panel>
          <Tabs.Panel value="people">
            <PeopleTab />
          </Tabs.Panel>
        </Tabs>
      )}
    </Page>
  );
}

const TEACH = "Point Roadbed at a folder of clones: it reads what is there and proposes services with owners and relations. You decide.";

function count(facet: readonly { readonly value: string; readonly count: number }[] | undefined, value: string): number {
  return facet?.find((one) => one.value === value)?.count ?? 0;
}

function badge(number: number): string {
  return number === 0 ? "" : ` (${number})`;
}

function sentence(open: number, accepted: number, refused: number): string {
  if (open === 0)
    return accepted + refused === 0 ? "Nothing is proposed." : `Everything is decided: ${accepted} accepted, ${refused} refused.`;
  const decided = accepted + refused === 0 ? "" : ` ${accepted} accepted, ${refused} refused.`;
  return `${formatCount(open, "proposal")} to decide.${decided}`;
}
