import { setTimeout as delay } from "node:timers/promises";

import type { DeliveryDeps } from "../deps.ts";
import type { WorkloadKey } from "../runtime/local-runtime.ts";
import { findActive } from "./rollout-store.ts";
import type { Rollouts } from "./rollouts.ts";

const EVERY_MS = 100;

/** A newer release is deployed: the one that is being decided about gives way, and what ran before both goes on until the newer one is. */
export async function overtake(
  { db }: DeliveryDeps,
  rollouts: Rollouts,
  { entityRef, environment }: WorkloadKey,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const active = await findActive(db, entityRef, environment);
    if (active === undefined) return;
    await rollouts.apply(active.id, "superseded", { reason: "A newer release is deployed instead." });
    await rollouts.heed(active.id);
    await delay(EVERY_MS, undefined, { signal });
  }
}
