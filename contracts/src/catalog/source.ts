import { defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

export const SourceKind = z.enum(["folder", "git", "repository", "inline", "connector", "upload"]);
export const SyncCounts = z.object({
  read: z.number().int(),
  registered: z.number().int(),
  changed: z.number().int(),
  unchanged: z.number().int(),
  removed: z.number().int(),
  failed: z.number().int(),
  conflicts: z.number().int(),
});
export const SourceProblem = z.object({
  file: z.string(),
  line: z.number().int().optional(),
  at: z.string().describe("The field, as a JSON pointer or dotted path"),
  reason: z.string(),
  mend: z.string().optional(),
  ref: z.string().optional(),
});

/** One run of a source: what began it, what it did, how it ended. */
export const SyncRun = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  durationMs: z.number(),
  cause: z.enum(["asked", "schedule", "watch", "webhook", "approve", "undo"]),
  /** `held`: it asked instead of writing. `undone`: taken back by a later run. */
  state: z.enum(["ok", "partial", "failed", "held", "undone"]),
  actor: z.string(),
  counts: SyncCounts,
  error: z.string().optional(),
  note: z.string().optional(),
  /** The run that this one took back. */
  undoes: z.string().optional(),
  undoneBy: z.string().optional(),
});

/** What a run that would remove too much would do, were it approved. */
export const SourceHold = z.object({
  at: z.iso.datetime(),
  reason: z.string(),
  /** Entities the source has now. */
  owned: z.number().int(),
  added: z.number().int(),
  changed: z.number().int(),
  removed: z.number().int(),
  samples: z.object({ added: z.array(z.string()), changed: z.array(z.string()), removed: z.array(z.string()) }),
});

export const Source = z.object({
  id: z.string(),
  name: z.string(),
  kind: SourceKind,
  /** Folder path or Git URL. Credentials are never part of it. */
  target: z.string(),
  watch: z.boolean(),
  sample: z.boolean(),
  /** `held`: the last run would have removed too much, changed nothing, and asks. */
  state: z.enum(["never", "ok", "partial", "failed", "held", "syncing"]),
  lastSyncAt: z.iso.datetime().optional(),
  lastError: z.string().optional(),
  counts: SyncCounts.optional(),
  problems: z.number().int(),
  entities: z.number().int(),
  /** Groups and people who may see what it describes; absent for everybody. */
  visibleTo: z.array(z.string()).optional(),
  /** Which connector reads it; absent for files and calls. */
  connector: z.string().optional(),
  /** How often it is read by itself; absent where only changes and pushes start a run. */
  everyMinutes: z.number().int().optional(),
  nextRunAt: z.iso.datetime().optional(),
  pausedAt: z.iso.datetime().optional(),
  pausedReason: z.string().optional(),
  /** A run that would remove more per cent of its entities than this, or all, waits for a decision. */
  thresholdPercent: z.number().int(),
  /** Calls that the system still allows until `resetAt`. */
  budget: z.object({ remaining: z.number(), limit: z.number(), resetAt: z.iso.datetime() }).optional(),
  /** Objects that could not be read, or are kept though the source names them no more. */
  quarantined: z.number().int(),
});
export type Source = z.infer<typeof Source>;

/** Targets that are no folder of the server's machine: Git addresses, and repositories of the embedded host. */
const REMOTE = /^(?:https?:\/\/|ssh:\/\/|repository:|[a-z0-9][\w.-]*@[\w.-]+:(?!\/\/))/i;

export const importSource = defineOperation({
  name: "catalog.source.import",
  summary: "Read descriptors from a folder or Git URL, keep it as a source, and answer when all of it can be queried.",
  scope: "catalog:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/import" },
  input: z.object({
    target: z.string().min(1).max(1_000).describe("A folder on the server's machine, or a Git URL"),
    name: z.string().min(1).max(100).optional(),
    watch: z.boolean().default(true).describe("Follow changes from now on"),
    branch: z.string().max(200).optional(),
  }),
  output: z.object({ source: Source, counts: SyncCounts, problems: z.array(SourceProblem), durationMs: z.number() }),
  // What is surely elsewhere needs the scope alone; all else would make the server read its own machine.
  resource: ({ target }) => (REMOTE.test(target.trim()) ? undefined : { kind: "folder", id: target.trim() }),
  cli: {
    positional: ["target"],
    paths: ["target"],
    rows: "problems",
    columns: ["file", "line", "at", "reason", "mend"],
    command: "import",
  },
});

export const listSources = defineOperation({
  name: "catalog.source.list",
  summary: "List where entities come from, with the state of each.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/sources" },
  input: PageInput,
  output: pageOf(Source),
  cli: { columns: ["id", "name", "kind", "state", "entities", "problems", "lastSyncAt"] },
});

export const getSource = defineOperation({
  name: "catalog.source.get",
  summary: "Show one source with its problems and its last synchronisations.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/sources/{id}" },
  input: z.object({ id: z.string() }),
  output: z.object({
    source: Source,
    problems: z.array(SourceProblem),
    /** The newest twenty; `catalog.source.runs` lists all. */
    syncs: z.array(SyncRun),
    hold: SourceHold.optional(),
    /** What was filled in for a connector; what is secret is never among it. */
    settings: z.record(z.string(), z.unknown()),
    /** Names of the secret settings that have a value. */
    secretsSet: z.array(z.string()),
    /** Where the system may tell of changes: `<server>` and this path. */
    hookPath: z.string(),
    hookReady: z.boolean().describe("Whether the webhook has a secret; catalog.hook.rotate makes one"),
  }),
});

export const syncSource = defineOperation({
  name: "catalog.source.sync",
  summary: "Read a source again now.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/sources/{id}/sync" },
  input: z.object({ id: z.string() }),
  output: importSource.output,
  cli: {
    rows: "problems",
    columns: ["file", "line", "at", "reason", "mend"],
    exitCode: ({ source }) => (source?.state === "failed" ? 1 : 0),
  },
});

export const deleteSource = defineOperation({
  name: "catalog.source.delete",
  summary: "Forget a source and remove the entities that only it named.",
  // Its entities have many owners; what only they may remove one by one, nobody else removes all at once.
  scope: "catalog:admin",
  risk: "destructive",
  http: { method: "DELETE", path: "/api/v1/sources/{id}" },
  input: z.object({ id: z.string() }),
  output: z.object({ removedEntities: z.number().int() }),
});
