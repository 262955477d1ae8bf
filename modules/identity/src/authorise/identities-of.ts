import type { Call, Sql } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

import type { Groups } from "../deps.ts";
import { findAccount } from "../user/user-store.ts";

/** Tells which references stand for a caller: the linked user entity with its groups, and the groups their sign-in provider names. */
export function makeIdentitiesOf({ db, groups }: { db: Database; groups: Groups }) {
  return async function identitiesOf({ actor, sql = db }: Pick<Call, "actor"> & { readonly sql?: Sql }): Promise<ReadonlySet<string>> {
    const userId = actor.kind === "user" ? actor.id : actor.kind === "agent" ? actor.onBehalfOf : undefined;
    const account = userId === undefined ? undefined : await findAccount(sql, { id: userId });
    if (account === undefined) return new Set();
    const memberOf = account.entityRef === undefined ? [] : [account.entityRef, ...(await groups.groupsOf({ sql }, account.entityRef))];
    return new Set([...memberOf, ...account.providerGroups]);
  };
}
