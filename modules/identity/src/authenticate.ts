import { ROLES } from "@roadbed/contracts/identity";
import { UnauthenticatedError, type Actor } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

import { hashSecret } from "./secret.ts";
import { useSession } from "./session/session-store.ts";
import { findTokenByHash, touchToken, type StoredToken } from "./token/token-store.ts";
import { findAccount, type Account } from "./user/user-store.ts";

/** Who calls and what they may. */
export interface Caller {
  readonly actor: Actor;
  readonly scopes: ReadonlySet<string>;
  readonly via: "cookie" | "token";
}

/** What a request can carry; the first that is there counts. */
export interface Credentials {
  /** `Bearer TOKEN`, or `Basic` with the token as password (Git). */
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
}

export interface Authenticator {
  /** Undefined without a credential; throws `UnauthenticatedError` for one that is no good. */
  authenticate(credentials: Credentials): Promise<Caller | undefined>;
  /** Forgets what was checked before: somebody's rights changed. */
  forget(): void;
}

/** Another process learns of a revocation this late; this one at once. */
const REMEMBER_MS = 3_000;
const MOST_REMEMBERED = 5_000;
const TOUCH_MS = 60_000;
/** A change is told while its transaction is still open; until it is surely committed nothing is remembered. */
const UNSURE_MS = 2_000;
const DOORS = { "git:read": "delivery:read", "git:write": "delivery:write", "otlp:write": "telemetry:write" } as const;

export function createAuthenticator({ db, now }: { db: Database; now: () => Date }): Authenticator {
  let remembered = new Map<string, { readonly caller: Caller; readonly until: number }>();
  let unsureUntil = 0;

  async function check(credential: { token: string } | { cookie: string }): Promise<Caller> {
    const key = "token" in credential ? `t${credential.token}` : `c${credential.cookie}`;
    const known = remembered.get(key);
    if (known && known.until > now().getTime()) return known.caller;
    // What is forgotten while it is being checked must not be remembered after all.
    const memory = remembered;
    const caller = "token" in credential ? await callerOfToken(credential.token) : await callerOfCookie(credential.cookie);
    if (memory.size >= MOST_REMEMBERED) memory.clear();
    if (now().getTime() >= unsureUntil) memory.set(key, { caller, until: now().getTime() + REMEMBER_MS });
    return caller;
  }

  async function callerOfToken(secret: string): Promise<Caller> {
    const token = await findTokenByHash(db, hashSecret(secret));
    if (!token) throw new UnauthenticatedError("This token is not known.", { mend: "Make one under Settings → Tokens." });
    if (token.revokedAt) throw new UnauthenticatedError("This token was revoked.", { mend: "Make a new one under Settings → Tokens." });
    if (token.expiresAt && token.expiresAt <= now())
      throw new UnauthenticatedError("This token has expired.", { mend: "Make a new one under Settings → Tokens." });
    const owner = token.ownerId === undefined ? undefined : await findAccount(db, { id: token.ownerId });
    if (owner?.disabled === true) throw new UnauthenticatedError("The account of this token is switched off.");
    if (!token.lastUsedAt || now().getTime() - token.lastUsedAt.getTime() > TOUCH_MS) await touchToken(db, token.id, now()).catch(() => {});
    return { actor: actorOf(token, owner), scopes: limitTo(token, owner), via: "token" };
  }

  async function callerOfCookie(cookie: string): Promise<Caller> {
    const userId = await useSession(db, hashSecret(cookie), now());
    const account = userId === undefined ? undefined : await findAccount(db, { id: userId });
    if (!account || account.disabled) throw new UnauthenticatedError("You are signed out.", { mend: "Sign in again." });
    return {
      actor: { kind: "user", id: account.id, name: account.displayName },
      scopes: new Set<string>(ROLES[account.role]),
      via: "cookie",
    };
  }

  return {
    async authenticate({ authorization, cookie }) {
      if (authorization !== undefined) return check({ token: tokenIn(authorization) });
      return cookie === undefined ? undefined : check({ cookie });
    },
    forget() {
      remembered = new Map();
      unsureUntil = now().getTime() + UNSURE_MS;
    },
  };
}

function tokenIn(authorization: string): string {
  const [scheme = "", value = ""] = authorization.split(/\s+/, 2);
  if (/^bearer$/i.test(scheme) && value !== "") return value;
  if (/^basic$/i.test(scheme)) return Buffer.from(value, "base64").toString().split(":").slice(1).join(":");
  throw new UnauthenticatedError("The authorization header is not understood.", { mend: "Send `authorization: Bearer TOKEN`." });
}

function actorOf(token: StoredToken, owner: Account | undefined): Actor {
  if (token.kind === "personal" && owner) return { kind: "user", id: owner.id, name: owner.displayName };
  if (token.kind === "agent") return { kind: "agent", id: token.id, name: token.name, ...(owner ? { onBehalfOf: owner.id } : {}) };
  return { kind: "service", id: token.id, name: token.name };
}

/** A token never outlives its owner's rights: who was made a viewer has only viewers' tokens from then on. */
function limitTo(token: StoredToken, owner: Account | undefined): ReadonlySet<string> {
  if (!owner || owner.role === "admin") return new Set(token.scopes);
  const own = new Set<string>(ROLES[owner.role]);
  const isDoor = (scope: string): boolean =>
    own.has(DOORS[scope as keyof typeof DOORS]) || (scope.startsWith("configuration:") && own.has("delivery:read"));
  return new Set(token.scopes.filter((scope) => own.has(scope) || isDoor(scope)));
}
