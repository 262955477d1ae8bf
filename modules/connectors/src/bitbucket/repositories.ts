import type { ConnectorCall, HostedFile, HostedRepository } from "@roadbed/contracts/connector";

import type { Answer, Ask } from "../lib/ask.ts";
import { collect, record, textOf, type Repository } from "../lib/git-host.ts";
import { commitsUntil } from "../lib/hosted.ts";
import { readPages, type PageMemory } from "../lib/pages.ts";
import { apiOf, askBitbucket, type BitbucketSettings } from "./settings.ts";

/** Files that are asked for side by side: Bitbucket counts by the hour. */
const SIDE_BY_SIDE = 4;
/** Deeper folders hold no service of their own that one of these does not show. */
const MAX_DEPTH = 6;
/** A listing is at most so many pages of a hundred. */
const MAX_FILES = 5_000;

/** The repositories of the workspace. */
export function listRepositories(ask: Ask, settings: BitbucketSettings, memory: PageMemory): Promise<Repository[]> {
  const list = `${apiOf(settings)}/repositories/${settings.workspace}?pagelen=100`;
  return collect(readPages(ask, list, { memory, itemsOf, nextOf, pick: repositoryOf }));
}

/** The repositories of a workspace with their files. */
export async function* repositories(settings: BitbucketSettings, call: ConnectorCall): AsyncGenerator<HostedRepository> {
  const ask = askBitbucket(settings, call);
  for (const { path, url, mark, branch } of await listRepositories(ask, settings, { before: {}, now: {} })) {
    const at = `${apiOf(settings)}/repositories/${path}`;
    yield {
      url,
      mark,
      budget: () => ask.left(),
      list: async () => (branch === undefined ? { files: [], isPart: false } : listFiles(ask, `${at}/src/${encodeURIComponent(branch)}`)),
      read: (files) => readFiles(ask, `${at}/src`, files),
      commits: async (since) => (branch === undefined ? [] : listCommits(ask, `${at}/commits/${encodeURIComponent(branch)}`, since)),
    };
  }
}

async function listFiles(ask: Ask, at: string): Promise<{ files: HostedFile[]; isPart: boolean }> {
  const files: HostedFile[] = [];
  let folders = 0;
  // 404: nothing was ever pushed.
  const pages = readPages(ask, `${at}/?max_depth=${MAX_DEPTH}&pagelen=100`, {
    memory: { before: {}, now: {} },
    accept: [404],
    itemsOf,
    nextOf,
    pick: record,
  });
  for await (const { type, path, commit, size, attributes } of pages) {
    const hash = textOf(record(commit)["hash"]);
    if (typeof path !== "string" || hash === undefined) continue;
    // A folder at the last depth is named, and not looked into.
    if (type === "commit_directory" && path.split("/").length >= MAX_DEPTH) folders++;
    if (type !== "commit_file" || (Array.isArray(attributes) && attributes.includes("link"))) continue;
    if (files.length === MAX_FILES) return { files, isPart: true };
    // The host names no content: the same path at the same commit is the same.
    files.push({ path, id: `${hash}:${path}`, ...(typeof size === "number" ? { bytes: size } : {}) });
  }
  return { files, isPart: folders > 0 };
}

async function readFiles(ask: Ask, at: string, files: readonly HostedFile[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const texts = new Map<string, Uint8Array>();
  const queue = [...files];
  const next = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const commit = file.id.slice(0, file.id.indexOf(":"));
      const url = `${at}/${commit}/${file.path.split("/").map(encodeURIComponent).join("/")}`;
      const { status, body } = await ask(url, { raw: true, accept: [404] });
      if (status === 200) texts.set(file.path, Buffer.from(String(body)));
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, next));
  return texts;
}

/** The host lists all commits, newest first: what is older than `since` ends it. */
async function listCommits(ask: Ask, at: string, since: Date): ReturnType<HostedRepository["commits"]> {
  let isOlder = false;
  const pick = (item: unknown): Awaited<ReturnType<HostedRepository["commits"]>>[number] | undefined => {
    const { author, date } = record(item);
    const { raw, user } = record(author);
    const [, name, email] = /^\s*(.*?)\s*<([^<>]+)>\s*$/.exec(textOf(raw) ?? "") ?? [];
    const at = new Date(textOf(date) ?? Number.NaN);
    isOlder ||= at < since;
    if (name === undefined || email === undefined || !(at >= since)) return undefined;
    const login = textOf(record(user)["nickname"]);
    return { name, email, at, ...(login === undefined ? {} : { login }) };
  };
  return commitsUntil(ask, `${at}?pagelen=100`, pick, { itemsOf, nextOf: (answer) => (isOlder ? undefined : nextOf(answer)) });
}

export function itemsOf(body: unknown): unknown {
  return record(body)["values"];
}

export function nextOf({ body }: Answer): string | undefined {
  return textOf(record(body)["next"]);
}

function repositoryOf(item: unknown): Repository | undefined {
  const one = record(item);
  const [name, path, url] = [textOf(one["slug"]), textOf(one["full_name"]), textOf(record(record(one["links"])["html"])["href"])];
  if (name === undefined || path === undefined || url === undefined) return undefined;
  return {
    name,
    path,
    url,
    description: textOf(one["description"]),
    branch: textOf(record(one["mainbranch"])["name"]),
    topics: [textOf(one["language"])].filter((word) => word !== undefined),
    visibility: one["is_private"] === true ? "private" : "public",
    archived: false,
    mark: `${textOf(one["updated_on"]) ?? ""} ${textOf(record(one["mainbranch"])["name"]) ?? ""}`,
  };
}
