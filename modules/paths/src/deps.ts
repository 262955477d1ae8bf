import type { Entity } from "@roadbed/contracts/catalog";
import type { Change, ChangeConflict } from "@roadbed/contracts/delivery/changes";
import type { Finding, Resource, Verdict } from "@roadbed/contracts/standards";
import type { Actor, Call, Ctx, Logger, Runtime, Sql } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";
import type { Workflows } from "@roadbed/workflows";

import type { LedgerRepositories } from "./ledger/check-made.ts";

export interface PathsDeps {
  readonly log: Logger;
  readonly db: Database;
  readonly runtime: Runtime & { system(job: string): Call };
  readonly workflows: Workflows;
  /** 32 bytes that seal what runs are given; without it a key is made and kept in `dataDir`, and only this server can go on with them. */
  readonly secretKey?: Buffer | undefined;
  /** Run workspaces and the key that seals secrets live here. */
  readonly dataDir: string;
  /** The folder of the paths that ship with the product: one folder per path, each with a `template.yaml`. */
  readonly goldenPathsDir: string;
  /** The folder of the shipped classes of resources: one folder per class, each with a `class.yaml`. Absent: none ship. */
  readonly resourceClassesDir?: string | undefined;
  /** Where people reach the server, without a slash at the end. */
  readonly publicUrl: string;
  readonly templates: Templates;
  readonly catalog: Catalog;
  readonly git: Git;
  /** Proposes changes to repositories of that host. Absent: there are no upgrades. */
  readonly changes?: Changes | undefined;
  /** The same host's repositories as they lie there. Absent: what was made is remembered, and not looked at again. */
  readonly repositories?: LedgerRepositories | undefined;
  readonly standards: Standards;
  /** The platform's own operations, for paths that perform them. Absent: such steps are refused. */
  readonly platform?: Platform | undefined;
  /** CEL over an entity. Absent: no condition holds. */
  readonly conditions?: Conditions | undefined;
  readonly delivery: Delivery;
  /** Absent: an actor's own name is all that is known. */
  readonly people?: People;
  /** Systems outside. Absent: steps that need them say so before a run. */
  readonly outside?: Outside | undefined;
}

/** The ways to systems outside, each through the server's guard. */
export interface Outside {
  /** A limit of time and of bytes, no redirects to other hosts, and no private networks unless an administrator allowed them. */
  readonly fetch: typeof fetch;
  /**
   * Makes a branch of a remote repository with one first commit; the same call again is the same commit. Throws `ConflictError` for
   * a branch with other commits, `InvalidError` for a refusal, `UnavailableError` for a host that does not answer.
   */
  push(o: {
    readonly url: string;
    readonly branch: string;
    readonly files: readonly RepositoryFile[];
    readonly message: string;
    readonly author: { readonly name: string; readonly email: string };
    readonly at: Date;
    readonly signal?: AbortSignal;
  }): Promise<{ readonly commit: string }>;
  /** Clones the newest commit into an empty folder. A name and password in the address are sent, never kept. Throws in words. */
  clone(o: {
    readonly url: string;
    readonly dir: string;
    readonly branch?: string;
    /** How many commits back; default the newest alone. */
    readonly depth?: number;
    readonly signal?: AbortSignal;
  }): Promise<{ readonly hash: string }>;
  /** Brings such a clone to the newest commit; what was changed in it is lost. Absent: it is cloned anew. */
  fetchAgain?(o: {
    readonly url: string;
    readonly dir: string;
    readonly branch?: string;
    readonly depth?: number;
    readonly signal?: AbortSignal;
  }): Promise<{ readonly hash: string }>;
  /** What an administrator lets golden paths use for a host; the one of this owner (organisation, group) first. */
  connection(o: {
    readonly system: "github" | "gitlab";
    /** `github.com`, or with its port. */
    readonly host: string;
    readonly owner?: string | undefined;
  }): Promise<Connection | undefined>;
  /** Every host for which there is one, without what is secret. */
  hosts(): Promise<readonly { readonly system: "github" | "gitlab"; readonly host: string; readonly owner: string }[]>;
}

/** An account at a system outside. */
export interface Connection {
  /** Where its REST API begins, without a slash at the end. */
  readonly api: string;
  readonly token: string;
  /** What it is called in errors, e.g. `github.com/acme`. */
  readonly name: string;
}

