import type { Connector, Evaluate } from "@roadbed/contracts/connector";
import type { Call, Logger, Runtime, Sql } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

import type { Observations } from "./observed/observations.ts";

/** What the catalogue needs to live. */
export interface CatalogDeps {
  readonly db: Database;
  readonly runtime: CatalogRuntime;
  readonly log: Logger;
  /** Every event that is committed, by whichever process. Without it the catalogue listens on a connection of its own. */
  readonly events?: { subscribe(listener: (event: { readonly name: string }) => void): () => void };
  /** Tells who a caller is, for what is not for everybody. Without it nobody but administrators sees what is restricted. */
  readonly viewers?: {
    /** References of the caller's own user entity and of the groups they are in, asked for on the connection of the call. */
    identitiesOf(call: Pick<Call, "actor"> & { readonly sql?: Sql }): Promise<ReadonlySet<string>>;
  };
  /** For filters that are CEL expressions; without it only `key=value` filters are understood. */
  readonly cel?: Expressions;
  /** The embedded Git host, for sources of kind `repository`. */
  readonly repositories?: Repositories;
  /** Fetches remote repositories, for sources of kind `git`. */
  readonly remotes?: Remotes;
  /** Reads the history of clones, for discovery; without it nobody's commits are counted. */
  readonly clones?: Clones;
  /** Clones are kept in `<dataDir>/clones`. Needed for sources of kind `git`. */
  readonly dataDir?: string;
  /** When given, a folder is read only if it lies inside one of these (after links are resolved). */
  readonly allowedFolders?: readonly string[];
  /** What traces tell of who works with whom; without it there are declared relations only. */
  readonly observations?: Observations;
  /** How often Git sources are fetched when no webhook tells of a push. Default 5 minutes; 0 never. */
  readonly gitIntervalMs?: number;
  /** How often the schedule is looked at. Default 5 s; 0 never. */
  readonly tickMs?: number;
  /** Systems of record that can be sources. */
  readonly connectors?: readonly Connector[];
  /** Makes the one way out for connectors: it asks which hosts in private networks are allowed. Without it they reach nothing. */
  readonly outbound?: (isAllowed: (host: string) => Promise<boolean>) => typeof fetch;
  /** The same for protocols other than HTTP: where a name may be connected to. */
  readonly outboundAddress?: (
    isAllowed: (host: string) => Promise<boolean>,
  ) => (name: string, allowedAs: string) => Promise<readonly { readonly address: string }[]>;
  /** 32 bytes that seal what sources keep secret; without it a key is made and kept in `dataDir`. */
  readonly secretKey?: Buffer | undefined;
}

export type { Observations } from "./observed/observations.ts";

/** Writes, and calls of the module's own jobs. */
export interface CatalogRuntime extends Runtime {
  /** The call of a job of the system. */
  system(job: string): Call;
}

/** CEL: boolean expressions over the variable `entity`, and the expressions of mappings. */
export interface CelFilter {
  /** The values of expressions, row by row. */
  readonly evaluateRows?: Evaluate;
  /** One answer per entity, in order; a value that cannot be computed counts as false. Throws `InvalidError` when the expression does not compile. */
  matches(expression: string, entities: readonly Readonly<Record<string, unknown>>[]): Promise<readonly boolean[]>;
}

/** CEL as kinds need it: checked when they are saved, evaluated in batches beside the process's own work. */
export interface Expressions extends CelFilter {
  /** Parses and checks, without evaluating; never throws. */
  check(
    expression: string,
    variables: Readonly<Record<string, "dyn">>,
  ): { readonly ok: true } | { readonly ok: false; readonly fault: { readonly reason: string; readonly mend?: string } };
  createProgram(source: { readonly names: readonly string[]; readonly rules: readonly { readonly expression: string }[] }): Program;
  /** One outcome per binding, in order, for a batch of one program. Never throws for what an expression does. */
  evaluateBatch(batch: {
    readonly programs: readonly Program[];
    readonly bindings: readonly Readonly<Record<string, unknown>>[];
  }): Promise<Outcome[]>;
  /** A regular expression that needs time linear to the text; throws for one that it does not know. */
  regExp(pattern: string): { test(text: string): boolean };
}

/** A compiled expression; what is in it is the engine's own matter. */
export interface Program {
  readonly id: number;
  readonly source: { readonly names: readonly string[]; readonly rules: readonly { readonly expression: string }[] };
}

export type Outcome =
  | {
      readonly kind: "rules";
      readonly rules: readonly (
        | { readonly kind: "value"; readonly value: unknown }
        | { readonly kind: "fault"; readonly fault: { readonly reason: string } }
      )[];
    }
  | { readonly kind: "skipped" }
  | { readonly kind: "fault"; readonly fault: { readonly code: string; readonly reason: string } };

/** What the catalogue asks of the embedded Git host. */
export interface Repositories {
  /** The newest commit of a branch; undefined when there is none. */
  head(name: string, branch: string): Promise<string | undefined>;
  listFiles(name: string, ref: string): Promise<string[]>;
  readFile(name: string, ref: string, path: string): Promise<Uint8Array | undefined>;
  /** Without it, changes to descriptors are answered as patches. */
  commitFiles?(
    name: string,
    o: {
      readonly branch: string;
      readonly files: readonly { readonly path: string; readonly content: string }[];
      readonly message: string;
      readonly author: { readonly name: string; readonly email: string };
      readonly expectedParent?: string | null;
    },
  ): Promise<{ readonly hash: string }>;
}

export interface Remotes {
  /** Clones into `dir`, which does not exist; answers the newest commit. */
  clone(o: RemoteCall): Promise<{ readonly hash: string }>;
  /** Brings the clone in `dir` to the newest commit. */
  fetch(o: RemoteCall): Promise<{ readonly hash: string }>;
  /** True where connections go through a proxy, which looks up names itself. */
  readonly proxied?: boolean;
}

export interface RemoteCall {
  readonly url: string;
  readonly dir: string;
  readonly branch?: string;
  readonly depth?: number;
  readonly signal?: AbortSignal;
  /** Where the host may be connected to, once that was checked. */
  readonly addresses?: readonly string[];
}

export interface Clones {
  /** Remote and authors of the newest commits since a day; both may be missing. Runs nothing that the clone's configuration names. */
  describe(o: { dir: string; since: string; commits: number; signal?: AbortSignal }): Promise<{
    readonly remote?: string;
    readonly authors: readonly { readonly name: string; readonly email: string; readonly commits: number; readonly last: string }[];
  }>;
}
