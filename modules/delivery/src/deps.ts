import type { IncomingMessage } from "node:http";

import type { Entity } from "@roadbed/contracts/catalog";
import type { Call, Ctx, Logger, Runtime } from "@roadbed/core";
import type { Repositories } from "@roadbed/git";
import type { Database } from "@roadbed/postgres";
import type { Workflows } from "@roadbed/workflows";

import type { Router } from "./router/router.ts";

export interface DeliveryDeps {
  readonly log: Logger;
  readonly db: Database;
  readonly runtime: Runtime & { system(job: string): Call };
  /** Must have the queues of `queues`. */
  readonly workflows: Workflows;
  /** `openRepositories(<data folder>/git)`. */
  readonly repositories: Repositories;
  /** 32 bytes that seal credentials; without it a key is made and kept in `dataDir`, and only this server can go on with them. */
  readonly secretKey?: Buffer | undefined;
  /** The data folder; workloads live in `workloads/` below it. */
  readonly dataDir: string;
  /** Where people reach the server, without a slash at the end: clone addresses begin with it. */
  readonly publicUrl: string;
  /** Where workloads send their telemetry, without `/v1/…`: the server as seen from this machine. */
  readonly otlpEndpoint: string;
  readonly router: Router;
  /** Where people reach the router, without a slash at the end. */
  readonly routerUrl: string;
  readonly entities: Entities;
  readonly tokens: Tokens;
  /** What a component was given by golden paths. Absent: nothing. */
  readonly resources?: Resources | undefined;
  readonly gitDoor: GitDoor;
  /** Asked before a change is merged here: throws `ConflictError` where something stands in the way. */
  readonly gates?: readonly ((
    ctx: Ctx,
    change: { readonly repository: string; readonly id: string; readonly base: string; readonly head: string },
  ) => Promise<void>)[];
  /** Milliseconds; for tests. */
  readonly timing?: Partial<Timing>;
}

export interface Timing {
  /** How long a new process may take until it is healthy. Default 60 000. */
  readonly startMs: number;
  /** How long a build may take in all. Default 600 000. */
  readonly buildMs: number;
  /** How often a running service is asked for its health. Default 10 000. */
  readonly healthEveryMs: number;
  /** The pause before a crashed process is started again, doubled each time up to 60 s. Default 500. */
  readonly firstRestartMs: number;
  /** What a process gets between SIGTERM and SIGKILL. Default 10 000. */
  readonly graceMs: number;
}

/** What delivery asks of the catalogue. */
export interface Entities {
  get(ctx: Ctx, ref: string): Promise<Entity | undefined>;
  /** References of everything that the caller may not see. Absent: everything may be seen. */
  hiddenFrom?(ctx: Ctx): Promise<readonly string[]>;
}

/** What delivery asks of golden paths: the variables of databases and the like that a component uses in an environment. */
export interface Resources {
  /** The values are secret. */
  variablesFor(workload: { readonly entityRef: string; readonly environment: string }): Promise<Readonly<Record<string, string>>>;
}

/** What delivery asks of identity: the credential by which a workload sends its telemetry. */
export interface Tokens {
  /** Issues a token of that name with only these scopes, and revokes the one of the same name that was issued before. */
  rotate(token: { readonly name: string; readonly scopes: readonly string[] }): Promise<string>;
}

/** What delivery asks of identity about a Git client, which sends a name and a token by Basic authentication. */
export interface GitDoor {
  /** The call as whom it is made (face `git`), undefined when the credential is missing or not good. */
  authenticate(request: IncomingMessage): Promise<Call | undefined>;
}
