import { ROLES } from "@roadbed/contracts/identity";
import type { Actor, Sql } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

import type { Groups } from "../deps.ts";
import { findAccount, type Account } from "../user/user-store.ts";

/** Ids of the accounts that stand for any of these users and groups: linked to a user entity, in a group, or in one below it. */
export function makeAccountsOf({ groups }: { readonly groups: Groups }) {
  return async function accountsOf(ctx: { readonly sql: Sql }, refs: readonly string[]): Promise<readonly string[]> {
    if (refs.length === 0) return [];
    const wanted = new Set(refs);
    const { rows } = await ctx.sql.query<{ id: string; entity_ref: string | null; provider_groups: string[] }>(
      "select id, entity_ref, provider_groups from identity.user_account where not disabled and (entity_ref is not null or provider_groups <> '{}')",
    );
    const found: string[] = [];
    for (const { id, entity_ref, provider_groups } of rows) {
      const own = entity_ref === null ? [] : [entity_ref, ...(await groups.groupsOf(ctx, entity_ref))];
      if ([...own, ...provider_groups].some((ref) => wanted.has(ref))) found.push(id);
    }
    return found;
  };
}

/** Ids of the accounts whose role gives a scope. */
export async function accountsWith(ctx: { readonly sql: Sql }, scope: string): Promise<readonly string[]> {
  const roles = Object.entries(ROLES).filter(([, scopes]) => (scopes as readonly string[]).some((one) => one === scope || one === "*"));
  const { rows } = await ctx.sql.query<{ id: string }>("select id from identity.user_account where not disabled and role = any($1)", [
    roles.map(([role]) => role),
  ]);
  return rows.map(({ id }) => id);
}

/** An account as somebody who asks: what is told to it without being asked for may be judged by that. Undefined when it is switched off. */
export async function viewerOf(
  db: Database,
  accountId: string,
): Promise<{ readonly actor: Actor; readonly scopes: ReadonlySet<string> } | undefined> {
  const account: Account | undefined = await findAccount(db, { id: accountId });
  if (!account || account.disabled) return undefined;
  return { actor: { kind: "user", id: account.id, name: account.displayName }, scopes: new Set<string>(ROLES[account.role]) };
}
