import type { OnCall } from "@roadbed/contracts/catalog/on-call";
import type { Connector, ConnectorCall, Reading } from "@roadbed/contracts/connector";
import { TooLargeError } from "@roadbed/core";
import { z } from "zod";

import { advanced } from "../lib/advanced.ts";
import { createAsk, type Ask } from "../lib/ask.ts";
import { record, textOf } from "../lib/git-host.ts";
import { listOf } from "../lib/list-of.ts";
import { placeThings, type Thing } from "../lib/place.ts";
import { addressSetting, bare, namespaceSetting, placingSettings, tokenSetting } from "../lib/settings.ts";

export const OpsgenieSettings = z.strictObject({
  token: tokenSetting("Key of an API integration with the right to read, and with access to configurations"),
  account: z
    .string()
    .regex(/^[a-z0-9-]{1,60}$/, "must be the first part of the account's address")
    .describe("The account, as in ACCOUNT.app.opsgenie.com"),
  api: advanced(addressSetting("Address of the API; in the EU region https://api.eu.opsgenie.com").default("https://api.opsgenie.com")),
  ...placingSettings,
  namespace: namespaceSetting(),
});
export type OpsgenieSettings = z.output<typeof OpsgenieSettings>;

/** Services and teams of Opsgenie, and who is on call by the schedules of the teams. */
export const opsgenieConnector: Connector<OpsgenieSettings> = {
  kind: "opsgenie",
  title: "Opsgenie",
  summary: "Who is on call now for each service and team, until when, and who is next when nobody answers.",
  settings: OpsgenieSettings as never,
  secrets: ["token"],
  targetOf: ({ api, account }) => `${new URL(api).host}/${account}`,
  defaults: { everyMinutes: 10, halfLifeDays: 1, confidence: 0.95 },
  read,
};

const SYSTEM = "Opsgenie";
const PAGE = 100;
const MAX_PAGES = 500;
const TEAM = "opsgenie.com/team";
const SELECTOR = "opsgenie.com/component-selector";
const SERVICE = "opsgenie.com/service-id";

interface Callable extends Thing {
  readonly team: string | undefined;
}

async function* read(settings: OpsgenieSettings, call: ConnectorCall): AsyncGenerator<Reading> {
  const ask = createAsk(call, { system: SYSTEM, headers: { authorization: `GenieKey ${settings.token}` } });
  const api = bare(settings.api);
  const page = `https://${settings.account}.app.opsgenie.com`;
  const services = (await readAll(ask, `${api}/v1/services?limit=${PAGE}`))
    .map((item) => serviceOf(item, page))
    .filter((one) => one !== undefined);
  const teams = (await readAll(ask, `${api}/v2/teams`)).map((item) => teamOf(item, page)).filter((one) => one !== undefined);
  const onCall = await readOnCalls(ask, api, call.now());
  const adds = (some: readonly Callable[]) => {
    const ids = new Set(some.flatMap(({ team }) => team ?? []));
    return { spec: { onCall: [...ids].sort().flatMap((team) => onCall.get(team) ?? []) } };
  };
  const { namespace, byName, tellUnplaced } = settings;
  yield* placeThings(call, services, { what: "Opsgenie service", annotations: [SERVICE, SELECTOR], namespace, byName, tellUnplaced, adds });
  // Not every team has a component of its own: of those nothing needs to be said.
  yield* placeThings(call, teams, { what: "Opsgenie team", annotations: [TEAM], namespace, byName: false, tellUnplaced: false, adds });
  const budget = ask.budget();
  if (budget) yield budget;
}

/** Pages by `paging.next` in the answer. */
async function readAll(ask: Ask, url: string): Promise<unknown[]> {
  const items: unknown[] = [];
  let at: string | undefined = url;
  for (let page = 0; at !== undefined; page++) {
    if (page === MAX_PAGES) throw new TooLargeError(`${SYSTEM} gives more than ${MAX_PAGES} pages of ${new URL(url).pathname}.`);
    const { body } = await ask(at);
    items.push(...listOf(SYSTEM, body, "data"));
    at = nextOf(textOf(record(record(body)["paging"])["next"]), url);
  }
  return items;
}

/** A link in an answer is followed only where the key may go: to the same host, by the same scheme. */
function nextOf(link: string | undefined, url: string): string | undefined {
  const next = link === undefined ? null : URL.parse(link, url);
  return next === null ? undefined : new URL(`${next.pathname}${next.search}`, url).href;
}

function serviceOf(item: unknown, page: string): Callable | undefined {
  const one = record(item);
  const [id, name] = [textOf(one["id"]), textOf(one["name"])];
  if (id === undefined || name === undefined) return undefined;
  const tags = (Array.isArray(one["tags"]) ? one["tags"] : []).filter((tag) => typeof tag === "string");
  const fits = (annotation: string, value: string): boolean => (annotation === SERVICE ? value === id : isSelected(value, name, tags));
  return { id, name, team: textOf(one["teamId"]), location: `${page}/service/${id}`, fits };
}

