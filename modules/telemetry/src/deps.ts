import type { ClickHouse } from "@roadbed/clickhouse";
import type { Call, Ctx, Logger, Operation, ResourceRef, Runtime } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

import type { DiskOptions } from "./intake/disk-guard.ts";

/** What the module needs for its whole life. */
export interface TelemetryDeps {
  readonly clickhouse: ClickHouse;
  readonly log: Logger;
  /** Days that telemetry is kept. Default: spans and logs 30, metrics 90. What is older is refused at the door. */
  readonly retention?: { readonly spanDays?: number; readonly logDays?: number; readonly metricDays?: number };
  readonly flush?: FlushOptions;
  readonly now?: () => Date;
  /** Where the store's disk is ours to look after. Absent: somebody else does. */
  readonly disk?: DiskOptions | undefined;
  /** For objectives. Absent: none is evaluated, and whoever asks for one is told what was counted last. */
  readonly objectives?: ObjectiveDeps | undefined;
}

/** What objectives need beside the store. */
export interface ObjectiveDeps {
  readonly db: Database;
  readonly runtime: Runtime & { system(job: string): Call };
  readonly things: Things;
  /** Whether the caller may do this to that: the rule of ownership. Absent: whoever may write telemetry may. */
  readonly may?: ((call: Call, operation: Operation, resource: ResourceRef) => Promise<void>) | undefined;
  /** When an entity was deployed, for what a deployment cost. Absent: nobody can say. */
  readonly deployedAt?:
    | ((ctx: Ctx, what: { readonly entityRef: string; readonly from: Date; readonly to: Date }) => Promise<readonly Date[]>)
    | undefined;
  /** Where objectives are kept as files. Absent: they are applied only. */
  readonly repositories?: SloRepositories | undefined;
  /** How often objectives that are due are looked at. Default 10 000 ms; each is due every minute. */
  readonly everyMs?: number;
}

/** What objectives ask of the catalogue. */
export interface Things {
  /** References of everything that the caller may not see. */
  hiddenFrom(ctx: Ctx): Promise<readonly string[]>;
  /** The one that answers first for an entity, as a reference; undefined where nobody does. */
  ownerOf(ctx: Ctx, ref: string): Promise<string | undefined>;
  /** References of the people who are on call for it now. */
  onCallOf(ref: string): Promise<readonly string[]>;
  /** What sends its telemetry under these names, and who answers first for it; whoever may see it is not asked. */
  whoseServices(services: readonly string[]): Promise<ReadonlyMap<string, { readonly ref: string; readonly owner?: string | undefined }>>;
}

/** What objectives ask of the embedded Git host. */
export interface SloRepositories {
  head(repository: string, branch: string): Promise<string | undefined>;
  listFiles(repository: string, commit: string): Promise<readonly string[]>;
  readFile(repository: string, commit: string, path: string): Promise<Uint8Array | undefined>;
  /** Whether an entity is made from this repository, so that its files may speak for it. */
  holds(ctx: Ctx, repository: string, entityRef: string): Promise<boolean>;
  /** Whether the caller may see it. */
  sees(ctx: Ctx, repository: string): Promise<boolean>;
}

/** When the intake writes a block. An answer waits for its block, so `afterMs` is also the least time an answer takes. */
export interface FlushOptions {
  /** Default 50. */
  readonly afterMs?: number;
  /** Default 50,000. */
  readonly rows?: number;
  /** Default 24 MB. */
  readonly bytes?: number;
  /** Bytes that may wait for the store per signal before senders are told to come back. Default 96 MB. */
  readonly maxWaitingBytes?: number;
}
