import { InvalidError, UnavailableError } from "@roadbed/core";

import type { Connection, Outside } from "../../deps.ts";
import { parseRepoUrl } from "../../render/filters.ts";
import type { ActionContext, Effect } from "../action.ts";
import { createHostClient, type HostClient } from "./host-client.ts";

/** A repository at a Git host, and the way to it. */
export interface Place {
  readonly system: "github" | "gitlab";
  readonly host: string;
  readonly owner: string;
  readonly repo: string;
  readonly api: string;
  readonly token: string;
  readonly ask: HostClient;
}

const TITLES = { github: "GitHub", gitlab: "GitLab" } as const;

export interface Wanted {
  readonly repoUrl: string;
  readonly token?: string | undefined;
}

/** Finds the repository's host and the token for it: the step's own, else the connection that an administrator opened for golden paths. */
export async function connect(
  c: Pick<ActionContext, "log" | "signal">,
  outside: Outside | undefined,
  system: "github" | "gitlab",
  { repoUrl, token: given }: Wanted,
): Promise<Place> {
  const { host, owner, repo } = placeOf(system, repoUrl);
  if (outside === undefined) throw new UnavailableError("This server talks to no other host.");
  const known = await outside.connection({ system, host, owner });
  const token = given !== undefined && given !== "" ? given : known?.token;
  if (token === undefined) throw new InvalidError(noToken(system, host), { mend: mendOf(system, host) });
  const api = known?.api ?? defaultApi(system, host);
  const headers =
    system === "github"
      ? { authorization: `Bearer ${token}`, accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" }
      : { "private-token": token };
  return {
    system,
    host,
    owner,
    repo,
    api,
    token,
    ask: createHostClient(c, { fetch: outside.fetch, system: host, base: api, headers }),
  };
}

/** What a preview says when there is no way to the host; nothing is asked of the host itself. */
export async function missingConnection(
  outside: Outside | undefined,
  system: "github" | "gitlab",
  { repoUrl, token }: Wanted,
): Promise<NonNullable<Effect["problems"]>> {
  const { host, owner } = placeOf(system, repoUrl);
  if (token !== undefined && token !== "") return [];
  const known: Connection | undefined = await outside?.connection({ system, host, owner });
  return known === undefined ? [{ about: host, reason: noToken(system, host), mend: mendOf(system, host) }] : [];
}

export function placeOf(system: "github" | "gitlab", repoUrl: string): { host: string; owner: string; repo: string } {
  const { host, owner, repo } = parseRepoUrl(repoUrl);
  if (owner !== undefined && owner !== "") return { host, owner, repo };
  throw new InvalidError(`"${repoUrl}" names no owner.`, {
    mend: `Write it as ${system === "github" ? "github.com" : "gitlab.com"}?owner=…&repo=…`,
  });
}

/** As people see the repository. */
export function pageOf({ host, owner, repo }: { readonly host: string; readonly owner: string; readonly repo: string }): string {
  return `https://${host}/${owner}/${repo}`;
}

/** The address that is pushed to, with the token in it; refuses a host that is not the one that was named, since the token goes there. */
export function pushUrl({ host, token, system }: Place, cloneUrl: string): string {
  const url = URL.parse(cloneUrl);
  if (url === null || url.host !== host) {
    throw new InvalidError(`${host} names ${url?.host ?? "no host"} as the place to push to.`, {
      mend: "Use the host's own name in repoUrl.",
    });
  }
  url.username = system === "github" ? "x-access-token" : "oauth2";
  url.password = token;
  return url.href;
}

function defaultApi(system: "github" | "gitlab", host: string): string {
  if (system === "gitlab") return `https://${host}/api/v4`;
  return host === "github.com" ? "https://api.github.com" : `https://${host}/api/v3`;
}

function noToken(system: "github" | "gitlab", host: string): string {
  return `golden paths have no token for ${host} (${TITLES[system]})`;
}

function mendOf(system: "github" | "gitlab", host: string): string {
  return `An administrator connects ${host} as a source (${TITLES[system]}) and switches on "goldenPaths", or the step gives a token.`;
}
