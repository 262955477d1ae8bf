/** Ways to sign in that the server offers. */
export interface AuthMethods {
  readonly password: boolean;
  readonly oidc?: { readonly label: string; readonly url: string };
}

const CSRF = { "x-roadbed-csrf": "1" };

export async function fetchAuthMethods(): Promise<AuthMethods> {
  const answer = await fetch("/auth/methods", { headers: { accept: "application/json" } });
  return answer.ok ? ((await answer.json()) as AuthMethods) : { password: true };
}

/** Signs in; the session travels in a cookie. Throws an `Error` in words when it fails. */
export async function signInByPassword(username: string, password: string): Promise<void> {
  const answer = await fetch("/auth/password", {
    method: "POST",
    headers: { ...CSRF, "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ username, password }),
  });
  if (answer.ok) return;
  const problem = (await answer.json().catch(() => ({}))) as { detail?: string; mend?: string };
  throw new Error(problem.detail ?? (answer.status === 429 ? "Too many attempts. Wait a minute." : "That name and password do not fit."));
}

/** Ends the session and starts the page anew, so that nothing of it stays in memory. */
export async function signOut(): Promise<void> {
  await fetch("/auth/sign-out", { method: "POST", headers: CSRF }).catch(() => undefined);
  location.assign("/sign-in");
}
