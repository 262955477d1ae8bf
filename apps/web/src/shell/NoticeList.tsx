import { Notifications } from "@mantine/notifications";
import type { ReactNode } from "react";

/** Draws the notices, below at the right. */
export function NoticeList(): ReactNode {
  return <Notifications position="bottom-right" />;
}
