import { Tabs } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { Page } from "../../ui/Page.tsx";
import { Difference } from "./Difference.tsx";
import { Removed } from "./Removed.tsx";
import { Timeline } from "./Timeline.tsx";

const route = getRouteApi("/app/changes");

/** What the page's URL holds. */
export interface ChangesSearch {
  readonly tab?: "timeline" | "difference" | "removed" | undefined;
  /** Of the timeline: as `windowOf` reads it. */
  readonly range?: string | undefined;
  readonly about?: string | undefined;
  readonly owner?: string | undefined;
  readonly system?: string | undefined;
  readonly near?: true | undefined;
  readonly sort?: readonly string[] | undefined;
  /** Of the difference. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly filter?: string | undefined;
  readonly change?: "added" | "removed" | "changed" | undefined;
}

export type Change = (patch: Partial<ChangesSearch>) => void;

/** What changed: as it happened, as the difference of two moments, and what is gone. */
export function ChangesPage(): ReactNode {
  const search = route.useSearch() as ChangesSearch;
  const navigate = route.useNavigate();
  const change: Change = (patch) => void navigate({ search: (old) => ({ ...old, ...patch }), replace: true, resetScroll: false });
  const tab = search.tab ?? (search.from === undefined ? "timeline" : "difference");
  return (
    <Page title="Changes" state="What happened, what is different, and what is gone: who did it, when and why.">
      <Tabs value={tab} onChange={(value) => change({ tab: value as ChangesSearch["tab"] })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="timeline">What happened</Tabs.Tab>
          <Tabs.Tab value="difference">Difference</Tabs.Tab>
          <Tabs.Tab value="removed">Removed</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="timeline">
          <Timeline search={search} onChange={change} />
        </Tabs.Panel>
        <Tabs.Panel value="difference">
          <Difference search={search} onChange={change} />
        </Tabs.Panel>
        <Tabs.Panel value="removed">
          <Removed />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
