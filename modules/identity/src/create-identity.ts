import type { Handler } from "@roadbed/core";

import { makeAuditHandlers } from "./audit/audit-handlers.ts";
import { createAuthenticator, type Caller, type Credentials } from "./authenticate.ts";
import type { IdentityDeps } from "./deps.ts";
import { createOidcSignIn, type OidcSignIn } from "./oidc/create-oidc-sign-in.ts";
import { createSignIn, makeGetMe, type SignIn } from "./session/sign-in.ts";
import { makeOwnToken, makeTokenHandlers } from "./token/token-handlers.ts";
import { makeUserHandlers } from "./user/user-handlers.ts";

export interface Identity {
  readonly handlers: readonly Handler[];
  readonly signIn: SignIn;
  /** Signing in at a provider, where one is configured: `/auth/oidc/start` and `/auth/oidc/callback`. */
  readonly oidc: OidcSignIn | undefined;
  /** Undefined without a credential; throws `UnauthenticatedError` for one that is no good. */
  authenticate(credentials: Credentials): Promise<Caller | undefined>;
  signOut(cookie: string): Promise<void>;
  /** A token of the server's own; the one made before under this name ends. */
  makeOwnToken(name: string, scopes: readonly string[]): Promise<string>;
  health(): Promise<{ readonly ok: boolean; readonly detail?: string }>;
}

/** Accounts, sessions, tokens and the audit log's readers. */
export function createIdentity({ db, runtime, groups, oidc: settings, publicUrl, now = () => new Date() }: IdentityDeps): Identity {
  const authenticator = createAuthenticator({ db, now });
  const signIn = createSignIn({ db, runtime, now });
  const changed = (): void => authenticator.forget();
  const callbackUrl = `${publicUrl ?? "http://localhost"}/auth/oidc/callback`;
  const oidc = settings && createOidcSignIn({ settings, callbackUrl, db, runtime, signIn, changed, now });

  return {
    signIn,
    oidc,
    authenticate: (credentials) => authenticator.authenticate(credentials),
    async signOut(cookie) {
      await signIn.end(cookie);
      authenticator.forget();
    },
    makeOwnToken: (name, scopes) => db.transaction((sql) => makeOwnToken(sql, { name, scopes, now: now() })),
    health: async () => ({ ok: true }),
    handlers: [makeGetMe({ groups }), ...makeUserHandlers({ changed }), ...makeTokenHandlers({ revoked: changed }), ...makeAuditHandlers()],
  };
}
