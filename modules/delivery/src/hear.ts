import type { Ctx, DomainEvent, EventType, Subscription } from "@roadbed/core";

/** A subscription to one event. `name` is stable: the position in the log is kept under it. */
export function hear<P>(name: string, type: EventType<P>, receive: (ctx: Ctx, event: DomainEvent<P>) => Promise<void>): Subscription {
  return { name, events: [type.name], receive: (ctx, event) => receive(ctx, event as DomainEvent<P>) };
}
