import type { Connector, ConnectorCall, Reading, WebhookOutcome, WebhookRequest } from "@roadbed/contracts/connector";
import { InvalidError, UnauthenticatedError } from "@roadbed/core";
import { z } from "zod";

import { advanced } from "../lib/advanced.ts";
import { createAsk, type Answer, type Ask } from "../lib/ask.ts";
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
import { gitHostSettings, tokenSetting } from "../lib/settings.ts";
import { isSignedBy } from "../lib/signature.ts";

export const BitbucketSettings = z.strictObject({
  workspace: z
    .string()
    .regex(/^[\w-]{1,62}$/, "must be a workspace's id, as in its address")
    .describe("The workspace, as in bitbucket.org/WORKSPACE"),
  token: tokenSetting("A workspace access token that may read repositories and the account"),
  api: advanced(
    z
      .url({ protocol: /^https?$/ })
      .default("https://api.bitbucket.org")
      .describe("Address of the API"),
  ),
  ...gitHostSettings({
    people: "Members as users",
    repositories: "Every repository as a resource",
    descriptors: "Every catalog-info.yaml, down to four folders deep",
  }),
});
export type BitbucketSettings = z.output<typeof BitbucketSettings>;

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
  receive: async (_, request) => receive(request),
};

const MAX_DEPTH = 4;

async function* read(settings: BitbucketSettings, call: ConnectorCall): AsyncGenerator<Reading> {
  const ask = createAsk(call, { system: "Bitbucket", headers: { authorization: `Bearer ${settings.token}` } });
  const memory: PageMemory = { before: record(call.state["pages"]), now: {} };
  const descriptors: Record<string, unknown> = {};
  const api = `${settings.api.replace(/\/+$/, "")}/2.0`;
  const words: HostWords = {
    slugAnnotation: "bitbucket.org/project-slug",
    namespace: settings.namespace,
    owner: toEntityName(settings.workspace.toLowerCase()),
  };
  const paged = { memory, itemsOf: (body: unknown) => record(body)["values"], nextOf };
  const repositories = await collect(
    readPages(ask, `${api}/repositories/${settings.workspace}?pagelen=100`, { ...paged, pick: repositoryOf }),
  );
  for (const repository of settings.repositories ? repositories : []) yield repositoryReading(repository, words);
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
    yield* readDescriptors(repositories, source, { ask, before: call.state["descriptors"], now: descriptors });
  }
  const budget = ask.budget();
  if (budget) yield budget;
  yield { type: "state", state: { pages: memory.now, descriptors } };
}

function nextOf({ body }: Answer): string | undefined {
  return textOf(record(body)["next"]);
}

async function listDescriptors(ask: Ask, at: string, { branch }: Repository): Promise<string[]> {
  if (branch === undefined) return [];
  const url = `${at}/?max_depth=${MAX_DEPTH}&pagelen=100&q=${encodeURIComponent('path~"catalog-info"')}`;
  const pages = readPages(ask, url, {
    memory: { before: {}, now: {} },
    accept: [404],
    itemsOf: (body) => record(body)["values"],
    nextOf,
    pick: (item) => (record(item)["type"] === "commit_file" ? textOf(record(item)["path"]) : undefined),
  });
  return (await collect(pages)).filter(isDescriptor);
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
