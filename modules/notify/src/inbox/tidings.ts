import type { Weight } from "@roadbed/contracts/notify";
import type { EventType } from "@roadbed/core";

/** What an event means for those who care about an entity. */
export interface Tidings {
  /** What it is about: who follows or owns it is told. */
  readonly ref: string;
  readonly weight: Weight;
  /** `what` is put after the title of the entity. */
  readonly what: string;
  readonly detail?: string;
  readonly link: string;
  /** References of those who depend on it and are told too, whatever they follow. */
  readonly dependants: readonly string[];
  /** References of those who are asked to decide something. */
  readonly asked?: readonly string[];
  /** The scope of those who are asked where the catalogue knows nobody. */
  readonly askedWith?: string;
  /** Accounts that asked for something: they are told what came of it. */
  readonly askers?: readonly string[];
  /** True where owners need not be told: they said it themselves. */
  readonly ownWords?: boolean;
  /** True where also who did it is told: they wanted to be. */
  readonly toThemselves?: boolean;
}

/** One line per event that people are told of: the whole list of what matters. */
export interface Rule<P = any> {
  readonly event: EventType<P>;
  readonly tell: (payload: P) => (Omit<Tidings, "dependants"> & { readonly dependants?: readonly string[] }) | undefined;
}

export function rule<P>(event: EventType<P>, tell: Rule<P>["tell"]): Rule<P> {
  return { event, tell };
}

/** Said to administrators, so that they can mend it. */
export const NOBODY = " The catalogue knows nobody else who may.";

/** Those whom the catalogue knows, or else who administrates. */
export function askedOf(approvers: readonly string[], scope: string): Pick<Tidings, "asked" | "askedWith"> {
  return approvers.length > 0 ? { asked: approvers } : { askedWith: scope };
}

/** The page of an entity. */
export function pageOf(ref: string): string {
  const [, kind = "", namespace = "", name = ""] = /^([^:]+):([^/]+)\/(.+)$/.exec(ref) ?? [];
  return `/entities/${[kind, namespace, name].map(encodeURIComponent).join("/")}`;
}
