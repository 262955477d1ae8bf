import type { Gate } from "@roadbed/contracts/delivery/promotions";
import type { Call, Ctx } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import type { EnvironmentRecord } from "../environment/environment-store.ts";
import type { PromotionRow } from "../promotion/promotion-store.ts";
import type { ReleaseRow } from "../release/release-store.ts";

/** What a gate looks at. */
export interface Subject {
  readonly promotion: PromotionRow;
  readonly release: ReleaseRow;
  readonly environment: EnvironmentRecord;
  readonly now: Date;
}

export type Found = Omit<Gate, "name" | "title" | "overridden">;

/** One condition. What it throws is a gate that cannot be evaluated: it lets nothing through. */
export interface GateRule {
  readonly name: string;
  readonly title: string;
  /** Whether somebody may let a promotion pass it nevertheless. Default: yes. */
  readonly fixed?: boolean;
  evaluate(signal: AbortSignal): Promise<Found>;
}

export type GateDeps = Pick<DeliveryDeps, "runtime" | "entities" | "approvers" | "policies" | "conditions" | "fetch" | "log">;

/** Reads in the platform's own name: what stands in the way does not depend on who looks. */
export function ask<T>({ runtime }: GateDeps, work: (ctx: Ctx) => Promise<T>): Promise<T> {
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
