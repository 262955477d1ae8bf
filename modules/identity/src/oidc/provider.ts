import { InvalidError, UnauthenticatedError, UnavailableError } from "@roadbed/core";
import * as client from "openid-client";

/** A sign-in provider that speaks OpenID Connect. */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What the button says. */
  readonly label: string;
  /** Members of these are administrators. Empty: the provider does not decide about roles. */
  readonly adminGroups: readonly string[];
  /** The claim that lists a person's groups. Default: `groups`. */
  readonly groupsClaim?: string;
  /** Default: `openid profile email`, and `groups` where the provider offers it. */
  readonly scope?: string;
}

/** What must come back as it was sent. */
export interface Checks {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export interface Provider {
  /** Where to send the browser, and what to keep until it comes back. */
  begin(redirectUri: string): Promise<{ readonly url: string; readonly checks: Checks }>;
  /** The claims of who came back to `currentUrl`. Throws `UnauthenticatedError`, or `UnavailableError` when the provider is away. */
  claims(currentUrl: URL, checks: Checks): Promise<Record<string, unknown>>;
}

const TIMEOUT_SECONDS = 10;

/** Asks the provider about itself when it is first needed, so that a server starts while its provider is away. */
export function createProvider(settings: OidcSettings): Provider {
  let known: Promise<client.Configuration> | undefined;
  const configuration = (): Promise<client.Configuration> => {
    known ??= discover(settings).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };

  return {
    begin: async (redirectUri) => {
      const config = await configuration();
      const checks = { state: client.randomState(), nonce: client.randomNonce(), codeVerifier: client.randomPKCECodeVerifier() };
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: settings.scope ?? scopeFor(config),
        state: checks.state,
        nonce: checks.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(checks.codeVerifier),
        code_challenge_method: "S256",
      });
      return { url: url.toString(), checks };
    },
    claims: async (currentUrl, { state, nonce, codeVerifier }) => {
      const config = await configuration();
      try {
        const tokens = await client.authorizationCodeGrant(config, currentUrl, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: codeVerifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims() ?? { sub: "" };
        // Many providers put groups into the id token only on demand; the user info has them.
        const groupsAreThere = (settings.groupsClaim ?? "groups") in claims;
        const more =
          groupsAreThere || !config.serverMetadata().userinfo_endpoint
            ? {}
            : await client.fetchUserInfo(config, tokens.access_token, claims.sub);
        return { ...more, ...claims };
      } catch (error) {
        throw toSignInError(error);
      }
    },
  };
}

async function discover({ issuer, clientId, clientSecret }: OidcSettings): Promise<client.Configuration> {
  const url = new URL(issuer);
  const insecure = url.protocol === "http:";
  if (insecure && !["localhost", "127.0.0.1", "[::1]"].includes(url.hostname)) {
    throw new InvalidError(`The sign-in provider ${issuer} is not reached by TLS.`, { mend: "Give its https address." });
  }
  try {
    return await client.discovery(url, clientId, clientSecret, undefined, {
      timeout: TIMEOUT_SECONDS,
      ...(insecure ? { execute: [client.allowInsecureRequests] } : {}),
    });
  } catch (cause) {
    throw new UnavailableError(`The sign-in provider ${issuer} does not answer.`, {
      mend: "Try again soon, or sign in with a password. An administrator can check ROADBED_OIDC_ISSUER.",
      cause,
    });
  }
}

function scopeFor(config: client.Configuration): string {
  const offered = config.serverMetadata().scopes_supported ?? [];
  return ["openid", "profile", "email", ...(offered.includes("groups") ? ["groups"] : [])].join(" ");
}

function toSignInError(error: unknown): Error {
  if (error instanceof client.AuthorizationResponseError) {
    return new UnauthenticatedError(`The sign-in provider refused: ${error.error_description ?? error.error}`, {
      mend: "Try again.",
      cause: error,
    });
  }
  const away = error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError");
  if (away && !("code" in error))
    return new UnavailableError("The sign-in provider does not answer.", { mend: "Try again soon.", cause: error });
  return new UnauthenticatedError("The answer of the sign-in provider could not be trusted.", {
    mend: "Sign in again from the start.",
    cause: error,
  });
}
