import type { Handler, Subscription } from "@roadbed/core";

import { makeAnnouncementHandlers } from "./announcement/announcement-handlers.ts";
import { makeChannelHandlers } from "./channel/channel-handlers.ts";
import { createSender } from "./channel/sender.ts";
import type { NotifyDeps } from "./deps.ts";
import { makeInboxHandlers } from "./inbox/inbox-handlers.ts";
import { makeTell } from "./inbox/tell.ts";
import { makeViewHandlers } from "./view/view-handlers.ts";
import { makeWatchHandlers } from "./watch/watch-handlers.ts";

export { createSmtpMailer } from "./channel/smtp-mailer.ts";
export type { Mailer, NotifyDeps, People, Things } from "./deps.ts";

/** The tables of this module. */
export const migrations = { module: "notify", dir: new URL("../migrations/", import.meta.url) };

/** Inboxes, what people follow, announcements, and the views they keep. */
export interface Notify {
  readonly handlers: readonly Handler[];
  readonly subscriptions: readonly Subscription[];
  start(): Promise<void>;
  stop(): Promise<void>;
  health(): Promise<{ readonly ok: boolean; readonly detail?: string }>;
}

export function createNotify(deps: NotifyDeps): Notify {
  const sender = createSender(deps);
  return {
    handlers: [
      ...makeWatchHandlers(deps),
      ...makeInboxHandlers(),
      ...makeChannelHandlers(deps),
      ...makeAnnouncementHandlers(deps),
      ...makeViewHandlers(),
    ],
    subscriptions: [makeTell(deps)],
    start: async () => sender.start(),
    stop: () => sender.stop(),
    health: async () => ({ ok: true }),
  };
}
