import { ConflictError, ForbiddenError } from "@roadbed/core";

import { createAsk, type Ask } from "./ask.ts";
import { markOf } from "./github.ts";
import type { Outside } from "./hosts.ts";

/** A pull or merge request of a branch that stands at the host already. */
export interface HostRequest {
  /** How the host names it. */
  readonly number: string;
  readonly link: string;
  readonly state: "open" | "merged" | "closed";
  /** The commit that it holds. */
  readonly head: string;
  /** The login of whoever merged or closed it, where the host says. */
  readonly by?: string | undefined;
  /** What merging it left on the target. */
  readonly commit?: string | undefined;
}

/** What is said of a commit of a request, in one comment that is edited, and as the commit's status. */
export interface HostNote {
  readonly head: string;
  /** What tells this status from others of the same commit. */
  readonly context: string;
  readonly state: "waiting" | "good" | "bad";
  readonly summary: string;
  readonly text: string;
  readonly link: string;
}

/** Requests of one repository at GitHub or GitLab. What the host refuses is thrown in words, a wait that it asks for as `TooManyError`. */
export interface HostRequests {
  /** Opens it, or finds the one that the same `key` opened. */
  open(o: {
    readonly key: string;
    readonly branch: string;
    readonly target: string;
    readonly title: string;
    readonly body: string;
  }): Promise<HostRequest>;
  get(number: string): Promise<HostRequest>;
  /** Title and text as they should be now. */
  edit(number: string, o: { readonly key: string; readonly title: string; readonly body: string }): Promise<void>;
  tell(number: string, note: HostNote): Promise<void>;
  close(number: string): Promise<void>;
}

const COMMENT_MARK = "<!-- roadbed promotion -->";
const MOST_PAGES = 30;