/** A Template entity and the files beside it. */
export interface TemplateSource {
  readonly entity: Entity;
  /** The folder of its `template.yaml` on this machine; relative `url`s begin here. Absent: it can be shown, not run. */
  readonly folder?: string;
  /** No `url` may leave this folder (the checkout of its source). Default: `folder`. */
  readonly root?: string;
}

/** Golden paths that the catalogue knows. */
export interface Templates {
  list(ctx: Ctx): Promise<readonly TemplateSource[]>;
}

/** What paths ask of the catalogue. All references are full: `kind:namespace/name`, lower case. */
export interface Catalog {
  get(ctx: Ctx, ref: string): Promise<Entity | undefined>;
  /** Every reference of these kinds (lower case), for "did you mean". */
  refs(ctx: Ctx, kinds: readonly string[]): Promise<readonly string[]>;
  /** What is wrong with a descriptor (all documents of it); empty when it can be registered. */
  validate(ctx: Ctx, yaml: string): Promise<readonly { readonly at: string; readonly reason: string; readonly mend?: string }[]>;
  /**
   * Makes a repository of the embedded host a source and reads it at once. Registering the same repository again is the
   * same result. Answers the references of the entities it gave.
   * Throws `ConflictError` when another source holds the entity, `InvalidError` when the descriptor does not parse.
   */
  registerRepository(
    ctx: Ctx,
    input: { readonly repository: string; readonly branch: string },
  ): Promise<{ readonly refs: readonly string[] }>;
  /** What depends on an entity directly, or calls an API that it provides. */
  dependantsOf?(ref: string): Promise<readonly { readonly ref: string }[]>;
  /** References of the groups and users that own it; of a group or user, itself. Absent: nobody is known. */
  ownersOf?(ctx: Ctx, ref: string): Promise<readonly string[]>;
  /** References of the users who are on call for it now. */
  onCallOf?(ref: string): Promise<readonly string[]>;
  /** References of everything that the caller may not see. Absent: everything may be seen. */
  hiddenFrom?(viewer: Pick<Ctx, "actor" | "scopes"> & { readonly sql?: Sql }): Promise<readonly string[]>;
  /**
   * Ends the source that reads a repository of the embedded host, or an address, with the entities that it gave. Doing it twice is doing it
   * once; false where no source of its own reads it.
   */
  unregister?(ctx: Ctx, what: { readonly repository: string } | { readonly url: string }): Promise<boolean>;
  /** Adds or changes an entity that no file describes. Throws `ConflictError` where one does. */
  registerEntity?(ctx: Ctx, o: { readonly entity: Entity; readonly source: string }): Promise<unknown>;
  /** Takes one out that was registered so; one that is gone already is no error. */
  removeEntity?(ctx: Ctx, ref: string): Promise<void>;
  /** Reads descriptors at an address outside the embedded host. Absent: such addresses are refused in words. */
  registerUrl?(ctx: Ctx, url: string): Promise<{ readonly refs: readonly string[] }>;
}

export interface RepositoryFile {
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable: boolean;
}

/** The embedded Git host. */
export interface Git {
  repositoryExists(ctx: Ctx, name: string): Promise<boolean>;
  /** The repository that holds a component; undefined when it is elsewhere. Absent: none does. */
  repositoryOf?(ctx: Ctx, entityRef: string): Promise<string | undefined>;
  /**
   * Makes a repository with one first commit on `branch`. `key` says who makes it: a repository already made with the same
   * key is the same result, one made with another key is a `ConflictError`.
   */
  createRepository(
    ctx: Ctx,
    input: {
      readonly name: string;
      readonly description: string;
      readonly branch: string;
      readonly files: readonly RepositoryFile[];
      readonly message: string;
      readonly author: { readonly name: string; readonly email: string };
      readonly key: string;
    },
  ): Promise<{ readonly cloneUrl: string; readonly commit: string }>;
  /**
   * One commit on top of `parent`, told like a push. Absent: nothing is kept in Git here. Throws `ConflictError` where the branch stands
   * elsewhere by now.
   */
  commitToRepository?(
    ctx: Ctx,
    input: {
      readonly repository: string;
      readonly branch: string;
      readonly parent: string;
      readonly files: readonly RepositoryFile[];
      readonly removed: readonly string[];
      readonly message: string;
      readonly author: { readonly name: string; readonly email: string };
    },
  ): Promise<{ readonly commit: string }>;
  /** Read only from now on; doing it twice is doing it once. One that is gone is left so. */
  archiveRepository?(ctx: Ctx, input: { readonly name: string; readonly reason: string }): Promise<void>;
  /**
   * Takes back what was made under a key: removed where nobody has worked in it since `commit`, else archived. Gone already is removed.
   * Throws `ConflictError` for a repository that another key made.
   */
  takeBackRepository?(
    ctx: Ctx,
    input: { readonly name: string; readonly key: string; readonly commit: string | undefined; readonly why: string },
  ): Promise<"removed" | "archived">;
}

