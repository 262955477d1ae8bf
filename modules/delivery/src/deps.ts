import type { IncomingMessage } from "node:http";

import type { Entity } from "@roadbed/contracts/catalog";
import type { Actor, Call, Ctx, Logger, Runtime } from "@roadbed/core";
import type { Repositories } from "@roadbed/git";
import type { Database } from "@roadbed/postgres";
import type { Workflows } from "@roadbed/workflows";

import type { Hosts } from "./request/hosts-port.ts";
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
  /** What went wrong in a time, for the calendar. Absent: nothing is known. */
  readonly incidents?: ((ctx: Ctx, time: IncidentQuestion) => Promise<readonly CalendarIncident[]>) | undefined;
  /** What a component was given by golden paths. Absent: nothing. */
  readonly resources?: Resources | undefined;
  readonly gitDoor: GitDoor;
  /** Asked before a change is merged here: throws `ConflictError` where something stands in the way. */
  readonly gates?: readonly ((
    ctx: Ctx,
    change: { readonly repository: string; readonly id: string; readonly base: string; readonly head: string },
  ) => Promise<void>)[];
  /** Who may approve, by the rule that golden paths use. Absent: nobody, and what asks for approvals waits. */
  readonly approvers?: Approvers | undefined;
  /** What policies say of a release that is to go somewhere. Absent: the gate cannot be evaluated, and says so. */
  readonly policies?: Policies | undefined;
  /** What is made for workloads and costs by the month. Absent: nothing is known of it. */
  readonly costs?: Costs | undefined;
  /** CEL, for gates. Absent: such a gate cannot be evaluated. */
  readonly conditions?: { evaluate(expression: string, variables: Readonly<Record<string, unknown>>): Promise<unknown> } | undefined;
  /** What is left of the error budgets of a component in an environment. Absent: that gate cannot be evaluated. */
  readonly objectives?:
    | ((ctx: Ctx, what: { readonly entityRef: string; readonly environment: string }) => Promise<readonly ObjectiveStanding[]>)
    | undefined;
  /** The way out of the server, through its guard, for gates that ask an address. Absent: such a gate cannot be evaluated. */
  readonly fetch?: typeof fetch | undefined;
  /** Where a Git host may be connected to, once the guard has looked; undefined: wherever it is. Absent: nothing is checked. */
  readonly remotes?: { addressesOf(remote: string): Promise<readonly string[] | undefined> } | undefined;
  /** Requests at GitHub and GitLab, by what administrators connected. Absent: what waits is proposed here alone. */
  readonly hosts?: Hosts | undefined;
  /** Clusters that an administrator connected. Absent: there are none. */
  readonly clusters?: Clusters | undefined;
  /** Milliseconds; for tests. */
  readonly timing?: Partial<Timing>;
}

/** What delivery asks of golden paths: one rule says everywhere who may approve. */
export interface Approvers {
  /** By these words (`owner`, `on-call`, `team-lead`, `platform`, or references), as the graph stands now. */
  of(
    ctx: Ctx,
    words: readonly string[],
    about: { readonly entityRef: string; readonly platform?: string | undefined },
  ): Promise<readonly { readonly ref: string; readonly as: "owner" | "on-call" | "team-lead" | "platform" | "named" }[]>;
  /** In which role the caller may decide. Throws `ForbiddenError` for everybody else, who asked for it among them. */
  require(ctx: Ctx, requester: Actor, approvers: readonly string[]): Promise<string>;
  /** Whether what somebody said still counts: who lost the role does not. */
  counts(
    ctx: Ctx,
    vote: { readonly account: string; readonly name: string; readonly role: string },
    approvers: readonly string[],
  ): Promise<boolean>;
}

/** What delivery asks of standards. */
export interface Policies {
  decide(
    ctx: Ctx,
    act: {
      readonly entity: string;
      readonly from: string | undefined;
      readonly to: string;
      readonly release: Readonly<Record<string, unknown>>;
      readonly objects: readonly Readonly<Record<string, unknown>>[];
      /** Packs and names; none: all. Throws `NotFoundError` for what there is not. */
      readonly only: readonly string[];
    },
  ): Promise<{
    readonly verdict: "allow" | "warn" | "deny" | "unknown";
    readonly decisionId: string;
    readonly evaluated: number;
    readonly reasons: readonly string[];
    /** Of the policies that were asked, at their versions. */
    readonly digest: string;
  }>;
}

