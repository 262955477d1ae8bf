import type { ConnectorCall, HostedFile, HostedRepository } from "@roadbed/contracts/connector";

import type { Ask } from "../lib/ask.ts";
import { collect, record, textOf, type Repository } from "../lib/git-host.ts";
import { commitsUntil } from "../lib/hosted.ts";
import { readPages, type PageMemory } from "../lib/pages.ts";
import { apiOf, askGitLab, type GitLabSettings } from "./settings.ts";

export type Project = Repository & { readonly id: number };

/** Files that are asked for side by side: GitLab counts by the minute. */
const SIDE_BY_SIDE = 4;

/** The projects of the group and of the groups below it. */
export function listProjects(ask: Ask, settings: GitLabSettings, memory: PageMemory): Promise<Project[]> {
  const group = `${apiOf(settings)}/groups/${encodeURIComponent(settings.group)}`;
  const list = `${group}/projects?include_subgroups=true&per_page=100&order_by=id&sort=asc${settings.archived ? "" : "&archived=false"}`;
  return collect(readPages(ask, list, { memory, pick: projectOf }));
}

/** The projects of a group with their files. */
export async function* repositories(settings: GitLabSettings, call: ConnectorCall): AsyncGenerator<HostedRepository> {
  const ask = askGitLab(settings, call);
  for (const project of await listProjects(ask, settings, { before: {}, now: {} })) yield hostedOf(ask, settings, project);
}

/** One project of the group or of a group below it. */
export async function repository(settings: GitLabSettings, path: string, call: ConnectorCall): Promise<HostedRepository | undefined> {
  if (!path.toLowerCase().startsWith(`${settings.group.toLowerCase()}/`)) return undefined;
  const ask = askGitLab(settings, call);
  const { status, body } = await ask(`${apiOf(settings)}/projects/${encodeURIComponent(path)}`, { accept: [404] });
  const found = status === 200 ? projectOf(body) : undefined;
  return found && hostedOf(ask, settings, found);
}

function hostedOf(ask: Ask, settings: GitLabSettings, project: Project): HostedRepository {
  const at = `${apiOf(settings)}/projects/${project.id}/repository`;
  return {
    url: project.url,
    mark: project.mark,
    budget: () => ask.left(),
    list: () => listFiles(ask, at, project.branch),
    read: (files) => readFiles(ask, at, files),
    commits: (since) => listCommits(ask, at, since),
  };
}

async function listFiles(ask: Ask, at: string, branch: string | undefined): Promise<{ files: HostedFile[]; isPart: boolean }> {
  const url = `${at}/tree?recursive=true&per_page=100&pagination=keyset${branch === undefined ? "" : `&ref=${encodeURIComponent(branch)}`}`;
  // 404: nothing was ever pushed.
  const pages = readPages(ask, url, {
    memory: { before: {}, now: {} },
    accept: [404],
    pick: (item): HostedFile | undefined => {
      const { type, path, id, mode } = record(item);
      // 120000: a link; what it leads to is read where it lies.
      return type === "blob" && mode !== "120000" && typeof path === "string" && typeof id === "string" ? { path, id } : undefined;
    },
  });
  return { files: await collect(pages), isPart: false };
}

async function readFiles(ask: Ask, at: string, files: readonly HostedFile[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const texts = new Map<string, Uint8Array>();
  const queue = [...files];
  const next = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const { status, body } = await ask(`${at}/blobs/${file.id}/raw`, { raw: true, accept: [404] });
      if (status === 200) texts.set(file.path, Buffer.from(String(body)));
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, next));
  return texts;
}

function listCommits(ask: Ask, at: string, since: Date): ReturnType<HostedRepository["commits"]> {
  return commitsUntil(ask, `${at}/commits?per_page=100&since=${since.toISOString()}`, (item) => {
    const { author_name: name, author_email: email, authored_date: date } = record(item);
    const at = textOf(date);
    return typeof name === "string" && typeof email === "string" && at !== undefined ? { name, email, at: new Date(at) } : undefined;
  });
}

function projectOf(item: unknown): Project | undefined {
  const one = record(item);
  const [path, url, name] = [textOf(one["path_with_namespace"]), textOf(one["web_url"]), textOf(one["path"])];
  if (path === undefined || url === undefined || name === undefined || typeof one["id"] !== "number") return undefined;
  return {
    id: one["id"],
    name,
    path,
    url,
    description: textOf(one["description"]),
    branch: textOf(one["default_branch"]),
    topics: Array.isArray(one["topics"]) ? one["topics"].filter((topic) => typeof topic === "string") : [],
    visibility: textOf(one["visibility"]),
    archived: one["archived"] === true,
    mark: `${textOf(one["last_activity_at"]) ?? ""} ${textOf(one["default_branch"]) ?? ""}`,
  };
}
