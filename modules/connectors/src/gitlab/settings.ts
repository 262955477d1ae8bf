import type { ConnectorCall } from "@roadbed/contracts/connector";
import { z } from "zod";

import { advanced } from "../lib/advanced.ts";
import { createAsk, type Ask } from "../lib/ask.ts";
import { bare, gitHostSettings, goldenPathsSetting, tokenSetting } from "../lib/settings.ts";

export const GitLabSettings = z.strictObject({
  group: z
    .string()
    .regex(/^[\w.-]+(?:\/[\w.-]+)*$/, "must be a group's path, as in its address")
    .describe("The group with all below it, as in gitlab.com/GROUP"),
  token: tokenSetting("A group token with read_api"),
  url: advanced(
    z
      .url({ protocol: /^https?$/ })
      .default("https://gitlab.com")
      .describe("Of your own GitLab: its address"),
  ),
  ...gitHostSettings({
    people: "Groups as groups, members as users",
    repositories: "Every project as a resource",
    descriptors: "Every catalog-info.yaml in the projects",
  }),
  goldenPaths: goldenPathsSetting("projects, merge requests and variables"),
  archived: advanced(z.boolean().default(false).describe("Archived projects too")),
});
export type GitLabSettings = z.output<typeof GitLabSettings>;

export function askGitLab(settings: GitLabSettings, call: Pick<ConnectorCall, "fetch" | "signal" | "now">): Ask {
  return createAsk(call, { system: new URL(settings.url).host, headers: { "private-token": settings.token } });
}

/** Where the REST API begins. */
export function apiOf({ url }: GitLabSettings): string {
  return `${bare(url)}/api/v4`;
}
