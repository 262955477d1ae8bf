import { createHash } from "node:crypto";

import type { Ctx } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { observeDrift } from "../internal-operations.ts";
import { comparePlaces, type Looks, type Place } from "./compare-places.ts";
import { endDrift, noteDrift, readDrifts, type DriftRow } from "./drift-store.ts";
import { bringBack } from "./heal-drift.ts";

/** By itself the platform tries this often; then people are asked, whatever the policy says. */
const ATTEMPTS = 3;
const BETWEEN_ATTEMPTS_MS = 120_000;

export interface DriftWatch {
  /** Something may be different: it is looked at soon. */
  poke(): void;
  /** Looks at everything; answers when it is done. */
  look(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

/**
 * Looks from time to time, and when something moved, whether what runs is what Git says. What is different for a moment only, because it is
 * just being written, is no drift: it has to be seen twice, `settleMs` apart.
 */
export function createDriftWatch(
  deps: DeliveryDeps,
  looks: Looks,
  { everyMs, settleMs }: { readonly everyMs: number; readonly settleMs: number },
): DriftWatch {
  const firstSeen = new Map<string, { readonly digest: string; readonly at: number }>();
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let stopped = true;

  /** Monotonic: a clock that jumps makes nothing settle sooner. */
  function hasSettled(place: Place): boolean {
    const key = `${place.entityRef} ${place.environment}`;
    const digest = createHash("sha256").update(JSON.stringify(place.differences)).digest("hex");
    if (place.differences.length === 0) return !firstSeen.delete(key) || true;
    const known = firstSeen.get(key);
    if (known?.digest === digest) return performance.now() - known.at >= settleMs;
    firstSeen.set(key, { digest, at: performance.now() });
    return settleMs === 0;
  }

  async function lookOnce(): Promise<void> {
    const call = deps.runtime.system("delivery.drift");
    const places = await deps.runtime.read(call, (ctx) => comparePlaces(ctx.sql, looks));
    const settled = places.filter(hasSettled);
    if (places.some((place) => !settled.includes(place))) again(settleMs);
    const open = await deps.runtime.read(call, (ctx) => readDrifts(ctx.sql, "d.kind = 'workload' and d.ended_at is null", []));
    const known = new Set(open.map(({ entity_ref, environment }) => `${entity_ref} ${environment}`));
    const told = settled.filter(
      ({ entityRef, environment, differences }) => differences.length > 0 || known.has(`${entityRef} ${environment}`),
    );
    for (const place of told) {
      const input = { entityRef: place.entityRef, environment: place.environment };
      await deps.runtime
        .write(call, observeDrift, input, { kind: "entity", id: place.entityRef }, (ctx) => settle(deps, ctx, place))
        .catch((error: unknown) => deps.log.error("drift could not be written down", { ...input, error: String(error) }));
    }
  }

  function again(ms: number): void {
    if (stopped || soon !== undefined) return;
    soon = setTimeout(() => {
      soon = undefined;
      watch.look().catch((error: unknown) => deps.log.error("drift could not be looked for", { error: String(error) }));
    }, ms);
    soon.unref();
  }

  const watch: DriftWatch = {
    look() {
      running ??= lookOnce().finally(() => (running = undefined));
      return running;
    },
    // Who pokes is still in its transaction.
    poke: () => again(200),
    start() {
      stopped = false;
      timer = setInterval(() => watch.poke(), everyMs);
      timer.unref();
      watch.poke();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      clearTimeout(soon);
      await running?.catch(() => {});
    },
  };
  return watch;
}

/** What was found becomes what is told, and is put right where the environment says that it is to be. */
async function settle(deps: DeliveryDeps, ctx: Ctx, place: Place): Promise<void> {
  const { entityRef, environment, differences, policy } = place;
  const here = "d.entity_ref = $1 and d.environment = $2 and d.kind = 'workload' and d.ended_at is null for update of d";
  if (differences.length === 0) {
    for (const row of await readDrifts(ctx.sql, here, [entityRef, environment]))
      await endDrift(ctx, row, row.state === "healing" ? "healed" : "gone");
    return;
  }
  await noteDrift(ctx, { entityRef, environment, differences, policy });
  const [row] = await readDrifts(ctx.sql, here, [entityRef, environment]);
  if (row !== undefined && policy === "heal" && isDue(row, ctx.now())) await healNow(deps, ctx, row, place, {});
}

/** A healing that did not help is tried again after a while, a few times. */
function isDue({ attempts, tried_at }: DriftRow, now: Date): boolean {
  return attempts < ATTEMPTS && (tried_at === null || now.getTime() - tried_at.getTime() >= BETWEEN_ATTEMPTS_MS);
}

/** Begins to put it right; that it is, is seen at a later look. */
export async function healNow(
  deps: DeliveryDeps,
  ctx: Ctx,
  row: DriftRow,
  place: Place,
  o: { readonly by?: string; readonly why?: string | undefined },
): Promise<void> {
  const cannot = await bringBack(deps, ctx, place);
  await ctx.sql.query(
    `update delivery.drift set state = $2, attempts = attempts + $3, tried_at = $4, ended_by = coalesce($5, ended_by, 'system:delivery.drift'),
       why = coalesce($6, why) where id = $1`,
    [row.id, cannot === undefined ? "healing" : "open", o.by === undefined ? 1 : 0, ctx.now(), o.by ?? null, cannot ?? o.why ?? null],
  );
}
