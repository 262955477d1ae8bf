import { Tabs } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, type ReactNode } from "react";

import { getMe } from "@roadbed/contracts/identity";
import { useOperation } from "../../api/use-operation.ts";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page } from "../../ui/Page.tsx";
import { AboutTab } from "./AboutTab.tsx";
import { PeopleTab } from "./PeopleTab.tsx";
import { ProfileTab } from "./ProfileTab.tsx";
import { mayScope } from "./scopes.ts";
import { TokensTab } from "./TokensTab.tsx";

const route = getRouteApi("/app/settings");
const KindsTab = lazy(() => import("../kinds/KindsTab.tsx").then((module) => ({ default: module.KindsTab })));

const ConnectionsTab = lazy(() => import("./ConnectionsTab.tsx").then((module) => ({ default: module.ConnectionsTab })));

/** You, your tokens, who else may come in, and how this Roadbed is. */
export function SettingsPage(): ReactNode {
  const { tab = "you" } = route.useSearch();
  const navigate = route.useNavigate();
  const me = useOperation(getMe, {}, { staleTime: 5 * 60_000 });
  const manages = me.data !== undefined && mayScope(me.data.scopes, "identity:admin");
  return (
    <Page title="Settings" state={SENTENCES[tab]}>
      <Tabs value={tab} onChange={(value) => void navigate({ search: value === "you" ? {} : { tab: value as typeof tab } })}>
        <Tabs.List mb="md">
          <Tabs.Tab value="you">Profile</Tabs.Tab>
          <Tabs.Tab value="tokens">Tokens</Tabs.Tab>
          {(manages || tab === "people") && <Tabs.Tab value="people">People</Tabs.Tab>}
          <Tabs.Tab value="kinds">Kinds</Tabs.Tab>
          <Tabs.Tab value="connections">Connections</Tabs.Tab>
          <Tabs.Tab value="about">About and health</Tabs.Tab>
        </Tabs.List>
        {me.data === undefined ? (
          <SkeletonRows rows={8} />
        ) : (
          <>
            <Tabs.Panel value="you">
              <ProfileTab me={me.data} />
            </Tabs.Panel>
            <Tabs.Panel value="tokens">
              <TokensTab me={me.data} />
            </Tabs.Panel>
            <Tabs.Panel value="people">
              <PeopleTab me={me.data} />
            </Tabs.Panel>
            <Tabs.Panel value="kinds">
              <Suspense fallback={<SkeletonRows rows={8} />}>{tab === "kinds" && <KindsTab />}</Suspense>
            </Tabs.Panel>
            <Tabs.Panel value="connections">
              <Suspense fallback={<SkeletonRows rows={8} />}>{tab === "connections" && <ConnectionsTab me={me.data} />}</Suspense>
            </Tabs.Panel>
            <Tabs.Panel value="about">
              <AboutTab me={me.data} />
            </Tabs.Panel>
          </>
        )}
      </Tabs>
    </Page>
  );
}

const SENTENCES = {
  you: "Who you are here, and your password.",
  tokens: "Access for the command line, for programs and for agents.",
  people: "Who can sign in, and what they may do.",
  kinds: "What sorts of things the catalogue holds.",
  connections: "Systems outside that golden paths may ask.",
  about: "How this Roadbed is, and what it holds.",
} as const;
