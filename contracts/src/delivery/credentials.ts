import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";

/** By which one component's workload calls another's in an environment. What is secret of it is never told. */
export const Credential = z.object({
  id: z.string(),
  caller: z.string(),
  callee: z.string(),
  environment: z.string(),
  state: z.enum(["active", "revoked"]),
  generation: z.number().int().describe("Counts up with each rotation"),
  /** Names of the variables, not their values. */
  callerVariables: z.array(z.string()),
  calleeVariables: z.array(z.string()),
  madeBy: z.string(),
  madeAt: z.iso.datetime(),
  rotatedAt: z.iso.datetime().optional(),
  /** The one before counts until then. */
  previousUntil: z.iso.datetime().optional(),
  revokedAt: z.iso.datetime().optional(),
});
export type Credential = z.infer<typeof Credential>;

const Id = z.string().min(1).max(100).describe("Its id; see roadbed credential list");

export const listCredentials = defineOperation({
  name: "delivery.credential.list",
  summary: "List by which credentials workloads call each other; what is secret is not shown.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/credentials" },
  input: PageInput.extend({
    entityRef: z.string().optional().describe("Only those of which this is the caller or the called"),
    environment: z.string().optional(),
    state: z.enum(["active", "revoked"]).optional(),
  }),
  output: pageOf(Credential),
  cli: { columns: ["id", "caller", "callee", "environment", "state", "generation", "madeAt"], empty: "There are no credentials." },
});

export const createCredential = defineOperation({
  name: "delivery.credential.create",
  summary: "Make a credential by which one component's workload calls another's, and hand both what they need.",
  scope: "delivery:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/credentials" },
  input: z.object({ caller: EntityRef, callee: EntityRef, environment: z.string().default("dev") }),
  output: Credential,
  // Who lets it in is who answers for what is called.
  resource: ({ callee }) => ({ kind: "entity", id: callee }),
  cli: { positional: ["caller", "callee"] },
});

export const rotateCredential = defineOperation({
  name: "delivery.credential.rotate",
  summary: "Make a credential anew; the one before counts for an hour more, so that no call fails.",
  scope: "delivery:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/credentials/{credential}/rotate" },
  input: z.object({ credential: Id }),
  output: Credential,
  cli: { positional: ["credential"] },
});

export const revokeCredential = defineOperation({
  name: "delivery.credential.revoke",
  summary: "End a credential: calls by it are refused once the called workload has started again, which it does at once.",
  scope: "delivery:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/credentials/{credential}/revoke" },
  input: z.object({ credential: Id }),
  output: Credential,
  cli: { positional: ["credential"] },
});

export const credentialChanged = defineEvent({
  name: "delivery.credential.changed",
  summary: "A credential between two workloads was made, made anew or ended.",
  payload: z.object({
    credentialId: z.string(),
    caller: z.string(),
    callee: z.string(),
    environment: z.string(),
    change: z.enum(["made", "rotated", "revoked"]),
  }),
});

export const operations = [listCredentials, createCredential, rotateCredential, revokeCredential] as const;
