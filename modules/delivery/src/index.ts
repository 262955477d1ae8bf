import type { IncomingMessage, ServerResponse } from "node:http";

import type { Ctx, Handler, Subscription } from "@roadbed/core";

import type { Change } from "@roadbed/contracts/delivery/changes";
import type { NewChange } from "./change/propose-change.ts";
import type { NewCommit } from "./repository/commit-to-repository.ts";
import type { MadeRepository, NewRepository } from "./repository/create-repository.ts";

export { createDelivery } from "./create-delivery.ts";
export type { Approvers, DeliveryDeps, Entities, GitDoor, Policies, Resources, Timing, Tokens } from "./deps.ts";
export type { NewChange } from "./change/propose-change.ts";
export type { MadeRepository, NewRepository } from "./repository/create-repository.ts";
export { createRouter, type Router, type RouterOptions } from "./router/router.ts";

export const migrations = { module: "delivery", dir: new URL("../migrations/", import.meta.url) };
/** Give these to `createWorkflows`. */
export const queues = { deploy: { concurrency: 2 }, promote: { concurrency: 4 }, pipeline: { concurrency: 2 } };

/** The operations of contracts/src/delivery.ts, and what neighbours ask of delivery. */
export interface Delivery {
  readonly handlers: readonly Handler[];
  readonly subscriptions: readonly Subscription[];
  /** Git's smart HTTP; mount it at `/git/`. */
  git(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Makes a repository with its first commit. The same `key` again is the same result; a name taken by another key is a `ConflictError`. */
  createRepository(ctx: Ctx, input: NewRepository): Promise<MadeRepository>;
  /** One commit on top of what was read. Throws `ConflictError` where somebody pushed meanwhile. */
  commitToRepository(ctx: Ctx, input: NewCommit): Promise<{ readonly commit: string }>;
  /** Proposes a change to a repository, or makes the one of the same key anew. */
  proposeChange(ctx: Ctx, input: NewChange): Promise<Change>;
  /** A proposed change as it stands; undefined when it is not open. */
  openChange(ctx: Ctx, id: string): Promise<{ readonly head: string; readonly base: string } | undefined>;
  /** Whether the caller may see a repository. */
  seesRepository(ctx: Ctx, name: string): Promise<boolean>;
  repositoryExists(ctx: Ctx, name: string): Promise<boolean>;
  /** Takes back what was made under a key: removed where nobody has worked in it since, else archived. */
  takeBackRepository(
    ctx: Ctx,
    input: { readonly name: string; readonly key: string; readonly commit: string | undefined; readonly why: string },
  ): Promise<"removed" | "archived">;
  /** Read only from now on; one that is gone is left so. */
  archiveRepository(ctx: Ctx, input: { readonly name: string; readonly reason: string }): Promise<void>;
  /** A workload is not to run any more; what never ran is stopped already. */
  stopWorkload(ctx: Ctx, input: { readonly entityRef: string; readonly environment: string }): Promise<void>;
  /** The repository that holds a component; undefined when it is not here. */
  repositoryOf(ctx: Ctx, entityRef: string): Promise<string | undefined>;
  /** The newest deployment of a component, of that commit where one is given. */
  deploymentOf(ctx: Ctx, input: DeploymentQuery): Promise<DeploymentState | undefined>;
  /** Which programs a `roadbed.yaml` of this text needs and this machine has not. Throws `InvalidError` where it cannot be read. */
  lacking(manifest: string): Promise<readonly string[]>;
  /** What runs of each of these, by entity: for rules about them. */
  workloadsOf(refs: readonly string[]): Promise<ReadonlyMap<string, readonly RunningWorkload[]>>;
  /** Asks for a deployment of the commit (default: the newest) unless there is one that has not failed. */
  requestDeployment(ctx: Ctx, input: DeploymentQuery & { readonly repository?: string }): Promise<void>;
  /** Ends what a killed server left running, starts what is to run, hears of pushes that were not announced. */
  start(): Promise<void>;
  /** Ends all processes and the router; what is to run stays so for the next start. Drain the workflows before it. */
  stop(): Promise<void>;
  health(): Promise<{ readonly ok: boolean; readonly detail?: string }>;
}

export interface DeploymentQuery {
  readonly entityRef: string;
  readonly environment: string;
  readonly commit?: string;
}

export interface RunningWorkload {
  readonly environment: string;
  readonly kind: string;
  readonly desired: string;
  readonly health: string;
  /** "" until a deployment was healthy. */
  readonly commit: string;
}

export interface DeploymentState {
  readonly id: string;
  readonly status: "queued" | "building" | "starting" | "rolling" | "held" | "healthy" | "failed" | "rolled-back" | "superseded";
  readonly error?: string;
  /** Where it is served; absent for a worker. */
  readonly url?: string;
}
