import type { Entity, SourceProblem } from "@roadbed/contracts/catalog";
import type { z } from "zod";

import type { DocRoot } from "../docs/read-docs.ts";

export type Problem = z.infer<typeof SourceProblem>;

/** An entity as a source describes it, ready to be stored. */
export interface Candidate {
  readonly ref: string;
  readonly entity: Entity;
  /** The entity as JSON text: what is stored. */
  readonly json: string;
  readonly hash: string;
  /** File relative to the root of the source. */
  readonly file: string;
  readonly location: string;
  readonly line: number;
  /** Folder of its documentation; null when it has none. */
  readonly docsRoot: string | null;
}

/** All that a source says at one moment. */
export interface Snapshot {
  readonly fingerprint: string;
  /** Documents that looked like descriptors, good or not. */
  readonly read: number;
  readonly failed: number;
  readonly candidates: readonly Candidate[];
  readonly problems: readonly Problem[];
  /** Locations of files that could not be read to the end: what they described before is not gone, only unknown. */
  readonly doubtful: ReadonlySet<string>;
  /** References of entities whose document is there, but wrong: likewise. */
  readonly doubtfulRefs: ReadonlySet<string>;
  readonly docs: readonly DocRoot[];
  readonly durationMs: number;
}
