import { createToken, listTokens, revokeToken } from "@roadbed/contracts/identity";
import { encodeCursor, ForbiddenError, handle, newId, NotFoundError, readCursor, type Ctx, type Handler, type Sql } from "@roadbed/core";
import { z } from "zod";

import { hashSecret, newSecret } from "../secret.ts";
import { findToken, insertToken, listStoredTokens, revokeOwnTokens, revokeStoredToken, toToken, type StoredToken } from "./token-store.ts";

const DAY = 86_400_000;
export const TOKEN_PREFIX = "rb_";

/** `revoked` is told at once, so that no cache lets a revoked token in. */
export function makeTokenHandlers({ revoked }: { revoked: () => void }): Handler[] {
  return [
    handle(createToken, async (ctx, { name, kind, scopes, expiresInDays }) => {
      refuseUnlessAccountable(ctx, kind);
      refuseMoreThanOwn(ctx, scopes);
      if (kind === "service" && !ctx.scopes.has("*"))
        throw new ForbiddenError("Only an administrator makes service tokens.", {
          mend: "Make a personal token, or ask an administrator.",
        });
      const expiresAt = new Date(ctx.now().getTime() + expiresInDays * DAY);
      const { token, secret } = await makeToken(ctx.sql, { name, kind, scopes, ownerId: ownerOf(ctx), createdAt: ctx.now(), expiresAt });
      return { token: toToken(token), secret };
    }),
    handle(listTokens, async (ctx, { limit, cursor }) => {
      const ownerId = ctx.scopes.has("*") ? undefined : (ownerOf(ctx) ?? "nobody");
      const before = readCursor(z.string(), cursor);
      const tokens = await listStoredTokens(ctx.sql, { ownerId, before, limit: limit + 1 });
      const last = tokens.length > limit ? tokens[limit - 1] : undefined;
      return { items: tokens.slice(0, limit).map(toToken), ...(last === undefined ? {} : { nextCursor: encodeCursor(last.id) }) };
    }),
    handle(revokeToken, async (ctx, { id }) => {
      const token = await findToken(ctx.sql, id);
      const own = token?.ownerId !== undefined && token.ownerId === ownerOf(ctx);
      if (!token || !(own || ctx.scopes.has("*"))) throw new NotFoundError("token", id);
      await revokeStoredToken(ctx.sql, id, ctx.now());
      revoked();
      return toToken({ ...token, revokedAt: token.revokedAt ?? ctx.now() });
    }),
  ];
}

/** A token of the server's own (for the command line beside it, its simulator, its workloads); the one before under this name ends. */
export async function makeOwnToken(sql: Sql, o: { name: string; scopes: readonly string[]; now: Date }): Promise<string> {
  await revokeOwnTokens(sql, o.name, o.now);
  return (
    await makeToken(sql, { name: o.name, kind: "service", scopes: o.scopes, ownerId: undefined, createdAt: o.now, expiresAt: undefined })
  ).secret;
}

async function makeToken(
  sql: Sql,
  token: Omit<StoredToken, "id" | "lastUsedAt" | "revokedAt">,
): Promise<{ token: StoredToken; secret: string }> {
  const stored = { ...token, id: newId("tok"), lastUsedAt: undefined, revokedAt: undefined };
  const secret = newSecret(TOKEN_PREFIX);
  await insertToken(sql, stored, hashSecret(secret));
  return { token: stored, secret };
}

/** A token stands for a person who answers for it, or for the installation itself; an agent's own tokens would outlive its person's rights. */
function refuseUnlessAccountable({ actor, scopes }: Ctx, kind: string): void {
  if (actor.kind === "user" || (actor.kind !== "agent" && scopes.has("*") && kind !== "personal")) return;
  throw new ForbiddenError("Only a person makes tokens.", { mend: "Sign in as yourself and make it there, or make one of kind service." });
}

function refuseMoreThanOwn(ctx: Ctx, scopes: readonly string[]): void {
  const beyond = ctx.scopes.has("*") ? [] : scopes.filter((scope) => !ctx.scopes.has(scope) && !isDoor(ctx, scope));
  if (beyond.length === 0) return;
  const reason = `is more than you may yourself: ${beyond.join(", ")}`;
  throw new ForbiddenError(`A token cannot do what you may not: ${beyond.join(", ")}.`, {
    problems: [{ at: "scopes", reason }],
    mend: "Leave those scopes out.",
  });
}

/** Clones, pushes and telemetry have scopes of their own; who may read and write by the page may by these doors too. */
function isDoor(ctx: Ctx, scope: string): boolean {
  if (scope === "git:read" || scope.startsWith("configuration:")) return ctx.scopes.has("delivery:read");
  if (scope === "git:write") return ctx.scopes.has("delivery:write");
  return scope === "otlp:write" && ctx.scopes.has("telemetry:write");
}

function ownerOf({ actor }: Ctx): string | undefined {
  return actor.kind === "user" ? actor.id : undefined;
}
