import { defineOperation } from "@roadbed/core";
import { z } from "zod";

import { Finding, PolicyMoment, Verdict } from "../standards.ts";

/** What policies match to be asked about the changes of a Terraform plan: the group, with the resource type as `resources`. */
export const TERRAFORM_GROUP = "terraform.io";
export const TERRAFORM_VERSION = `${TERRAFORM_GROUP}/v1`;

/** A plan as `terraform show -json` writes it. */
export const PlanText = z.string().min(2).max(3_500_000).describe("The plan as `terraform show -json` writes it");

export const checkPlan = defineOperation({
  name: "standards.plan.check",
  summary: "Judge what a Terraform plan would change by the policies in force, without storing a decision.",
  scope: "standards:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/plans/check" },
  input: z.object({ plan: PlanText, moment: PolicyMoment.default("provision") }),
  output: z.object({
    /** `unknown`: a policy that would stop it reads what is known only after apply. It is no pass. */
    verdict: Verdict,
    findings: z.array(Finding),
    /** Resources that would be made, changed or removed; a replaced one counts twice. */
    changes: z.number().int(),
    evaluated: z.number().int(),
  }),
  cli: {
    positional: ["plan"],
    files: ["plan"],
    rows: "findings",
    columns: ["severity", "result", "policy", "resource", "message", "mend"],
    exitCode: (output: { verdict: string }) => (output.verdict === "deny" || output.verdict === "unknown" ? 3 : 0),
  },
});

export const operations = [checkPlan] as const;
