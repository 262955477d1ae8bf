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
import { isSignedBy } from "../lib/signature.ts";
import { itemsOf, listRepositories, nextOf, repositories } from "./repositories.ts";
import { apiOf, askBitbucket, BitbucketSettings } from "./settings.ts";

/** A workspace of Bitbucket Cloud, over the REST API (2.0). */
export const bitbucketConnector: Connector<BitbucketSettings> = {
  kind: "bitbucket",
  title: "Bitbucket workspace",
  summary: "Repositories and members of a workspace, and every catalog-info.yaml in its repositories.",
  settings: BitbucketSettings as never,
  secrets: ["token"],
  targetOf: ({ workspace, api }) => `${new URL(api).host.replace(/^api\./, "")}/${workspace.toLowerCase()}`,
  defaults: { everyMinutes: 30, halfLifeDays: 30, confidence: 0.9 },
  read,
  repositories,
  receive: async (_, request) => receive(request),
};

const MAX_DEPTH = 4;

async function* read(settings: BitbucketSettings, call: ConnectorCall): AsyncGenerator<Reading> {
  const ask = askBitbucket(settings, call);
  const memory: PageMemory = { before: record(call.state["pages"]), now: {} };
  const descriptors: Record<string, unknown> = {};
  const api = apiOf(settings);
  const words: HostWords = {
    slugAnnotation: "bitbucket.org/project-slug",
    namespace: settings.namespace,
    owner: toEntityName(settings.workspace.toLowerCase()),
  };
  const paged = { memory, itemsOf, nextOf };
  const all = await listRepositories(ask, settings, memory);
  for (const repository of settings.repositories ? all : []) yield repositoryReading(repository, words);
  if (settings.people) {
    const { namespace, workspace } = settings;
    const page = `https://bitbucket.org/${workspace}`;
    yield groupReading({
      name: words.owner,
      title: workspace,
      description: undefined,
      type: "organization",
      parent: undefined,
      url: page,
      namespace,
    });
    for await (const member of readPages(ask, `${api}/workspaces/${workspace}/members?pagelen=100`, { ...paged, pick: memberOf })) {
      yield userReading({ ...member, url: page, memberOf: [words.owner], namespace, annotation: "bitbucket.org/user-nickname" });
    }
  }
  if (settings.descriptors) {
    const at = ({ path, branch }: Repository): string => `${api}/repositories/${path}/src/${encodeURIComponent(branch ?? "HEAD")}`;
    const source = {
      list: (repository: Repository) => listDescriptors(ask, at(repository), repository),
      read: async (repository: Repository, path: string) =>
        String((await ask(`${at(repository)}/${path.split("/").map(encodeURIComponent).join("/")}`, { raw: true })).body),
      pageOf: ({ url, branch }: Repository, path: string) => `${url}/src/${branch ?? "HEAD"}/${path}`,
    };
    yield* readDescriptors(all, source, { ask, before: call.state["descriptors"], now: descriptors });
  }
  const budget = ask.budget();
  if (budget) yield budget;
  yield { type: "state", state: { pages: memory.now, descriptors } };
}

async function listDescriptors(ask: Ask, at: string, { branch }: Repository): Promise<string[]> {
  if (branch === undefined) return [];
  const url = `${at}/?max_depth=${MAX_DEPTH}&pagelen=100&q=${encodeURIComponent('path~"catalog-info"')}`;
  const pages = readPages(ask, url, {
    memory: { before: {}, now: {} },
    accept: [404],
    itemsOf,
    nextOf,
    pick: (item) => (record(item)["type"] === "commit_file" ? textOf(record(item)["path"]) : undefined),
  });
  return (await collect(pages)).filter(isDescriptor);
}

function memberOf(item: unknown): { readonly login: string; readonly title: string | undefined } | undefined {
  const user = record(record(item)["user"]);
  const login = textOf(user["nickname"]);
  return login === undefined ? undefined : { login, title: textOf(user["display_name"]) };
}

function receive({ headers, body, secret }: WebhookRequest): WebhookOutcome {
  if (!isSignedBy(secret, body, headers["x-hub-signature"], "sha256=")) {
    throw new UnauthenticatedError("X-Hub-Signature does not sign this message with the secret of this webhook.", {
      mend: "Give Bitbucket the webhook's secret.",
    });
  }
  const deliveryId = headers["x-request-uuid"];
  if (deliveryId === undefined) throw new InvalidError("This is no message of Bitbucket: it names no delivery.");
  parseMessage(body);
  return { deliveryId, resync: true };
}
