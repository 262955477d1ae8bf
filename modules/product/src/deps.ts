import type { Call, Ctx, Logger } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

/** What measuring needs, and what it asks of its neighbours. */
export interface ProductDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly things: Things;
  readonly deliveries: Deliveries;
  readonly teams: Teams;
  readonly people: People;
}

/** What is asked of the catalogue. */
export interface Things {
  /** What the caller may see, at this moment. */
  seenBy(viewer: Pick<Call, "actor" | "scopes"> & Pick<Ctx, "sql">): Promise<ThingsSeen>;
  /** Components of which an expression over `entity` is true. Throws `InvalidError` with the position where it is none. */
  fitting(expression: string): Promise<ReadonlySet<string>>;
}

/** What is asked about who acts. */
export interface Teams {
  /** Their teams, without those above; a machine has those of whoever it belongs to. */
  of(actor: Call["actor"]): Promise<readonly string[]>;
}

/** What is stored elsewhere under somebody's name. */
export interface People {
  storedAbout(
    ctx: Ctx,
  ): Promise<
    readonly { readonly where: string; readonly what: string; readonly rows: number; readonly kept: string; readonly readBy: string }[]
  >;
}

export interface ThingsSeen {
  /** All components that they may see, by name. */
  readonly components: readonly Thing[];
  /** Undefined for what is not there, or not for them. */
  get(ref: string): Thing | undefined;
  /** The domain of a system, the team above a team. */
  parentOf(ref: string): string | undefined;
}

export interface Thing {
  readonly ref: string;
  readonly kind: string;
  readonly title: string;
  readonly owner: string | undefined;
  readonly system: string | undefined;
}

/** What is asked of delivery about something that an event told of. */
export interface Deliveries {
  /** A merged change of an embedded repository. Undefined: it is gone, or about nothing. */
  change(ctx: Ctx, id: string): Promise<MergedChange | undefined>;
  /** What a promotion was. */
  promotion(
    ctx: Ctx,
    id: string,
  ): Promise<{ readonly deploymentId: string | undefined; readonly rollback: boolean; readonly hotfix: boolean } | undefined>;
  /** An event that somebody told in CDEvents' words. */
  cdEvent(ctx: Ctx, id: string): Promise<ToldEvent | undefined>;
}

export interface MergedChange {
  readonly entityRef: string | undefined;
  readonly openedAt: string;
  readonly firstCommitAt: string | undefined;
  /** The platform proposed it itself: an upgrade, a mend. */
  readonly bot: boolean;
}

export interface ToldEvent {
  readonly type: string;
  readonly source: string;
  readonly eventId: string;
  readonly subject: string;
  readonly entityRef: string | undefined;
  readonly environment: string | undefined;
  readonly at: string;
  readonly artefact: string | undefined;
}
