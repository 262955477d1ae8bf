import { ActionIcon, Indicator } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Bell } from "lucide-react";
import type { ReactNode } from "react";

import { listInbox } from "@roadbed/contracts/notify";
import { useOperation } from "../api/use-operation.ts";

/** More than this is "many": the number helps nobody. */
const MOST = 99;

/** How much one has not read; leads to the inbox. */
export function InboxBell(): ReactNode {
  const { data } = useOperation(listInbox, { limit: 1, unread: true }, { staleTime: 30_000 });
  const unread = data?.unread ?? 0;
  const words = unread === 0 ? "Inbox, nothing unread" : `Inbox, ${unread} unread`;
  return (
    <Indicator label={unread > MOST ? `${MOST}+` : unread} disabled={unread === 0} size={15} offset={6} aria-hidden={false}>
      <ActionIcon component={Link} to="/inbox" variant="subtle" color="gray" aria-label={words} title={words}>
        <Bell size={17} aria-hidden />
      </ActionIcon>
    </Indicator>
  );
}
