import { defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

const Name = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/, "must be letters, digits, dots and dashes")
  .describe("What golden paths call it, e.g. argocd");

/** A system outside that golden paths may ask, without what is secret. */
export const PathConnection = z.object({
  name: z.string(),
  address: z.string(),
  /** Names of the headers that go with each question; their values are kept sealed. */
  headers: z.array(z.string()),
  signs: z.boolean().describe("Whether what is sent is signed"),
  actor: z.string(),
  at: z.iso.datetime(),
});
export type PathConnection = z.infer<typeof PathConnection>;

export const listPathConnections = defineOperation({
  name: "paths.connection.list",
  summary: "List the systems outside that golden paths may ask by name.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/path-connections" },
  input: PageInput,
  output: pageOf(PathConnection),
  cli: {
    columns: ["name", "address", "headers", "signs", "actor", "at"],
    empty: "No system has a name yet. GitHub and GitLab are connected as sources; others by: roadbed connection save",
  },
});

export const savePathConnection = defineOperation({
  name: "paths.connection.save",
  summary: "Give a system outside a name, an address and a credential, so that steps of golden paths can ask it.",
  scope: "paths:admin",
  risk: "high",
  http: { method: "PUT", path: "/api/v1/path-connections/{name}" },
  input: z.object({
    name: Name,
    address: z
      .url({ protocol: /^https?$/ })
      .max(1_000)
      .describe("Where its API begins, e.g. https://argocd.example.org"),
    credential: z
      .string()
      .min(1)
      .max(8_000)
      .optional()
      .describe("Sent as a bearer token; kept sealed. Left out, the one that is there stays"),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string().max(8_000))
      .optional()
      .describe("Sent with each question; kept sealed"),
    signingSecret: z.string().min(8).max(1_000).optional().describe("Signs what provisioners are sent (HMAC-SHA256); kept sealed"),
  }),
  output: PathConnection,
  secrets: ["credential", "headers", "signingSecret"],
});

export const deletePathConnection = defineOperation({
  name: "paths.connection.delete",
  summary: "Take a system's name and credential away; paths that need it say so before they run.",
  scope: "paths:admin",
  risk: "high",
  http: { method: "DELETE", path: "/api/v1/path-connections/{name}" },
  input: z.object({ name: Name }),
  output: z.object({ deleted: z.boolean() }),
});

export const listGitHosts = defineOperation({
  name: "paths.git-host.list",
  summary: "List the Git hosts at which golden paths may make repositories, with the organisations and groups.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/git-hosts" },
  input: PageInput,
  output: pageOf(z.object({ system: z.enum(["github", "gitlab"]), host: z.string(), owner: z.string() })),
  cli: {
    columns: ["system", "host", "owner"],
    empty: "None yet: switch on goldenPaths of a source that connects GitHub or GitLab.",
  },
});

export const operations = [listGitHosts, listPathConnections, savePathConnection, deletePathConnection] as const;
