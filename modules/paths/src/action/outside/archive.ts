import type { Outside } from "../../deps.ts";
import type { ActionContext, Undone } from "../action.ts";
import { connect, type Place } from "./connect.ts";

/** Makes a repository at GitHub or a project at GitLab read only. Doing it twice is doing it once; one that is gone is left so. */
export async function archiveAt({ system, ask, owner, repo }: Place): Promise<"archived" | "gone"> {
  const path =
    system === "github"
      ? `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}`
      : `/projects/${encodeURIComponent(`${owner}/${repo}`)}`;
  const { status, body } = await ask("GET", path, { accept: [404] });
  if (status === 404) return "gone";
  if (body?.archived === true) return "archived";
  if (system === "github") await ask("PATCH", path, { body: { archived: true }, repeatable: true });
  else await ask("POST", `${path}/archive`, { repeatable: true });
  return "archived";
}

/** How a repository elsewhere is taken back: it is archived, never deleted, since that cannot be taken back itself. */
export async function takeBackAt(
  c: ActionContext,
  outside: Outside | undefined,
  system: "github" | "gitlab",
  repoUrl: string | undefined,
): Promise<Undone> {
  if (repoUrl === undefined) return { done: false, words: "Which repository it made cannot be told any more." };
  const place = await connect(c, outside, system, { repoUrl });
  const name = `${place.owner}/${place.repo} at ${place.host}`;
  const state = await archiveAt(place);
  return state === "gone"
    ? { done: true, words: `${name} is gone.` }
    : { done: false, words: `${name} is archived: to delete it is left to people.` };
}

/** `https://github.com/acme/orders.git` as Backstage writes it. */
export function repoUrlOf(remoteUrl: unknown): string | undefined {
  const url = typeof remoteUrl === "string" ? URL.parse(remoteUrl) : null;
  if (url === null) return undefined;
  const parts = url.pathname
    .replace(/^\/|\.git$/g, "")
    .replace(/\.git$/, "")
    .split("/");
  const repo = parts.pop();
  return repo === undefined || parts.length === 0
    ? undefined
    : `${url.host}?owner=${encodeURIComponent(parts.join("/"))}&repo=${encodeURIComponent(repo)}`;
}
