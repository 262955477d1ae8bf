import type { z } from "zod";

/** A kind of thing that happens. `name` is the CloudEvents type, e.g. `catalog.entity.registered`. */
export interface EventType<P> {
  readonly name: string;
  /** One sentence: when it is emitted. */
  readonly summary: string;
  readonly payload: z.ZodType<P>;
}

/** An event as it is stored and delivered: CloudEvents 1.0 attributes, in our spelling. */
export interface DomainEvent<P = unknown> {
  /** UUID; receivers are idempotent by it. */
  readonly id: string;
  /** Position in the log: grows in commit order. */
  readonly seq: bigint;
  readonly name: string;
  /** What it is about, e.g. an entity reference or a run id. */
  readonly subject: string;
  readonly time: Date;
  /** Who caused it, as `formatActor` writes it. */
  readonly actor: string;
  readonly payload: P;
}

export function defineEvent<P>(event: EventType<P>): EventType<P> {
  return Object.freeze(event);
}

/** What a module hears. `name` is stable: the position in the log is kept under it. */
export interface Subscription {
  readonly name: string;
  /** Event names it wants. */
  readonly events: readonly string[];
  /** Runs inside a transaction that also moves the position; may run again for the same event id after a crash of an outside effect. */
  readonly receive: (ctx: import("./ctx.ts").Ctx, event: DomainEvent) => Promise<void>;
}
