import { cloneRepository, fetchRepository, pushCommit } from "@roadbed/git";

import type { Outside } from "../deps.ts";

/** What the doubles of Git hosts take for a good token. */
export const TOKEN = "t0ken-of-the-robot";

/** The ways outside, led to a double. */
export function outsideTo(
  double: { readonly host: string; readonly url: string },
  system: "github" | "gitlab",
  token: string | null = TOKEN,
): Outside {
  return {
    fetch,
    push: (o) => pushCommit(o),
    clone: (o) => cloneRepository(o),
    fetchAgain: (o) => fetchRepository(o),
    connection: async ({ system: asked, host }) =>
      token === null || asked !== system || host !== double.host
        ? undefined
        : { api: `${double.url}${system === "github" ? "/api/v3" : "/api/v4"}`, token, name: host },
    hosts: async () => [{ system, host: double.host, owner: "acme" }],
  };
}
