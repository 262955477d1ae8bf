import { defineEvent } from "@roadbed/core";
import { z } from "zod";

/** How loud: what is `critical` wakes somebody whose channel asks for that. */
export const NoticeSeverity = z.enum(["low", "normal", "high", "critical"]);

export const noticeSent = defineEvent({
  name: "paths.notice.sent",
  summary: "A step of a run told somebody something.",
  payload: z.object({
    runId: z.string(),
    path: z.string(),
    /** What it is about: a team, a person, or a thing whose owners are told. */
    entityRef: z.string(),
    /** References of the groups and users that are told. */
    recipients: z.array(z.string()),
    /** The account of who started the run, where they are to be told themselves. */
    starter: z.string().optional(),
    title: z.string(),
    info: z.string().optional(),
    link: z.string().optional(),
    severity: NoticeSeverity,
  }),
});
