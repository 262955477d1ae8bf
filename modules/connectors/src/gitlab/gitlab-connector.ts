import type { Connector, ConnectorCall, Reading, WebhookOutcome, WebhookRequest } from "@roadbed/contracts/connector";
import { InvalidError, UnauthenticatedError } from "@roadbed/core";

import type { Ask } from "../lib/ask.ts";
import {
  collect,
  groupReading,
  isDescriptor,
  parseMessage,
  readDescriptors,
  record,
  repositoryReading,
  textOf,
  userReading,
  type HostWords,
  type Repository,
} from "../lib/git-host.ts";
import { toEntityName } from "../lib/names.ts";
import { readPages, type PageMemory } from "../lib/pages.ts";
import { isSame } from "../lib/signature.ts";
import { buildOfGitLab } from "../lib/told-build.ts";
import { listProjects, repositories, repository } from "./repositories.ts";
import { apiOf, askGitLab, GitLabSettings } from "./settings.ts";

/** A group of gitlab.com or of a GitLab of one's own, over the REST API (v4). */
export const gitlabConnector: Connector<GitLabSettings> = {
  kind: "gitlab",
  title: "GitLab group",
  summary: "Projects, subgroups and members of a group, and every catalog-info.yaml in its projects.",
  settings: GitLabSettings as never,
  secrets: ["token"],
  targetOf: ({ group, url }) => `${new URL(url).host}/${group.toLowerCase()}`,
  defaults: { everyMinutes: 30, halfLifeDays: 30, confidence: 0.9 },
  read,
  repositories,
  repository,
  receive: async (settings, request) => receive(settings, request),
};

async function* read(settings: GitLabSettings, call: ConnectorCall): AsyncGenerator<Reading> {
  const ask = askGitLab(settings, call);
  const memory: PageMemory = { before: record(call.state["pages"]), now: {} };
  const descriptors: Record<string, unknown> = {};
  const api = apiOf(settings);
  const group = `${api}/groups/${encodeURIComponent(settings.group)}`;
  const words: HostWords = { slugAnnotation: "gitlab.com/project-slug", namespace: settings.namespace, owner: groupName(settings.group) };
  const projects = await listProjects(ask, settings, memory);
  for (const project of settings.repositories ? projects : []) {
    yield repositoryReading(project, { ...words, owner: groupName(project.path.split("/").slice(0, -1).join("/")) });
  }
  if (settings.people) yield* readPeople(ask, settings, group, memory);
  if (settings.descriptors) {
    const byPath = new Map(projects.map((project) => [project.path, project.id]));
    const at = ({ path }: Repository): string => `${api}/projects/${byPath.get(path)}/repository`;
    const source = {
      list: (project: Repository) => listDescriptors(ask, at(project), project),
      read: async (project: Repository, path: string) =>
        String(
          (
            await ask(`${at(project)}/files/${encodeURIComponent(path)}/raw?ref=${encodeURIComponent(project.branch ?? "HEAD")}`, {
              raw: true,
            })
          ).body,
        ),
      pageOf: ({ url, branch }: Repository, path: string) => `${url}/-/blob/${branch ?? "HEAD"}/${path}`,
    };
    yield* readDescriptors(projects, source, { ask, before: call.state["descriptors"], now: descriptors });
  }
  const budget = ask.budget();
  if (budget) yield budget;
  yield { type: "state", state: { pages: memory.now, descriptors } };
}

/** A group's name is its whole path: subgroups of different groups may be called the same. */
function groupName(path: string): string {
  return toEntityName(path.toLowerCase().replaceAll("/", "."));
}

async function* readPeople(ask: Ask, settings: GitLabSettings, url: string, memory: PageMemory): AsyncGenerator<Reading> {
  const { namespace } = settings;
  const top = groupOf((await ask(url)).body);
  if (!top) throw new InvalidError(`GitLab answers something else than the group ${settings.group}.`);
  const below = await collect(readPages(ask, `${url}/descendant_groups?per_page=100`, { memory, pick: groupOf }));
  for (const one of [top, ...below]) {
    const parent = one === top ? undefined : groupName(one.path.split("/").slice(0, -1).join("/"));
    yield groupReading({
      name: groupName(one.path),
      title: one.name,
      description: one.description,
      type: one === top ? "organization" : "team",
      parent,
      url: one.url,
      namespace,
    });
  }
  const memberOf = new Map<string, { readonly title: string | undefined; readonly url: string; readonly groups: string[] }>();
  for (const one of [top, ...below]) {
    const members = `${url.slice(0, url.lastIndexOf("/"))}/${one.id}/members?per_page=100`;
    for await (const member of readPages(ask, members, { memory, pick: memberOfPage })) {
      const known = memberOf.get(member.login) ?? { title: member.title, url: member.url, groups: [] };
      known.groups.push(groupName(one.path));
      memberOf.set(member.login, known);
    }
  }
  for (const [login, { title, url: page, groups }] of memberOf) {
    yield userReading({ login, title, url: page, memberOf: groups, namespace, annotation: "gitlab.com/user-login" });
  }
}

