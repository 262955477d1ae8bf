import type { Entity } from "@roadbed/contracts/catalog";
import type { Connector, ConnectorCall, Reading } from "@roadbed/contracts/connector";
import { InvalidError, UnauthenticatedError, UnavailableError } from "@roadbed/core";
import { z } from "zod";

export const BackstageSettings = z.object({
  url: z.url({ protocol: /^https?$/ }).describe("Address of Backstage's backend, e.g. https://backstage.example.org"),
  token: z
    .string()
    .max(4_000)
    .optional()
    .describe("A static token of Backstage for external access; without it only what is public is read"),
  filter: z
    .string()
    .max(2_000)
    .optional()
    .describe("What to read, as Backstage filters: kind=component,spec.type=service; without it, everything"),
});
export type BackstageSettings = z.infer<typeof BackstageSettings>;

/** Rows of one page when only names and etags are read, and entities of one question by name. */
const PAGE = 1_000;
const BATCH = 200;

/** What is asked of an entity to see whether it changed. */
const Head = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional(), etag: z.string().optional() }),
});
type Head = z.infer<typeof Head>;
const Page = z.looseObject({ items: z.array(Head), pageInfo: z.looseObject({ nextCursor: z.string().optional() }).optional() });
const ByRefs = z.looseObject({
  items: z.array(z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) }).nullable()),
});
const State = z.object({ etags: z.record(z.string(), z.string()) });

/**
 * Reads the catalogue of a Backstage through its API. First only names and etags, page by page; then, whole, what is new or has
 * another etag than at the last reading.
 */
export const backstageConnector: Connector<BackstageSettings> = {
  kind: "backstage",
  title: "Backstage",
  summary: "Reads every entity of another Backstage through its API and follows its changes.",
  settings: BackstageSettings,
  secrets: ["token"],
  targetOf: ({ url, filter }) => `${baseOf(url).replace(/^https?:\/\//, "")}${filter === undefined ? "" : `?${filter}`}`,
  defaults: { everyMinutes: 10, halfLifeDays: 30, confidence: 0.9 },
  read: readBackstage,
};

async function* readBackstage(settings: BackstageSettings, call: ConnectorCall): AsyncGenerator<Reading> {
  const known = State.safeParse(call.state).data?.etags ?? {};
  const etags: Record<string, string> = {};
  const changed: string[] = [];
  for await (const head of readHeads(settings, call)) {
    // How Backstage came to know of something is its own affair.
    if (head.kind === "Location") continue;
    const ref = refOf(head);
    if (head.metadata.etag !== undefined) etags[ref] = head.metadata.etag;
    if (head.metadata.etag !== undefined && known[ref] === head.metadata.etag) {
      yield { type: "unchanged", locationPrefix: locationOf(settings, head) };
    } else changed.push(ref);
  }
  for (let start = 0; start < changed.length; start += BATCH) {
    const refs = changed.slice(start, start + BATCH);
    const { items } = await ask(settings, call, "/entities/by-refs", ByRefs, { entityRefs: refs });
    for (const [at, item] of items.entries()) {
      if (item) yield { type: "entity", mode: "define", entity: ownOf(item as Entity), location: locationOf(settings, item) };
      // Gone since its name was read: the next reading will not find it.
      else delete etags[refs[at]!];
    }
  }
  yield { type: "state", state: { etags } };
}

async function* readHeads(settings: BackstageSettings, call: ConnectorCall): AsyncGenerator<Head> {
  const fields = "kind,metadata.name,metadata.namespace,metadata.etag";
  const first = new URLSearchParams({ limit: String(PAGE), fields });
  if (settings.filter !== undefined) first.set("filter", settings.filter);
  for (let query: URLSearchParams | undefined = first; query;) {
    const page: z.infer<typeof Page> = await ask(settings, call, `/entities/by-query?${query}`, Page);
    yield* page.items;
    const cursor = page.pageInfo?.nextCursor;
    query = cursor === undefined ? undefined : new URLSearchParams({ limit: String(PAGE), fields, cursor });
  }
}

async function ask<T>(settings: BackstageSettings, call: ConnectorCall, path: string, schema: z.ZodType<T>, body?: object): Promise<T> {
  const url = `${baseOf(settings.url)}${path}`;
  const response = await call.fetch(url, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(settings.token === undefined ? {} : { authorization: `Bearer ${settings.token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: call.signal,
  });
  if (response.status === 401 || response.status === 403) {
    throw new UnauthenticatedError(`Backstage answers ${response.status}.`, {
      mend: "Give a token for external access that may read the catalogue.",
    });
  }
  if (response.status === 404) {
    throw new InvalidError(`There is no catalogue at ${baseOf(settings.url)}.`, {
      mend: "Give the address of the backend, not that of the pages.",
    });
  }
  if (!response.ok)
    throw new UnavailableError(`Backstage answers ${response.status}.`, { mend: "Look into its log; it is asked again later." });
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new InvalidError(`What ${baseOf(settings.url)} answers is not Backstage's catalogue.`, {
    mend: "Give the address of the backend, not that of the pages.",
  });
}

/** With or without the path of the catalogue, as people copy it. */
function baseOf(url: string): string {
  const plain = url.replace(/[?#].*$/, "").replace(/\/+$/, "");
  return plain.endsWith("/api/catalog") ? plain : `${plain.replace(/\/api$/, "")}/api/catalog`;
}

function refOf({ kind, metadata: { namespace = "default", name } }: Head): string {
  return `${kind}:${namespace}/${name}`.toLowerCase();
}

/** The page of an entity; the slash at the end keeps it from being the beginning of another's. */
function locationOf(
  { url }: BackstageSettings,
  { kind, metadata }: { kind: string; metadata: { name: string; namespace?: unknown } },
): string {
  const namespace = typeof metadata.namespace === "string" ? metadata.namespace : "default";
  return `${baseOf(url).replace(/\/api\/catalog$/, "")}/catalog/${namespace}/${kind}/${metadata.name}/`.toLowerCase();
}

/** The descriptor as it was written: without what Backstage's engine adds. Its annotations stay: they say where the descriptor lies. */
function ownOf({ apiVersion, kind, metadata, spec }: Entity): Entity {
  const { uid: _uid, etag: _etag, ...own } = metadata;
  return { apiVersion, kind, metadata: own as Entity["metadata"], ...(spec === undefined ? {} : { spec }) };
}
