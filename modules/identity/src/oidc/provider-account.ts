import { newId, type Ctx, type Sql } from "@roadbed/core";

import { findAccount, insertIfNameIsFree, updateFromProvider, type Account } from "../user/user-store.ts";
import { roleAfter, toGroupRefs, type Person } from "./claims.ts";

/**
 * The account of a person who was proven by the provider: found by issuer and subject, else made. An account that is there
 * under the wished name is never taken over, since names are not proven; a number is added instead.
 */
export async function accountOfPerson(ctx: Ctx, person: Person, adminGroups: readonly string[]): Promise<Account> {
  const known = await findAccount(ctx.sql, { oidcSubject: person.subject });
  const account = known ?? (await insertPerson(ctx, person, adminGroups));
  const change = {
    displayName: person.displayName,
    email: person.email,
    role: roleAfter(account.role, person.groups, adminGroups),
    providerGroups: toGroupRefs(person.groups),
  };
  await updateFromProvider(ctx.sql, account.id, change);
  return { ...account, ...change };
}

async function insertPerson(ctx: Ctx, person: Person, adminGroups: readonly string[]): Promise<Account> {
  for (let n = 1; ; n++) {
    const username = n === 1 ? person.username : `${person.username}-${n}`;
    const account = {
      id: newId("usr"),
      username,
      displayName: person.displayName,
      email: person.email,
      role: roleAfter(undefined, person.groups, adminGroups),
      // The person of the same name in the catalogue; not where that name belongs to another account.
      entityRef: n === 1 && !(await isLinked(ctx.sql, `user:default/${username}`)) ? `user:default/${username}` : undefined,
      passwordHash: undefined,
      oidcSubject: person.subject,
      providerGroups: [],
      createdAt: ctx.now(),
    };
    if (await insertIfNameIsFree(ctx.sql, account)) return { ...account, disabled: false };
    // Two first sign-ins of one person at the same time: the other made it.
    const made = await findAccount(ctx.sql, { oidcSubject: person.subject });
    if (made) return made;
  }
}

async function isLinked(sql: Sql, entityRef: string): Promise<boolean> {
  return (await sql.query("select 1 from identity.user_account where entity_ref = $1", [entityRef])).rowCount > 0;
}
