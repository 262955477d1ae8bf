import { getMe, signedIn } from "@roadbed/contracts/identity";
import { defineOperation, formatActor, handle, newId, UnauthenticatedError, type Call, type Ctx, type Handler } from "@roadbed/core";
import type { Database, PostgresRuntime } from "@roadbed/postgres";
import { z } from "zod";

import type { IdentityDeps } from "../deps.ts";
import { hashSecret, newSecret } from "../secret.ts";
import { isPassword } from "../user/password.ts";
import { countAdministrators, findAccount, insertAccount, type Account } from "../user/user-store.ts";
import { createAttemptLimit } from "./attempt-limit.ts";
import { endSession, insertSession, type SignInMethod } from "./session-store.ts";

const LINK_MS = 24 * 3_600_000;
const FIRST_USERNAME = "admin";

/** How a link can fail; the page has words for each. */
export type LinkFailure = "link-used" | "link-expired" | "link-invalid" | "disabled";

export interface SignIn {
  /** Answers the session's cookie value. Throws `UnauthenticatedError` or `TooManyError`. */
  withPassword(o: { username: string; password: string; address: string }): Promise<{ cookie: string }>;
  /** Signs in once by a link that `createLink` made. */
  withLink(secret: string): Promise<{ cookie: string } | { failure: LinkFailure }>;
  /** A session for an account that was proven elsewhere. */
  begin(account: Account, method: SignInMethod): Promise<{ cookie: string }>;
  /** A secret for the first administrator; undefined once somebody can sign in by other means. */
  createLink(): Promise<string | undefined>;
  end(cookie: string): Promise<void>;
}

/** Signing in and out. Each sign-in is audited and tells who it was. */
export function createSignIn({ db, runtime, now }: { db: Database; runtime: PostgresRuntime; now: () => Date }): SignIn {
  const limit = createAttemptLimit(db, now);

  const begin: SignIn["begin"] = async (account, method) => {
    const cookie = newSecret("rbs_");
    const call: Call = { ...runtime.system("sign-in"), actor: { kind: "user", id: account.id, name: account.displayName }, face: "web" };
    await runtime.write(call, startSession, { method }, { kind: "user", id: account.username }, async (ctx) => {
      await insertSession(ctx.sql, { hash: hashSecret(cookie), userId: account.id, method, now: ctx.now() });
      ctx.emit(signedIn, account.username, { userId: account.id, method });
    });
    return { cookie };
  };

  /** Leaves an audit row under the account, if there is one: what was typed instead of a name may be a password. */
  const refuse = (account: Account | undefined): Promise<never> => {
    const call: Call = { ...runtime.system("sign-in"), actor: { kind: "anonymous" }, face: "web" };
    const resource = account && { kind: "user", id: account.username };
    return runtime.write(call, startSession, { method: "password" }, resource, async () => {
      throw new UnauthenticatedError("That name and password do not fit.", {
        mend: "Check both; an administrator can set a new password.",
      });
    });
  };

  return {
    begin,
    async withPassword({ username, password, address }) {
      const attempt = await limit.begin(username, address);
      const account = await findAccount(db, { username });
      const right = await isPassword(password, account?.passwordHash);
      if (!right || !account || account.disabled) return refuse(account);
      await attempt.succeeded();
      return begin(account, "password");
    },
    async withLink(secret) {
      const hash = hashSecret(secret);
      const { rows } = await db.query<{ user_id: string }>(
        "update identity.sign_in_link set used_at = $2 where hash = $1 and used_at is null and expires_at > $2 returning user_id",
        [hash, now()],
      );
      if (!rows[0]) return { failure: await whyNot(db, hash) };
      const account = await findAccount(db, { id: rows[0].user_id });
      if (!account || account.disabled) return { failure: "disabled" };
      return begin(account, "link");
    },
    async createLink() {
      if ((await countAdministrators(db)) > 0) return undefined;
      const secret = newSecret("");
      await db.transaction(async (sql) => {
        const account = (await findAccount(sql, { username: FIRST_USERNAME })) ?? (await insertFirstAdmin(sql, now()));
        await sql.query("delete from identity.sign_in_link where user_id = $1 and used_at is null", [account.id]);
        await sql.query("insert into identity.sign_in_link (hash, user_id, expires_at) values ($1, $2, $3)", [
          hashSecret(secret),
          account.id,
          new Date(now().getTime() + LINK_MS),
        ]);
      });
      return secret;
    },
    end: (cookie) => endSession(db, hashSecret(cookie)),
  };
}

/** Who is signed in: a read of the caller's own account. */
export function makeGetMe({ groups }: Pick<IdentityDeps, "groups">): Handler {
  return handle(getMe, async (ctx) => {
    const account = await accountOf(ctx);
    const memberOf = account?.entityRef === undefined ? [] : await groups.groupsOf(ctx, account.entityRef);
    return {
      actor: formatActor(ctx.actor),
      displayName: account?.displayName ?? ("name" in ctx.actor ? ctx.actor.name : formatActor(ctx.actor)),
      scopes: [...ctx.scopes],
      groups: [...new Set([...memberOf, ...(account?.providerGroups ?? [])])],
      mustSetPassword: account !== undefined && account.passwordHash === undefined && !(await hasProvider(ctx, account.id)),
      ...(account === undefined ? {} : { username: account.username, role: account.role }),
      ...(account?.entityRef === undefined ? {} : { entityRef: account.entityRef }),
    };
  });
}

/** Not offered by any face: sign-in sets a cookie, which only the server's own door can. */
const startSession = defineOperation({
  name: "identity.session.start",
  summary: "Sign in.",
  scope: "identity:self",
  risk: "low",
  http: { method: "POST", path: "/auth/session" },
  input: z.object({ method: z.string() }),
  output: z.unknown(),
});

async function accountOf({ actor, sql }: Ctx): Promise<Account | undefined> {
  return actor.kind === "user" ? findAccount(sql, { id: actor.id }) : undefined;
}

async function hasProvider({ sql }: Ctx, id: string): Promise<boolean> {
  const { rows } = await sql.query("select 1 from identity.user_account where id = $1 and oidc_subject is not null", [id]);
  return rows.length > 0;
}

async function whyNot(db: Database, hash: Buffer): Promise<LinkFailure> {
  const { rows } = await db.query<{ used_at: Date | null }>("select used_at from identity.sign_in_link where hash = $1", [hash]);
  if (!rows[0]) return "link-invalid";
  return rows[0].used_at === null ? "link-expired" : "link-used";
}

async function insertFirstAdmin(sql: Parameters<typeof findAccount>[0], now: Date): Promise<Account> {
  const account = {
    id: newId("usr"),
    username: FIRST_USERNAME,
    displayName: "Administrator",
    email: undefined,
    role: "admin" as const,
    entityRef: undefined,
    passwordHash: undefined,
    createdAt: now,
  };
  await insertAccount(sql, account);
  return { ...account, providerGroups: [], disabled: false };
}
