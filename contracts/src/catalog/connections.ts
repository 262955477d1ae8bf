import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { importSource, Source, SourceHold, SourceProblem, SyncCounts, SyncRun } from "../catalog.ts";

const SourceId = z.object({ id: z.string().max(100).describe("The source, e.g. src_…") });
const Settings = z
  .record(z.string().max(100), z.unknown())
  .describe("What the connector asks for; the list of connectors shows its fields");
const EveryMinutes = z.coerce.number().int().min(1).max(44_640);
const ThresholdPercent = z.coerce
  .number()
  .int()
  .min(0)
  .max(100)
  .describe("A run that would remove more per cent of the source's entities than this (and more than five) waits for a decision");

/** A sort of system of record that can be a source, with the form for its settings. */
export const ConnectorView = z.object({
  kind: z.string(),
  title: z.string(),
  summary: z.string(),
  /** JSON Schema of what a person fills in. */
  settings: z.record(z.string(), z.unknown()),
  /** Which of them are secret: stored sealed, never answered. */
  secrets: z.array(z.string()),
  everyMinutes: z.number().int(),
  webhooks: z.boolean().describe("Whether it understands messages of its system"),
});
export type ConnectorView = z.infer<typeof ConnectorView>;

export const listConnectors = defineOperation({
  name: "catalog.connector.list",
  summary: "List the systems that can be connected, with the settings each asks for.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/connectors" },
  input: PageInput,
  output: pageOf(ConnectorView),
  cli: { columns: ["kind", "title", "summary", "everyMinutes"] },
});

export const createSource = defineOperation({
  name: "catalog.source.create",
  summary: "Connect a system of record, keep it as a source and read it for the first time.",
  scope: "catalog:admin",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/sources" },
  input: z.object({
    connector: z.string().max(100).describe("Kind of the connector, e.g. github"),
    settings: Settings,
    name: z.string().min(1).max(100).optional(),
    everyMinutes: EveryMinutes.optional().describe("How often it is read; default: what the connector thinks right"),
    thresholdPercent: ThresholdPercent.optional(),
    read: z.boolean().default(true).describe("Read it at once; else at its next turn"),
  }),
  output: importSource.output,
  secrets: ["settings"],
  cli: { rows: "problems", columns: ["file", "at", "reason", "mend"] },
});

export const updateSource = defineOperation({
  name: "catalog.source.update",
  summary: "Change a source's name, settings, schedule or limit of removals.",
  scope: "catalog:admin",
  risk: "medium",
  http: { method: "PATCH", path: "/api/v1/sources/{id}" },
  input: SourceId.extend({
    name: z.string().min(1).max(100).optional(),
    settings: Settings.optional().describe("Fields to change; a secret that is left out stays as it is, null takes a field away"),
    everyMinutes: EveryMinutes.optional(),
    thresholdPercent: ThresholdPercent.optional(),
    watch: z.boolean().optional().describe("Follow changes of a folder or Git address"),
  }),
  output: z.object({ source: Source }),
  secrets: ["settings"],
});

const TestSample = z.object({ ref: z.string(), title: z.string().optional(), fields: z.array(z.string()).optional() });

/** What a run would do now. */
export const SourceTest = z.object({
  counts: SyncCounts,
  added: z.array(TestSample),
  changed: z.array(TestSample).describe("With the fields that differ"),
  removed: z.array(TestSample),
  problems: z.array(SourceProblem),
  wouldHold: z.string().optional().describe("Why the run would wait for a decision instead of writing"),
  durationMs: z.number(),
});
export type SourceTest = z.infer<typeof SourceTest>;

export const testSource = defineOperation({
  name: "catalog.source.test",
  summary: "Read a source, compare, write nothing, and tell what a run would add, change and remove.",
  // It reads what the server can read, and what credentials open.
  scope: "catalog:write",
  risk: "read",
  http: { method: "POST", path: "/api/v1/source-test" },
  input: z.object({
    id: z.string().max(100).optional().describe("A source that is there; its settings may be tried with changes"),
    target: z.string().max(1_000).optional().describe("A folder or Git address that is no source yet"),
    branch: z.string().max(200).optional(),
    connector: z.string().max(100).optional().describe("A connector that is no source yet"),
    settings: Settings.optional(),
    samples: z.coerce.number().int().min(1).max(100).default(20).describe("How many of each are shown"),
  }),
  output: SourceTest,
  resource: ({ id, target }) => (id !== undefined || target === undefined ? undefined : importSource.resource?.({ target, watch: false })),
  secrets: ["settings"],
  cli: { positional: ["id"], paths: ["target"] },
});

