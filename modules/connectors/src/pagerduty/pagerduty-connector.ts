import type { OnCall } from "@roadbed/contracts/catalog/on-call";
import type { Connector, ConnectorCall, Reading, WebhookOutcome, WebhookRequest } from "@roadbed/contracts/connector";
import { InvalidError, TooLargeError, UnauthenticatedError } from "@roadbed/core";
import { z } from "zod";

import { advanced } from "../lib/advanced.ts";
import { createAsk, type Ask } from "../lib/ask.ts";
import { parseMessage, record, textOf } from "../lib/git-host.ts";
import { listOf } from "../lib/list-of.ts";
import { placeThings, type Thing } from "../lib/place.ts";
import { addressSetting, bare, namespaceSetting, placingSettings, tokenSetting, webhookSecretSetting } from "../lib/settings.ts";
import { isSignedBy } from "../lib/signature.ts";

const SYSTEM = "PagerDuty";

export const PagerDutySettings = z.strictObject({
  token: tokenSetting("A read-only API access key (Integrations, API Access Keys)"),
  webhookSecret: webhookSecretSetting(SYSTEM),
  teams: advanced(
    z
      .array(z.string().regex(/^[A-Z0-9]{4,30}$/, "must be the id of a team, e.g. P4TEAM1"))
      .max(50)
      .default([])
      .describe("Only services of these teams, by id"),
  ),
  api: advanced(addressSetting("Address of the API; in the EU region https://api.eu.pagerduty.com").default("https://api.pagerduty.com")),
  account: advanced(
    z
      .string()
      .regex(/^[a-z0-9-]{1,60}$/, "must be the first part of the account's address")
      .optional()
      .describe("The account, as in ACCOUNT.pagerduty.com: needed where two accounts are connected"),
  ),
  ...placingSettings,
  namespace: namespaceSetting(),
});
export type PagerDutySettings = z.output<typeof PagerDutySettings>;

/** Services of PagerDuty and who is on call for them, over the REST API (v2) and webhooks (v3). */
export const pagerdutyConnector: Connector<PagerDutySettings> = {
  kind: "pagerduty",
  title: "PagerDuty",
  summary: "Who is on call now for each service, until when, and who is next when nobody answers.",
  settings: PagerDutySettings as never,
  secrets: ["token", "webhookSecret"],
  targetOf: ({ api, account, teams }) => [new URL(api).host, account, ...[...teams].sort()].filter((part) => part !== undefined).join("/"),
  defaults: { everyMinutes: 10, halfLifeDays: 1, confidence: 0.95 },
  read,
  receive: async ({ webhookSecret }, request) => receive({ ...request, secret: webhookSecret ?? request.secret }),
};

const PAGE = 100;
/** PagerDuty answers no page behind this. */
const MAX_ITEMS = 10_000;
const POLICIES_AT_ONCE = 25;

interface Service extends Thing {
  readonly keys: readonly string[];
  readonly policy: string | undefined;
}

async function* read(settings: PagerDutySettings, call: ConnectorCall): AsyncGenerator<Reading> {
  const ask = createAsk(call, {
    system: SYSTEM,
    headers: { authorization: `Token token=${settings.token}`, accept: "application/vnd.pagerduty+json;version=2" },
  });
  const api = bare(settings.api);
  const query = new URLSearchParams([
    ["include[]", "integrations"],
    ...settings.teams.map((team): [string, string] => ["team_ids[]", team]),
  ]);
  const services = (await readAll(ask, `${api}/services?${query}`, "services")).map(serviceOf).filter((one) => one !== undefined);
  const onCall = await readOnCalls(ask, api, services, call.now());
  yield* placeThings(call, services, {
    what: "PagerDuty service",
    annotations: ["pagerduty.com/service-id", "pagerduty.com/integration-key"],
    namespace: settings.namespace,
    byName: settings.byName,
    tellUnplaced: settings.tellUnplaced,
    adds: (some) => ({ spec: { onCall: some.flatMap(({ policy }) => onCall.get(policy ?? "") ?? []) } }),
  });
  const budget = ask.budget();
  if (budget) yield budget;
}

/** Classic paging: by offset, until nothing more is said to be there. */
async function readAll(ask: Ask, url: string, key: string): Promise<unknown[]> {
  const items: unknown[] = [];
  for (;;) {
    const { body } = await ask(`${url}&limit=${PAGE}&offset=${items.length}`);
    const page = listOf(SYSTEM, body, key);
    items.push(...page);
    if (record(body)["more"] !== true || page.length === 0) return items;
    if (items.length >= MAX_ITEMS) {
      throw new TooLargeError(`${SYSTEM} has more than ${MAX_ITEMS} ${key} here, and does not list the rest.`, {
        mend: "Connect the account in parts: give the ids of teams.",
      });
    }
  }
}

