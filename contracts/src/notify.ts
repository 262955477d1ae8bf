import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "./catalog.ts";

/** How much it matters, least first. */
export const Weight = z.enum(["info", "important", "urgent"]);
export type Weight = z.infer<typeof Weight>;

const Watch = z.object({
  ref: z.string(),
  weight: Weight.describe("The least that is told"),
  since: z.iso.datetime(),
});

export const setWatch = defineOperation({
  name: "notify.watch.set",
  summary: "Follow an entity: what matters about it comes into your inbox.",
  scope: "catalog:read",
  risk: "low",
  http: { method: "PUT", path: "/api/v1/watches/{ref}" },
  input: z.object({ ref: EntityRef, weight: Weight.default("important").describe("The least that is told") }),
  output: Watch,
});

export const removeWatch = defineOperation({
  name: "notify.watch.remove",
  summary: "No longer follow an entity.",
  scope: "catalog:read",
  risk: "low",
  http: { method: "DELETE", path: "/api/v1/watches/{ref}" },
  input: z.object({ ref: EntityRef }),
  output: z.object({ ref: z.string() }),
});

export const listWatches = defineOperation({
  name: "notify.watch.list",
  summary: "List what you follow.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/watches" },
  input: PageInput.extend({ ref: EntityRef.optional().describe("Only this one: whether you follow it") }),
  output: pageOf(Watch),
});

export const Notice = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  weight: Weight,
  /** What it is about; absent where it is about no entity. */
  ref: z.string().optional(),
  title: z.string(),
  detail: z.string().optional(),
  /** Where to look, as a path of the web app. */
  link: z.string(),
  read: z.boolean(),
  /** Why you are told: you follow it, you own it, you depend on it, you are asked to decide, or you asked for it. */
  because: z.enum(["follow", "own", "depend", "asked", "asker"]),
});
export type Notice = z.infer<typeof Notice>;

export const listInbox = defineOperation({
  name: "notify.inbox.list",
  summary: "List what you were told, newest first.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/inbox" },
  input: PageInput.extend({ unread: z.stringbool().or(z.boolean()).optional().describe("Only what you have not read") }),
  output: pageOf(Notice).extend({ unread: z.number().int() }),
  cli: { columns: ["at", "weight", "title", "read"], command: "inbox" },
});

export const readInbox = defineOperation({
  name: "notify.inbox.read",
  summary: "Mark notices as read, or as unread again.",
  scope: "catalog:read",
  risk: "low",
  http: { method: "POST", path: "/api/v1/inbox/read" },
  input: z.object({
    ids: z
      .array(z.string().regex(/^\d{1,18}$/))
      .max(500)
      .optional()
      .describe("Default: all of them"),
    read: z.boolean().default(true),
  }),
  output: z.object({ changed: z.number().int() }),
});

const ChannelKind = z.enum(["email", "webhook", "slack"]);
const Channel = z.object({
  id: z.string(),
  kind: ChannelKind,
  /** An address of mail, or the host of a webhook: the rest of its address is a secret. */
  target: z.string(),
  weight: Weight,
  enabled: z.boolean(),
  /** How the last sendings went. */
  lastSentAt: z.iso.datetime().optional(),
  lastError: z.string().optional(),
  waiting: z.number().int(),
});

export const saveChannel = defineOperation({
  name: "notify.channel.save",
  summary: "Have your notices sent by mail, to a webhook, or to a chat that takes Slack's webhooks.",
  scope: "catalog:read",
  risk: "low",
  http: { method: "POST", path: "/api/v1/channels" },
  input: z.object({
    id: z.string().max(40).optional().describe("Of the channel to change; else a new one is made"),
    kind: ChannelKind,
    target: z.string().min(3).max(2_000).describe("An address of mail, or an https:// address"),
    secret: z
      .string()
      .min(8)
      .max(200)
      .optional()
      .describe("Signs what a webhook is sent: HMAC-SHA256 in the header x-roadbed-signature-256"),
    weight: Weight.default("important").describe("The least that is sent"),
    enabled: z.boolean().default(true),
  }),
  output: Channel,
  secrets: ["target", "secret"],
});

export const listChannels = defineOperation({
  name: "notify.channel.list",
  summary: "List where your notices are sent.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/channels" },
  input: z.object({}),
  output: z.object({ items: z.array(Channel), mail: z.boolean().describe("Whether this server can send mail") }),
});

export const deleteChannel = defineOperation({
  name: "notify.channel.delete",
  summary: "No longer send notices there.",
  scope: "catalog:read",
  risk: "low",
  http: { method: "DELETE", path: "/api/v1/channels/{id}" },
  input: z.object({ id: z.string().max(40) }),
  output: z.object({ id: z.string() }),
});

export const testChannel = defineOperation({
  name: "notify.channel.test",
  summary: "Send one notice there now, and say how it went.",
  scope: "catalog:read",
  risk: "low",
  http: { method: "POST", path: "/api/v1/channels/{id}/test" },
  input: z.object({ id: z.string().max(40) }),
  output: z.object({ ok: z.boolean(), detail: z.string() }),
  cli: { exitCode: ({ ok }) => (ok ? 0 : 1) },
});

