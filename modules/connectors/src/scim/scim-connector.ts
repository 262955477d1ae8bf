import type { Connector, ConnectorCall, Reading } from "@roadbed/contracts/connector";
import { InvalidError, TooLargeError, UnavailableError } from "@roadbed/core";
import { z } from "zod";

import { advanced } from "../lib/advanced.ts";
import { createAsk, type Ask } from "../lib/ask.ts";
import { directoryReadings, type DirectoryGroup, type Person } from "../lib/directory.ts";
import { record, textOf } from "../lib/git-host.ts";
import { listOf } from "../lib/list-of.ts";
import { addressSetting, bare, namespaceSetting, tokenSetting } from "../lib/settings.ts";

const filterSetting = (what: string) =>
  advanced(z.string().max(500).optional().describe(`Only ${what} that a SCIM filter finds, e.g. displayName sw "eng-"`));

export const ScimSettings = z.strictObject({
  url: addressSetting("Address of the SCIM 2.0 service, before /Users, e.g. https://idp.example.com/scim/v2"),
  token: tokenSetting("A bearer token that may read users and groups").optional(),
  user: z.string().min(1).max(200).optional().describe("Instead of a token: a name for basic authentication"),
  password: z.string().min(1).max(1_000).optional().describe("Its password; it is stored sealed"),
  groups: z.boolean().default(true).describe("Groups, with who is in them"),
  userFilter: filterSetting("people"),
  groupFilter: filterSetting("groups"),
  keepGone: advanced(z.boolean().default(true).describe("People whom the provider names no more stay, marked as people who have left")),
  pageSize: advanced(z.number().int().min(1).max(1_000).default(100).describe("Records of one question")),
  groupType: advanced(z.string().min(1).max(60).default("team").describe("Type of the groups")),
  namespace: namespaceSetting(),
});
export type ScimSettings = z.output<typeof ScimSettings>;

