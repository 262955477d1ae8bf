import type { Connector, ConnectorCall, Reading, WebhookOutcome, WebhookRequest } from "@roadbed/contracts/connector";
import { InvalidError, UnauthenticatedError } from "@roadbed/core";

import type { Ask } from "../lib/ask.ts";
import {
  groupReading,
  isDescriptor,
  parseMessage,
  record,
  readDescriptors,
  repositoryReading,
  textOf,
  userReading,
  type HostWords,
  type Repository,
} from "../lib/git-host.ts";
import { toEntityName } from "../lib/names.ts";
import { readPages, type PageMemory } from "../lib/pages.ts";
import { isSignedBy } from "../lib/signature.ts";
import { buildOfGitHub } from "../lib/told-build.ts";
import { listRepositories, repositories, repository, repositoryOf } from "./repositories.ts";
import { askGitHub, GitHubSettings, hostOf } from "./settings.ts";

/** An organisation of GitHub or GitHub Enterprise, over the REST API. */
export const githubConnector: Connector<GitHubSettings> = {
  kind: "github",
  title: "GitHub organisation",
  summary: "Repositories, teams and members of an organisation, and every catalog-info.yaml in its repositories.",
  settings: GitHubSettings as never,
  secrets: ["token"],
  targetOf: ({ org, api }) => `${hostOf(api)}/${org.toLowerCase()}`,
  defaults: { everyMinutes: 30, halfLifeDays: 30, confidence: 0.9 },
  read,
  repositories,
  repository,
  receive: async (settings, request) => receive(settings, request),
};

interface Team {
  readonly slug: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly url: string;
  readonly parent: string | undefined;
}

async function* read(settings: GitHubSettings, call: ConnectorCall): AsyncGenerator<Reading> {
  const ask = askGitHub(settings, call);
  const memory: PageMemory = { before: record(call.state["pages"]), now: {} };
  const descriptors: Record<string, unknown> = {};
  const base = `${settings.api.replace(/\/+$/, "")}/orgs/${settings.org}`;
  const words: HostWords = {
    slugAnnotation: "github.com/project-slug",
    namespace: settings.namespace,
    owner: toEntityName(settings.org.toLowerCase()),
  };

  const wanted = await listRepositories(ask, settings, memory);
  if (settings.repositories) for (const repository of wanted) yield repositoryReading(repository, words);
  yield* budgetOf(ask);
  if (settings.people) yield* readPeople(ask, settings, base, memory, words);
  if (settings.descriptors) {
    const source = {
      list: (repository: Repository) => listDescriptors(ask, settings, repository),
      read: (repository: Repository, path: string) => readFile(ask, settings, repository, path),
      pageOf: ({ url, branch }: Repository, path: string) => `${url}/blob/${branch ?? "HEAD"}/${path}`,
    };
    yield* readDescriptors(wanted, source, { ask, before: call.state["descriptors"], now: descriptors });
  }
  yield* budgetOf(ask);
  yield { type: "state", state: { pages: memory.now, descriptors } };
}

function* budgetOf(ask: Ask): Iterable<Reading> {
  const budget = ask.budget();
  if (budget) yield budget;
}

async function* readPeople(
  ask: Ask,
  { org, namespace }: GitHubSettings,
  base: string,
  memory: PageMemory,
  words: HostWords,
): AsyncGenerator<Reading> {
  const url = new URL(base);
  const page = `https://${hostOf(url.origin)}`;
  yield groupReading({
    name: words.owner,
    title: org,
    description: undefined,
    type: "organization",
    parent: undefined,
    url: `${page}/${org}`,
    namespace,
  });
  const memberOf = new Map<string, string[]>();
  for await (const team of readPages(ask, `${base}/teams?per_page=100`, { memory, pick: teamOf })) {
    yield groupReading({ ...team, name: team.slug, title: team.name, type: "team", parent: team.parent ?? words.owner, namespace });
    for await (const login of readPages(ask, `${base}/teams/${encodeURIComponent(team.slug)}/members?per_page=100`, {
      memory,
      pick: loginOf,
    })) {
      memberOf.set(login, [...(memberOf.get(login) ?? []), team.slug]);
    }
  }
  for await (const login of readPages(ask, `${base}/members?per_page=100`, { memory, pick: loginOf })) {
    const teams = memberOf.get(login) ?? [];
    yield userReading({
      login,
      title: undefined,
      url: `${page}/${login}`,
      memberOf: teams.length === 0 ? [words.owner] : teams,
      namespace,
      annotation: "github.com/user-login",
    });
  }
}

