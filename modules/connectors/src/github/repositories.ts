import type { ConnectorCall, HostedFile, HostedRepository } from "@roadbed/contracts/connector";

import type { Ask } from "../lib/ask.ts";
import { collect, record, textOf, type Repository } from "../lib/git-host.ts";
import { commitsUntil, tightest } from "../lib/hosted.ts";
import { readPages, type PageMemory } from "../lib/pages.ts";
import { bare } from "../lib/settings.ts";
import { askGitHub, graphqlOf, type GitHubSettings } from "./settings.ts";

/** Files that one question brings, and how much they may weigh together: GitHub breaks off answers that are too long. */
const FILES_AT_ONCE = 50;
const BYTES_AT_ONCE = 3_000_000;

/** The repositories that are wanted by the settings. */
export async function listRepositories(ask: Ask, settings: GitHubSettings, memory: PageMemory): Promise<readonly Repository[]> {
  const url = `${bare(settings.api)}/orgs/${settings.org}/repos?per_page=100&type=all`;
  const all = await collect(readPages(ask, url, { memory, pick: (item) => repositoryOf(item) }));
  return all.filter((one) => (settings.archived || !one.archived) && (settings.forks || !one.fork));
}

/**
 * The repositories of an organisation with their files: one question for the tree, one for the commits, and one of GraphQL for every
 * fifty files, so that an hour's budget is enough for some thousand repositories.
 */
export async function* repositories(settings: GitHubSettings, call: ConnectorCall): AsyncGenerator<HostedRepository> {
  const rest = askGitHub(settings, call);
  const hosted = makeHosted(rest, settings, call);
  for (const repository of await listRepositories(rest, settings, { before: {}, now: {} })) yield hosted(repository);
}

/** One repository of the organisation. */
export async function repository(settings: GitHubSettings, path: string, call: ConnectorCall): Promise<HostedRepository | undefined> {
  if (!path.toLowerCase().startsWith(`${settings.org.toLowerCase()}/`)) return undefined;
  const rest = askGitHub(settings, call);
  const { status, body } = await rest(`${bare(settings.api)}/repos/${path.split("/").map(encodeURIComponent).join("/")}`, {
    accept: [404],
  });
  const found = status === 200 ? repositoryOf(body) : undefined;
  return found && makeHosted(rest, settings, call)(found);
}

function makeHosted(rest: Ask, settings: GitHubSettings, call: ConnectorCall): (repository: Repository) => HostedRepository {
  const graphql = askGitHub(settings, call);
  const budget = () => tightest(rest.left(), graphql.left());
  return (repository) => {
    const at = `${bare(settings.api)}/repos/${repository.path}`;
    return {
      url: repository.url,
      mark: repository.mark,
      budget,
      list: () => listFiles(rest, at, repository.branch),
      read: (files) => readFiles({ rest, graphql, at, repository, settings }, files),
      commits: (since) => listCommits(rest, at, since),
    };
  };
}

async function listFiles(ask: Ask, at: string, branch: string | undefined): Promise<{ files: HostedFile[]; isPart: boolean }> {
  // 409: nothing was ever pushed.
  const { status, body } = await ask(`${at}/git/trees/${encodeURIComponent(branch ?? "HEAD")}?recursive=1`, { accept: [404, 409] });
  if (status !== 200) return { files: [], isPart: false };
  const { tree, truncated } = record(body) as { tree?: unknown; truncated?: unknown };
  const files = (Array.isArray(tree) ? tree : []).flatMap((item: unknown): HostedFile[] => {
    const { type, path, sha, size, mode } = record(item);
    // 120000: a link; what it leads to is read where it lies.
    if (type !== "blob" || mode === "120000" || typeof path !== "string" || typeof sha !== "string") return [];
    return [{ path, id: sha, ...(typeof size === "number" ? { bytes: size } : {}) }];
  });
  return { files, isPart: truncated === true };
}

interface Reader {
  readonly rest: Ask;
  readonly graphql: Ask;
  readonly at: string;
  readonly repository: Repository;
  readonly settings: GitHubSettings;
}

async function readFiles(reader: Reader, files: readonly HostedFile[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const texts = new Map<string, Uint8Array>();
  for (const batch of batches(files)) {
    const answer = await askForTexts(reader, batch);
    for (const [index, file] of batch.entries()) {
      const { text, isTruncated, isBinary } = record(answer[`f${index}`]);
      if (typeof text === "string" && isTruncated !== true) texts.set(file.path, Buffer.from(text));
      else if (isBinary !== true) texts.set(file.path, await readBlob(reader, file));
    }
  }
  return texts;
}

/** By what their names are in Git: a push in between cannot mix two states. */
async function askForTexts(
  { graphql, repository, settings }: Reader,
  batch: readonly HostedFile[],
): Promise<Readonly<Record<string, unknown>>> {
  const [owner = "", name = ""] = repository.path.split("/");
  const fields = batch.map((_, index) => `f${index}: object(oid: $o${index}) { ... on Blob { text isTruncated isBinary } }`).join(" ");
  const names = batch.map((_, index) => `$o${index}: GitObjectID!`).join(", ");
  const query = `query($owner: String!, $name: String!, ${names}) { repository(owner: $owner, name: $name) { ${fields} } }`;
  const variables = { owner, name, ...Object.fromEntries(batch.map(({ id }, index) => [`o${index}`, id])) };
  const { body } = await graphql(graphqlOf(settings.api), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return record(record(record(body)["data"])["repository"]);
}

async function readBlob({ rest, at }: Reader, { id }: HostedFile): Promise<Uint8Array> {
  const { body } = await rest(`${at}/git/blobs/${id}`, { raw: true, headers: { accept: "application/vnd.github.raw+json" } });
  return Buffer.from(String(body));
}

function* batches(files: readonly HostedFile[]): Generator<readonly HostedFile[]> {
  let batch: HostedFile[] = [];
  let bytes = 0;
  for (const file of files) {
    if (batch.length === FILES_AT_ONCE || (batch.length > 0 && bytes + (file.bytes ?? 0) > BYTES_AT_ONCE)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(file);
    bytes += file.bytes ?? 0;
  }
  if (batch.length > 0) yield batch;
}

function listCommits(ask: Ask, at: string, since: Date): ReturnType<HostedRepository["commits"]> {
  return commitsUntil(ask, `${at}/commits?per_page=100&since=${since.toISOString()}`, (item) => {
    const one = record(item);
    const { name, email, date } = record(record(one["commit"])["author"]);
    const login = textOf(record(one["author"])["login"]);
    if (typeof name !== "string" || typeof email !== "string" || typeof date !== "string") return undefined;
    return { name, email, at: new Date(date), ...(login === undefined ? {} : { login }) };
  });
}

/** A repository as the API and webhooks tell of it. */
export function repositoryOf(item: unknown): (Repository & { readonly fork: boolean }) | undefined {
  const one = record(item);
  const [name, path, url] = [textOf(one["name"]), textOf(one["full_name"]), textOf(one["html_url"])];
  if (name === undefined || path === undefined || url === undefined) return undefined;
  const topics = Array.isArray(one["topics"]) ? one["topics"].filter((topic) => typeof topic === "string") : [];
  return {
    name,
    path,
    url,
    description: textOf(one["description"]),
    branch: textOf(one["default_branch"]),
    topics,
    visibility: textOf(one["visibility"]) ?? (one["private"] === true ? "private" : undefined),
    archived: one["archived"] === true,
    fork: one["fork"] === true,
    mark: `${textOf(one["pushed_at"]) ?? ""} ${textOf(one["default_branch"]) ?? ""}`,
  };
}