function serviceOf(item: unknown): Service | undefined {
  const one = record(item);
  const [id, name] = [textOf(one["id"]), textOf(one["name"]) ?? textOf(one["summary"])];
  if (id === undefined || name === undefined) return undefined;
  const integrations = Array.isArray(one["integrations"]) ? one["integrations"] : [];
  const keys = integrations.map((integration) => textOf(record(integration)["integration_key"])).filter((key) => key !== undefined);
  return {
    id,
    name,
    keys,
    location: textOf(one["html_url"]) ?? textOf(one["self"]) ?? `https://app.pagerduty.com/service-directory/${id}`,
    policy: textOf(record(one["escalation_policy"])["id"]),
    fits: (annotation, value) => (annotation === "pagerduty.com/service-id" ? value === id : keys.includes(value)),
  };
}

/** By escalation policy; only policies that a service uses are asked for. */
async function readOnCalls(
  ask: Ask,
  api: string,
  services: readonly Service[],
  now: Date,
): Promise<ReadonlyMap<string, readonly OnCall[]>> {
  const policies = [...new Set(services.flatMap(({ policy }) => (policy === undefined ? [] : [policy])))].sort();
  const found = new Map<string, OnCall[]>();
  for (let at = 0; at < policies.length; at += POLICIES_AT_ONCE) {
    const query = new URLSearchParams([
      ["include[]", "users"],
      ...policies.slice(at, at + POLICIES_AT_ONCE).map((id): [string, string] => ["escalation_policy_ids[]", id]),
    ]);
    for (const item of await readAll(ask, `${api}/oncalls?${query}`, "oncalls")) {
      const policy = textOf(record(record(item)["escalation_policy"])["id"]);
      const shift = shiftOf(item);
      if (policy !== undefined && shift && holdsAt(shift, now)) found.set(policy, [...(found.get(policy) ?? []), shift]);
    }
  }
  for (const shifts of found.values()) shifts.sort((a, b) => keyOf(a).localeCompare(keyOf(b), "en"));
  return found;
}

function shiftOf(item: unknown): OnCall | undefined {
  const one = record(item);
  const user = record(one["user"]);
  const name = textOf(user["name"]) ?? textOf(user["summary"]);
  if (name === undefined) return undefined;
  const mail = textOf(user["email"])?.toLowerCase();
  const url = textOf(user["html_url"]);
  const [since, until] = [instantOf(one["start"]), instantOf(one["end"])];
  const level = Number(one["escalation_level"]);
  const schedule = textOf(record(one["schedule"])["summary"]) ?? textOf(record(one["escalation_policy"])["summary"]);
  return {
    name,
    ...(mail === undefined ? {} : { mail }),
    ...(schedule === undefined ? {} : { schedule }),
    level: Number.isInteger(level) && level >= 1 ? level : 1,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    source: "pagerduty",
    ...(url === undefined ? {} : { url }),
  };
}

function instantOf(value: unknown): string | undefined {
  const time = Date.parse(textOf(value) ?? "");
  return Number.isFinite(time) ? new Date(time).toISOString() : undefined;
}

function holdsAt({ since, until }: OnCall, now: Date): boolean {
  return (since === undefined || Date.parse(since) <= now.getTime()) && (until === undefined || Date.parse(until) > now.getTime());
}

/** The same answer in another order is no change. */
function keyOf({ level, schedule, name, since }: OnCall): string {
  return `${String(level).padStart(3, "0")} ${schedule ?? ""} ${name} ${since ?? ""}`;
}

/** Several signatures stand there while a secret is being changed; one is enough. */
function receive({ headers, body, secret }: WebhookRequest): WebhookOutcome {
  const given = (headers["x-pagerduty-signature"] ?? "").split(",").map((one) => one.trim());
  if (!given.some((one) => isSignedBy(secret, body, one, "v1="))) {
    throw new UnauthenticatedError("X-PagerDuty-Signature does not sign this message with the secret of this webhook.", {
      mend: "Give the secret that PagerDuty shows when the subscription is made (webhookSecret).",
    });
  }
  const event = record(parseMessage(body)["event"]);
  const [id, type, at] = [textOf(event["id"]), textOf(event["event_type"]), instantOf(event["occurred_at"])];
  if (id === undefined || type === undefined) {
    throw new InvalidError("This is no message of PagerDuty: it names no event.", { mend: "Make the webhook as a v3 subscription." });
  }
  // Incidents say nothing about who is on call: they are answered, and nothing is read for them.
  return { deliveryId: id, ...(at === undefined ? {} : { at: new Date(at) }), resync: type.startsWith("service.") };
}
