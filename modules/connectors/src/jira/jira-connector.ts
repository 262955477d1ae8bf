import type { Entity } from "@roadbed/contracts/catalog";
import type { Connector, ConnectorCall, Reading } from "@roadbed/contracts/connector";
import { InvalidError, TooLargeError } from "@roadbed/core";
import { z } from "zod";

import { advanced } from "../lib/advanced.ts";
import { createAsk, type Ask } from "../lib/ask.ts";
import { record, textOf } from "../lib/git-host.ts";
import { listOf } from "../lib/list-of.ts";
import { toEntityName } from "../lib/names.ts";
import { placeThings, type Thing } from "../lib/place.ts";
import { addressSetting, bare, namespaceSetting, placingSettings, tokenSetting } from "../lib/settings.ts";

export const JiraSettings = z.strictObject({
  url: addressSetting("Address of Jira, e.g. https://my-team.atlassian.net"),
  edition: z.enum(["cloud", "data-center"]).default("cloud").describe("Jira Cloud, or Jira Data Center in your own network"),
  token: tokenSetting("Cloud: an API token of the account; Data Center: a personal access token. It may only browse projects"),
  user: z.string().min(1).max(200).optional().describe("Cloud: the mail address of the account that the token belongs to"),
  define: z
    .enum(["nothing", "systems", "domains"])
    .default("nothing")
    .describe("Make a system or a domain of each project; otherwise projects only add to what descriptors describe"),
  projects: advanced(
    z
      .array(z.string().regex(/^[A-Z][A-Z0-9_]{1,30}$/, "must be the key of a project"))
      .max(200)
      .default([])
      .describe("Only these projects, by key"),
  ),
  counts: z.boolean().default(true).describe("How many issues are open: one question for each project"),
  owner: advanced(z.string().min(1).max(200).default("unowned").describe("Group that owns a project whose lead is not known")),
  ...placingSettings,
  namespace: namespaceSetting(),
});
export type JiraSettings = z.output<typeof JiraSettings>;

/** Projects of Jira with their leads, components and open issues, over the REST API (v3 of the cloud, v2 of Data Center). */
export const jiraConnector: Connector<JiraSettings> = {
  kind: "jira",
  title: "Jira",
  summary: "Projects with lead, components and the number of open issues.",
  settings: JiraSettings as never,
  secrets: ["token"],
  targetOf: ({ url, projects }) => [new URL(url).host, ...[...projects].sort()].join("/"),
  defaults: { everyMinutes: 60, halfLifeDays: 14, confidence: 0.9 },
  read,
};

const SYSTEM = "Jira";
const PAGE = 50;
const MAX_PROJECTS = 10_000;
const KEY = "jira/project-key";
const OPEN = "statusCategory != Done";

interface Project extends Thing {
  readonly description: string | undefined;
  readonly lead: { readonly name: string; readonly mail: string | undefined } | undefined;
  readonly components: readonly string[];
  readonly open: number | undefined;
}

async function* read(settings: JiraSettings, call: ConnectorCall): AsyncGenerator<Reading> {
  const ask = createAsk(call, { system: SYSTEM, headers: { authorization: credentialsOf(settings) } });
  const api = `${bare(settings.url)}/rest/api/${settings.edition === "cloud" ? "3" : "2"}`;
  const listed = settings.edition === "cloud" ? await readCloud(ask, api) : await readDataCenter(ask, api);
  const wanted = new Set(settings.projects);
  const projects: Project[] = [];
  for (const item of listed) {
    const key = textOf(record(item)["key"]);
    if (key === undefined || (wanted.size > 0 && !wanted.has(key))) continue;
    projects.push(await projectOf(ask, api, record(item), key, settings));
  }
  if (settings.define !== "nothing") for (const project of projects) yield defined(project, settings);
  yield* placeThings(call, projects, {
    what: "Jira project",
    annotations: [KEY],
    namespace: settings.namespace,
    byName: settings.byName && settings.define === "nothing",
    tellUnplaced: settings.tellUnplaced && settings.define === "nothing",
    adds: (some) => ({ spec: { tracker: some.map(trackerOf) } }),
  });
  const budget = ask.budget();
  if (budget) yield budget;
}

