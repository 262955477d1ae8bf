import { defineOperation, UnauthenticatedError, type Operation } from "@roadbed/core";
import type { Database, PostgresRuntime } from "@roadbed/postgres";
import { z } from "zod";

import { hashSecret, newSecret } from "../secret.ts";
import type { SignIn } from "../session/sign-in.ts";
import { toPerson } from "./claims.ts";
import { insertAttempt, takeAttempt } from "./oidc-attempt-store.ts";
import { accountOfPerson } from "./provider-account.ts";
import { createProvider, type OidcSettings } from "./provider.ts";

const ATTEMPT_MS = 10 * 60_000;

/** Signing in at a provider: the browser is sent there and comes back with a code. */
export interface OidcSignIn {
  readonly label: string;
  /** Where to send the browser; `cookie` must come back with it (`HttpOnly`, `SameSite=Lax`, ten minutes). */
  start(o: { readonly returnTo?: string | undefined }): Promise<{ readonly url: string; readonly cookie: string }>;
  /**
   * Ends a sign-in by the query string that the browser brought to the callback and the cookie of `start`.
   * Answers the session's cookie value and where to go. Throws `UnauthenticatedError` or `UnavailableError`.
   */
  finish(o: {
    readonly query: string;
    readonly cookie: string | undefined;
  }): Promise<{ readonly cookie: string; readonly returnTo: string }>;
}

export function createOidcSignIn(deps: {
  readonly settings: OidcSettings;
  /** The address under which the provider may send browsers back. */
  readonly callbackUrl: string;
  readonly db: Database;
  readonly runtime: PostgresRuntime;
  readonly signIn: Pick<SignIn, "begin">;
  /** Told of an account whose rights may be different now. */
  readonly changed: () => void;
  readonly now: () => Date;
}): OidcSignIn {
  const { settings, db, runtime, now } = deps;
  const provider = createProvider(settings);

  return {
    label: settings.label,
    async start({ returnTo }) {
      const { url, checks } = await provider.begin(deps.callbackUrl);
      const cookie = newSecret("");
      const expiresAt = new Date(now().getTime() + ATTEMPT_MS);
      await insertAttempt(db, hashSecret(cookie), { ...checks, returnTo: toLocalPath(returnTo) }, { now: now(), expiresAt });
      return { url, cookie };
    },
    async finish({ query, cookie }) {
      const attempt = cookie === undefined ? undefined : await takeAttempt(db, hashSecret(cookie), now());
      if (!attempt)
        throw new UnauthenticatedError("This sign-in was not begun here, or took too long.", { mend: "Sign in again from the start." });
      const currentUrl = new URL(`${deps.callbackUrl}?${query.replace(/^\?/, "")}`);
      const person = toPerson(await provider.claims(currentUrl, attempt), settings.groupsClaim ?? "groups");

      const input = { subject: person.subject, groups: person.groups };
      const account = await runtime.write(
        runtime.system("sign-in"),
        takeProviderAccount,
        input,
        { kind: "user", id: person.subject },
        (ctx) => accountOfPerson(ctx, person, settings.adminGroups),
      );
      deps.changed();
      if (account.disabled) throw new UnauthenticatedError("This account is switched off.", { mend: "Ask an administrator." });
      return { ...(await deps.signIn.begin(account, "oidc")), returnTo: attempt.returnTo };
    },
  };
}

/** Not offered by any face: only the provider's own word makes or changes an account so. */
const takeProviderAccount: Operation = defineOperation({
  name: "identity.user.take-from-provider",
  summary: "Make or renew the account of a person whom the sign-in provider has proven.",
  scope: "identity:admin",
  risk: "medium",
  http: { method: "POST", path: "/auth/oidc/account" },
  input: z.object({ subject: z.string(), groups: z.array(z.string()) }),
  output: z.unknown(),
});

/** A path of ours, whatever was asked for: a sign-in must not send people elsewhere. */
export function toLocalPath(path: string | undefined): string {
  return path !== undefined && /^\/(?![/\\])[^\s\\]*$/.test(path) ? path : "/";
}
