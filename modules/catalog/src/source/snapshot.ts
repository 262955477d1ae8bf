import type { Entity, SourceProblem } from "@roadbed/contracts/catalog";
import type { z } from "zod";

import type { DocRoot } from "../docs/read-docs.ts";
import type { Budget } from "./source-store.ts";

export type Problem = z.infer<typeof SourceProblem>;

/** An entity as a source describes it, ready to be stored. */
export interface Candidate {
  readonly ref: string;
  readonly entity: Entity;
  /** The entity as JSON text: what is stored. */
  readonly json: string;
  readonly hash: string;
  /** File relative to the root of the source, or the address of the object. */
  readonly file: string;
  readonly location: string;
  /** Null where there are no lines: what a connector reads. */
  readonly line: number | null;
  /** Folder of its documentation; null when it has none. */
  readonly docsRoot: string | null;
  /** How sure the source is, 0 to 1; absent: as sure as it usually is. */
  readonly confidence?: number;
  /** Of what was discovered: what it says instead where another source defines the entity. */
  readonly otherwise?: Enrichment;
}

/** What a connector adds to entities that others define. */
export interface Enrichment {
  /** One entity by name, or all that have this value of an annotation. */
  readonly about: { readonly ref: string } | { readonly annotation: string; readonly value: string };
  /** The parts that it adds, as JSON text of an object with `metadata` and `spec`. */
  readonly json: string;
  readonly hash: string;
  /** Where people find it; two readings about one entity have different ones. */
  readonly location: string;
  readonly rule?: string;
  readonly confidence?: number;
  /** When the system itself last saw it; absent: now. */
  readonly observedAt?: Date;
}

/** All that a source says at one moment. */
export interface Snapshot {
  readonly fingerprint: string | null;
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
  readonly enrichments?: readonly Enrichment[];
  /** Beginnings of locations of which all is as it was: it was not even asked for, and what was said from there stays. */
  readonly unchangedLocations?: readonly string[];
  readonly durationMs: number;
  /** When the reading began: what a message said later is newer than it. */
  readonly startedAt?: Date;
  /** Absent: this is all. Present: this is what a message says, and only these are gone. */
  readonly gone?: ReadonlySet<string>;
  readonly memory?: Readonly<Record<string, unknown>>;
  readonly budget?: Budget;
  readonly samples?: readonly unknown[];
}
