import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";

/** Somebody at the other end of an API. */
const ApiParty = z.object({ ref: z.string(), title: z.string().optional(), owner: z.string().optional(), found: z.boolean() });
export type ApiParty = z.infer<typeof ApiParty>;

const ApiField = z.object({
  name: z.string().describe("With the way to it: order.lines[].price"),
  where: z.string(),
  type: z.string(),
  required: z.boolean(),
  description: z.string().optional(),
  bounds: z.string().optional(),
});

const ApiOperationLine = z.object({
  id: z.string().describe("To ask for the details"),
  group: z.string(),
  method: z.string().describe("GET, POST, SEND, RECEIVE, QUERY, MUTATION, RPC and the like"),
  path: z.string(),
  summary: z.string(),
  deprecated: z.boolean(),
});

export const getApi = defineOperation({
  name: "catalog.api.get",
  summary: "Read an API's definition as a list of operations, with its providers and consumers.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/apis/{ref}" },
  input: z.object({
    ref: EntityRef,
    operation: z.string().max(500).optional().describe("Id of one operation, to have its parameters, body and answers"),
  }),
  output: z.object({
    ref: z.string(),
    format: z.enum(["openapi", "asyncapi", "graphql", "grpc"]),
    title: z.string(),
    version: z.string(),
    operations: z.array(ApiOperationLine),
    details: z
      .object({
        description: z.string().optional(),
        parameters: z.array(ApiField),
        body: z.array(ApiField),
        answers: z.array(z.object({ status: z.string(), description: z.string(), fields: z.array(ApiField) })),
      })
      .optional(),
    providers: z.array(ApiParty),
    consumers: z.array(ApiParty),
  }),
  cli: { rows: "operations", columns: ["method", "path", "summary", "deprecated"] },
});

const ApiVersion = z.object({
  id: z.string().describe("`current`, or the number of an earlier one"),
  /** `info.version` of the definition, where it has one. */
  version: z.string().optional(),
  /** From when until when it was the definition; absent where nobody saw it begin. */
  from: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
});

export const listApiVersions = defineOperation({
  name: "catalog.api.versions",
  summary: "List the definitions an API has had, newest first.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/apis/{ref}/versions" },
  input: PageInput.extend({ ref: EntityRef }),
  output: pageOf(ApiVersion),
});

const ApiChange = z.object({
  severity: z.enum(["breaking", "risky", "safe"]),
  at: z.string().describe("The operation or type"),
  what: z.string(),
});

export const diffApi = defineOperation({
  name: "catalog.api.diff",
  summary: "Compare two definitions of an API: what breaks whom.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/apis/{ref}/diff" },
  input: z.object({
    ref: EntityRef,
    from: z
      .string()
      .max(40)
      .optional()
      .describe("A version's id; default: the one before the current, or the current one when a definition is given"),
    to: z.string().max(40).optional().describe("A version's id; default: current"),
    definition: z.string().max(20_000_000).optional().describe("A definition that is not published yet, compared with the current one"),
  }),
  output: z.object({
    ref: z.string(),
    from: ApiVersion,
    to: ApiVersion,
    counts: z.object({ breaking: z.number().int(), risky: z.number().int(), safe: z.number().int() }),
    changes: z.array(ApiChange),
    /** Who calls it and would feel what breaks; empty when nothing does. */
    affected: z.array(ApiParty),
  }),
  cli: {
    rows: "changes",
    columns: ["severity", "at", "what"],
    exitCode: ({ counts }) => (counts?.breaking > 0 ? 3 : 0),
  },
});

export const apiChanged = defineEvent({
  name: "catalog.api.changed",
  summary: "An API's definition changed; says how many of the changes break those who call it.",
  payload: z.object({
    ref: z.string(),
    breaking: z.number().int(),
    risky: z.number().int(),
    consumers: z.array(z.string()),
  }),
});

export const listDocs = defineOperation({
  name: "catalog.docs.list",
  summary: "List the documentation there is: whose, how many pages, when it changed, what is wrong with it.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/docs" },
  input: PageInput.extend({
    owner: EntityRef.optional().describe("Only of this owner's things"),
    problems: z.stringbool().or(z.boolean()).optional().describe("Only where something is wrong"),
  }),
  output: pageOf(
    z.object({
      ref: z.string(),
      title: z.string(),
      owner: z.string().optional(),
      pages: z.number().int(),
      problems: z.number().int(),
      changedAt: z.iso.datetime().describe("When its text last differed from the reading before"),
    }),
  ),
  cli: { columns: ["ref", "owner", "pages", "problems", "changedAt"] },
});

export const listDocProblems = defineOperation({
  name: "catalog.docs.problems",
  summary: "Report links and pictures of documentation that lead nowhere.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/docs-problems" },
  input: PageInput.extend({ ref: EntityRef.optional().describe("Only of this entity's documentation") }),
  output: pageOf(
    z.object({
      ref: z.string(),
      page: z.string(),
      line: z.number().int(),
      link: z.string(),
      reason: z.string(),
      mend: z.string(),
      editUrl: z.string().optional(),
    }),
  ),
  cli: { columns: ["ref", "page", "line", "link", "reason"] },
});

export const getDocAsset = defineOperation({
  name: "catalog.docs.asset",
  summary: "Read a picture of an entity's documentation.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/entities/{ref}/docs-asset" },
  input: z.object({ ref: EntityRef, path: z.string().min(1).max(500) }),
  output: z.object({ type: z.string(), base64: z.string() }),
});

export const operations = [getApi, listApiVersions, diffApi, listDocs, listDocProblems, getDocAsset] as const;
