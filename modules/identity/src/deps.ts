import type { Call, Ctx, Logger } from "@roadbed/core";
import type { Database, PostgresRuntime } from "@roadbed/postgres";

import type { OidcSettings } from "./oidc/provider.ts";

/** What identity needs to live, and what it asks of its neighbours. */
export interface IdentityDeps {
  readonly db: Database;
  readonly runtime: PostgresRuntime;
  readonly log: Logger;
  readonly groups: Groups;
  /** How people reach the server; asked for where there is a sign-in provider. */
  readonly publicUrl?: string;
  readonly oidc?: OidcSettings | undefined;
  readonly now?: () => Date;
}

export interface Groups {
  /** References of the groups that a user entity is in, directly or through others. */
  groupsOf(ctx: Pick<Ctx, "sql">, userRef: string): Promise<readonly string[]>;
}

export interface Owners {
  /** References of the users and groups that own an entity. */
  ownersOf(ctx: Pick<Ctx, "sql">, entityRef: string): Promise<readonly string[]>;
  /** Whether there is such an entity for the caller: what they may not see is not there, whatever they ask to do with it. */
  sees?(call: Call, entityRef: string): Promise<boolean>;
}