/** What delivery asks of telemetry about an objective, as it was counted last. */
export interface ObjectiveStanding {
  readonly name: string;
  readonly title: string;
  /** Share of its error budget that is left; undefined where there is too little to judge. */
  readonly remaining?: number | undefined;
  /** Its state, in a sentence. */
  readonly why: string;
  readonly countedAt: Date | undefined;
  /** Pieces of the past that are still to be counted. */
  readonly uncounted: number;
  /** It burns at a rate for which somebody is called: since when, and how fast. Absent: it does not. */
  readonly burning?: { readonly since: Date; readonly why: string } | undefined;
}

/** What delivery asks of golden paths: what databases and the like in an environment cost in a month. */
export interface Costs {
  in(ctx: Ctx, environment: string): Promise<readonly MonthlyItem[]>;
}

export interface MonthlyItem {
  readonly label: string;
  readonly link?: string | undefined;
  /** An exact number as text. Absent: no price is known, which is not nothing. */
  readonly amount?: string | undefined;
  readonly currency?: string | undefined;
}

export interface Timing {
  /** How often a mirror is looked at where nothing is to be written. Default 300 000. */
  readonly mirrorEveryMs: number;
  /** How often a request at the mirror's host is asked about where nothing is told of it. Default 30 000. */
  readonly requestEveryMs: number;
  /** What one talk with a mirror may take. Default 60 000. */
  readonly mirrorPatienceMs: number;
  /** How often what runs is compared with Git. Default 60 000. */
  readonly driftEveryMs: number;
  /** For how long a difference has to be there until it counts as one. Default 10 000. */
  readonly driftSettleMs: number;
  /** How often promotions that wait are looked at. Default 15 000. */
  readonly lookEveryMs: number;
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
  /** How long what was seen of a cluster counts while it does not answer. Default 60 000. */
  readonly staleMs?: number;
  /** The first pause before a list of a cluster that cannot be followed is tried again. Default 500. */
  readonly clusterWaitMs?: number;
  /** How long a cluster is waited for, whatever its environment says. */
  readonly settleMs?: number;
  /** How often a rollout is looked at: tripwires, time that passed, what was decided. Default 1 000. */
  readonly tickMs: number;
}

/** What delivery asks of the catalogue. */
export interface Entities {
  get(ctx: Ctx, ref: string): Promise<Entity | undefined>;
  /** References of everything that the caller may not see. Absent: everything may be seen. */
  hiddenFrom?(ctx: Ctx): Promise<readonly string[]>;
  /** The component whose code is in a repository of GitHub or GitLab. Absent: nobody knows. */
  componentAt?(ctx: Ctx, place: { readonly system: "github" | "gitlab"; readonly repository: string }): Promise<string | undefined>;
  /** What it needs directly, by any origin. Absent: what its descriptor says. */
  dependenciesOf?(ref: string): Promise<readonly string[]>;
}

export interface IncidentQuestion {
  readonly from: Date;
  readonly until: Date;
  readonly entityRef: string | undefined;
  readonly limit: number;
}

/** What delivery asks of the catalogue's sources: how clusters are reached. */
export interface Clusters {
  names(): Promise<readonly string[]>;
  /** Undefined where none of that name is connected (any more). */
  access(name: string): Promise<ClusterAccess | undefined>;
}

/** As whom a cluster is asked, and how. What is in it is secret. */
export interface ClusterAccess {
  readonly server: string;
  readonly token: string | undefined;
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/** What delivery asks of telemetry: incidents that were open at some instant of a time and that the caller may see, the latest first. */
export interface CalendarIncident {
  readonly id: string;
  readonly title: string;
  readonly service: string;
  readonly entityRef?: string | undefined;
  readonly severity: string;
  readonly from: Date;
  readonly until?: Date | undefined;
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
