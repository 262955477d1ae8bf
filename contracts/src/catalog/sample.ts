import { defineOperation } from "@roadbed/core";
import { z } from "zod";

export const getSample = defineOperation({
  name: "catalog.sample.get",
  summary: "Tell whether the sample estate is loaded.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/sample" },
  input: z.object({}),
  output: z.object({ loaded: z.boolean(), entities: z.number().int() }),
});

export const removeSample = defineOperation({
  name: "catalog.sample.remove",
  summary: "Remove the sample estate: its entities, people, telemetry and incidents.",
  scope: "catalog:admin",
  risk: "destructive",
  http: { method: "DELETE", path: "/api/v1/sample" },
  input: z.object({}),
  output: z.object({ removedEntities: z.number().int() }),
});