export const listRuns = defineOperation({
  name: "catalog.source.runs",
  summary: "List the runs of a source, newest first, with what each did.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/sources/{id}/runs" },
  input: PageInput.extend(SourceId.shape),
  output: pageOf(SyncRun),
  cli: { columns: ["id", "at", "cause", "state", "counts.registered", "counts.changed", "counts.removed", "error"] },
});

export const pauseSource = defineOperation({
  name: "catalog.source.pause",
  summary: "Stop reading a source by itself: no schedule, no watching, no webhooks.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/sources/{id}/pause" },
  input: SourceId.extend({ reason: z.string().max(500).optional() }),
  output: z.object({ source: Source }),
});

export const resumeSource = defineOperation({
  name: "catalog.source.resume",
  summary: "Read a paused source by itself again, beginning now.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/sources/{id}/resume" },
  input: SourceId,
  output: z.object({ source: Source }),
});

export const approveHold = defineOperation({
  name: "catalog.source.approve",
  summary: "Let a held run do exactly what it asked for; a source that says something else by now asks anew.",
  scope: "catalog:admin",
  risk: "destructive",
  http: { method: "POST", path: "/api/v1/sources/{id}/approve" },
  input: SourceId,
  output: z.object({ source: Source, counts: SyncCounts }),
});

export const rejectHold = defineOperation({
  name: "catalog.source.reject",
  summary: "Keep what a held run would have removed; the rest of the source is followed as before.",
  scope: "catalog:admin",
  risk: "low",
  http: { method: "POST", path: "/api/v1/sources/{id}/reject" },
  input: SourceId,
  output: z.object({ source: Source, kept: z.number().int() }),
});

export const undoSync = defineOperation({
  name: "catalog.source.undo",
  summary: "Take back what a run added, changed and removed, and pause the source.",
  scope: "catalog:admin",
  risk: "high",
  http: { method: "POST", path: "/api/v1/sources/{id}/undo" },
  input: SourceId.extend({
    run: z
      .string()
      .regex(/^\d{1,18}$/, "must be the id of a run")
      .describe("The run to take back"),
  }),
  output: z.object({
    source: Source,
    restored: z.number().int(),
    reverted: z.number().int(),
    removed: z.number().int(),
    /** What changed again since and was left as it is. */
    conflicts: z.array(z.object({ ref: z.string(), reason: z.string() })),
  }),
  cli: { positional: ["id", "run"], rows: "conflicts", columns: ["ref", "reason"] },
});

export const rotateHook = defineOperation({
  name: "catalog.hook.rotate",
  summary: "Make a new secret for a source's webhook and show it, once.",
  scope: "catalog:admin",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/sources/{id}/hook" },
  input: SourceId,
  output: z.object({ path: z.string(), secret: z.string() }),
});

export const QuarantineItem = z.object({
  sourceId: z.string(),
  sourceName: z.string(),
  object: z.string().describe("The entity where it is known, else where the object is"),
  ref: z.string().optional(),
  location: z.string(),
  reason: z.string(),
  mend: z.string().optional(),
  /** `failed`: cannot be read. `kept`: a removal was rejected. */
  why: z.enum(["failed", "kept"]),
  since: z.iso.datetime(),
  /** Whether an entity stands with its last good state. */
  hasEntity: z.boolean(),
});

export const listQuarantine = defineOperation({
  name: "catalog.quarantine.list",
  summary: "List objects that could not be read and keep their last good state, with the reason and since when.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/quarantine" },
  input: PageInput.extend({ sourceId: z.string().max(100).optional() }),
  output: pageOf(QuarantineItem),
  cli: { columns: ["sourceName", "object", "why", "since", "reason", "mend"] },
});

const QuarantineKey = z.object({ sourceId: z.string().max(100), object: z.string().max(2_000) });

export const retryQuarantine = defineOperation({
  name: "catalog.quarantine.retry",
  summary: "Read the source of an object again and tell whether the object is well now.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/quarantine/retry" },
  input: QuarantineKey,
  output: z.object({ released: z.boolean(), reason: z.string().optional() }),
  cli: { positional: ["sourceId", "object"] },
});

export const dismissQuarantine = defineOperation({
  name: "catalog.quarantine.dismiss",
  summary: "Show an object no more until its reason is another one; its last good state stays.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/quarantine/dismiss" },
  input: QuarantineKey,
  output: z.object({ dismissed: z.boolean() }),
  cli: { positional: ["sourceId", "object"] },
});

export const listSamples = defineOperation({
  name: "catalog.source.samples",
  summary: "Show the last raw answers and messages of a source, what is secret taken out.",
  scope: "catalog:write",
  risk: "read",
  http: { method: "GET", path: "/api/v1/sources/{id}/samples" },
  input: SourceId.extend({ limit: z.coerce.number().int().min(1).max(20).default(5) }),
  output: z.object({
    items: z.array(z.object({ id: z.string(), at: z.iso.datetime(), origin: z.enum(["page", "webhook"]), body: z.unknown() })),
  }),
  cli: { columns: ["id", "at", "origin"] },
});

