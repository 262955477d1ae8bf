import { ConflictError, NotFoundError, type Sql } from "@roadbed/core";
import type { Role } from "@roadbed/contracts/identity";

/** An account as stored; `passwordHash` never leaves this module. */
export interface Account {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly email: string | undefined;
  readonly role: Role;
  readonly entityRef: string | undefined;
  readonly passwordHash: string | undefined;
  /** References of the groups that the sign-in provider named. */
  readonly providerGroups: readonly string[];
  readonly disabled: boolean;
  readonly createdAt: Date;
}

const COLUMNS = "id, username, display_name, email, role, entity_ref, password_hash, provider_groups, disabled, created_at";

export async function findAccount(
  sql: Sql,
  by: { username: string } | { id: string } | { oidcSubject: string },
): Promise<Account | undefined> {
  const [column, value] = "username" in by ? ["username", by.username] : "id" in by ? ["id", by.id] : ["oidc_subject", by.oidcSubject];
  const { rows } = await sql.query(`select ${COLUMNS} from identity.user_account where ${column} = $1`, [value]);
  return rows[0] && toAccount(rows[0]);
}

export async function getAccount(sql: Sql, username: string): Promise<Account> {
  const account = await findAccount(sql, { username });
  if (!account) throw new NotFoundError("user", username);
  return account;
}

/** Administrators who can sign in without a link. */
export async function countAdministrators(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ n: number }>(
    `select count(*)::int as n from identity.user_account
     where role = 'admin' and not disabled and (password_hash is not null or oidc_subject is not null)`,
  );
  return rows[0]?.n ?? 0;
}

export async function listAccounts(sql: Sql, after: string | undefined, limit: number): Promise<Account[]> {
  const { rows } = await sql.query(`select ${COLUMNS} from identity.user_account where username > $1 order by username limit $2`, [
    after ?? "",
    limit,
  ]);
  return rows.map(toAccount);
}

export type NewAccount = Omit<Account, "disabled" | "providerGroups"> & { readonly oidcSubject?: string };

/** Throws `ConflictError` when the username is taken. */
export async function insertAccount(sql: Sql, account: NewAccount): Promise<void> {
  if (!(await insertIfNameIsFree(sql, account))) throw new ConflictError(`The username ${account.username} is taken.`);
}

/** False when the username, or the provider's subject, has an account already. */
export async function insertIfNameIsFree(sql: Sql, account: NewAccount): Promise<boolean> {
  const { rowCount } = await sql.query(
    `insert into identity.user_account (id, username, display_name, email, role, entity_ref, password_hash, oidc_subject, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
    [
      account.id,
      account.username,
      account.displayName,
      account.email,
      account.role,
      account.entityRef,
      account.passwordHash,
      account.oidcSubject,
      account.createdAt,
    ],
  );
  return rowCount === 1;
}

/** What the provider says about a person, at each of their sign-ins. */
export async function updateFromProvider(
  sql: Sql,
  id: string,
  o: Pick<Account, "displayName" | "email" | "role" | "providerGroups">,
): Promise<void> {
  await sql.query(
    "update identity.user_account set display_name = $2, email = coalesce($3, email), role = $4, provider_groups = $5 where id = $1",
    [id, o.displayName, o.email, o.role, o.providerGroups],
  );
}

export async function updateAccount(
  sql: Sql,
  id: string,
  change: {
    displayName?: string | undefined;
    role?: Role | undefined;
    disabled?: boolean | undefined;
    /** Null takes the link away. */
    entityRef?: string | null | undefined;
  },
): Promise<void> {
  await sql.query(
    "update identity.user_account set display_name = coalesce($2, display_name), role = coalesce($3, role), disabled = coalesce($4, disabled), entity_ref = case when $5 then $6 else entity_ref end where id = $1",
    [id, change.displayName, change.role, change.disabled, change.entityRef !== undefined, change.entityRef ?? null],
  );
}

/** The username of the account that stands for a person of the catalogue, if one does. */
export async function findLinked(sql: Sql, entityRef: string): Promise<string | undefined> {
  const { rows } = await sql.query<{ username: string }>("select username from identity.user_account where entity_ref = $1 limit 1", [
    entityRef,
  ]);
  return rows[0]?.username;
}

export async function savePassword(sql: Sql, id: string, passwordHash: string): Promise<void> {
  await sql.query("update identity.user_account set password_hash = $2 where id = $1", [id, passwordHash]);
}

function toAccount(row: Record<string, unknown>): Account {
  return {
    id: row["id"] as string,
    username: row["username"] as string,
    displayName: row["display_name"] as string,
    email: (row["email"] as string | null) ?? undefined,
    role: row["role"] as Role,
    entityRef: (row["entity_ref"] as string | null) ?? undefined,
    passwordHash: (row["password_hash"] as string | null) ?? undefined,
    providerGroups: row["provider_groups"] as string[],
    disabled: row["disabled"] as boolean,
    createdAt: row["created_at"] as Date,
  };
}
