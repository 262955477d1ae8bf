import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { Gate, PromotionState } from "./promotions.ts";

/** A file about which two sides disagree: what stands in the branch is named by the reason, and one side can be taken by a click. */
export const ChangeConflict = z.object({
  path: z.string(),
  reason: z.string(),
  /** Git's hash of the file as it is in the repository; absent where it was deleted there. */
  ours: z.string().optional(),
  /** The same of the file as the change would have it. */
  theirs: z.string().optional(),
  executable: z.boolean().default(false),
  /** Both versions stand in the file, between marks. */
  marked: z.boolean().default(false),
});
export type ChangeConflict = z.infer<typeof ChangeConflict>;

/** `ready`: can be merged. `conflicting`: two sides disagree. `behind`: the target has moved on since. */
export const ChangeState = z.enum(["ready", "conflicting", "behind", "merged", "closed"]);
export type ChangeState = z.infer<typeof ChangeState>;

export const Change = z.object({
  id: z.string(),
  repository: z.string(),
  entityRef: z.string(),
  branch: z.string(),
  target: z.string(),
  title: z.string(),
  body: z.string(),
  state: ChangeState,
  conflicts: z.array(ChangeConflict),
  openedBy: z.string(),
  openedAt: z.iso.datetime(),
  head: z.string(),
  base: z.string(),
  endedBy: z.string().optional(),
  endedAt: z.iso.datetime().optional(),
  note: z.string().optional(),
});
export type Change = z.infer<typeof Change>;

/** A change that runs in a throw-away environment of its own. `refused`: its repository has too many of them. */
export const Preview = z.object({
  state: z.enum(["starting", "ready", "failed", "refused", "ended"]),
  commit: z.string(),
  environment: z.string().optional(),
  address: z.string().optional().describe("Where it is served"),
  why: z.string().optional(),
  expiresAt: z.iso.datetime().optional().describe("When it ends by itself, unless somebody pushes"),
});
export type Preview = z.infer<typeof Preview>;

/** The same change as a pull or merge request at the host of the mirror: merging it there is the vote, too. `refused`: merged, and it did not count. */
export const ChangeRequest = z.object({
  place: z.string().describe("The address of the mirror"),
  state: z.enum(["opening", "open", "merged", "refused", "closed"]),
  number: z.string().optional(),
  link: z.string().optional(),
  endedBy: z.string().optional().describe("The login there of whoever merged or closed it"),
  note: z.string().optional().describe("Why its merge did not count"),
  error: z.string().optional().describe("Why the host cannot be asked now"),
  triesAt: z.iso.datetime().optional(),
});
export type ChangeRequest = z.infer<typeof ChangeRequest>;

const Id = z.string().min(1).max(100);
const Branch = z.string().min(1).max(200);

export const listChanges = defineOperation({
  name: "delivery.change.list",
  summary: "List proposed changes to repositories of the embedded Git host, newest first.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/changes" },
  input: PageInput.extend({
    repository: z.string().max(100).optional(),
    state: ChangeState.optional(),
    open: z
      .preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean().optional())
      .describe("Only those that were neither merged nor closed"),
  }),
  output: pageOf(Change),
  cli: { columns: ["id", "repository", "title", "state", "openedBy", "openedAt"], empty: "No change is proposed." },
});

export const getChange = defineOperation({
  name: "delivery.change.get",
  summary: "Show a proposed change and what it would change.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/changes/{id}" },
  input: z.object({ id: Id }),
  output: Change.extend({
    promotions: z
      .array(z.object({ id: z.string(), entityRef: z.string(), number: z.number().int(), state: PromotionState, gates: z.array(Gate) }))
      .optional()
      .describe("What merging it promotes: every gate has to hold at that moment"),
    request: ChangeRequest.optional().describe("The newest one at the host of the mirror"),
    preview: Preview.optional(),
    files: z.array(
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
});

export const openChange = defineOperation({
  name: "delivery.change.open",
  summary: "Propose to merge a pushed branch of an embedded repository.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/repositories/{repository}/changes" },
  input: z.object({
    repository: z.string().max(100),
    branch: Branch,
    title: z.string().min(1).max(200),
    body: z.string().max(20_000).default(""),
  }),
  output: Change,
});

export const mergeChange = defineOperation({
  name: "delivery.change.merge",
  summary: "Merge a proposed change; refused while it is in conflict, behind, or not what was read.",
  scope: "delivery:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/changes/{id}/merge" },
  input: z.object({
    id: Id,
    head: z.string().max(64).optional().describe("The commit that was read: merged only if it is still that one"),
  }),
  output: Change,
});

export const closeChange = defineOperation({
  name: "delivery.change.close",
  summary: "Close a proposed change without merging it.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/changes/{id}/close" },
  input: z.object({ id: Id, note: z.string().max(2_000).optional() }),
  output: Change,
});

export const resolveChange = defineOperation({
  name: "delivery.change.resolve",
  summary: "Settle one file of a change in conflict: keep what the repository has, or take what the change would make of it.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/changes/{id}/resolve" },
  input: z.object({ id: Id, path: z.string().min(1).max(1_000), take: z.enum(["ours", "theirs"]) }),
  output: Change,
});

const about = z.object({ changeId: z.string(), repository: z.string(), key: z.string().describe("Who made it") });
export const changeOpened = defineEvent({
  name: "delivery.change.opened",
  summary: "A change to a repository was proposed.",
  payload: about,
});
export const changeMoved = defineEvent({
  name: "delivery.change.moved",
  summary: "What a proposed change holds is different: somebody pushed to it, settled a conflict, or it was made anew.",
  payload: about.extend({ conflicts: z.number().int() }),
});
export const changeMerged = defineEvent({
  name: "delivery.change.merged",
  summary: "A proposed change was merged.",
  payload: about.extend({ commit: z.string() }),
});
export const changeClosed = defineEvent({
  name: "delivery.change.closed",
  summary: "A proposed change was closed without being merged.",
  payload: about.extend({ note: z.string().optional() }),
});

export const requestChanged = defineEvent({
  name: "delivery.request.changed",
  summary: "A request at the host of the mirror was opened, merged, merged without counting, or closed, or the host cannot be asked.",
  payload: z.object({
    changeId: z.string(),
    place: z.string(),
    change: z.enum(["opened", "merged", "refused", "closed", "failing"]),
    about: z.array(z.string()).describe("The components that it promotes"),
    link: z.string().optional(),
    by: z.string().optional().describe("The login there"),
    detail: z.string().optional(),
  }),
});

export const operations = [listChanges, getChange, openChange, mergeChange, closeChange, resolveChange] as const;
