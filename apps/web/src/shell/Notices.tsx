import { notificationsStore } from "@mantine/notifications";
import { lazy, Suspense, useSyncExternalStore, type ReactNode } from "react";

const Notifications = lazy(async () => ({ default: (await import("./NoticeList.tsx")).NoticeList }));

/** Short notices; what draws them is fetched with the first. */
export function Notices(): ReactNode {
  const any = useSyncExternalStore(
    (listener) => notificationsStore.subscribe(listener),
    () => notificationsStore.getState().notifications.length > 0,
  );
  return <Suspense>{any && <Notifications />}</Suspense>;
}
