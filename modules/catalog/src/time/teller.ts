import type { HappeningSort } from "@roadbed/contracts/catalog/time";
import type { EventType } from "@roadbed/core";

/** What an event means to whoever asks what changed here. */
export interface Told {
  readonly sort: HappeningSort;
  readonly text: string;
  /** The entity or the entities it is about, or what leads to one. */
  readonly about?:
    | { readonly ref: string }
    | { readonly refs: readonly string[] }
    | { readonly service: string }
    | { readonly repository: string };
  readonly link?: string;
}

/** Puts one sort of event into words; an event may mean another thing to each of several. */
export interface Teller {
  readonly type: EventType<any>;
  readonly tell: (payload: any) => Told | readonly Told[];
}

export function teller<P>(type: EventType<P>, tell: (payload: P) => Told | readonly Told[]): Teller {
  return { type, tell };
}
