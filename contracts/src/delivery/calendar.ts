import { defineOperation } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";

/** Something that changes what runs, may not change, or went wrong, in time. */
export const CalendarItem = z.object({
  id: z.string(),
  kind: z.enum(["deployment", "freeze", "incident", "end"]).describe("end: a throw-away environment ends"),
  title: z.string(),
  detail: z.string().optional(),
  environments: z.array(z.string()).describe("None: every environment, or it belongs to none"),
  entityRef: z.string().optional(),
  from: z.iso.datetime(),
  /** Absent: a moment, or it is not over. */
  until: z.iso.datetime().optional(),
  /** Of its kind's words, e.g. `healthy`, `in force`, `open`; `deployed elsewhere` of what others told. */
  state: z.string(),
  planned: z.boolean().describe("It begins after now"),
  link: z.string().describe("Its page"),
});
export type CalendarItem = z.infer<typeof CalendarItem>;

export const CALENDAR_DAYS = { before: 7, after: 30, most: 400 } as const;

export const showCalendar = defineOperation({
  name: "delivery.calendar.show",
  summary: "Show what changed, what is frozen and what went wrong on one time line, and what is planned.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/calendar" },
  input: z.object({
    from: z.iso.datetime({ offset: true }).optional().describe(`Default: ${CALENDAR_DAYS.before} days ago`),
    until: z.iso.datetime({ offset: true }).optional().describe(`Default: in ${CALENDAR_DAYS.after} days`),
    environment: z.string().optional(),
    entityRef: EntityRef.optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(300).describe("Of each kind"),
  }),
  output: z.object({
    from: z.iso.datetime(),
    until: z.iso.datetime(),
    items: z.array(CalendarItem).describe("By their beginning"),
    cut: z.array(z.string()).describe("Kinds of which there are more than were asked for: the latest are shown"),
  }),
  cli: {
    columns: ["from", "until", "kind", "state", "title", "environments", "entityRef"],
    empty: "Nothing happened and nothing is planned.",
  },
});

export const operations = [showCalendar] as const;
