import { createUser, listUsers, ROLES, setPassword, updateUser, type User } from "@roadbed/contracts/identity";
import {
  ConflictError,
  encodeCursor,
  ForbiddenError,
  handle,
  InvalidError,
  newId,
  readCursor,
  type Ctx,
  type Handler,
} from "@roadbed/core";
import { z } from "zod";

import { endSessionsOf } from "../session/session-store.ts";
import { hashPassword, isPassword } from "./password.ts";
import {
  findAccount,
  findLinked,
  getAccount,
  insertAccount,
  listAccounts,
  savePassword,
  updateAccount,
  type Account,
} from "./user-store.ts";

/** `changed` is told of an account whose rights are different now. */
export function makeUserHandlers({ changed }: { changed: (userId: string) => void }): Handler[] {
  return [
    handle(listUsers, async (ctx, { limit, cursor }) => {
      const accounts = await listAccounts(ctx.sql, readCursor(z.string(), cursor), limit + 1);
      const items = accounts.slice(0, limit).map(toUser);
      const last = accounts.length > limit ? items.at(-1) : undefined;
      return { items, ...(last === undefined ? {} : { nextCursor: encodeCursor(last.username) }) };
    }),
    handle(createUser, async (ctx, input) => {
      if (await findAccount(ctx.sql, { username: input.username })) {
        const reason = "is taken";
        throw new ConflictError(`The username ${input.username} is taken.`, {
          problems: [{ at: "username", reason, mend: "Choose another one." }],
        });
      }
      const account = {
        id: newId("usr"),
        username: input.username,
        displayName: input.displayName,
        email: input.email,
        role: input.role,
        // The person of the same name in the catalogue, who need not be there yet.
        entityRef: `user:default/${input.username}`,
        passwordHash: input.password === undefined ? undefined : await hashPassword(input.password),
        createdAt: ctx.now(),
      };
      await insertAccount(ctx.sql, account);
      return toUser({ ...account, providerGroups: [], disabled: false });
    }),
    handle(updateUser, async (ctx, input) => {
      const account = await getAccount(ctx.sql, input.username);
      if (isSelf(ctx, account) && (input.disabled === true || (input.role !== undefined && input.role !== "admin"))) {
        throw new ForbiddenError("You cannot take your own rights away.", { mend: "Ask another administrator." });
      }
      await assertUnlinked(ctx, account, input.entityRef);
      await updateAccount(ctx.sql, account.id, input);
      if (input.disabled === true) await endSessionsOf(ctx.sql, account.id);
      changed(account.id);
      return toUser(await getAccount(ctx.sql, input.username));
    }),
    handle(setPassword, async (ctx, { password, current }) => {
      const account = ctx.actor.kind === "user" ? await findAccount(ctx.sql, { id: ctx.actor.id }) : undefined;
      if (!account) throw new ForbiddenError("Only a person has a password.", { mend: "Sign in as yourself." });
      if (account.passwordHash !== undefined && !(await isPassword(current ?? "", account.passwordHash))) {
        throw new InvalidError("The current password is not right.", { problems: [{ at: "current", reason: "is not your password" }] });
      }
      await savePassword(ctx.sql, account.id, await hashPassword(password));
      // Who changes a password often does so because somebody else knows it.
      if (account.passwordHash !== undefined) await endSessionsOf(ctx.sql, account.id);
      changed(account.id);
      return { ok: true as const };
    }),
  ];
}

export function toUser({ id, username, displayName, email, role, entityRef, disabled, createdAt }: Account): z.infer<typeof User> {
  return {
    id,
    username,
    displayName,
    role,
    disabled,
    createdAt: createdAt.toISOString(),
    ...(email === undefined ? {} : { email }),
    ...(entityRef === undefined ? {} : { entityRef }),
  };
}

/** Everything the role allows. */
export function scopesOf(account: Pick<Account, "role">): ReadonlySet<string> {
  return new Set<string>(ROLES[account.role]);
}

/** Two accounts are never one person: each would have the other's teams. */
async function assertUnlinked(ctx: Ctx, account: Account, entityRef: string | null | undefined): Promise<void> {
  if (entityRef === null || entityRef === undefined) return;
  const linked = await findLinked(ctx.sql, entityRef);
  if (linked === undefined || linked === account.username) return;
  throw new ConflictError(`${entityRef} is the account ${linked} already.`, {
    mend: "Take that link away first, or choose another person.",
    problems: [{ at: "entityRef", reason: `is linked to the account ${linked}` }],
  });
}

function isSelf({ actor }: Ctx, account: Account): boolean {
  return actor.kind === "user" && actor.id === account.id;
}
