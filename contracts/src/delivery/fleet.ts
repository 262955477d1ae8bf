import { defineOperation, PageInput } from "@roadbed/core";
import { z } from "zod";

import { Hold, PromotionState } from "./promotions.ts";

/** What one environment has of a component, and what is on its way there. */
export const FleetCell = z.object({
  environment: z.string(),
  release: z.object({ id: z.string(), number: z.number().int(), title: z.string() }).optional(),
  health: z.string().optional().describe("Absent: nothing runs it there"),
  since: z.iso.datetime().optional(),
  behind: z.number().int().describe("How many releases newer than this one the component has; with none there, all of them"),
  underWay: z
    .object({ promotionId: z.string(), number: z.number().int(), state: PromotionState, why: z.string(), since: z.iso.datetime() })
    .optional(),
  held: Hold.optional(),
});
export type FleetCell = z.infer<typeof FleetCell>;

export const FleetRow = z.object({
  entityRef: z.string(),
  newest: z.object({ id: z.string(), number: z.number().int(), createdAt: z.iso.datetime() }),
  cells: z.array(FleetCell),
  ahead: z.array(z.string()).describe("Environments that have what none from which releases come to them has: it came past them"),
});
export type FleetRow = z.infer<typeof FleetRow>;

export const getFleet = defineOperation({
  name: "delivery.fleet.get",
  summary: "Show which release of everything each environment has, what is stuck and why, and how long releases take.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/fleet" },
  input: PageInput.extend({
    limit: z.coerce.number().int().min(1).max(500).default(100),
    q: z.string().max(100).optional().describe("Part of a component's name"),
    only: z.enum(["behind", "stuck", "ahead", "held"]).optional(),
  }),
  output: z.object({
    environments: z.array(
      z.object({
        name: z.string(),
        title: z.string(),
        upstream: z.array(z.string()),
        automatic: z.boolean(),
        frozen: z.string().optional(),
        components: z.number().int(),
        waiting: z.number().int(),
        /** From the release until it was there, of the last 30 days. */
        leadSeconds: z.object({ median: z.number(), p90: z.number(), promotions: z.number().int() }).optional(),
      }),
    ),
    items: z.array(FleetRow),
    nextCursor: z.string().optional(),
    counts: z.object({
      components: z.number().int(),
      behind: z.number().int(),
      stuck: z.number().int(),
      ahead: z.number().int(),
      held: z.number().int(),
    }),
  }),
  cli: { columns: ["entityRef", "newest.number", "ahead"], empty: "Nothing was released yet." },
});

export const operations = [getFleet] as const;
