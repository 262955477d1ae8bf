import { createHmac } from "node:crypto";

import { DomainError } from "@roadbed/core";
import type { Sealer } from "@roadbed/postgres";

import type { DeliveryDeps } from "../deps.ts";
import { settleSending, takeDue, type DueSending } from "./sink-store.ts";
import { toCloudEvent } from "./to-cdevent.ts";

const PATIENCE_MS = 15_000;

export interface EventSender {
  poke(): void;
  start(): void;
  stop(): Promise<void>;
}

/** Posts what is queued, one after the other, in whichever process comes first; what is not taken is tried again after pauses that grow. */
export function createEventSender(deps: Pick<DeliveryDeps, "db" | "fetch" | "log">, sealer: Sealer, everyMs: number): EventSender {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let stopped = true;

  async function drain(): Promise<void> {
    for (let going = true; going && !stopped;) {
      going = await deps.db.transaction(async (sql) => {
        const due = await takeDue(sql);
        if (due !== undefined) await settleSending(sql, due, await send(due));
        return due !== undefined;
      });
    }
  }

  /** Why it was not taken, in words that hold no secret. */
  async function send({ sealed, sink_id, event, mode, target }: DueSending): Promise<string | undefined> {
    if (deps.fetch === undefined) return "This server has no way out.";
    try {
      const { address, secret } = await sealer.open<{ address: string; secret?: string }>(sealed, sink_id);
      const { headers, body } = toCloudEvent(event, mode);
      const signature =
        secret === undefined ? {} : { "x-roadbed-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}` };
      const response = await deps.fetch(address, {
        method: "POST",
        headers: { ...headers, ...signature },
        body,
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      await response.body?.cancel();
      return response.ok ? undefined : `${target} answered ${response.status}.`;
    } catch (error) {
      if (error instanceof DomainError)
        return [error.message, error.mend]
          .filter(Boolean)
          .join(" ")
          .replaceAll(/https?:\/\/\S+/g, target);
      return `${target} could not be reached: ${(error as NodeJS.ErrnoException).code ?? (error as Error).name}`;
    }
  }

  const sender: EventSender = {
    poke() {
      if (stopped) return;
      running ??= drain()
        .catch((error: unknown) => deps.log.warn("CDEvents could not be sent", { error: String(error) }))
        .finally(() => (running = undefined));
    },
    start() {
      stopped = false;
      timer = setInterval(() => sender.poke(), everyMs);
      timer.unref();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
  return sender;
}
