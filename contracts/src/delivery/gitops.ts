import { defineOperation } from "@roadbed/core";
import { z } from "zod";

export const rebuildDelivery = defineOperation({
  name: "delivery.gitops.rebuild",
  summary: "Read environments, releases, promotions, holds, freezes and what each is to have back from the repository platform-delivery.",
  scope: "delivery:admin",
  risk: "high",
  http: { method: "POST", path: "/api/v1/gitops/rebuild" },
  input: z.object({}),
  output: z.object({
    environments: z.number().int().describe("How many were not there any more, as the other counts"),
    releases: z.number().int(),
    promotions: z.number().int(),
    desired: z.number().int(),
    holds: z.number().int(),
    freezes: z.number().int(),
    problems: z.array(z.string()).describe("What could not be read, and where it stands"),
  }),
  cli: { rows: "problems" },
});

export const operations = [rebuildDelivery] as const;
