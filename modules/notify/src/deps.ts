import type { Call, Logger, Runtime, Sql } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

/** What notices need to come about and to go out. */
export interface NotifyDeps {
  readonly db: Database;
  readonly runtime: Runtime & { system(job: string): Call };
  readonly log: Logger;
  readonly people: People;
  readonly things: Things;
  /** For webhooks: refuses addresses of private networks. */
  readonly fetch: typeof fetch;
  /** Sends mail; undefined where the server has no mail server. */
  readonly mailer?: Mailer | undefined;
  /** Encrypts where notices are sent. */
  readonly sealer: { seal(content: unknown, for_: string): Promise<Buffer>; open(sealed: Buffer, for_: string): Promise<unknown> };
  /** The address of the web app, for links in mail and chat. */
  readonly publicUrl: string;
  /** Every event that is committed, by whichever process: what was told is sent at once. */
  readonly events?: { subscribe(listener: (event: { readonly name: string }) => void): () => void };
  /** How often what waits is looked for. Default 5 s. */
  readonly everyMs?: number;
}

/** Accounts and who they stand for. */
export interface People {
  /** Accounts that stand for any of these references: users themselves, and members of groups, with the groups below them. */
  accountsOf(ctx: { readonly sql: Sql }, refs: readonly string[]): Promise<readonly string[]>;
  /** Accounts whose role gives a scope. */
  accountsWith(ctx: { readonly sql: Sql }, scope: string): Promise<readonly string[]>;
  /** The references that stand for a caller. */
  identitiesOf(call: Pick<Call, "actor">): Promise<ReadonlySet<string>>;
}

/** What is asked of the catalogue. */
export interface Things {
  /** Whether the account with this id may see it. */
  seesAs(userId: string, ref: string): Promise<boolean>;
  sees(viewer: Pick<Call, "actor" | "scopes">, ref: string): Promise<boolean>;
  ownersOf(ctx: { readonly sql: Sql }, ref: string): Promise<readonly string[]>;
  /** What depends on it or consumes it directly, with its owner. */
  dependantsOf(ref: string): Promise<readonly { readonly ref: string; readonly owner?: string }[]>;
  titleOf(ref: string): Promise<string>;
}

export interface Mailer {
  /** Throws when the mail server did not take it. */
  send(mail: { readonly to: string; readonly subject: string; readonly text: string }): Promise<void>;
}