async function listDescriptors(ask: Ask, { api }: GitHubSettings, { path, branch }: Repository): Promise<string[]> {
  const url = `${api.replace(/\/+$/, "")}/repos/${path}/git/trees/${encodeURIComponent(branch ?? "HEAD")}?recursive=1`;
  // 409: nothing was ever pushed.
  const { status, body } = await ask(url, { accept: [404, 409] });
  if (status !== 200) return [];
  const tree = record(body)["tree"];
  return (Array.isArray(tree) ? tree : [])
    .map((entry: unknown) => record(entry))
    .filter(({ type, path: file }) => type === "blob" && typeof file === "string" && isDescriptor(file))
    .map(({ path: file }) => String(file));
}

async function readFile(ask: Ask, { api }: GitHubSettings, { path, branch }: Repository, file: string): Promise<string> {
  const encoded = file.split("/").map(encodeURIComponent).join("/");
  const url = `${api.replace(/\/+$/, "")}/repos/${path}/contents/${encoded}${branch === undefined ? "" : `?ref=${encodeURIComponent(branch)}`}`;
  return String((await ask(url, { raw: true, headers: { accept: "application/vnd.github.raw+json" } })).body);
}

function teamOf(item: unknown): Team | undefined {
  const one = record(item);
  const [slug, name, url] = [textOf(one["slug"]), textOf(one["name"]), textOf(one["html_url"])];
  if (slug === undefined || url === undefined) return undefined;
  return { slug, name: name ?? slug, url, description: textOf(one["description"]), parent: textOf(record(one["parent"])["slug"]) };
}

function loginOf(item: unknown): string | undefined {
  return textOf(record(item)["login"]);
}

/** Events after which something else may be true; a new reading asks only for what has changed. */
const TELLING = new Set(["push", "repository", "team", "team_add", "membership", "member", "organization", "create", "delete", "public"]);

function receive(settings: GitHubSettings, { headers, body, secret }: WebhookRequest): WebhookOutcome {
  if (!isSignedBy(secret, body, headers["x-hub-signature-256"], "sha256=")) {
    throw new UnauthenticatedError("X-Hub-Signature-256 does not sign this message with the secret of this webhook.", {
      mend: "Give GitHub the webhook's secret.",
    });
  }
  const [event, deliveryId] = [headers["x-github-event"], headers["x-github-delivery"]];
  if (event === undefined || deliveryId === undefined)
    throw new InvalidError("This is no message of GitHub: it names no event and no delivery.");
  const said = parseMessage(body);
  if (event === "pull_request") return { deliveryId, ...changeOf(settings, said) };
  const build = buildOfGitHub(event, said);
  if (build !== undefined)
    return isOurs(settings, build.repository) ? { deliveryId, build: { ...build, host: hostOf(settings.api) } } : { deliveryId };
  if (!TELLING.has(event) || !isAbout(settings, event, said)) return { deliveryId };
  const repository = repositoryOf(said["repository"]);
  const isGone = event === "repository" && ["deleted", "transferred"].includes(String(said["action"])) && repository !== undefined;
  return {
    deliveryId,
    resync: true,
    ...(isGone && settings.repositories
      ? { removed: [`resource:${settings.namespace}/${toEntityName(repository.name)}`.toLowerCase()] }
      : {}),
  };
}

/** What a message about a pull request says, where it may have other files than before. */
function changeOf(settings: GitHubSettings, said: Readonly<Record<string, unknown>>): Pick<WebhookOutcome, "change"> {
  const state = { opened: "open", reopened: "open", synchronize: "open", ready_for_review: "open", closed: "closed" } as const;
  const [pull, repository] = [record(said["pull_request"]), textOf(record(said["repository"])["full_name"])];
  const [head, base] = [textOf(record(pull["head"])["sha"]), textOf(record(pull["base"])["sha"])];
  const is = state[String(said["action"]) as keyof typeof state] as "open" | "closed" | undefined;
  if (
    is === undefined ||
    repository === undefined ||
    !isOurs(settings, repository) ||
    head === undefined ||
    base === undefined ||
    typeof pull["number"] !== "number"
  )
    return {};
  return { change: { system: "github", host: hostOf(settings.api), repository, number: String(pull["number"]), head, base, state: is } };
}

function isOurs({ org }: GitHubSettings, repository: string): boolean {
  return repository.toLowerCase().startsWith(`${org.toLowerCase()}/`);
}

/** Only a push to the branch that is read says something. */
function isAbout(settings: GitHubSettings, event: string, said: Readonly<Record<string, unknown>>): boolean {
  const owner = textOf(record(said["organization"])["login"]) ?? textOf(record(record(said["repository"])["owner"])["login"]);
  if (owner !== undefined && owner.toLowerCase() !== settings.org.toLowerCase()) return false;
  const branch = textOf(record(said["repository"])["default_branch"]);
  return event !== "push" || branch === undefined || said["ref"] === `refs/heads/${branch}`;
}
