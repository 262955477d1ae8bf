import { defineOperation } from "@roadbed/core";
import { z } from "zod";

import { Finding, PolicyMoment, Verdict } from "../standards.ts";

const Text = z.string().max(1_000_000);

/** A file as it was and as it will be; without one of them it is new, or gone. */
export const ChangedFile = z.object({ path: z.string().min(1).max(1_000), before: Text.optional(), after: Text.optional() });
export type ChangedFile = z.infer<typeof ChangedFile>;

export const FileFinding = Finding.extend({
  file: z.string(),
  /** Where the field stands that the rule reads, else where the resource begins; from 1. Of what is removed, in the file as it was. */
  line: z.number().int(),
  column: z.number().int(),
  /** The same for the same rule about the same thing, whatever else moves in the file. */
  fingerprint: z.string(),
  /** The overlay or chart whose environment it is found in; absent for what stands in a file by itself. */
  environment: z.string().optional(),
  /** The line as it has to be, where one value mends it: the policies were asked, and find nothing wrong with it. */
  suggestion: z.object({ line: z.number().int(), text: z.string() }).optional(),
  /** Whether the change brings it; what was there before is shown, and stops nobody. */
  introduced: z.boolean(),
});
export type FileFinding = z.infer<typeof FileFinding>;

export const checkFiles = defineOperation({
  name: "standards.files.check",
  summary:
    "Judge the manifests in changed files as a pull request would bring them: what the change introduces, and what was there before.",
  scope: "standards:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/files/check" },
  input: z.object({
    moment: PolicyMoment.default("pull-request"),
    files: z
      .array(ChangedFile)
      .min(1)
      .max(800)
      .describe("What is the same before and after is there to render overlays and charts with, and is not judged by itself"),
  }),
  output: z.object({
    /** Of what the change introduces alone; `unknown` where it brings what cannot be read or rendered. */
    verdict: Verdict,
    findings: z.array(FileFinding),
    introduced: z.number().int(),
    known: z.number().int(),
    /** What was found before the change and is not any more. */
    mended: z.number().int(),
    /** Resources that were judged, as they will be. */
    resources: z.number().int(),
    /** How often a policy was asked about a resource that it looks at. */
    evaluated: z.number().int(),
    /** Files of `unread` that the change brings: until they can be judged it is as good as denied. */
    unchecked: z.number().int().optional(),
    /** Files of which nothing could be judged, and why: they did not pass. */
    unread: z.array(z.object({ file: z.string(), line: z.number().int(), reason: z.string(), mend: z.string() })),
  }),
  cli: {
    rows: "findings",
    columns: ["severity", "introduced", "file", "line", "policy", "message"],
    exitCode: (output: { verdict: string }) => (output.verdict === "deny" || output.verdict === "unknown" ? 3 : 0),
  },
});

export const operations = [checkFiles] as const;
