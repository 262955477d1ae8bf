import type { Handler } from "@roadbed/core";

import { makeAuditHandlers } from "./audit/audit-handlers.ts";
import { createAuthenticator, type Caller, type Credentials } from "./authenticate.ts";
import type { IdentityDeps } from "./deps.ts";
import { createSignIn, makeGetMe, type SignIn } from "./session/sign-in.ts";
import { makeOwnToken, makeTokenHandlers } from "./token/token-handlers.ts";
import { makeUserHandlers } from "./user/user-handlers.ts";

export interface Identity {
  readonly handlers: readonly Handler[];
  readonly signIn: SignIn;
  /** Undefined without a credential; throws `UnauthenticatedError` for one that is no good. */
  authenticate(credentials: Credentials): Promise<Caller | undefined>;
  signOut(cookie: string): Promise<void>;
  /** A token of the server's own; the one made before under this name ends. */
  makeOwnToken(name: string, scopes: readonly string[]): Promise<string>;
  health(): Promise<{ readonly ok: boolean; readonly detail?: string }>;
}

/** Accounts, sessions, tokens and the audit log's readers. */
export function createIdentity({ db, runtime, groups, now = () => new Date() }: IdentityDeps): Identity {
  const authenticator = createAuthenticator({ db, now });
  const signIn = createSignIn({ db, runtime, now });

  return {
    signIn,
    authenticate: authenticator.authenticate,
    async signOut(cookie) {
      await signIn.end(cookie);
      authenticator.forget();
    },
    makeOwnToken: (name, scopes) => db.transaction((sql) => makeOwnToken(sql, { name, scopes, now: now() })),
    health: async () => ({ ok: true }),
    handlers: [
      makeGetMe({ groups }),
      ...makeUserHandlers({ changed: () => authenticator.forget() }),
      ...makeTokenHandlers({ revoked: () => authenticator.forget() }),
      ...makeAuditHandlers(),
    ],
  };
}
