import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

const READING = [
  "catalog:read",
  "standards:read",
  "paths:read",
  "delivery:read",
  "configuration:read",
  "telemetry:read",
  "cost:read",
  "product:read",
  "identity:self",
] as const;

/** What a role may do. Default deny: what is not listed here is not allowed. */
export const ROLES = {
  viewer: READING,
  developer: [...READING, "catalog:write", "paths:write", "delivery:write", "telemetry:write", "product:write"],
  admin: ["*"],
} as const;
export const Role = z.enum(["viewer", "developer", "admin"]);
export type Role = z.infer<typeof Role>;

/** Every scope there is; a token is made from these. `otlp:write` and `git:*` are for intake and clones. */
export const Scope = z.enum([
  "catalog:read",
  "catalog:write",
  "catalog:admin",
  "standards:read",
  "standards:write",
  "standards:admin",
  "paths:read",
  "paths:write",
  "paths:admin",
  "delivery:read",
  "delivery:write",
  "delivery:admin",
  "configuration:read",
  "telemetry:read",
  "telemetry:write",
  "telemetry:admin",
  "cost:read",
  "product:read",
  "product:write",
  "product:admin",
  "otlp:write",
  "git:read",
  "git:write",
  "identity:self",
  "identity:admin",
  "identity:audit",
  "*",
]);

/** Beside `configuration:read`: of which environment prompts, models and agents may be read, for programs that run there. */
export const EnvironmentScope = z
  .string()
  .regex(/^configuration:[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/, "must be a scope, e.g. configuration:prod");

export const User = z.object({
  id: z.string(),
  username: z.string(),
  displayName: z.string(),
  email: z.string().optional(),
  role: Role,
  /** The catalogue's user entity, if one is linked. */
  entityRef: z.string().optional(),
  disabled: z.boolean(),
  createdAt: z.iso.datetime(),
});

export const getMe = defineOperation({
  name: "identity.me.get",
  summary: "Tell who is signed in and what they may do.",
  scope: "identity:self",
  risk: "read",
  http: { method: "GET", path: "/api/v1/me" },
  input: z.object({}),
  output: z.object({
    actor: z.string(),
    displayName: z.string(),
    username: z.string().optional(),
    role: Role.optional(),
    scopes: z.array(z.string()),
    /** Entity references of the groups the person belongs to. */
    groups: z.array(z.string()),
    entityRef: z.string().optional(),
    /** True until the first administrator has chosen a password. */
    mustSetPassword: z.boolean(),
  }),
  cli: { command: "whoami" },
});

export const listUsers = defineOperation({
  name: "identity.user.list",
  summary: "List the people who can sign in.",
  scope: "identity:admin",
  risk: "read",
  http: { method: "GET", path: "/api/v1/users" },
  input: PageInput,
  output: pageOf(User),
  cli: { columns: ["username", "displayName", "role", "disabled"] },
});

const Username = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "must be 1 to 63 lower-case letters, digits, dots, dashes or underscores");
const UserRef = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^user:[a-z0-9._-]{1,63}\/[a-z0-9._-]{1,63}$/, "must be a user of the catalogue, e.g. user:default/ada");
const Password = z.string().min(12, "must have at least 12 characters").max(200);

export const createUser = defineOperation({
  name: "identity.user.create",
  summary: "Make a local account.",
  scope: "identity:admin",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/users" },
  input: z.object({
    username: Username,
    displayName: z.string().min(1).max(100),
    email: z.email().optional(),
    role: Role.default("developer"),
    password: Password.optional(),
  }),
  output: User,
  secrets: ["password"],
  cli: { positional: ["username"] },
});

export const updateUser = defineOperation({
  name: "identity.user.update",
  summary: "Change a person's role or name, say who they are in the catalogue, or switch the account off.",
  scope: "identity:admin",
  risk: "high",
  http: { method: "PATCH", path: "/api/v1/users/{username}" },
  input: z.object({
    username: Username,
    displayName: z.string().min(1).max(100).optional(),
    role: Role.optional(),
    disabled: z.boolean().optional(),
    entityRef: UserRef.nullable()
      .optional()
      .describe("The person's entry in the catalogue, e.g. user:default/ada; null takes the link away"),
  }),
  output: User,
});

