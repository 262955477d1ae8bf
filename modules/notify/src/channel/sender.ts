import { noticeArrived } from "@roadbed/contracts/notify";
import type { Database } from "@roadbed/postgres";

import type { NotifyDeps } from "../deps.ts";
import { forgetOldNotices } from "../inbox/notice-store.ts";
import { deliver } from "./deliver.ts";
import { settle, takeDue } from "./sending-store.ts";

/**
 * Sends what is due, one after the other, in whichever process comes first. A process that dies while it sends may have sent: the
 * notice is sent again then, with the same delivery number.
 */
export interface Sender {
  start(): void;
  stop(): Promise<void>;
}

const DAY_MS = 86_400_000;

export function createSender(deps: NotifyDeps): Sender {
  const { everyMs = 5_000 } = deps;
  let running: Promise<void> | undefined;
  let stopped = false;
  let unsubscribe: (() => void) | undefined;
  let timers: NodeJS.Timeout[] = [];
  const wake = (): void => {
    if (stopped) return;
    running ??= drain()
      .catch((error: unknown) => deps.log.warn("notices could not be sent", { error: String(error) }))
      .finally(() => (running = undefined));
  };

  return {
    start: () => {
      const forget = (): void =>
        void forgetOldNotices(deps.db).catch((error: unknown) => deps.log.warn("old notices stay", { error: String(error) }));
      timers = [setInterval(wake, everyMs).unref(), setInterval(forget, DAY_MS).unref()];
      unsubscribe = deps.events?.subscribe(({ name }) => name === noticeArrived.name && wake());
    },
    stop: async () => {
      stopped = true;
      unsubscribe?.();
      for (const timer of timers) clearInterval(timer);
      await running;
    },
  };

  async function drain(): Promise<void> {
    while (!stopped && (await sendOne(deps.db))) {
      // until nothing is due
    }
  }

  function sendOne(db: Database): Promise<boolean> {
    return db.transaction(async (sql) => {
      const due = await takeDue(sql);
      if (!due) return false;
      await settle(sql, due, await deliver(deps, due.channel, due.notice));
      return true;
    });
  }
}
