import { parse } from "yaml";
import { z } from "zod";

const AcceptedFile = z.object({
  spec: z.object({
    entityRef: z.string(),
    release: z.string(),
    changes: z.record(z.string(), z.unknown()),
    by: z.string(),
    why: z.string(),
    at: z.iso.datetime(),
    intent: z.record(z.string(), z.unknown()).optional(),
  }),
});

/** What was accepted, as it stands in Git beside what it changes. */
export interface AcceptedText {
  readonly entity_ref: string;
  readonly release_id: string;
  readonly changes: unknown;
  readonly accepted_by: string;
  readonly why: string;
  readonly at: string;
  readonly intent: unknown;
}

/** Undefined where the file does not say who accepted what. */
export function readAcceptedFile(text: string): AcceptedText | undefined {
  const { success, data } = AcceptedFile.safeParse(parse(text));
  if (!success) return undefined;
  const { entityRef, release, changes, by, why, at, intent } = data.spec;
  return { entity_ref: entityRef, release_id: release, changes, accepted_by: by, why, at, intent: intent ?? null };
}
