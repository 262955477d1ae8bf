import type { Connector, ConnectorCall, Reading, WebhookOutcome, WebhookRequest } from "@roadbed/contracts/connector";
import { InvalidError, TooLargeError, TooManyError, UnauthenticatedError, UnavailableError } from "@roadbed/core";
import { z } from "zod";

import { advanced } from "../lib/advanced.ts";
import { createAsk, type Ask } from "../lib/ask.ts";
import { groupReading, parseMessage, record, textOf } from "../lib/git-host.ts";
import { listOf } from "../lib/list-of.ts";
import { placeThings, type Thing } from "../lib/place.ts";
import { addressSetting, bare, namespaceSetting, placingSettings, tokenSetting, webhookSecretSetting } from "../lib/settings.ts";
import { isSignedBy } from "../lib/signature.ts";

const SYSTEM = "Linear";

export const LinearSettings = z.strictObject({
  workspace: z
    .string()
    .regex(/^[a-z0-9-]{1,60}$/, "must be the workspace's part of its address")
    .describe("The workspace, as in linear.app/WORKSPACE"),
  token: tokenSetting("A personal API key with the right to read only (Settings, Security and access)"),
  teams: z.boolean().default(false).describe("Teams as groups"),
  webhookSecret: webhookSecretSetting(SYSTEM),
  projects: z.boolean().default(true).describe("Projects add their state, lead and progress to what names them"),
  api: advanced(addressSetting("Address of the API").default("https://api.linear.app")),
  ...placingSettings,
  namespace: namespaceSetting(),
});
export type LinearSettings = z.output<typeof LinearSettings>;

/** Teams and projects of a workspace of Linear, over GraphQL, and its webhooks. */
export const linearConnector: Connector<LinearSettings> = {
  kind: "linear",
  title: "Linear",
  summary: "Projects with state, lead and progress, and teams as groups.",
  settings: LinearSettings as never,
  secrets: ["token", "webhookSecret"],
  targetOf: ({ workspace }) => `linear.app/${workspace}`,
  defaults: { everyMinutes: 60, halfLifeDays: 14, confidence: 0.9 },
  read,
  receive: async ({ webhookSecret }, request, { now }) => receive({ ...request, secret: webhookSecret ?? request.secret }, now()),
};

const PROJECT = "linear.app/project-id";
/** Small pages of few fields: what counts against the limit is how much is asked for, not how often. */
const PAGE = 50;
const MAX_PAGES = 500;

const TEAMS = `query Teams($first: Int!, $after: String) {
  teams(first: $first, after: $after) { nodes { id key name description } pageInfo { hasNextPage endCursor } }
}`;
const PROJECTS = `query Projects($first: Int!, $after: String) {
  projects(first: $first, after: $after) {
    nodes { id name slugId url progress targetDate status { name } lead { name email } }
    pageInfo { hasNextPage endCursor }
  }
}`;

interface Project extends Thing {
  readonly tracker: object;
}

async function* read(settings: LinearSettings, call: ConnectorCall): AsyncGenerator<Reading> {
  // Linear says that it was asked too much with 400, and in the answer.
  const ask = createAsk(call, { system: SYSTEM, headers: { authorization: settings.token, "content-type": "application/json" } });
  const api = `${bare(settings.api)}/graphql`;
  const { namespace, byName, tellUnplaced, workspace } = settings;
  for (const item of settings.teams ? await readAll(ask, api, TEAMS, "teams", call.now()) : []) {
    const team = record(item);
    const [key, name] = [textOf(team["key"]), textOf(team["name"])];
    if (key === undefined || name === undefined) continue;
    const url = `https://linear.app/${workspace}/team/${key}`;
    yield groupReading({
      name: key.toLowerCase(),
      title: name,
      description: textOf(team["description"]),
      type: "team",
      parent: undefined,
      url,
      namespace,
    });
  }
  const listed = settings.projects ? await readAll(ask, api, PROJECTS, "projects", call.now()) : [];
  const projects = listed.map(projectOf).filter((one) => one !== undefined);
  yield* placeThings(call, projects, {
    what: "Linear project",
    annotations: [PROJECT],
    namespace,
    byName,
    tellUnplaced,
    adds: (some) => ({ spec: { tracker: some.map(({ tracker }) => tracker) } }),
  });
}

