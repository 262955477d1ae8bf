import type { DeliveryDeps } from "../deps.ts";
import { findEnvironment } from "../environment/environment-store.ts";
import { readPromotions } from "../promotion/promotion-store.ts";
import { findReleases } from "../release/release-store.ts";
import { policyGate } from "./policy-gate.ts";

/**
 * Why policies would not let a deployment's promotion through now; undefined where they would, where nobody promoted it, or where somebody overrode them.
 * What cannot be evaluated is no denial: it was let through when it could be.
 */
export async function policiesNow(deps: DeliveryDeps, deploymentId: string, environmentName: string): Promise<string | undefined> {
  if (deps.policies === undefined) return undefined;
  const [promotion] = await readPromotions(deps.db, "p.deployment_id = $1", [deploymentId]);
  const environment = await findEnvironment(deps.db, environmentName);
  if (promotion === undefined || environment === undefined) return undefined;
  if (promotion.overrides.some(({ gate }) => gate === "policies")) return undefined;
  const release = (await findReleases(deps.db, [promotion.release_id])).get(promotion.release_id);
  if (release === undefined) return undefined;
  const { verdict, why } = await policyGate(deps, { promotion, release, environment }).evaluate(AbortSignal.timeout(10_000));
  return verdict === "blocked" ? why.replace(/^Denied: /, "") : undefined;
}
