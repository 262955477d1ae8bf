import { Button, Switch } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Inbox } from "lucide-react";
import { useState, type ReactNode } from "react";

import { listInbox, readInbox, type Notice } from "@roadbed/contracts/notify";
import { useAct, usePages } from "../../api/use-operation.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { StateIcon } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./inbox.module.css";

/** Everything I was told, newest first. */
export function NoticesTab(): ReactNode {
  const [unread, setUnread] = useState(false);
  const list = usePages(listInbox, { limit: 50, ...(unread && { unread: true }) });
  const read = useAct(readInbox);
  if (list.error !== null) return <ErrorState error={list.error} retry={list.retry} />;
  return (
    <>
      <div className={classes.tools}>
        <Switch label="Only unread" checked={unread} onChange={(event) => setUnread(event.currentTarget.checked)} size="sm" />
        <Button variant="default" size="xs" onClick={() => read.mutate({})} disabled={list.rows.every((notice) => notice.read)}>
          Mark all as read
        </Button>
      </div>
      {list.pending ? (
        <SkeletonRows rows={6} height={52} />
      ) : list.rows.length === 0 ? (
        <EmptyState icon={Inbox} title={unread ? "Nothing is unread" : "Nothing yet"}>
          You are told of what matters about things that you own and that you follow: incidents, failed deployments, breaking changes,
          removals, announcements. Open a thing and choose Follow.
        </EmptyState>
      ) : (
        <ul className={classes.notices}>
          {list.rows.map((notice) => (
            <Line key={notice.id} notice={notice} onRead={(value) => read.mutate({ ids: [notice.id], read: value })} />
          ))}
        </ul>
      )}
      <LoadMore shown={list.rows.length} total={undefined} more={list.more} loading={list.loadingMore} />
    </>
  );
}

const STATES = { info: "unknown", important: "warn", urgent: "fail" } as const;
const REASONS = {
  follow: "You follow it",
  own: "You own it",
  depend: "You depend on it",
  asked: "You are asked",
  asker: "You asked for it",
} as const;

function Line({ notice, onRead }: { readonly notice: Notice; readonly onRead: (read: boolean) => void }): ReactNode {
  const { weight, title, detail, link, at, read, because } = notice;
  return (
    <li data-read={read}>
      <StateIcon word={weight} state={STATES[weight]} />
      <div>
        <Link to={link as "/"} onClick={() => !read && onRead(true)} className={classes.noticeTitle}>
          {title}
        </Link>
        <p className="rb-dim">
          {detail !== undefined && `${detail} `}
          {REASONS[because]}.
        </p>
      </div>
      <When at={at} />
      <Button variant="subtle" size="compact-xs" color="gray" onClick={() => onRead(!read)}>
        {read ? "Mark unread" : "Mark read"}
      </Button>
    </li>
  );
}
