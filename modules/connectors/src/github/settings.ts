import type { ConnectorCall } from "@roadbed/contracts/connector";
import { z } from "zod";

import { advanced } from "../lib/advanced.ts";
import { createAsk, type Ask } from "../lib/ask.ts";
import { bare, gitHostSettings, goldenPathsSetting, tokenSetting } from "../lib/settings.ts";

export const GitHubSettings = z.strictObject({
  org: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}$/, "must be the name of an organisation, as in its address")
    .describe("The organisation, as in github.com/ORGANISATION"),
  token: tokenSetting("A fine-grained token with read access to contents, metadata and members"),
  api: advanced(
    z
      .url({ protocol: /^https?$/ })
      .default("https://api.github.com")
      .describe("Of GitHub Enterprise: https://HOST/api/v3"),
  ),
  ...gitHostSettings({
    people: "Teams as groups, members as users",
    repositories: "Every repository as a resource",
    descriptors: "Every catalog-info.yaml in the repositories",
  }),
  goldenPaths: goldenPathsSetting("repositories, pull requests, webhooks and workflows"),
  archived: advanced(z.boolean().default(false).describe("Archived repositories too")),
  forks: advanced(z.boolean().default(false).describe("Forks too")),
});
export type GitHubSettings = z.output<typeof GitHubSettings>;

/** `github.com` for the API's own host. */
export function hostOf(api: string): string {
  const { host } = new URL(api);
  return host === "api.github.com" ? "github.com" : host;
}

/** Asks the REST API, with the token. */
export function askGitHub(settings: GitHubSettings, call: Pick<ConnectorCall, "fetch" | "signal" | "now">): Ask {
  return createAsk(call, {
    system: hostOf(settings.api),
    headers: { authorization: `Bearer ${settings.token}`, accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" },
  });
}

/** The GraphQL endpoint beside the REST API: of GitHub Enterprise `/api/graphql` beside `/api/v3`. */
export function graphqlOf(api: string): string {
  return `${bare(api).replace(/\/v3$/, "")}/graphql`;
}
