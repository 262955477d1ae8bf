import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { PathName } from "../paths.ts";

const Id = z.string().min(1).max(100).describe("Its id, or that of its run");

/** What a run made, and until when it is to be there. */
export const Lifetime = z.object({
  id: z.string(),
  runId: z.string(),
  path: z.string(),
  pathTitle: z.string(),
  name: z.string(),
  entityRef: z.string().optional(),
  state: z.enum(["active", "ending", "ended"]),
  beganAt: z.iso.datetime(),
  endsAt: z.iso.datetime(),
  atMost: z.iso.datetime().describe("No extension goes beyond it"),
  /** It is within the time in which its people are warned. */
  soon: z.boolean(),
  extendByHours: z.number(),
  mayExtend: z.boolean(),
  whyNot: z.string().optional(),
  endedAt: z.iso.datetime().optional(),
  /** The path that is followed at its end; absent: what the run made is taken back. */
  endPath: z.string().optional(),
  /** The run that ends it. */
  endRunId: z.string().optional(),
  /** Why it could not be ended yet; it is tried again every hour. */
  endError: z.string().optional(),
  extensions: z.array(z.object({ by: z.string(), at: z.iso.datetime(), until: z.iso.datetime(), reason: z.string() })),
});
export type Lifetime = z.infer<typeof Lifetime>;

export const listLifetimes = defineOperation({
  name: "paths.lifetime.list",
  summary: "List what ends by itself, the soonest first.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/lifetimes" },
  input: PageInput.extend({
    state: z.enum(["active", "ending", "ended"]).optional().describe("Default: active, unless one run is asked about"),
    run: z.string().max(100).optional(),
    withinDays: z.coerce.number().int().min(1).max(3_650).optional().describe("Only what ends within so many days"),
    entityRef: z.string().max(300).optional(),
    path: PathName.optional(),
    mine: z
      .preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean().optional())
      .describe("Only what I asked for"),
  }),
  output: pageOf(Lifetime),
  cli: { columns: ["id", "name", "pathTitle", "state", "endsAt", "atMost"], empty: "Nothing ends by itself." },
});

export const showLifetime = defineOperation({
  name: "paths.lifetime.show",
  summary: "Show until when what a run made is there, and who extended it.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/lifetimes/{id}" },
  input: z.object({ id: Id }),
  output: Lifetime,
});

export const extendLifetime = defineOperation({
  name: "paths.lifetime.extend",
  summary: "Let what a run made live longer, with a reason, up to what its path allows.",
  scope: "paths:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/lifetimes/{id}/extend" },
  input: z.object({
    id: Id,
    reason: z.string().trim().min(3, "must say why").max(500),
    hours: z.coerce.number().min(0.1).max(100_000).optional().describe("Default: what the path says"),
  }),
  output: Lifetime,
});

export const endLifetime = defineOperation({
  name: "paths.lifetime.end",
  summary: "End now what was to end later: by the path that is named for it, else what the run made is taken back.",
  scope: "paths:write",
  risk: "high",
  http: { method: "POST", path: "/api/v1/lifetimes/{id}/end" },
  input: z.object({ id: Id, reason: z.string().trim().min(3, "must say why").max(500) }),
  output: Lifetime,
});

const about = z.object({
  lifetime: z.string(),
  runId: z.string(),
  path: z.string(),
  pathTitle: z.string(),
  name: z.string(),
  entityRef: z.string().optional(),
  /** The account of who asked for the run. */
  requester: z.string().optional(),
  endsAt: z.iso.datetime(),
});
export const lifetimeEnding = defineEvent({
  name: "paths.lifetime.ending",
  summary: "What a run made ends soon.",
  payload: about,
});
export const lifetimeExtended = defineEvent({
  name: "paths.lifetime.extended",
  summary: "What a run made lives longer.",
  payload: about.extend({ reason: z.string() }),
});
export const lifetimeEnded = defineEvent({
  name: "paths.lifetime.ended",
  summary: "The time of what a run made is over: whoever keeps something of it ends that now.",
  payload: about,
});

export const operations = [listLifetimes, showLifetime, extendLifetime, endLifetime] as const;