export const setPassword = defineOperation({
  name: "identity.me.set-password",
  summary: "Choose a new password for yourself; changing one ends your open sessions.",
  scope: "identity:self",
  risk: "medium",
  http: { method: "PUT", path: "/api/v1/me/password" },
  input: z.object({ password: Password, current: z.string().max(200).optional() }),
  output: z.object({ ok: z.literal(true) }),
  secrets: ["password", "current"],
});

export const Token = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(["personal", "service", "agent"]),
  scopes: z.array(z.string()),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().optional(),
  lastUsedAt: z.iso.datetime().optional(),
  revokedAt: z.iso.datetime().optional(),
});

export const createToken = defineOperation({
  name: "identity.token.create",
  summary: "Make an access token; it is shown this once and stored only as a hash.",
  scope: "identity:self",
  risk: "high",
  http: { method: "POST", path: "/api/v1/tokens" },
  input: z.object({
    name: z.string().min(1).max(100),
    kind: z.enum(["personal", "service", "agent"]).default("personal"),
    scopes: z
      .array(z.union([Scope, EnvironmentScope]))
      .min(1)
      .describe("What it may do; never more than you may yourself"),
    expiresInDays: z.coerce.number().int().min(1).max(366).default(90),
  }),
  output: z.object({ token: Token, secret: z.string() }),
  cli: { positional: ["name"] },
});

export const listTokens = defineOperation({
  name: "identity.token.list",
  summary: "List your access tokens (an administrator sees the service tokens too).",
  scope: "identity:self",
  risk: "read",
  http: { method: "GET", path: "/api/v1/tokens" },
  input: PageInput,
  output: pageOf(Token),
  cli: { columns: ["id", "name", "kind", "scopes", "expiresAt", "lastUsedAt", "revokedAt"] },
});

export const revokeToken = defineOperation({
  name: "identity.token.revoke",
  summary: "End an access token at once.",
  scope: "identity:self",
  risk: "medium",
  http: { method: "DELETE", path: "/api/v1/tokens/{id}" },
  input: z.object({ id: z.string() }),
  output: Token,
});

export const AuditRow = z.object({
  seq: z.string(),
  at: z.iso.datetime(),
  actor: z.string(),
  face: z.string(),
  operation: z.string(),
  resource: z.string().optional(),
  reason: z.string().optional(),
  outcome: z.enum(["done", "denied", "failed"]),
  inputDigest: z.string(),
  outputDigest: z.string().optional(),
  requestId: z.string(),
  hash: z.string(),
});

export const listAudit = defineOperation({
  name: "identity.audit.list",
  summary: "List who did what, newest first.",
  scope: "identity:audit",
  risk: "read",
  http: { method: "GET", path: "/api/v1/audit" },
  input: PageInput.extend({
    actor: z.string().max(200).optional(),
    operation: z.string().max(200).optional(),
    resource: z.string().max(300).optional(),
  }),
  output: pageOf(AuditRow),
  cli: { columns: ["seq", "at", "actor", "face", "operation", "resource", "outcome"] },
});

export const verifyAudit = defineOperation({
  name: "identity.audit.verify",
  summary: "Recompute the audit log's hash chain and tell whether any row was changed, added or removed.",
  scope: "identity:audit",
  risk: "read",
  http: { method: "GET", path: "/api/v1/audit/verify" },
  input: z.object({}),
  output: z.object({
    ok: z.boolean(),
    rows: z.number().int(),
    head: z.string().optional(),
    brokenAt: z.string().optional(),
    reason: z.string().optional(),
  }),
  cli: { exitCode: (output: { ok: boolean }) => (output.ok ? 0 : 1) },
});

export const signedIn = defineEvent({
  name: "identity.session.started",
  summary: "Somebody signed in.",
  payload: z.object({ userId: z.string(), method: z.enum(["link", "password", "oidc"]) }),
});

export const operations = [
  getMe,
  listUsers,
  createUser,
  updateUser,
  setPassword,
  createToken,
  listTokens,
  revokeToken,
  listAudit,
  verifyAudit,
] as const;
