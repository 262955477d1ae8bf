import { createHash, createHmac } from "node:crypto";

import type { Question, Reply } from "../lib/double.ts";

/** What the double of GitHub has. It speaks the REST API's protocol: pages by `Link`, ETags with 304, a budget that ends with 403; and GraphQL for blobs. */
export interface GitHub {
  readonly repositories: {
    name: string;
    pushed_at: string;
    files: Record<string, string>;
    archived?: boolean;
    fork?: boolean;
    commits?: { name: string; email: string; login?: string; date: string }[];
  }[];
  /** Calls that are left, of REST and GraphQL each. */
  budget: number;
  /** Unix seconds. */
  resetAt: number;
}

const PER_PAGE = 2;

export function answerAsGitHub(github: GitHub, { url, headers, body: sent }: Question): Reply {
  const budget = { "x-ratelimit-limit": "5000", "x-ratelimit-reset": String(github.resetAt) };
  if (headers["authorization"] !== "Bearer t0ken") return { status: 401, body: { message: "Bad credentials" } };
  if (github.budget <= 0)
    return { status: 403, headers: { ...budget, "x-ratelimit-remaining": "0" }, body: { message: "API rate limit exceeded" } };
  if (url.pathname === "/graphql")
    return { headers: { ...budget, "x-ratelimit-remaining": String(--github.budget) }, body: blobsOf(github, sent) };
  const found = route(github, url);
  if (found === undefined) return { status: 404, body: { message: "Not Found" } };
  if (typeof found === "string") return { body: found, headers: { ...budget, "x-ratelimit-remaining": String(--github.budget) } };
  const { body, next } = found;
  const etag = `W/"${createHmac("sha256", "etag").update(JSON.stringify(body)).digest("hex").slice(0, 16)}"`;
  const link: Record<string, string> = next === undefined ? {} : { link: `<${next}>; rel="next", <${next}>; rel="last"` };
  // What is as it was costs nothing.
  if (headers["if-none-match"] === etag)
    return { status: 304, headers: { ...budget, etag, "x-ratelimit-remaining": String(github.budget) } };
  return { headers: { ...budget, ...link, etag, "x-ratelimit-remaining": String(--github.budget) }, body };
}

function route(github: GitHub, url: URL): { body: unknown; next?: string } | string | undefined {
  const { pathname } = url;
  if (pathname === "/orgs/Octocoders/repos") return page(url, github.repositories.map(repositoryOf));
  if (pathname === "/orgs/Octocoders/teams")
    return page(url, [
      {
        slug: "github",
        name: "GitHub",
        description: "Open-source team",
        html_url: "https://github.com/orgs/Octocoders/teams/github",
        parent: null,
      },
    ]);
  if (pathname === "/orgs/Octocoders/teams/github/members") return page(url, [{ login: "Codertocat" }]);
  if (pathname === "/orgs/Octocoders/members") return page(url, [{ login: "Codertocat" }, { login: "Octocat" }]);
  const alone = github.repositories.find(({ name }) => pathname === `/repos/Octocoders/${name}`);
  if (alone) return { body: repositoryOf(alone) };
  const [, repository, rest] = /^\/repos\/Octocoders\/([^/]+)\/(.*)$/.exec(pathname) ?? [];
  const { files, commits = [] } = github.repositories.find(({ name }) => name === repository) ?? {};
  if (!files || rest === undefined) return undefined;
  if (rest === "commits") return page(url, commits.map(commitOf));
  if (rest.startsWith("git/trees/")) {
    const entries = Object.entries(files).map(([path, text]) => ({
      path,
      mode: "100644",
      type: "blob",
      sha: shaOf(text),
      size: text.length,
    }));
    return { body: { sha: "t", tree: [{ path: "src", mode: "040000", type: "tree", sha: "d" }, ...entries], truncated: false } };
  }
  if (rest.startsWith("git/blobs/")) return Object.values(files).find((text) => rest === `git/blobs/${shaOf(text)}`);
  return files[decodeURIComponent(rest.replace(/^contents\//, ""))];
}

function page(url: URL, items: readonly unknown[]): { body: unknown; next?: string } {
  const at = Number(url.searchParams.get("page") ?? 1);
  const next = new URL(url);
  next.searchParams.set("page", String(at + 1));
  const body = items.slice((at - 1) * PER_PAGE, at * PER_PAGE);
  return at * PER_PAGE < items.length ? { body, next: next.href } : { body };
}

function repositoryOf({ name, pushed_at, archived = false, fork = false }: GitHub["repositories"][number]) {
  const html_url = `https://github.com/Octocoders/${name}`;
  return {
    name,
    full_name: `Octocoders/${name}`,
    html_url,
    description: null,
    default_branch: "master",
    topics: ["TypeScript"],
    visibility: "private",
    archived,
    fork,
    pushed_at,
  };
}

/** As `git hash-object` names it. */
function shaOf(text: string): string {
  return createHash("sha1")
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest("hex");
}

function commitOf({ name, email, login, date }: { name: string; email: string; login?: string; date: string }) {
  return { sha: "c", commit: { author: { name, email, date }, message: "x" }, author: login === undefined ? null : { login, id: 1 } };
}

/** Texts over 1,000 letters are told as cut off, so that it is seen that they are asked for whole. */
function blobsOf(github: GitHub, sent: string) {
  const { query, variables } = JSON.parse(sent) as { query: string; variables: Record<string, string> };
  const { files = {} } = github.repositories.find(({ name }) => name === variables["name"]) ?? {};
  const blobs = [...query.matchAll(/(f\d+): object\(oid: \$(o\d+)\)/g)].map(([, field = "", variable = ""]) => {
    const text = Object.values(files).find((one) => shaOf(one) === variables[variable]);
    return [field, text === undefined ? null : { text: text.slice(0, 1_000), isTruncated: text.length > 1_000, isBinary: false }];
  });
  return { data: { repository: Object.fromEntries(blobs) } };
}
