import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { PathName } from "../paths.ts";

/**
 * How a made thing stands to its path. `drifted`: managed files differ and nobody declared it. `older`: the path has moved on.
 * `deviates`: files differ, and that was declared. `current`: as its path makes it. `gone`: its repository or branch is not there.
 */
export const LedgerState = z.enum(["drifted", "older", "deviates", "current", "gone"]);
export type LedgerState = z.infer<typeof LedgerState>;

export const LedgerEntry = z.object({
  id: z.string(),
  entityRef: z.string().optional(),
  repository: z.string(),
  branch: z.string(),
  path: z.string(),
  pathTitle: z.string(),
  version: z.string().optional().describe("The version that made it, or that it was upgraded to"),
  currentVersion: z.string().optional().describe("The version of the path as it is now; absent where the path is not there or names none"),
  state: LedgerState,
  older: z.boolean().describe("Whether the path has moved on since; a thing can be older and drifted"),
  drifted: z.number().int().describe("Managed files that differ and are not declared"),
  deviating: z.number().int().describe("Managed files that differ and are declared"),
  files: z.number().int().describe("Managed files"),
  runId: z.string(),
  madeAt: z.iso.datetime(),
  checkedAt: z.iso.datetime().optional(),
  checkedCommit: z.string().optional(),
  /** The day from which the path is not supported any more. */
  deprecatedFrom: z.string().optional(),
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;

export const Deviation = z.object({
  id: z.string(),
  thing: z.string(),
  files: z.array(z.string()),
  reason: z.string(),
  owner: z.string(),
  requestedBy: z.string(),
  decidedBy: z.string().optional(),
  status: z.enum(["requested", "active", "expired", "refused", "ended"]),
  note: z.string().optional(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
export type Deviation = z.infer<typeof Deviation>;

export const LedgerFile = z.object({
  path: z.string(),
  managed: z.boolean().describe("False: the path only began it, what becomes of it is up to its owner"),
  hash: z.string().describe("Of the content that the path made, as git counts it"),
  change: z.enum(["none", "changed", "deleted", "renamed", "mode"]),
  renamedTo: z.string().optional(),
  /** The newest commit that touched it since the path made it. */
  commit: z.string().optional(),
  author: z.string().optional(),
  at: z.iso.datetime().optional(),
  message: z.string().optional(),
  deviation: z.string().optional().describe("The declared deviation that covers it"),
});
export type LedgerFile = z.infer<typeof LedgerFile>;

export const PathVersion = z.object({
  version: z.string().optional(),
  digest: z.string(),
  current: z.boolean(),
  keptAt: z.iso.datetime().optional(),
  changes: z.array(z.string()),
  things: z.number().int().describe("Made things that are on it"),
});

export const LedgerDetail = LedgerEntry.extend({
  answers: z.record(z.string(), z.unknown()).describe("As given, with secrets as ***"),
  baseCommit: z.string(),
  fileList: z.array(LedgerFile),
  deviations: z.array(Deviation),
  /** What changed in the path since this thing's version, newest first. */
  changelog: z.array(z.object({ version: z.string(), date: z.string().optional(), changes: z.array(z.string()) })),
});
export type LedgerDetail = z.infer<typeof LedgerDetail>;

/** Its id, `made_…`, or the reference of its entity. */
const Thing = z.string().min(1).max(300);

export const listLedger = defineOperation({
  name: "paths.ledger.list",
  summary: "List what golden paths made: what is on its path, what is older, what deviates or drifted.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ledger" },
  input: PageInput.extend({
    state: LedgerState.optional(),
    path: PathName.optional(),
    entityRef: z.string().max(300).optional(),
    q: z.string().max(200).optional().describe("Part of the name of a repository or entity"),
  }),
  output: pageOf(LedgerEntry).extend({
    counts: z.record(LedgerState, z.number().int()).describe("Of everything that fits, whatever its state"),
  }),
  cli: {
    columns: ["id", "repository", "path", "version", "currentVersion", "state", "drifted"],
    empty: "No golden path has made anything yet.",
  },
});

export const showLedger = defineOperation({
  name: "paths.ledger.show",
  summary: "Show one made thing: its path, version and answers, and which managed files differ, by whose commit.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ledger/{thing}" },
  input: z.object({ thing: Thing }),
  output: LedgerDetail,
  cli: { exitCode: (output: { state: string }) => (output.state === "drifted" ? 3 : 0) },
});

export const diffLedger = defineOperation({
  name: "paths.ledger.diff",
  summary: "Show how a made thing's files differ from what its path made.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ledger/{thing}/diff" },
  input: z.object({
    thing: Thing,
    file: z.string().max(1_000).optional().describe("Only this file; default: all managed files that differ"),
  }),
  output: z.object({
    items: z.array(
      z.object({
        path: z.string(),
        status: z.enum(["added", "changed", "deleted", "renamed"]),
        was: z.string().optional(),
        added: z.number().int(),
        removed: z.number().int(),
        patch: z.string().optional().describe("Unified; absent for what is no text or too long"),
      }),
    ),
  }),
  cli: { columns: ["path", "status", "added", "removed"] },
});

export const checkLedger = defineOperation({
  name: "paths.ledger.check",
  summary: "Look now how a made thing differs from its path; a push to the embedded host does the same.",
  scope: "paths:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/ledger/{thing}/check" },
  input: z.object({ thing: Thing }),
  output: LedgerEntry,
});

export const listVersions = defineOperation({
  name: "paths.version.list",
  summary: "List the versions of a golden path that are kept, with what changed and how much is on each.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/paths/{path}/versions" },
  input: PageInput.extend({ path: PathName }),
  output: pageOf(PathVersion),
  cli: { columns: ["version", "current", "things", "keptAt"] },
});

export const ledgerChanged = defineEvent({
  name: "paths.ledger.changed",
  summary: "A made thing came nearer to its path or went away from it.",
  payload: z.object({
    thing: z.string(),
    path: z.string(),
    entityRef: z.string().optional(),
    repository: z.string(),
    drifted: z.number().int(),
    gone: z.boolean(),
    commit: z.string().optional(),
    author: z.string().optional(),
  }),
});

export const operations = [listLedger, showLedger, diffLedger, checkLedger, listVersions] as const;