function teamOf(item: unknown, page: string): Callable | undefined {
  const one = record(item);
  const [id, name] = [textOf(one["id"]), textOf(one["name"])];
  if (id === undefined || name === undefined) return undefined;
  return { id: name, name, team: id, location: `${page}/teams/dashboard/${id}/main`, fits: (_, value) => value === name };
}

/** A selector is a search for alerts, e.g. `tag:"orders"`: it means the services that have this tag or name. */
function isSelected(selector: string, name: string, tags: readonly string[]): boolean {
  const terms = [...selector.matchAll(/\b(tags?|service)\s*:\s*(?:"([^"]+)"|([^\s"()]+))/gi)];
  return terms.some(([, field = "", quoted, plain]) => {
    const value = quoted ?? plain ?? "";
    return field.toLowerCase() === "service" ? value === name : tags.includes(value);
  });
}

/** By team, over the schedules that belong to it. */
async function readOnCalls(ask: Ask, api: string, now: Date): Promise<ReadonlyMap<string, readonly OnCall[]>> {
  const schedules = (await readAll(ask, `${api}/v2/schedules`)).map(record).filter((one) => one["enabled"] !== false);
  const names = await readNames(ask, api);
  const found = new Map<string, OnCall[]>();
  for (const schedule of schedules) {
    const [id, team] = [textOf(schedule["id"]), textOf(record(schedule["ownerTeam"])["id"])];
    if (id === undefined || team === undefined) continue;
    const at = `${api}/v2/schedules/${encodeURIComponent(id)}`;
    const participants = listOf(SYSTEM, record((await ask(`${at}/on-calls`)).body)["data"], "onCallParticipants");
    const callable = leavesOf(participants, 1);
    if (callable.length === 0) continue;
    const periods = periodsOf((await ask(`${at}/timeline?interval=1&intervalUnit=weeks`)).body);
    const shifts = callable.map(({ mail, level }): OnCall => {
      const period = periods.find((one) => one.name === mail && one.since <= now.getTime() && now.getTime() < one.until);
      return {
        name: names.get(mail) ?? mail,
        ...(mail.includes("@") ? { mail: mail.toLowerCase() } : {}),
        schedule: textOf(schedule["name"]) ?? id,
        level,
        ...(period ? { since: new Date(period.since).toISOString(), until: new Date(period.until).toISOString() } : {}),
        source: "opsgenie",
      };
    });
    found.set(
      team,
      [...(found.get(team) ?? []), ...shifts].sort((a, b) => keyOf(a).localeCompare(keyOf(b), "en")),
    );
  }
  return found;
}

function keyOf({ level, schedule, name }: OnCall): string {
  return `${String(level).padStart(3, "0")} ${schedule ?? ""} ${name}`;
}

/** Names of people by what they log in with. A key that may not read them loses only these. */
async function readNames(ask: Ask, api: string): Promise<ReadonlyMap<string, string>> {
  const url = `${api}/v2/users?limit=${PAGE}`;
  const first = await ask(url, { accept: [403] });
  if (first.status === 403) return new Map();
  const users = [...listOf(SYSTEM, first.body, "data")];
  const next = nextOf(textOf(record(record(first.body)["paging"])["next"]), url);
  if (next !== undefined) users.push(...(await readAll(ask, next)));
  return new Map(users.map(record).map((user) => [textOf(user["username"]) ?? "", textOf(user["fullName"]) ?? ""]));
}

/** Teams and escalations hold others; those of an escalation are called one after the other. */
function leavesOf(participants: readonly unknown[], level: number): readonly { readonly mail: string; readonly level: number }[] {
  const times = [...new Set(participants.map((one) => Number(record(one)["escalationTime"] ?? 0)))].sort((a, b) => a - b);
  return participants.flatMap((item) => {
    const one = record(item);
    const own = level + Math.max(0, times.indexOf(Number(one["escalationTime"] ?? 0)));
    const inner = one["onCallParticipants"];
    if (Array.isArray(inner)) return leavesOf(inner, own);
    const name = textOf(one["name"]);
    return one["type"] === "user" && name !== undefined ? [{ mail: name, level: own }] : [];
  });
}

interface Period {
  readonly name: string;
  readonly since: number;
  readonly until: number;
}

function periodsOf(body: unknown): readonly Period[] {
  const rotations = record(record(record(body)["data"])["finalTimeline"])["rotations"];
  return (Array.isArray(rotations) ? rotations : []).flatMap((rotation) => {
    const periods = record(rotation)["periods"];
    return (Array.isArray(periods) ? periods : []).flatMap((period) => {
      const one = record(period);
      const name = textOf(record(one["recipient"])["name"]);
      const [since, until] = [Date.parse(textOf(one["startDate"]) ?? ""), Date.parse(textOf(one["endDate"]) ?? "")];
      return name === undefined || Number.isNaN(since) || Number.isNaN(until) ? [] : [{ name, since, until }];
    });
  });
}
