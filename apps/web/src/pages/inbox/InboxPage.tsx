import { Tabs } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listAnnouncements, listInbox } from "@roadbed/contracts/notify";
import { listApprovals } from "@roadbed/contracts/paths/approvals";
import { listWaivers } from "@roadbed/contracts/standards/waivers";
import { useOperation } from "../../api/use-operation.ts";
import { Page } from "../../ui/Page.tsx";
import { AnnouncementsTab } from "./AnnouncementsTab.tsx";
import { ApprovalsTab } from "./ApprovalsTab.tsx";
import { ChannelsTab } from "./ChannelsTab.tsx";
import { FollowingTab } from "./FollowingTab.tsx";
import { NoticesTab } from "./NoticesTab.tsx";

const route = getRouteApi("/app/inbox");

const TABS = [
  { id: "notices", label: "Notices", render: () => <NoticesTab /> },
  { id: "approvals", label: "Approvals", render: () => <ApprovalsTab /> },
  { id: "announcements", label: "Announcements", render: () => <AnnouncementsTab /> },
  { id: "following", label: "Following", render: () => <FollowingTab /> },
  { id: "channels", label: "Where they are sent", render: () => <ChannelsTab /> },
] as const;

/** What happened that matters to me, and what waits for my word. */
export function InboxPage(): ReactNode {
  const { view = "notices" } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Page title="Inbox" state={<State />}>
      <Tabs
        value={view}
        onChange={(id) => void navigate({ search: id === "notices" || id === null ? {} : { view: id as typeof view } })}
        keepMounted={false}
      >
        <Tabs.List>
          {TABS.map(({ id, label }) => (
            <Tabs.Tab key={id} value={id}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {TABS.map(({ id, render }) => (
          <Tabs.Panel key={id} value={id} pt="md">
            {render()}
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}

function State(): ReactNode {
  const inbox = useOperation(listInbox, { limit: 1, unread: true });
  const waiting = useOperation(listAnnouncements, { mine: true, limit: 50 });
  const approvals = useOperation(listApprovals, { mine: true, limit: 50 });
  const waivers = useOperation(listWaivers, { mine: true, limit: 50 });
  if (inbox.data === undefined) return "\u00a0";
  const { unread } = inbox.data;
  const asked = waiting.data?.items.length ?? 0;
  const read = unread === 0 ? "You have read everything." : unread === 1 ? "One notice is unread." : `${unread} notices are unread.`;
  const runs = approvals.data?.items.length ?? 0;
  const asking = waivers.data?.items.length ?? 0;
  const waits = [
    asked === 0 ? [] : [asked === 1 ? "One announcement waits for your word." : `${asked} announcements wait for your word.`],
    asking === 0 ? [] : [asking === 1 ? "One waiver waits for your decision." : `${asking} waivers wait for your decision.`],
    runs === 0 ? [] : [runs === 1 ? "One run waits for your approval." : `${runs} runs wait for your approval.`],
  ].flat();
  return [read, ...waits].join(" ");
}
