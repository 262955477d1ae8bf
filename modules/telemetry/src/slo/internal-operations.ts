import { defineOperation } from "@roadbed/core";
import { z } from "zod";

/** What the platform's own job does, which no face offers: an operation all the same, so that audit and events work as everywhere. */
export const alertSlo = defineOperation({
  name: "telemetry.slo.alert",
  summary: "Open, make heavier or close the incident of an objective.",
  scope: "telemetry:write",
  risk: "low",
  http: { method: "POST", path: "/internal/slos/{name}/alert" },
  input: z.object({ name: z.string(), act: z.string() }),
  output: z.unknown(),
});