function credentialsOf({ edition, user, token }: JiraSettings): string {
  if (edition === "data-center") return `Bearer ${token}`;
  if (user !== undefined) return `Basic ${Buffer.from(`${user}:${token}`).toString("base64")}`;
  throw new InvalidError("Jira Cloud wants to know whose token it is.", {
    problems: [{ at: "settings.user", reason: "is missing" }],
    mend: "Give the mail address of the account.",
  });
}

async function readCloud(ask: Ask, api: string): Promise<unknown[]> {
  const items: unknown[] = [];
  for (;;) {
    const { body } = await ask(`${api}/project/search?startAt=${items.length}&maxResults=${PAGE}&expand=description,lead&orderBy=key`);
    const page = listOf(SYSTEM, body, "values");
    items.push(...page);
    if (record(body)["isLast"] !== false || page.length === 0) return items;
    if (items.length >= MAX_PROJECTS)
      throw new TooLargeError(`${SYSTEM} has more than ${MAX_PROJECTS} projects.`, { mend: "Name the projects." });
  }
}

/** All at once: Data Center knows no pages here. */
async function readDataCenter(ask: Ask, api: string): Promise<readonly unknown[]> {
  const { body } = await ask(`${api}/project?expand=description,lead`);
  return listOf(SYSTEM, { projects: body }, "projects");
}

async function projectOf(
  ask: Ask,
  api: string,
  one: Readonly<Record<string, unknown>>,
  key: string,
  settings: JiraSettings,
): Promise<Project> {
  const lead = record(one["lead"]);
  const leadName = textOf(lead["displayName"]) ?? textOf(lead["name"]);
  const components = await ask(`${api}/project/${encodeURIComponent(key)}/components`);
  return {
    id: key,
    name: textOf(one["name"]) ?? key,
    description: textOf(one["description"]),
    location: `${bare(settings.url)}/browse/${key}`,
    lead: leadName === undefined ? undefined : { name: leadName, mail: textOf(lead["emailAddress"])?.toLowerCase() },
    components: listOf(SYSTEM, { components: components.body }, "components")
      .map((component) => textOf(record(component)["name"]))
      .filter((name) => name !== undefined)
      .sort(),
    open: settings.counts ? await countOpen(ask, api, key, settings.edition) : undefined,
    // Boards are named behind a slash by some: the key counts.
    fits: (_, value) => value.split("/")[0]!.trim().toUpperCase() === key,
  };
}

/** Jira Cloud counts roughly, and at once; Data Center counts while it searches. */
async function countOpen(ask: Ask, api: string, key: string, edition: JiraSettings["edition"]): Promise<number | undefined> {
  const jql = `project = "${key}" AND ${OPEN}`;
  const headers = { "content-type": "application/json" };
  const { body, status } =
    edition === "cloud"
      ? await ask(`${api}/search/approximate-count`, { method: "POST", headers, body: JSON.stringify({ jql }), accept: [400, 404] })
      : await ask(`${api}/search?${new URLSearchParams({ jql, maxResults: "0" })}`, { accept: [400] });
  const count = record(body)[edition === "cloud" ? "count" : "total"];
  return status === 200 && typeof count === "number" ? count : undefined;
}

function trackerOf({ id, name, location, lead, components, open }: Project) {
  return {
    source: "jira",
    key: id,
    name,
    url: location,
    ...(lead === undefined ? {} : { lead: lead.name, ...(lead.mail === undefined ? {} : { leadMail: lead.mail }) }),
    ...(components.length === 0 ? {} : { components }),
    ...(open === undefined ? {} : { openIssues: open }),
  };
}

function defined(project: Project, { define, namespace, owner }: JiraSettings): Reading {
  const { id, name, description, location, lead } = project;
  const mail = lead?.mail;
  const entity: Entity = {
    apiVersion: "backstage.io/v1alpha1",
    kind: define === "systems" ? "System" : "Domain",
    metadata: {
      name: toEntityName(id.toLowerCase()),
      namespace,
      title: name,
      ...(description === undefined ? {} : { description }),
      annotations: { [KEY]: id },
      links: [{ url: location, title: `Jira ${id}` }],
    },
    spec: {
      owner:
        mail === undefined
          ? `group:${namespace}/${toEntityName(owner)}`
          : `user:${namespace}/${toEntityName(mail.split("@")[0]!).toLowerCase()}`,
    },
  };
  return { type: "entity", mode: "define", entity, location };
}
