import type { Gate } from "@roadbed/contracts/delivery/promotions";
import type { Call, Ctx } from "@roadbed/core";

import type { FrozenTime } from "../calendar/freeze-store.ts";
import type { DeliveryDeps } from "../deps.ts";
import type { EnvironmentRecord } from "../environment/environment-store.ts";
import type { PromotionRow } from "../promotion/promotion-store.ts";
import type { ReleaseRow } from "../release/release-store.ts";

/** Where a release was promoted to and healthy. */
export interface Verified extends Record<string, unknown> {
  readonly environment: string;
  readonly at: Date;
  readonly promotion: string;
  /** Of what runs there now; null where nothing does. */
  readonly health: string | null;
  /** Whether it is still what that environment has. */
  readonly is_there: boolean;
  /** When something else came in its place, and whether that was a rollback. */
  readonly left_at: Date | null;
  readonly rolled_back: boolean;
}

/** Another promotion of the same thing to the same place. */
export interface UnderWay extends Record<string, unknown> {
  readonly id: string;
  readonly state: string;
  readonly number: number;
}

/** What a gate looks at, as it was read in one look. */
export interface Subject {
  readonly promotion: PromotionRow;
  readonly release: ReleaseRow;
  readonly environment: EnvironmentRecord;
  readonly now: Date;
  /** Once for each environment: when it came there last. */
  readonly verified: readonly Verified[];
  readonly underWay: readonly UnderWay[];
  readonly frozen: readonly FrozenTime[];
}

export type Found = Omit<Gate, "name" | "title" | "overridden">;

/** One condition. What it throws is a gate that cannot be evaluated: it lets nothing through. */
export interface GateRule {
  readonly name: string;
  readonly title: string;
  evaluate(signal: AbortSignal): Promise<Found>;
}

export type GateDeps = Pick<
  DeliveryDeps,
  "runtime" | "repositories" | "entities" | "approvers" | "policies" | "costs" | "conditions" | "fetch" | "log" | "objectives" | "publicUrl"
>;

/** Reads in the platform's own name: what stands in the way does not depend on who looks. */
export function ask<T>({ runtime }: Pick<GateDeps, "runtime">, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  return runtime.read(asPlatform(runtime), work);
}

export function asPlatform(runtime: DeliveryDeps["runtime"]): Call {
  return runtime.system("delivery.promotion");
}

export function passed(why: string, evidence: Found["evidence"] = []): Found {
  return { verdict: "passed", why, evidence };
}

export function waiting(why: string, evidence: Found["evidence"] = [], until?: Date): Found {
  return { verdict: "waiting", why, evidence, ...(until === undefined ? {} : { until: until.toISOString() }) };
}

export function blocked(why: string, evidence: Found["evidence"] = []): Found {
  return { verdict: "blocked", why, evidence };
}

export function unknown(why: string, evidence: Found["evidence"] = []): Found {
  return { verdict: "unknown", why, evidence };
}
