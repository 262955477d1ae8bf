import type { Entity } from "@roadbed/contracts/catalog";

import type { Repository } from "../finding.ts";
import type { Claim } from "./confidence.ts";

/** A relation that is believed, with the field of `spec` that would state it. */
export interface RelationClaim extends Claim<string> {
  readonly field: "dependsOn" | "consumesApis" | "providesApis";
  /** Sure enough to be part of the draft. */
  readonly included: boolean;
}

/** What the combiner proposes: an entity, or what one that is there lacks. */
export interface Draft {
  /** Stable: the same thing has the same key whatever order files are read in, and after every further reading. */
  readonly key: string;
  readonly action: "create" | "complete";
  readonly ref: string;
  /** Without an owner where none is sure enough. For `complete`: only what is added. */
  readonly entity: Entity;
  readonly confidence: number;
  readonly evidence: Claim<string>["evidence"];
  /** Every candidate, best first. */
  readonly owners: readonly Claim<string>[];
  /** The one that is sure enough. */
  readonly owner: Claim<string> | undefined;
  /** Why there is no owner, in words. */
  readonly ownerNote: string | undefined;
  readonly systems: readonly Claim<string>[];
  readonly relations: readonly RelationClaim[];
  /** Key of the repository; "" for what several of them share. */
  readonly repository: string;
  readonly dir: string;
}

/** An entity of the catalogue, as far as the combiner needs to know it. */
export interface KnownEntity {
  readonly ref: string;
  readonly kind: string;
  readonly title?: string;
  readonly email?: string;
  /** Names of a user's accounts at Git hosts, lower case, where the catalogue has them. */
  readonly accounts?: readonly string[];
  /** Groups, for a user. */
  readonly memberOf: readonly string[];
  /** References it states. */
  readonly states: readonly string[];
  /** True when it was accepted from a proposal: then it is no reason not to propose it. */
  readonly proposed: boolean;
}

export interface Known {
  readonly entities: readonly KnownEntity[];
  /** Login, as `email:ada@example.com` or `handle:ada`, to the reference of its user. */
  readonly identities: ReadonlyMap<string, string>;
}

export interface CombineInput {
  readonly repositories: readonly Repository[];
  readonly known: Known;
  /** For the age of commits; whole days are enough. */
  readonly today: string;
}
