import { defineOperation } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog/ref.ts";
import { Finding, PolicyMoment, Resource, Verdict } from "../standards.ts";

const Environment = z.string().min(1).max(100);

export const decidePolicy = defineOperation({
  name: "standards.policy.decide",
  summary: "Ask the policies whether a release of something may go to an environment, and store the decision.",
  scope: "standards:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/policies/decide" },
  input: z.object({
    entity: EntityRef.describe("What is released, e.g. component:default/shop"),
    point: PolicyMoment.default("promotion"),
    from: Environment.optional().describe("The environment in which the release is now"),
    to: Environment.describe("The environment to which it is to go"),
    release: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("What the release holds: version, commit, artifacts with their digests"),
    resources: z.array(Resource).max(500).default([]).describe("The manifests as they would stand in the environment"),
  }),
  output: z.object({
    verdict: Verdict,
    findings: z.array(Finding),
    evaluated: z.number().int(),
    decisionId: z.string(),
  }),
  cli: {
    positional: ["entity"],
    rows: "findings",
    columns: ["severity", "result", "policy", "resource", "message", "mend"],
    exitCode: (output: { verdict: string }) => (output.verdict === "deny" || output.verdict === "unknown" ? 3 : 0),
  },
});

export const operations = [decidePolicy] as const;