/** What somebody would have a repository become. The same `key` again is the same change. */
export interface NewChange {
  readonly repository: string;
  readonly branch: string;
  readonly title: string;
  readonly body: string;
  /** The commit of the default branch that it was made for; another one than before makes the change anew. */
  readonly base: string;
  readonly files: readonly RepositoryFile[];
  readonly removed: readonly string[];
  readonly conflicts: readonly ChangeConflict[];
  readonly author: { readonly name: string; readonly email: string };
  readonly key: string;
}

/** The platform's own operations by name. */
export interface Platform {
  find(name: string): { readonly summary: string; readonly risk: string } | undefined;
  /** With the checks that every face makes: scope, ownership, input. */
  perform(call: Call, name: string, input: unknown): Promise<unknown>;
}

/** True-or-false expressions over `entity`. */
export interface Conditions {
  /** Throws `InvalidError` where the expression does not compile. */
  holds(expression: string, entity: Entity): Promise<boolean>;
  /** Any expression over these variables. Throws `InvalidError` where it does not compile or gives no value. */
  evaluate?(expression: string, variables: Readonly<Record<string, unknown>>): Promise<unknown>;
}

export interface Changes {
  propose(ctx: Ctx, change: NewChange): Promise<Change>;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
}

/** Policy. */
export interface Standards {
  /** Asks the policies of the moment `provision`, and keeps nothing. */
  evaluate(ctx: Ctx, resources: readonly Resource[]): Promise<Judgement>;
  /** The same, and stores the decision in `ctx`'s transaction. `subject`: what is to be done. */
  judge(
    ctx: Ctx,
    input: { readonly subject: string; readonly resources: readonly Resource[] },
  ): Promise<Judgement & { readonly decisionId: string }>;
  /**
   * The same two for a Terraform plan as `terraform show -json` gives it, text or parsed. `unknown` is no pass: ask `stopsTheAct`. Absent:
   * plans cannot be judged, so nothing may be applied. Throws `InvalidError` for what is no plan.
   */
  evaluatePlan?(ctx: Ctx, plan: unknown): Promise<Judgement>;
  judgePlan?(ctx: Ctx, input: { readonly subject: string; readonly plan: unknown }): Promise<Judgement & { readonly decisionId: string }>;
}

/** Accounts. */
export interface People {
  /** Who `ctx.actor` is: the name commits are made in, and the user entity linked to the account; undefined for what has no account. */
  describe(ctx: Ctx): Promise<{ readonly name: string; readonly email?: string; readonly entityRef?: string } | undefined>;
  /** References of the user entity of `ctx.actor` and of the groups it is in. Absent: of nobody. */
  identitiesOf?(ctx: Pick<Ctx, "actor" | "sql">): Promise<ReadonlySet<string>>;
  /** The account of the person behind an actor: themself, whom an agent acts for, who made a service's token. */
  behind?(ctx: Pick<Ctx, "sql">, actor: Actor): Promise<string | undefined>;
}

/** How far the deployment of a component in an environment is. */
export interface DeploymentState {
  readonly status: "queued" | "building" | "starting" | "rolling" | "held" | "healthy" | "failed" | "rolled-back" | "superseded";
  readonly error?: string;
  /** Where it serves; absent for a worker. */
  readonly url?: string;
}

/** The runtime. */
export interface Delivery {
  /** Which programs a `roadbed.yaml` of this text needs and the machine has not. Absent: it is tried. */
  lacking?(manifest: string): Promise<readonly string[]>;
  /** The newest deployment, of this commit where one is given; undefined while there is none. */
  deploymentOf(
    ctx: Ctx,
    input: { readonly entityRef: string; readonly environment: string; readonly commit?: string },
  ): Promise<DeploymentState | undefined>;
  /** Asks for a deployment of the newest commit unless one is there already. */
  requestDeployment(
    ctx: Ctx,
    input: { readonly entityRef: string; readonly environment: string; readonly repository?: string; readonly commit?: string },
  ): Promise<void>;
  /** It is not to run any more; what never ran is stopped already. */
  stopWorkload?(ctx: Ctx, input: { readonly entityRef: string; readonly environment: string }): Promise<void>;
}
