import { targetOf } from "../gitops/gitops-repository.ts";
import { render, renderedObjects } from "../gitops/render.ts";
import { asPoliciesSee } from "../kubernetes/as-policies-see.ts";
import { advanceDeployment } from "../internal-operations.ts";
import { intended } from "../source/intent.ts";
import { supplyChainOf, type SupplyChain } from "../attestation/attestation-store.ts";
import { ask, asPlatform, blocked, passed, unknown, type GateDeps, type GateRule, type Subject } from "./gate.ts";

/** Which policies the environment names, where it does. */
export const POLICY_SET = "Policy set";

/** Policies see the promotion, the entity and the manifests as they would stand there. */
export function policyGate(
  { policies, runtime, publicUrl }: GateDeps,
  { promotion, release, environment }: Pick<Subject, "promotion" | "release" | "environment">,
): GateRule {
  return {
    name: "policies",
    title: "Policies",
    async evaluate() {
      if (policies === undefined) return unknown("There is nothing here that evaluates policies.");
      const objects = asPoliciesSee(renderedObjects(render(release, targetOf({ publicUrl }, environment), intended(promotion, release))));
      const chain = await ask({ runtime }, (ctx) => supplyChainOf(ctx.sql, release.repository, release.commit));
      const act = {
        entity: release.entity_ref,
        from: environment.upstream[0],
        to: environment.name,
        release: {
          id: release.id,
          number: release.number,
          commit: release.commit ?? "",
          parts: release.parts,
          hotfix: promotion.hotfix,
          // Some policies hold only where an environment names them.
          demanded: environment.policies,
          ...chain,
        },
        objects,
        only: environment.policies,
      };
      // A decision is kept, so that it can be read and asked again.
      const input = { id: promotion.id, status: "policies" };
      const said = await runtime.write(asPlatform(runtime), advanceDeployment, input, undefined, (ctx) => policies.decide(ctx, act));
      const evidence = [
        { label: "Decision", value: said.decisionId, link: `/standards/decisions/${said.decisionId}` },
        { label: "Policies", value: `${said.evaluated} asked, ${said.digest.slice(0, 12)}` },
        ...(environment.policies.length === 0 ? [] : [{ label: POLICY_SET, value: environment.policies.join(", ") }]),
        { label: "Provenance", value: wordsOf(chain.provenance) },
        { label: "Decided", value: new Date().toISOString() },
      ];
      if (said.verdict === "deny") return blocked(`Denied: ${said.reasons.join("; ") || "see the decision"}`, evidence);
      if (said.verdict === "unknown")
        return unknown(`A policy could not be evaluated: ${said.reasons.join("; ") || "see the decision"}`, evidence);
      return passed(
        said.verdict === "warn" ? `Allowed, with warnings: ${said.reasons.join("; ")}` : `${said.evaluated} policies allow it.`,
        evidence,
      );
    },
  };
}

function wordsOf({ present, verified, builder }: SupplyChain["provenance"]): string {
  if (!present) return "none: no pipeline here built it";
  return verified ? `signed, built by ${builder}` : "its signature does not fit";
}