/** The requests of a repository; undefined where no connection is opened for its owner. */
export async function openRequests(
  outside: Outside,
  { system, host, path }: { readonly system: "github" | "gitlab"; readonly host: string; readonly path: string },
): Promise<HostRequests | undefined> {
  const connection = await outside.connection({ system, host, owner: path.split("/").slice(0, -1).join("/") });
  if (connection === undefined) return undefined;
  const { api, token } = connection;
  const headers: Record<string, string> =
    system === "github"
      ? { authorization: `Bearer ${token}`, accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" }
      : { "private-token": token };
  const ask = createAsk({ fetch: outside.fetch, host, api, headers });
  return system === "github" ? pullRequests(ask, path) : mergeRequests(ask, path);
}

function pullRequests(ask: Ask, path: string): HostRequests {
  const at = `/repos/${path.split("/").map(encodeURIComponent).join("/")}`;
  const [owner = ""] = path.split("/");
  return {
    async open({ key, branch, target, title, body }) {
      const query = `state=all&head=${encodeURIComponent(`${owner}:${branch}`)}&base=${encodeURIComponent(target)}&sort=created&direction=desc`;
      const all = (await ask("GET", `${at}/pulls?${query}`)).body as any[];
      const known = all.find((one) => String(one.body ?? "").includes(markOf(key)));
      const asked = { title, body: marked(body, key), head: branch, base: target };
      return toPull(known ?? (await ask("POST", `${at}/pulls`, { body: asked })).body);
    },
    async get(number) {
      const request = toPull((await ask("GET", `${at}/pulls/${number}`)).body);
      if (request.state !== "closed") return request;
      // Who closed it is said of the issue that each pull request is, too.
      const { body: issue } = await ask("GET", `${at}/issues/${number}`);
      return { ...request, by: loginOf(issue?.closed_by?.login) };
    },
    async edit(number, { key, title, body }) {
      await ask("PATCH", `${at}/pulls/${number}`, { body: { title, body: marked(body, key) } });
    },
    async tell(number, { head, context, state, summary, text, link }) {
      await keepComment(ask, {
        list: `${at}/issues/${number}/comments`,
        edit: (id) => ask("PATCH", `${at}/issues/comments/${id}`, { body: { body: commented(text) } }),
        text,
      });
      const status = { waiting: "pending", good: "success", bad: "failure" }[state];
      await leniently(
        ask("POST", `${at}/statuses/${head}`, {
          body: { state: status, context, description: summary.slice(0, 140), target_url: link },
        }),
      );
    },
    async close(number) {
      await ask("PATCH", `${at}/pulls/${number}`, { body: { state: "closed" } });
    },
  };
}

function mergeRequests(ask: Ask, path: string): HostRequests {
  const at = `/projects/${encodeURIComponent(path)}`;
  return {
    async open({ key, branch, target, title, body }) {
      const all = (await ask("GET", `${at}/merge_requests?state=all&source_branch=${encodeURIComponent(branch)}`)).body as any[];
      const known = all.find((one) => String(one.description ?? "").includes(markOf(key)));
      const asked = {
        source_branch: branch,
        target_branch: target,
        title,
        description: marked(body, key),
        remove_source_branch: true,
      };
      return toMerge(known ?? (await ask("POST", `${at}/merge_requests`, { body: asked })).body);
    },
    get: async (number) => toMerge((await ask("GET", `${at}/merge_requests/${number}`)).body),
    async edit(number, { key, title, body }) {
      await ask("PUT", `${at}/merge_requests/${number}`, { body: { title, description: marked(body, key) } });
    },
    async tell(number, { head, context, state, summary, text, link }) {
      const notes = `${at}/merge_requests/${number}/notes`;
      await keepComment(ask, { list: notes, edit: (id) => ask("PUT", `${notes}/${id}`, { body: { body: commented(text) } }), text });
      const status = { waiting: "pending", good: "success", bad: "failed" }[state];
      await leniently(
        ask("POST", `${at}/statuses/${head}`, {
          body: { state: status, name: context, description: summary.slice(0, 250), target_url: link },
        }),
      );
    },
    async close(number) {
      await ask("PUT", `${at}/merge_requests/${number}`, { body: { state_event: "close" } });
    },
  };
}

/** One comment of ours, edited from then on; a repeat after a crash finds it. */
async function keepComment(
  ask: Ask,
  { list, edit, text }: { readonly list: string; readonly edit: (id: number) => Promise<unknown>; readonly text: string },
): Promise<void> {
  for (let page = 1; page <= MOST_PAGES; page++) {
    const comments = ((await ask("GET", `${list}?per_page=100&page=${page}`)).body ?? []) as { id: number; body?: string }[];
    const mine = comments.find(({ body }) => body?.startsWith(COMMENT_MARK));
    if (mine !== undefined) {
      if (mine.body !== commented(text)) await edit(mine.id);
      return;
    }
    if (comments.length < 100) break;
  }
  await ask("POST", list, { body: { body: commented(text) } });
}

function commented(text: string): string {
  return `${COMMENT_MARK}\n${text}\n`;
}

function marked(body: string, key: string): string {
  return `${body}\n\n${markOf(key)}`;
}

/** A token that may not set a status, or a status that is set already: the comment says it all. */
async function leniently(asked: Promise<unknown>): Promise<void> {
  await asked.catch((error: unknown) => {
    if (!(error instanceof ConflictError || error instanceof ForbiddenError)) throw error;
  });
}

function toPull(pull: any): HostRequest {
  const isMerged = pull.merged_at != null || pull.merged === true;
  return {
    number: String(pull.number),
    link: String(pull.html_url),
    state: isMerged ? "merged" : pull.state === "closed" ? "closed" : "open",
    head: String(pull.head?.sha ?? ""),
    by: loginOf(pull.merged_by?.login),
    commit: isMerged ? loginOf(pull.merge_commit_sha) : undefined,
  };
}

function toMerge(request: any): HostRequest {
  const state = request.state === "merged" ? "merged" : request.state === "closed" ? "closed" : "open";
  return {
    number: String(request.iid),
    link: String(request.web_url),
    state,
    head: String(request.sha ?? ""),
    by: loginOf((state === "closed" ? request.closed_by : (request.merge_user ?? request.merged_by))?.username),
    commit: state === "merged" ? loginOf(request.merge_commit_sha ?? request.squash_commit_sha) : undefined,
  };
}

function loginOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
