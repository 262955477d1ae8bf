import { InvalidError } from "@roadbed/core";
import { parse, stringify } from "yaml";

import type { AcceptedRow } from "../drift/accepted-store.ts";
import type { Accepted } from "../drift/differences.ts";
import type { ReleaseRow } from "../release/release-store.ts";
import { MANIFEST_FILE, parseManifest, type Manifest } from "../workload/manifest.ts";

/** What somebody wants a component to have in an environment beside its release; it stays with later releases. */
export interface Intent {
  /** Fields of `roadbed.yaml`. */
  readonly overrides?: Readonly<Record<string, unknown>> | undefined;
  readonly suspended?: boolean | undefined;
}

export function isNothing({ overrides = {}, suspended }: Intent): boolean {
  return Object.keys(overrides).length === 0 && suspended !== true;
}

/**
 * What of a release's `roadbed.yaml` is different by it: objects are merged field by field, and null takes one away. Throws `InvalidError` where what
 * comes of it is no `roadbed.yaml`.
 */
export function changesBy(intent: Intent, config: Readonly<Record<string, string>>): Accepted {
  const { overrides = {}, suspended } = intent;
  const state = suspended === true ? { suspended: true } : {};
  const fields = Object.keys(overrides);
  if (fields.length === 0) return state;
  const text = config[MANIFEST_FILE];
  if (text === undefined || fields.includes("kind")) {
    throw new InvalidError("It cannot be different there.", {
      problems: [
        { at: "overrides", reason: text === undefined ? `the release has no ${MANIFEST_FILE}` : "its kind is the same everywhere" },
      ],
    });
  }
  let manifest: Manifest;
  try {
    manifest = parseManifest(stringify(merge(parse(text) as unknown, overrides)));
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error;
    throw new InvalidError("What comes of it is no roadbed.yaml.", {
      problems: error.problems.map(({ reason }) => ({ at: placeIn(reason), reason })),
      mend: "Correct the overrides.",
    });
  }
  return { manifest: Object.fromEntries(fields.map((field) => [field, manifest[field as keyof Manifest]])), ...state };
}

/** As it would be accepted with this release, for whoever looks at what would stand there. */
export function intended(
  { entity_ref, environment, intent, requested_by, created_at }: IntendedPromotion,
  release: Pick<ReleaseRow, "id" | "config">,
): AcceptedRow | undefined {
  if (intent === null || isNothing(intent)) return undefined;
  return {
    entity_ref,
    environment,
    release_id: release.id,
    changes: changesBy(intent, release.config),
    accepted_by: requested_by,
    why: "It is wanted so there.",
    at: created_at,
    intent,
  };
}

export interface IntendedPromotion {
  readonly entity_ref: string;
  readonly environment: string;
  readonly intent: Intent | null;
  readonly requested_by: string;
  readonly created_at: Date;
}

function merge(into: unknown, over: unknown): unknown {
  if (!isObject(over)) return over;
  const result: Record<string, unknown> = isObject(into) ? { ...into } : {};
  for (const [field, value] of Object.entries(over)) {
    if (value === null) delete result[field];
    else result[field] = merge(result[field], value);
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** A problem of `roadbed.yaml` names its field before the colon. */
function placeIn(reason: string): string {
  const field = /^([\w.]+): /.exec(reason)?.[1];
  return field === undefined ? "overrides" : `overrides.${field}`;
}
