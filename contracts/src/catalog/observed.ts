import { defineEvent, defineOperation, PageInput, pageOf, type EventType } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";
import { Traffic } from "./relation.ts";

export const listObserved = defineOperation({
  name: "catalog.observed.list",
  summary: "List relations that traces tell, with calls, errors and whether they are declared.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/observed" },
  input: PageInput.extend({ ref: EntityRef.optional().describe("Only relations of this entity, both ways") }),
  output: pageOf(
    z.object({ from: z.string(), to: z.string(), type: z.string(), declared: z.boolean(), via: z.string().optional(), traffic: Traffic }),
  ),
  cli: { columns: ["from", "type", "to", "declared", "traffic.calls", "traffic.errors", "traffic.lastSeen"] },
});

export const listStrangers = defineOperation({
  name: "catalog.observed.strangers",
  summary: "List names that telemetry knows and the catalogue does not, busiest first.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/observed/strangers" },
  input: PageInput,
  output: pageOf(
    z.object({
      name: z.string(),
      kind: z.enum(["service", "peer"]).describe("service: sends spans itself; peer: others say that they call it"),
      calls: z.number().int(),
      lastSeen: z.iso.datetime(),
      by: z.array(z.string()),
      /** What it looks like: to begin a registration with. */
      guess: z.enum(["component", "resource"]),
      traceId: z.string().optional(),
    }),
  ),
  cli: { columns: ["name", "kind", "calls", "lastSeen", "by"] },
});

export const mapName = defineOperation({
  name: "catalog.observed.map",
  summary: "Say whose name this is in the telemetry, or that it is none of ours.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "PUT", path: "/api/v1/observed/names/{name}" },
  cli: { positional: ["name", "ref"] },
  input: z.object({
    name: z.string().min(1).max(200),
    ref: EntityRef.nullable().optional().describe("The entity; null: none of ours; left out: forget what was said"),
  }),
  output: z.object({ name: z.string(), ref: z.string().nullable().optional() }),
  resource: ({ ref }) => (ref === undefined || ref === null ? undefined : { kind: "entity", id: ref }),
});

export const registerStranger = defineOperation({
  name: "catalog.observed.register",
  summary: "Register an entity for a name that telemetry knows and the catalogue does not.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/observed/names/{name}/register" },
  input: z.object({
    name: z.string().min(1).max(200),
    kind: z.enum(["component", "resource"]).default("component"),
    type: z.string().min(1).max(63).default("service"),
    owner: z.string().min(1).max(200).describe("A group or person, e.g. group:default/team-a"),
    system: z.string().min(1).max(200).optional(),
    lifecycle: z.string().min(1).max(63).default("production"),
  }),
  output: z.object({ ref: z.string() }),
});

export const nameMapped: EventType<{ name: string; ref: string | null }> = defineEvent({
  name: "catalog.observed.mapped",
  summary: "Somebody said whose name this is in the telemetry.",
  payload: z.object({ name: z.string(), ref: z.string().nullable() }),
});
