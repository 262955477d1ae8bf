import type { CelFault } from "./fault.ts";

/** Expressions that are asked together about one set of values. */
export interface ProgramSource {
  /** Names that every binding carries; other names do not compile. */
  readonly names: readonly string[];
  /** All must be true, or the program does not apply: a false one skips it, even beside one that failed. */
  readonly conditions?: readonly string[];
  /** Seen by later definitions and by the rules as `variables.<name>`; computed when first read. */
  readonly definitions?: readonly { readonly name: string; readonly expression: string }[];
  /** `otherwise` is computed where the expression is false, e.g. to word a message. */
  readonly rules: readonly { readonly expression: string; readonly otherwise?: string }[];
}

/** A program known to the engine; made by `createProgram`, which compiles it once per worker. */
export interface Program {
  readonly id: number;
  readonly source: ProgramSource;
}

/** One program on one binding, by their positions in the batch. */
export interface Evaluation {
  readonly program: number;
  readonly binding: number;
}

/** A way into a binding: names, and places in lists. */
export type Way = readonly (string | number)[];

/** What is special about values of a binding: not known yet (reading one is a fault of code `unknown_value`), or never to be told. */
export interface Veil {
  readonly unknown?: readonly Way[];
  readonly secret?: readonly Way[];
}

export interface Batch {
  readonly programs: readonly Program[];
  /** Plain JSON data by name. Whole numbers become CEL `int`, others `double`. */
  readonly bindings: readonly Readonly<Record<string, unknown>>[];
  /** By the position of the binding. */
  readonly veils?: readonly (Veil | undefined)[];
  /** Default: each program on each binding, binding by binding. */
  readonly evaluations?: readonly Evaluation[];
}

export type RuleOutcome =
  | { readonly kind: "value"; readonly value: unknown; readonly otherwise?: unknown }
  | { readonly kind: "fault"; readonly fault: CelFault };

/** What one evaluation gave. `fault`: a condition failed, or the evaluation was stopped. */
export type Outcome =
  | { readonly kind: "rules"; readonly rules: readonly RuleOutcome[] }
  | { readonly kind: "skipped" }
  | { readonly kind: "fault"; readonly fault: CelFault };

/** What goes to a worker: one message per batch, for moving and converting the data costs more than evaluating. */
export interface WorkerRequest {
  readonly batch: number;
  /** Programs that this worker has not seen yet. */
  readonly learn: readonly Program[];
  /** A text where they could be written as one, see as-text.ts. */
  readonly bindings: string | readonly Readonly<Record<string, unknown>>[];
  readonly veils?: readonly (Veil | undefined)[] | undefined;
  /** Pairs: id of the program, position of the binding. */
  readonly pairs: Int32Array;
}

/** Most of what is asked is answered by yes: a byte each says so, and only the rest is written out. */
export interface WorkerAnswer {
  readonly batch: number;
  /** One of `ALL_TRUE`, `SKIPPED` and `IN_FULL` per evaluation. */
  readonly codes: Uint8Array;
  /** The outcomes of those that are `IN_FULL`, in order, as JSON: it is taken in faster than objects are. */
  readonly rest: string;
}

export const IN_FULL = 0;
export const ALL_TRUE = 1;
export const SKIPPED = 2;
