import { defineEvent, defineOperation } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";

/** Who may see what a source describes. One entity says the same of itself by the annotation `roadbed.dev/visible-to`. */
export const restrictSource = defineOperation({
  name: "catalog.source.restrict",
  summary: "Say which groups and people may see what a source describes; with none named, everybody who may read the catalogue.",
  scope: "catalog:admin",
  risk: "medium",
  http: { method: "PUT", path: "/api/v1/sources/{id}/visibility" },
  input: z.object({
    id: z.string(),
    visibleTo: z
      .preprocess((value) => (typeof value === "string" ? value.split(",").filter(Boolean) : value), z.array(EntityRef).max(100))
      .default([])
      .describe(
        "Groups and people, e.g. group:default/security,user:default/ada. Owners and administrators see their entities in any case",
      ),
  }),
  output: z.object({ sourceId: z.string(), visibleTo: z.array(z.string()), entities: z.number().int() }),
});

export const sourceRestricted = defineEvent({
  name: "catalog.source.restricted",
  summary: "Who may see what a source describes has changed.",
  payload: z.object({ sourceId: z.string() }),
});

/** What the platform can do here. */
export const operations = [restrictSource] as const;
