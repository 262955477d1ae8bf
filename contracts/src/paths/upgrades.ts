import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { PathName } from "../paths.ts";

/** What becomes of one file in an upgrade, and why. */
export const UpgradeFile = z.object({
  path: z.string(),
  outcome: z.enum(["taken", "removed", "merged", "kept", "conflict"]),
  why: z.string(),
});
export type UpgradeFile = z.infer<typeof UpgradeFile>;

/**
 * `waiting`: its wave has not come. `open`: a change is proposed. `conflicting`: the change needs somebody to settle files. `merged`:
 * it is on the new version. `closed`: somebody said no. `refused`: it cannot be, and why.
 */
export const UpgradeItemState = z.enum(["waiting", "open", "conflicting", "merged", "closed", "refused"]);
export type UpgradeItemState = z.infer<typeof UpgradeItemState>;

export const UpgradeItem = z.object({
  thing: z.string(),
  repository: z.string(),
  entityRef: z.string().optional(),
  fromVersion: z.string().optional(),
  wave: z.number().int(),
  state: UpgradeItemState,
  reason: z.string().optional(),
  change: z.string().optional().describe("The proposed change, for roadbed change get"),
  files: z.array(UpgradeFile),
  updatedAt: z.iso.datetime(),
});
export type UpgradeItem = z.infer<typeof UpgradeItem>;

export const UpgradeState = z.enum(["running", "paused", "done", "cancelled"]);

export const Upgrade = z.object({
  id: z.string(),
  path: z.string(),
  pathTitle: z.string(),
  toVersion: z.string().optional(),
  state: UpgradeState,
  wave: z.number().int().describe("The wave that is under way, from 1"),
  waves: z.number().int(),
  waitFor: z.enum(["nothing", "settled", "go"]).describe("What the next wave waits for"),
  counts: z.record(UpgradeItemState, z.number().int()),
  startedBy: z.string(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
});
export type Upgrade = z.infer<typeof Upgrade>;

const Id = z.string().min(1).max(100);

export const previewUpgrade = defineOperation({
  name: "paths.upgrade.preview",
  summary: "Show what the newest version of its path would change in one made thing, file by file, without proposing it.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/ledger/{thing}/upgrade" },
  input: z.object({ thing: z.string().min(1).max(300) }),
  output: z.object({
    fromVersion: z.string().optional(),
    toVersion: z.string().optional(),
    refused: z.string().optional().describe("Why it cannot be upgraded"),
    files: z.array(UpgradeFile),
  }),
  cli: { rows: "files", columns: ["outcome", "path", "why"], empty: "Nothing in it would change." },
});

export const startUpgrade = defineOperation({
  name: "paths.upgrade.start",
  summary: "Propose the newest version of a path to what it made, one change per repository, in waves.",
  scope: "paths:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/paths/{path}/upgrades" },
  input: z.object({
    path: PathName,
    things: z.array(z.string().max(300)).max(10_000).optional().describe("Only these, by id; default: everything on an older version"),
    waveSize: z.coerce.number().int().min(1).max(10_000).default(50).describe("How many changes are proposed at once"),
    waitFor: z
      .enum(["nothing", "settled", "go"])
      .default("settled")
      .describe("The next wave begins at once, when every change of this one was merged or closed, or when somebody says so"),
  }),
  output: Upgrade,
});

export const listUpgrades = defineOperation({
  name: "paths.upgrade.list",
  summary: "List upgrades, newest first, with how far they are.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/upgrades" },
  input: PageInput.extend({ path: PathName.optional() }),
  output: pageOf(Upgrade),
  cli: { columns: ["id", "path", "toVersion", "state", "wave", "waves", "startedAt"], empty: "No upgrade was started." },
});

export const showUpgrade = defineOperation({
  name: "paths.upgrade.show",
  summary: "Show how far an upgrade is.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/upgrades/{id}" },
  input: z.object({ id: Id }),
  output: Upgrade,
});

export const listUpgradeItems = defineOperation({
  name: "paths.upgrade.items",
  summary: "List what an upgrade did to each made thing: merged, open, conflicting, refused, and why.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/upgrades/{id}/items" },
  input: PageInput.extend({ id: Id, state: UpgradeItemState.optional() }),
  output: pageOf(UpgradeItem),
  cli: { columns: ["wave", "repository", "state", "change", "reason"] },
});

const act = (verb: "pause" | "resume" | "go" | "cancel", summary: string) =>
  defineOperation({
    name: `paths.upgrade.${verb}`,
    summary,
    scope: "paths:write",
    risk: "low",
    http: { method: "POST", path: `/api/v1/upgrades/{id}/${verb}` },
    input: z.object({ id: Id }),
    output: Upgrade,
  });
export const pauseUpgrade = act("pause", "Propose no more changes until it is resumed.");
export const resumeUpgrade = act("resume", "Go on with a paused upgrade where it stopped.");
export const goUpgrade = act("go", "Begin the next wave now, whatever it waits for.");
export const cancelUpgrade = act("cancel", "End an upgrade: what was proposed stays, nothing more is proposed.");

export const refreshUpgrade = defineOperation({
  name: "paths.upgrade.refresh",
  summary: "Make the change of one made thing anew on top of what its repository is now.",
  scope: "paths:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/upgrades/{id}/items/{thing}/refresh" },
  input: z.object({ id: Id, thing: Id }),
  output: UpgradeItem,
});

export const upgradeRequested = defineEvent({
  name: "paths.upgrade.requested",
  summary: "An upgrade is to be started, or to be looked at again.",
  payload: z.object({ upgradeId: z.string(), why: z.enum(["started", "news"]) }),
});
export const upgradeChanged = defineEvent({
  name: "paths.upgrade.changed",
  summary: "An upgrade came further: a change was proposed, merged, closed or refused.",
  payload: z.object({ upgradeId: z.string(), thing: z.string().optional(), state: z.string() }),
});

export const operations = [
  previewUpgrade,
  startUpgrade,
  listUpgrades,
  showUpgrade,
  listUpgradeItems,
  pauseUpgrade,
  resumeUpgrade,
  goUpgrade,
  cancelUpgrade,
  refreshUpgrade,
] as const;