async function listDescriptors(ask: Ask, at: string, { branch }: Repository): Promise<string[]> {
  const found: string[] = [];
  const url = `${at}/tree?recursive=true&per_page=100&pagination=keyset${branch === undefined ? "" : `&ref=${encodeURIComponent(branch)}`}`;
  // 404: nothing was ever pushed. Nothing is remembered of the pages: they are asked for only after a push.
  const pages = readPages(ask, url, { memory: { before: {}, now: {} }, accept: [404], pick: (item) => textOf(record(item)["path"]) });
  for await (const path of pages) if (isDescriptor(path)) found.push(path);
  return found;
}

function groupOf(item: unknown) {
  const one = record(item);
  const [path, url] = [textOf(one["full_path"]), textOf(one["web_url"])];
  if (path === undefined || url === undefined || typeof one["id"] !== "number") return undefined;
  return { id: one["id"], path, url, name: textOf(one["name"]), description: textOf(one["description"]) };
}

function memberOfPage(item: unknown) {
  const one = record(item);
  const [login, url] = [textOf(one["username"]), textOf(one["web_url"])];
  return login === undefined || url === undefined ? undefined : { login, url, title: textOf(one["name"]) };
}

/** GitLab sends the secret itself, and the name of each delivery. */
function receive(settings: GitLabSettings, { headers, body, secret }: WebhookRequest): WebhookOutcome {
  if (!isSame(headers["x-gitlab-token"] ?? "", secret)) {
    throw new UnauthenticatedError("X-Gitlab-Token is not the secret of this webhook.", { mend: "Give GitLab the webhook's secret." });
  }
  const deliveryId = headers["x-gitlab-event-uuid"] ?? headers["x-gitlab-webhook-uuid"];
  if (deliveryId === undefined) throw new InvalidError("This is no message of GitLab: it names no delivery.");
  const said = parseMessage(body);
  if (said["object_kind"] === "merge_request") return { deliveryId, ...changeOf(settings, said) };
  if (said["object_kind"] === "pipeline" || said["object_kind"] === "build") return { deliveryId, ...toldBy(settings, said) };
  const branch = textOf(record(said["project"])["default_branch"]);
  const isElsewhere = said["object_kind"] === "push" && branch !== undefined && said["ref"] !== `refs/heads/${branch}`;
  return isElsewhere ? { deliveryId } : { deliveryId, resync: true };
}

function toldBy(settings: GitLabSettings, said: Readonly<Record<string, unknown>>): Pick<WebhookOutcome, "build"> {
  const build = buildOfGitLab(said);
  const isOurs = build?.repository.toLowerCase().startsWith(`${settings.group.toLowerCase()}/`) === true;
  return build !== undefined && isOurs ? { build: { ...build, host: new URL(settings.url).host } } : {};
}

/** What a message about a merge request says, where it may have other files than before. */
function changeOf(settings: GitLabSettings, said: Readonly<Record<string, unknown>>): Pick<WebhookOutcome, "change"> {
  const request = record(said["object_attributes"]);
  const repository = textOf(record(said["project"])["path_with_namespace"]);
  const head = textOf(record(request["last_commit"])["id"]);
  const base = textOf(request["target_branch"]);
  const action = String(request["action"]);
  const isClosed = ["close", "merge"].includes(action);
  // An update without another commit changes a title or a label.
  const isOpen = ["open", "reopen"].includes(action) || (action === "update" && textOf(request["oldrev"]) !== undefined);
  const isOurs = repository?.toLowerCase().startsWith(`${settings.group.toLowerCase()}/`) === true;
  if ((!isClosed && !isOpen) || !isOurs || head === undefined || base === undefined || typeof request["iid"] !== "number") return {};
  const { host } = new URL(settings.url);
  return {
    change: { system: "gitlab", host, repository, number: String(request["iid"]), head, base, state: isClosed ? "closed" : "open" },
  };
}
