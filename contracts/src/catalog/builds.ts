import { defineEvent } from "@roadbed/core";
import { z } from "zod";

const State = z.enum(["queued", "running", "succeeded", "failed", "cancelled", "skipped"]);

/** A run of a workflow or pipeline at its host, or one job of it, as a webhook tells of it. */
export const ToldBuild = z.object({
  system: z.enum(["github", "gitlab"]),
  /** `github.com`. */
  host: z.string(),
  /** `acme/shop`. */
  repository: z.string(),
  /** The host's own name for the run: messages about the same one have the same. */
  run: z.string(),
  /** Of the workflow, or of the check. */
  name: z.string(),
  branch: z.string(),
  commit: z.string(),
  message: z.string(),
  author: z.string(),
  /** Of the run; absent where the message is about a job alone. */
  state: State.optional(),
  /** Counts up when it is run again. */
  attempt: z.number().int().default(1),
  address: z.string().optional(),
  startedAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
  /** The latest instant that the message names: an older message does not undo a newer one. */
  at: z.iso.datetime(),
  jobs: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      state: State,
      error: z.string().optional(),
      address: z.string().optional(),
      startedAt: z.iso.datetime().optional(),
      endedAt: z.iso.datetime().optional(),
    }),
  ),
});
export type ToldBuild = z.infer<typeof ToldBuild>;

export const buildTold = defineEvent({
  name: "catalog.build.told",
  summary: "A host told of a run of a pipeline, or of a job of one.",
  payload: ToldBuild.extend({ sourceId: z.string() }),
});

export const operations = [] as const;
