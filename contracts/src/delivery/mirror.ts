import { defineEvent, defineOperation } from "@roadbed/core";
import { z } from "zod";

/** A Git repository elsewhere that is kept like `platform-delivery`. */
export const Mirror = z.object({
  remote: z.string(),
  username: z.string().optional(),
  hasSecret: z.boolean(),
  state: z.enum(["new", "in-sync", "failing"]),
  branches: z.number().int().describe("How many branches stand there"),
  failures: z.number().int().describe("How often in a row it could not be written"),
  error: z.string().optional(),
  noticed: z
    .object({ branch: z.string(), commit: z.string(), author: z.string(), message: z.string(), at: z.iso.datetime(), done: z.string() })
    .optional()
    .describe("What somebody else did there last, and what was done about it"),
  requests: z.boolean().describe("Promotions that ask for a pull request are proposed there, too: merging there is the vote"),
  requestsAt: z.string().optional().describe("Where, e.g. github.com/acme/platform-delivery"),
  noRequests: z.string().optional().describe("Why none can be opened there, and what mends it"),
  setBy: z.string(),
  setAt: z.iso.datetime(),
  pushedAt: z.iso.datetime().optional(),
  triesAt: z.iso.datetime().optional().describe("When it is tried again, where it failed"),
});
export type Mirror = z.infer<typeof Mirror>;

export const getMirror = defineOperation({
  name: "delivery.mirror.get",
  summary: "Show the remote mirror of the repository of what runs where, and whether it is in sync.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/gitops/mirror" },
  input: z.object({}),
  output: z.object({ mirror: Mirror.optional() }),
});

export const setMirror = defineOperation({
  name: "delivery.mirror.set",
  summary: "Keep a Git repository elsewhere like the one of what runs where; it has to be empty, or to hold its history.",
  scope: "delivery:admin",
  risk: "high",
  http: { method: "PUT", path: "/api/v1/gitops/mirror" },
  input: z.object({
    remote: z
      .string()
      .trim()
      .min(1)
      .max(2_000)
      .regex(/^(https?:\/\/|ssh:\/\/|[\w.-]+@[\w.-]+:)\S+$/, "must be https://…, ssh://… or git@host:path"),
    username: z.string().max(200).optional().describe("Default: git"),
    requests: z
      .boolean()
      .optional()
      .describe("Open a pull or merge request there for what is proposed; not said, it stays as it is, at first without"),
    secret: z.string().min(1).max(4_000).optional().describe("A token that may write there; not said, the one before stays"),
  }),
  output: Mirror,
  secrets: ["secret"],
  cli: { positional: ["remote"] },
});

export const pushMirror = defineOperation({
  name: "delivery.mirror.push",
  summary: "Try at once to bring the mirror in sync.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/gitops/mirror/push" },
  input: z.object({}),
  output: Mirror,
});

export const removeMirror = defineOperation({
  name: "delivery.mirror.remove",
  summary: "Keep the mirror no more; what stands there stays.",
  scope: "delivery:admin",
  risk: "high",
  http: { method: "DELETE", path: "/api/v1/gitops/mirror" },
  input: z.object({}),
  output: z.object({ removed: z.boolean() }),
});

export const mirrorChanged = defineEvent({
  name: "delivery.mirror.changed",
  summary:
    "The mirror of the repository of what runs where was set, removed, cannot be written, is in sync again, or somebody else wrote to it.",
  payload: z.object({
    repository: z.string(),
    remote: z.string(),
    change: z.enum(["set", "removed", "failing", "in-sync", "written-by-others"]),
    detail: z.string().optional(),
  }),
});

export const operations = [getMirror, setMirror, pushMirror, removeMirror] as const;
