import { defineEvent } from "@roadbed/core";
import { z } from "zod";

/** A pull or merge request, as a webhook tells of it. */
export const ProposedChange = z.object({
  system: z.enum(["github", "gitlab"]),
  /** `github.com`. */
  host: z.string(),
  /** `acme/shop`. */
  repository: z.string(),
  number: z.string(),
  head: z.string(),
  /** The commit, or the branch, that it is to go into. */
  base: z.string(),
  state: z.enum(["open", "closed"]),
});
export type ProposedChange = z.infer<typeof ProposedChange>;

export const changeProposed = defineEvent({
  name: "catalog.change.proposed",
  summary: "A host told of a pull or merge request: it was opened, has another commit, or is closed.",
  payload: ProposedChange.extend({ sourceId: z.string() }),
});

export const operations = [] as const;