/** Pages by cursor. */
async function readAll(ask: Ask, api: string, query: string, key: string, now: Date): Promise<unknown[]> {
  const items: unknown[] = [];
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const variables = { first: PAGE, ...(after === undefined ? {} : { after }) };
    const { body, headers, status } = await ask(api, { method: "POST", body: JSON.stringify({ query, variables }), accept: [400] });
    throwErrors(body, headers, now, status);
    const list = record(record(body)["data"])[key];
    items.push(...listOf(SYSTEM, list, "nodes"));
    const { hasNextPage, endCursor } = record(record(list)["pageInfo"]);
    if (hasNextPage !== true) return items;
    const next = textOf(endCursor);
    if (next === undefined || next === after)
      throw new UnavailableError(`${SYSTEM} says that there is more, and not where.`, { mend: "It is tried again later." });
    after = next;
  }
  throw new TooLargeError(`${SYSTEM} has more than ${MAX_PAGES * PAGE} ${key}.`);
}

/** GraphQL answers errors beside data: data with an error is half an answer. */
function throwErrors(body: unknown, headers: Headers, now: Date, status: number): void {
  const errors = record(body)["errors"];
  if (!Array.isArray(errors) || errors.length === 0) {
    if (status === 400) throw new UnavailableError(`${SYSTEM} does not understand the question (400).`);
    return;
  }
  const { extensions, message } = record(errors[0]);
  const code = textOf(record(extensions)["code"]) ?? textOf(record(extensions)["type"]) ?? "";
  const said = textOf(record(extensions)["userPresentableMessage"]) ?? textOf(message) ?? "no reason given";
  if (/RATELIMITED/i.test(code)) throw new TooManyError(`${SYSTEM} allows no more calls for now.`, secondsUntil(headers, now));
  if (/AUTHENTICATION/i.test(code))
    throw new InvalidError(`${SYSTEM} does not accept the credentials: ${said}`, { mend: "Give it an API key that is good." });
  if (/FORBIDDEN/i.test(code))
    throw new InvalidError(`${SYSTEM} does not let this key read that: ${said}`, { mend: "Give the key the right to read." });
  throw new UnavailableError(`${SYSTEM} answered with an error: ${said}`, { mend: "It is tried again later." });
}

/** Which of the two limits is used up, calls or complexity, the headers tell: their resets are instants in milliseconds. */
function secondsUntil(headers: Headers, now: Date): number {
  const waits = ["requests", "complexity"].flatMap((what) => {
    const reset = Number(headers.get(`x-ratelimit-${what}-reset`));
    return headers.get(`x-ratelimit-${what}-remaining`) === "0" && reset > 0 ? [Math.ceil((reset - now.getTime()) / 1_000)] : [];
  });
  return Math.min(3_600, Math.max(1, ...(waits.length > 0 ? waits : [60])));
}

function projectOf(item: unknown): Project | undefined {
  const one = record(item);
  const [id, name, url] = [textOf(one["id"]), textOf(one["name"]), textOf(one["url"])];
  if (id === undefined || name === undefined || url === undefined) return undefined;
  const lead = record(one["lead"]);
  const [leadName, leadMail] = [textOf(lead["name"]), textOf(lead["email"])?.toLowerCase()];
  const [state, target] = [textOf(record(one["status"])["name"]), textOf(one["targetDate"])];
  const slug = textOf(one["slugId"]);
  const progress = one["progress"];
  return {
    id,
    name,
    location: url,
    fits: (_, value) => value === id || (slug !== undefined && (value === slug || value.endsWith(`-${slug}`))),
    tracker: {
      source: "linear",
      key: slug ?? id,
      name,
      url,
      ...(leadName === undefined ? {} : { lead: leadName, ...(leadMail === undefined ? {} : { leadMail }) }),
      ...(state === undefined ? {} : { state }),
      ...(typeof progress === "number" ? { progress: Math.round(progress * 100) / 100 } : {}),
      ...(target === undefined ? {} : { targetDate: target }),
    },
  };
}

/** Older than this, a message that is signed well may be one that somebody kept and sent again. */
const MAX_AGE_MS = 60_000;

function receive({ headers, body, secret }: WebhookRequest, now: Date): WebhookOutcome {
  if (!isSignedBy(secret, body, headers["linear-signature"])) {
    throw new UnauthenticatedError("Linear-Signature does not sign this message with the secret of this webhook.", {
      mend: "Give the secret that Linear shows for the webhook (webhookSecret).",
    });
  }
  const message = parseMessage(body);
  const [deliveryId, type, at] = [headers["linear-delivery"], textOf(message["type"]), Number(message["webhookTimestamp"])];
  if (deliveryId === undefined || type === undefined)
    throw new InvalidError("This is no message of Linear: it names no delivery, or no type.");
  if (!(Math.abs(now.getTime() - at) <= MAX_AGE_MS)) {
    throw new UnauthenticatedError("The message is not of this minute.", { mend: "Set the clock of this machine." });
  }
  return { deliveryId, at: new Date(at), resync: type === "Project" || type === "Team" };
}
