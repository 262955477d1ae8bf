import type { ResourceChange, ResourceDrift } from "@roadbed/contracts/paths/resources";
import type { Resource } from "@roadbed/contracts/standards";
import type { z } from "zod";

import type { ClassFiles } from "./class.ts";

/** What is wanted, as provisioners see it. */
export interface Wanted {
  readonly id: string;
  readonly type: string;
  readonly class: string;
  readonly name: string;
  readonly environment: string;
  readonly owner: string;
  readonly consumer: string | undefined;
  /** The class's inputs with what the request sets; they fit the provisioner's schema. */
  readonly inputs: any;
  /** What lies beside the class. */
  readonly files: ClassFiles;
  /** What is known of it already; empty before it was made. */
  readonly facts: Facts;
  /** Counts what was asked of it: part of the key of what is made outside. */
  readonly generation: number;
}

/** Without secrets: stored and shown. */
export type Facts = Readonly<Record<string, unknown>>;
/** Sealed where they are stored. */
export type Secrets = Readonly<Record<string, string>>;

export interface Plan {
  /** One sentence. */
  readonly words: string;
  readonly changes: readonly ResourceChange[];
  /** Why it cannot be made, in words; nothing is begun then. */
  readonly problems: readonly { readonly about: string; readonly reason: string; readonly mend?: string }[];
  /** What only making it tells, as paths into `document`. */
  readonly unknown?: readonly string[];
  /** What policies see beside the request itself, without secrets, e.g. a Terraform plan. */
  readonly document?: Readonly<Record<string, unknown>>;
  /** What policies judge as well, e.g. manifests as they would lie in Git. */
  readonly objects?: readonly Resource[];
  /** Binds an apply to this very plan. */
  readonly file?: Uint8Array;
}

export interface Seen {
  readonly state: "present" | "gone" | "unknown";
  /** e.g. `12 MB, 3 of 10 connections`. */
  readonly words: string;
  readonly facts: Facts;
  readonly drift: readonly ResourceDrift[];
}

export interface Work {
  readonly signal: AbortSignal;
  /** One line of what happens, for the resource's history. Without secrets. */
  say(words: string): Promise<void>;
}

/** Makes, looks at and takes away one sort of thing. Each verb may be begun again after a crash at any place: it finds what is there. */
export interface Provisioner {
  /** As classes name it. */
  readonly id: string;
  /** One sentence. */
  readonly description: string;
  readonly inputs: z.ZodType;
  /** Secrets that must be known before it is made, so that an act that begins again makes the same; what is there already stays. */
  prepare?(wanted: Wanted, before: Secrets): Secrets;
  /** Makes nothing. */
  plan(work: Work, wanted: Wanted, secrets: Secrets, act: "apply" | "destroy"): Promise<Plan>;
  apply(work: Work, wanted: Wanted, secrets: Secrets, plan: Plan): Promise<{ readonly facts: Facts; readonly secrets?: Secrets }>;
  /** What is gone already is no error. */
  destroy(work: Work, wanted: Wanted, secrets: Secrets): Promise<void>;
  read(work: Work, wanted: Wanted, secrets: Secrets): Promise<Seen>;
  /** Variables for the consumer's workload, as things are now; names only depend on `facts`. Values may be secret. */
  variables(facts: Facts, secrets: Secrets): Readonly<Record<string, string>>;
}
