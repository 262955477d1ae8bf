import type { Problem, Sql } from "@roadbed/core";

/** A workflow that was defined: the handle by which it is started. `I` and `O` travel as JSON (dates and maps survive). */
export interface Flow<I, O> {
  readonly name: string;
  readonly queue: string;
  /** Only for the types. */
  readonly types?: (input: I) => O;
}

/**
 * Durable workflows. A workflow's steps are recorded one by one in Postgres; after a crash it goes on behind the last recorded
 * step, in this process or in another. What a step does to the outside may therefore happen twice: give `key` to whatever is
 * called, so that the second time is known for a repeat.
 */
export interface Workflows {
  /**
   * Before `launch`. The code outside of steps runs again on each recovery and must do the same each time: no clock, no chance,
   * no input or output but by `c`. `maxAttempts` counts starts and recoveries (default 100); above it the state is `stuck`.
   */
  define<I, O>(
    name: string,
    run: (c: WorkflowCtx, input: I) => Promise<O>,
    o?: { readonly queue?: string; readonly maxAttempts?: number },
  ): Flow<I, O>;
  /** Puts it on its queue. A second start with the same `id` does nothing. `ConflictError` if `dedupe` is waiting or running already. */
  start<I>(flow: Flow<I, any>, input: I, o: StartOptions): Promise<void>;
  /** Wakes `wait(topic)`. The same `key` is delivered once. `NotFoundError` for an unknown workflow. */
  signal(id: string, topic: string, data: unknown, key: string): Promise<void>;
  get(id: string): Promise<WorkflowStatus | undefined>;
  /** Newest first. */
  list(filter: WorkflowFilter): Promise<WorkflowStatus[]>;
  /** Recorded steps in order; a step that runs now is not among them yet. */
  steps(id: string): Promise<WorkflowStep[]>;
  /** Stops it after the running step, whose `signal` is aborted. Nothing happens to a workflow that has ended. */
  cancel(id: string): Promise<void>;
  /** Goes on with a failed, cancelled or stuck workflow: recorded steps are kept, the failed one is tried again. `ConflictError` for others. */
  retry(id: string): Promise<void>;
  /** Starts `flow` at each time of the cron expression (UTC, 5 fields or 6 with seconds), once for all processes. Replaces a schedule of that name. */
  schedule(name: string, cron: string, flow: Flow<Date, any>): Promise<void>;
  /** Takes an executor's lease, recovers what it left behind and begins to work. Call once, after all `define`s. */
  launch(): Promise<void>;
  /** Begins no more steps, gives running ones `ms` to end, gives the lease back. What was not finished goes on at the next launch. */
  drain(ms: number): Promise<void>;
  health(): Promise<{ readonly ok: boolean; readonly detail?: string }>;
}

export interface StartOptions {
  readonly id: string;
  /** Default: the flow's own. */
  readonly queue?: string;
  /** Among all workflows on the queue that have not ended, at most one has this. */
  readonly dedupe?: string;
}

/** What the code of a workflow may use. */
export interface WorkflowCtx {
  readonly id: string;
  /**
   * Runs once and is remembered: value or error. Errors that trying again cannot mend (invalid, denied, forbidden, conflict,
   * not found, too large) fail at once, others after some attempts with growing pauses.
   */
  step<T>(name: string, run: (s: StepContext) => Promise<T>, retry?: Retry): Promise<T>;
  /** The next signal of that topic, null after `timeoutMs`. Survives restarts, may take days. */
  wait<T>(topic: string, timeoutMs: number): Promise<T | null>;
  /** Survives restarts, may take days. */
  sleep(ms: number): Promise<void>;
  /**
   * True for workflows that begin after the change named `patch` was put into the code, false for those that had passed this
   * place before. Needed whenever a step is added, removed or moved.
   */
  changed(patch: string): Promise<boolean>;
  /** Milliseconds since 1970; the same value when the code runs again. */
  now(): Promise<number>;
}

export interface StepContext {
  /** The same each time this step runs: the idempotency key for everything it calls. */
  readonly key: string;
  /** 1 for the first try in this process. */
  readonly attempt: number;
  /** Aborted when the workflow is cancelled or the process drains. Looked at only by those who ask for it. */
  readonly signal: AbortSignal;
  /** A transaction that commits only while this process still owns the workflow: a process that was thought dead writes nothing. */
  tx<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
}

export interface Retry {
  /** Default 5; 1 means never again. */
  readonly attempts?: number;
  /** Pause before the second try, doubled each time up to 30 s. Default 500. */
  readonly firstDelayMs?: number;
}

/** `stuck`: was recovered too often (see `maxAttempts`); look at it, then `retry`. */
export type WorkflowState = "queued" | "running" | "succeeded" | "failed" | "cancelled" | "stuck";

export interface WorkflowError {
  readonly message: string;
  /** The `DomainError`'s code, where it was one. */
  readonly code?: string;
  readonly mend?: string;
  readonly problems?: readonly Problem[];
}

export interface WorkflowStatus {
  readonly id: string;
  readonly name: string;
  readonly state: WorkflowState;
  readonly queue: string | undefined;
  readonly input: unknown;
  readonly output: unknown;
  readonly error: WorkflowError | undefined;
  readonly createdAt: Date;
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
  /** Starts and recoveries so far. */
  readonly attempts: number;
}

export interface WorkflowStep {
  readonly n: number;
  readonly name: string;
  readonly output: unknown;
  readonly error: WorkflowError | undefined;
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
}

export interface WorkflowFilter {
  readonly name?: string;
  readonly state?: WorkflowState;
  readonly idPrefix?: string;
  /** Default 50. */
  readonly limit?: number;
  readonly offset?: number;
}
