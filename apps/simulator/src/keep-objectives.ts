import { setTimeout as pause } from "node:timers/promises";

import { applySlos } from "@roadbed/contracts/telemetry/slos";
import type { Client } from "@roadbed/face-client";

const AGAIN_MS = 10_000;

/** Says what the estate promises, by the same door as anybody. Until it is heard: the server may still be starting. */
export async function keepObjectives(o: {
  readonly client: Client;
  readonly text: string;
  readonly signal: AbortSignal;
}): Promise<boolean> {
  while (!o.signal.aborted) {
    try {
      await o.client.call(applySlos, { text: o.text, sample: true });
      return true;
    } catch {
      await pause(AGAIN_MS, undefined, { signal: o.signal }).catch(() => {});
    }
  }
  return false;
}