/** What a mapping makes of one record. */
export const MappedRecord = z.object({
  record: z.unknown(),
  entity: z.unknown().optional(),
  skipped: z.boolean().optional(),
  removed: z.string().optional(),
  problems: z.array(z.object({ at: z.string(), reason: z.string(), mend: z.string().optional() })),
});

export const testMapping = defineOperation({
  name: "catalog.mapping.test",
  summary: "Show what a mapping makes of stored samples or of a body that is given; nothing is kept.",
  scope: "catalog:write",
  risk: "read",
  http: { method: "POST", path: "/api/v1/mapping-test" },
  input: z.object({
    mapping: z.record(z.string(), z.unknown()).describe("The mapping setting of the http connector"),
    sourceId: z.string().max(100).optional().describe("Take the stored samples of this source"),
    body: z.unknown().optional().describe("Or this body"),
    limit: z.coerce.number().int().min(1).max(100).default(20),
  }),
  output: z.object({ records: z.array(MappedRecord), total: z.number().int() }),
  cli: { rows: "records" },
});

export const AllowedHost = z.object({ host: z.string(), actor: z.string(), reason: z.string().optional(), at: z.iso.datetime() });

export const listHosts = defineOperation({
  name: "catalog.host.list",
  summary: "List the hosts in private networks that connectors may talk to.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/connector-hosts" },
  input: PageInput,
  output: pageOf(AllowedHost),
  cli: { columns: ["host", "actor", "at", "reason"] },
});

const Host = z
  .string()
  .trim()
  .toLowerCase()
  .max(255)
  .regex(/^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?$/, "must be a host, with its port where it is no usual one");

export const allowHost = defineOperation({
  name: "catalog.host.allow",
  summary: "Let connectors talk to a host in a private network.",
  scope: "catalog:admin",
  risk: "high",
  http: { method: "POST", path: "/api/v1/connector-hosts" },
  input: z.object({ host: Host.describe("e.g. gitlab.internal or 10.0.0.5:8080"), reason: z.string().max(500).optional() }),
  output: AllowedHost,
  cli: { positional: ["host"] },
});

export const forbidHost = defineOperation({
  name: "catalog.host.forbid",
  summary: "Let connectors no longer talk to a host in a private network.",
  scope: "catalog:admin",
  risk: "medium",
  http: { method: "DELETE", path: "/api/v1/connector-hosts/{host}" },
  input: z.object({ host: Host }),
  output: z.object({ forbidden: z.boolean() }),
});

export const sourceHeld = defineEvent({
  name: "catalog.source.held",
  summary: "A run would have removed too much; it changed nothing and asks.",
  payload: z.object({ sourceId: z.string(), name: z.string(), hold: SourceHold }),
});
export const objectsQuarantined = defineEvent({
  name: "catalog.source.quarantined",
  summary: "Objects of a source cannot be read any more, or never could; their last good state stays.",
  payload: z.object({
    sourceId: z.string(),
    name: z.string(),
    /** The first of them. */
    objects: z.array(z.object({ object: z.string(), ref: z.string().optional(), reason: z.string() })),
    total: z.number().int(),
  }),
});
export const sourceDecided = defineEvent({
  name: "catalog.source.decided",
  summary: "A held run was approved or rejected, or the source thought better of it.",
  payload: z.object({ sourceId: z.string(), name: z.string(), decision: z.enum(["approved", "rejected", "withdrawn"]) }),
});
export const sourceUndone = defineEvent({
  name: "catalog.source.undone",
  summary: "What a run had written was taken back.",
  payload: z.object({ sourceId: z.string(), name: z.string(), run: z.string(), conflicts: z.number().int() }),
});
export const sourcePaused = defineEvent({
  name: "catalog.source.paused",
  summary: "A source is no longer read by itself.",
  payload: z.object({ sourceId: z.string(), name: z.string(), reason: z.string().optional() }),
});
export const sourceFailed = defineEvent({
  name: "catalog.source.failed",
  summary: "A source that could be read cannot be read any more.",
  payload: z.object({ sourceId: z.string(), name: z.string(), reason: z.string() }),
});

/** What the platform can do here. */
export const operations = [
  listConnectors,
  createSource,
  updateSource,
  testSource,
  listRuns,
  pauseSource,
  resumeSource,
  approveHold,
  rejectHold,
  undoSync,
  rotateHook,
  listQuarantine,
  retryQuarantine,
  dismissQuarantine,
  listSamples,
  testMapping,
  listHosts,
  allowHost,
  forbidHost,
] as const;
