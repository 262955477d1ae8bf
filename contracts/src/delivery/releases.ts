import { defineEvent, defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

import { EntityRef } from "../catalog.ts";
import { Interval } from "./evaluations.ts";

/** What may travel in a release. */
export const PartKind = z.enum(["commit", "image", "chart", "model", "prompt", "agent", "evaluation-set"]);
export type PartKind = z.infer<typeof PartKind>;

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, "must be sha256: and 64 hexadecimal digits");

/** One thing of a release, at one version. */
export const Part = z.object({
  kind: PartKind,
  name: z.string().trim().min(1).max(300).describe("The repository, image, chart, model, prompt, agent or evaluation set"),
  version: z.string().trim().min(1).max(200).describe("The commit, tag or version"),
  digest: Digest.optional().describe("Of an image and of a model: what the version was at that time"),
});
export type Part = z.infer<typeof Part>;

/** `unchecked`: it is held by a system that Roadbed does not ask. */
export const PartStanding = Part.extend({
  standing: z.enum(["present", "gone", "unchecked"]),
  why: z.string().optional(),
});
export type PartStanding = z.infer<typeof PartStanding>;

export const Release = z.object({
  id: z.string(),
  entityRef: z.string(),
  number: z.number().int().describe("Counts up per component"),
  title: z.string(),
  parts: z.array(Part),
  commit: z.string().optional().describe("Of the component's own repository"),
  repository: z.string().optional(),
  author: z.string().optional(),
  madeBy: z.string(),
  how: z
    .enum(["push", "hand", "git"])
    .describe("`push`: it became healthy in the first environment; `git`: read back from the GitOps repository"),
  irreversible: z.string().optional().describe("Why what it does to data cannot be taken back"),
  digest: z.string().describe("Of all its parts: the same parts are the same release"),
  createdAt: z.iso.datetime(),
  in: z.array(z.object({ environment: z.string(), health: z.string() })).describe("Where it is what runs"),
});
export type Release = z.infer<typeof Release>;

export const ReleaseCommit = z.object({ hash: z.string(), message: z.string(), author: z.string(), at: z.iso.datetime() });

const Id = z.string().min(1).max(200).describe("Its id, or component and number: orders#12");

export const listReleases = defineOperation({
  name: "delivery.release.list",
  summary: "List releases, newest first.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/releases" },
  input: PageInput.extend({ entityRef: z.string().max(300).optional() }),
  output: pageOf(Release),
  cli: {
    columns: ["id", "entityRef", "number", "title", "how", "createdAt"],
    empty: "There is no release yet: push a commit, or make one with roadbed release create.",
  },
});

export const getRelease = defineOperation({
  name: "delivery.release.get",
  summary: "Show a release: what it holds, whether that is still there, and what is new since the release before.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/releases/{release}" },
  input: z.object({ release: Id }),
  output: Release.extend({
    parts: z.array(PartStanding),
    gone: z.boolean().describe("Something it holds is not there any more, so it cannot be built again"),
    previous: z.object({ id: z.string(), number: z.number().int() }).optional(),
    commits: z.array(ReleaseCommit).describe("Since the release before, newest first; at most 100"),
    moreCommits: z.boolean(),
  }),
});

export const createRelease = defineOperation({
  name: "delivery.release.create",
  summary: "Make a release of a component from a commit, images, charts, models, prompts, agents and evaluation sets that travel together.",
  scope: "delivery:write",
  risk: "low",
  http: { method: "POST", path: "/api/v1/releases" },
  input: z.object({
    entityRef: EntityRef,
    commit: z
      .string()
      .regex(/^[0-9a-f]{7,40}$/, "must be a commit hash")
      .optional()
      .describe("Of its own repository; default the newest of the main branch where it has one"),
    parts: z.array(Part).max(100).default([]).describe("What else travels with it"),
    title: z.string().trim().min(1).max(200).optional(),
    irreversible: z.string().trim().min(3).max(500).optional().describe("Why what it does to data cannot be taken back"),
  }),
  output: Release,
  resource: ({ entityRef }) => ({ kind: "entity", id: entityRef }),
  cli: { positional: ["entityRef"] },
});

export const PartDifference = z.object({
  kind: PartKind,
  name: z.string(),
  change: z.enum(["added", "removed", "changed", "same"]),
  from: z.string().optional(),
  to: z.string().optional(),
});

export const FileChange = z.object({
  path: z.string(),
  status: z.enum(["added", "changed", "deleted", "renamed"]),
  was: z.string().optional(),
  added: z.number().int(),
  removed: z.number().int(),
  patch: z.string().optional().describe("Unified; absent for what is no text or too long"),
});

const ScoreSeen = z.object({ evaluation: z.string(), score: Interval, costPerCase: z.string().optional(), missing: z.number().int() });

export const compareReleases = defineOperation({
  name: "delivery.release.compare",
  summary: "Show what a release would change: against what an environment has, or against another release.",
  scope: "delivery:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/releases/{release}/compare" },
  input: z.object({
    release: Id,
    environment: z.string().max(100).optional().describe("Compare with what this environment has"),
    against: Id.optional().describe("Compare with this release; default the one before"),
  }),
  output: z.object({
    from: Release.optional(),
    to: Release,
    direction: z.enum(["forward", "back", "apart", "first", "same"]),
    parts: z.array(PartDifference),
    commits: z.array(ReleaseCommit).describe("At most 100"),
    moreCommits: z.boolean(),
    files: z.array(FileChange).describe("Of the component's repository; at most 300"),
    rendered: z.array(FileChange).describe("Of what would be written to the environment's branch"),
    irreversible: z.array(z.object({ number: z.number().int(), why: z.string() })),
    evaluations: z
      .array(
        z.object({
          set: z.object({ name: z.string(), version: z.number().int() }),
          from: ScoreSeen.optional(),
          to: ScoreSeen.optional(),
          difference: Interval.optional().describe("On the same cases, between -1 and 1"),
        }),
      )
      .describe("What graders said of both by the newest version of each set"),
    missing: z.array(z.string()).describe("What could not be compared, and why"),
  }),
  cli: { rows: "parts", columns: ["kind", "name", "change", "from", "to"] },
});

export const releaseMade = defineEvent({
  name: "delivery.release.made",
  summary: "A release was made.",
  payload: z.object({ releaseId: z.string(), entityRef: z.string(), number: z.number().int(), title: z.string() }),
});

export const operations = [listReleases, getRelease, createRelease, compareReleases] as const;
