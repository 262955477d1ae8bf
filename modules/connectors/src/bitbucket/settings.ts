import type { ConnectorCall } from "@roadbed/contracts/connector";
import { z } from "zod";

import { advanced } from "../lib/advanced.ts";
import { createAsk, type Ask } from "../lib/ask.ts";
import { gitHostSettings, tokenSetting } from "../lib/settings.ts";

export const BitbucketSettings = z.strictObject({
  workspace: z
    .string()
    .regex(/^[\w-]{1,62}$/, "must be a workspace's id, as in its address")
    .describe("The workspace, as in bitbucket.org/WORKSPACE"),
  token: tokenSetting("A workspace access token that may read repositories and the account"),
  api: advanced(
    z
      .url({ protocol: /^https?$/ })
      .default("https://api.bitbucket.org")
      .describe("Address of the API"),
  ),
  ...gitHostSettings({
    people: "Members as users",
    repositories: "Every repository as a resource",
    descriptors: "Every catalog-info.yaml, down to four folders deep",
  }),
});
export type BitbucketSettings = z.output<typeof BitbucketSettings>;

/** The root of the REST API. */
export function apiOf({ api }: BitbucketSettings): string {
  return `${api.replace(/\/+$/, "")}/2.0`;
}

export function askBitbucket({ token }: BitbucketSettings, call: ConnectorCall): Ask {
  return createAsk(call, { system: "Bitbucket", headers: { authorization: `Bearer ${token}` } });
}