const Announcement = z.object({
  id: z.string(),
  ref: z.string(),
  title: z.string(),
  body: z.string(),
  weight: Weight,
  by: z.string(),
  at: z.iso.datetime(),
  withdrawnAt: z.iso.datetime().optional(),
  /** Who depends on it, and whether they have said that they know. */
  dependants: z.array(
    z.object({
      ref: z.string(),
      owner: z.string().optional(),
      acknowledgedBy: z.string().optional(),
      acknowledgedAt: z.iso.datetime().optional(),
      note: z.string().optional(),
    }),
  ),
  acknowledged: z.number().int(),
});
export type Announcement = z.infer<typeof Announcement>;

export const publishAnnouncement = defineOperation({
  name: "notify.announcement.publish",
  summary: "Tell the owners of everything that depends on an entity; each acknowledges.",
  scope: "catalog:write",
  // Only owners speak for a thing: the rule of ownership asks for this risk.
  risk: "high",
  http: { method: "POST", path: "/api/v1/announcements" },
  input: z.object({
    ref: EntityRef,
    title: z.string().trim().min(3).max(200),
    body: z.string().max(10_000).default("").describe("Markdown"),
    weight: Weight.default("important"),
  }),
  output: Announcement,
  resource: ({ ref }) => ({ kind: "entity", id: ref }),
});

export const listAnnouncements = defineOperation({
  name: "notify.announcement.list",
  summary: "List announcements, newest first.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/announcements" },
  input: PageInput.extend({
    ref: EntityRef.optional().describe("Only about this entity"),
    mine: z.stringbool().or(z.boolean()).optional().describe("Only those that wait for you to acknowledge"),
  }),
  output: pageOf(Announcement),
  cli: { columns: ["id", "at", "ref", "title", "acknowledged"] },
});

export const acknowledgeAnnouncement = defineOperation({
  name: "notify.announcement.acknowledge",
  summary: "Say that you know, for one of your things that depends on it.",
  scope: "catalog:read",
  risk: "low",
  http: { method: "POST", path: "/api/v1/announcements/{id}/acknowledge" },
  input: z.object({
    id: z.string().max(40),
    dependant: EntityRef.optional().describe("Default: all of yours that depend on it"),
    note: z.string().max(500).optional().describe("E.g. by when you will have changed"),
  }),
  output: Announcement,
});

export const withdrawAnnouncement = defineOperation({
  name: "notify.announcement.withdraw",
  summary: "Take an announcement back; who has not acknowledged need not any more.",
  scope: "catalog:write",
  risk: "low",
  http: { method: "DELETE", path: "/api/v1/announcements/{id}" },
  input: z.object({ id: z.string().max(40) }),
  output: Announcement,
});

const View = z.object({
  id: z.string(),
  page: z.string(),
  name: z.string(),
  search: z.record(z.string(), z.unknown()).describe("The state of the page, as its address has it"),
  shared: z.boolean(),
  by: z.string(),
  mine: z.boolean(),
});

export const saveView = defineOperation({
  name: "notify.view.save",
  summary: "Keep a view of a page by name, for yourself or for everybody.",
  scope: "catalog:read",
  risk: "low",
  http: { method: "POST", path: "/api/v1/views" },
  input: z.object({
    page: z.string().regex(/^[a-z][a-z-]{0,39}$/, "must be the name of a page, e.g. catalog"),
    name: z.string().trim().min(1).max(80),
    search: z.record(z.string().max(60), z.unknown()).refine((search) => JSON.stringify(search).length <= 4_000, "is too large"),
    shared: z.boolean().default(false),
  }),
  output: View,
});

export const listViews = defineOperation({
  name: "notify.view.list",
  summary: "List the views of a page that you or others keep.",
  scope: "catalog:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/views" },
  input: PageInput.extend({ page: z.string().max(40).optional() }),
  output: pageOf(View),
});

export const deleteView = defineOperation({
  name: "notify.view.delete",
  summary: "Forget a view of yours.",
  scope: "catalog:read",
  risk: "low",
  http: { method: "DELETE", path: "/api/v1/views/{id}" },
  input: z.object({ id: z.string().max(40) }),
  output: z.object({ id: z.string() }),
});

export const announcementPublished = defineEvent({
  name: "notify.announcement.published",
  summary: "An owner told those who depend on an entity something.",
  payload: z.object({ id: z.string(), ref: z.string(), title: z.string(), weight: Weight, owners: z.array(z.string()) }),
});

export const noticeArrived = defineEvent({
  name: "notify.notice.arrived",
  summary: "Somebody's inbox has something new; it says whose, and not what.",
  payload: z.object({ users: z.array(z.string()) }),
});

export const operations = [
  setWatch,
  removeWatch,
  listWatches,
  listInbox,
  readInbox,
  saveChannel,
  listChannels,
  deleteChannel,
  testChannel,
  publishAnnouncement,
  listAnnouncements,
  acknowledgeAnnouncement,
  withdrawAnnouncement,
  saveView,
  listViews,
  deleteView,
] as const;