/** People and groups of an identity provider, over SCIM 2.0 (RFC 7644). */
export const scimConnector: Connector<ScimSettings> = {
  kind: "scim",
  title: "Identity provider (SCIM)",
  summary: "People and groups of an identity provider; who has left stays, marked as such.",
  settings: ScimSettings as never,
  secrets: ["token", "password"],
  targetOf: ({ url }) => bare(url).replace(/^https?:\/\//, ""),
  defaults: { everyMinutes: 60, halfLifeDays: 30, confidence: 0.95 },
  // Who was there and is named no more is known by nothing else.
  keeps: ["people", "groups"],
  read,
};

const SYSTEM = "The identity provider";
/** Groups come with all their members: fewer at once. */
const GROUPS_AT_ONCE = 20;
const MAX_PAGES = 5_000;

async function* read(settings: ScimSettings, call: ConnectorCall): AsyncGenerator<Reading> {
  const ask = createAsk(call, {
    system: SYSTEM,
    headers: { accept: "application/scim+json, application/json", authorization: credentialsOf(settings) },
  });
  const base = bare(settings.url);
  const people = (await readAll(ask, `${base}/Users`, { count: settings.pageSize, filter: settings.userFilter })).map((item) =>
    personOf(item, base),
  );
  const groups = settings.groups ? await readGroups(ask, base, settings) : [];
  const words = {
    namespace: settings.namespace,
    loginAnnotation: "roadbed.dev/scim-user",
    groupType: settings.groupType,
    keepGone: settings.keepGone,
    state: call.state,
  };
  yield* directoryReadings(
    people.filter((one) => one !== undefined),
    groups,
    words,
  );
  const budget = ask.budget();
  if (budget) yield budget;
}

function credentialsOf({ token, user, password }: ScimSettings): string {
  if (token !== undefined) return `Bearer ${token}`;
  if (user !== undefined && password !== undefined) return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  throw new InvalidError("There are no credentials.", {
    problems: [{ at: "settings.token", reason: "is missing" }],
    mend: "Give a token, or a user and a password.",
  });
}

interface Wanted {
  readonly count: number;
  readonly filter: string | undefined;
  readonly without?: string;
}

/** Pages by `startIndex`, counted from 1. A provider may give fewer than were asked for, so the next begins after what came. */
async function readAll(ask: Ask, url: string, wanted: Wanted): Promise<unknown[]> {
  const items: unknown[] = [];
  for (let page = 0; page < MAX_PAGES; page++) {
    const { body } = await ask(`${url}?${queryOf(wanted, items.length + 1)}`);
    const { total, resources } = readPage(body);
    items.push(...resources);
    if (items.length >= total) return items;
    // Half a list would make people leave who are there.
    if (resources.length === 0)
      throw new UnavailableError(`${SYSTEM} says that there are ${total}, and gives only ${items.length}.`, {
        mend: "It is tried again later.",
      });
  }
  throw new TooLargeError(`${SYSTEM} gives more than ${MAX_PAGES} pages.`, { mend: "Raise the page size, or name a filter." });
}

function queryOf({ count, filter, without }: Wanted, startIndex: number): URLSearchParams {
  const query = new URLSearchParams({ startIndex: String(startIndex), count: String(count) });
  if (filter !== undefined) query.set("filter", filter);
  if (without !== undefined) query.set("excludedAttributes", without);
  return query;
}

function readPage(body: unknown): { readonly total: number; readonly resources: readonly unknown[] } {
  const total = record(body)["totalResults"];
  if (typeof total !== "number") {
    throw new UnavailableError(`${SYSTEM} answered without "totalResults".`, {
      mend: "Check that the address is that of a SCIM 2.0 service.",
    });
  }
  // Where there is none, the list itself may be missing (RFC 7644, 3.4.2).
  return { total, resources: total === 0 ? [] : listOf(SYSTEM, body, "Resources") };
}

function personOf(item: unknown, base: string): Person | undefined {
  const one = record(item);
  const [id, login] = [textOf(one["id"]), textOf(one["userName"])];
  if (id === undefined || login === undefined) return undefined;
  const name = record(one["name"]);
  const parts = [textOf(name["givenName"]), textOf(name["familyName"])].filter((part) => part !== undefined).join(" ");
  return {
    id,
    login,
    title: textOf(one["displayName"]) ?? textOf(name["formatted"]) ?? textOf(parts),
    mail: mailOf(one["emails"]) ?? (login.includes("@") ? login.toLowerCase() : undefined),
    active: one["active"] !== false && one["active"] !== "false" && one["active"] !== "False",
    location: textOf(record(one["meta"])["location"]) ?? `${base}/Users/${encodeURIComponent(id)}`,
  };
}

/** The primary one, else that of work, else the first. */
function mailOf(value: unknown): string | undefined {
  const mails = (Array.isArray(value) ? value : []).map(record);
  const best = mails.find((mail) => mail["primary"] === true) ?? mails.find((mail) => mail["type"] === "work") ?? mails[0];
  return textOf(best?.["value"])?.toLowerCase();
}

async function readGroups(ask: Ask, base: string, { pageSize, groupFilter: filter }: ScimSettings): Promise<DirectoryGroup[]> {
  const url = `${base}/Groups`;
  const listed = await readAll(ask, url, { count: Math.min(pageSize, GROUPS_AT_ONCE), filter }).catch((error: unknown) => {
    if (!(error instanceof TooLargeError)) throw error;
    return readAll(ask, url, { count: pageSize, filter, without: "members" });
  });
  const groups: DirectoryGroup[] = [];
  for (const item of listed) {
    const id = textOf(record(item)["id"]);
    if (id === undefined) continue;
    // Some providers leave members out of lists, and give them with the group itself.
    const whole = Array.isArray(record(item)["members"]) ? item : (await ask(`${url}/${encodeURIComponent(id)}`)).body;
    const group = groupOf(whole, base);
    if (group) groups.push(group);
  }
  return groups;
}

function groupOf(item: unknown, base: string): DirectoryGroup | undefined {
  const one = record(item);
  const [id, name] = [textOf(one["id"]), textOf(one["displayName"])];
  if (id === undefined || name === undefined) return undefined;
  const members = Array.isArray(one["members"]) ? one["members"] : [];
  return {
    id,
    name,
    description: undefined,
    mail: undefined,
    members: members.map((member) => textOf(record(member)["value"])).filter((value) => value !== undefined),
    location: textOf(record(one["meta"])["location"]) ?? `${base}/Groups/${encodeURIComponent(id)}`,
  };
}
