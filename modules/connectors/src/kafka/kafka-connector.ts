import type { Connector, ConnectorCall, Reading } from "@roadbed/contracts/connector";
import { ConflictError, InvalidError, UnavailableError } from "@roadbed/core";
import { createHash } from "node:crypto";
import { z } from "zod";

import { advanced } from "../lib/advanced.ts";
import { createAsk, type Ask } from "../lib/ask.ts";
import { record, textOf } from "../lib/git-host.ts";
import { toEntityName } from "../lib/names.ts";

export const KafkaSettings = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .describe("Address of the REST API (v3): of a REST Proxy, or of Confluent Server with /kafka at its end"),
  cluster: z
    .string()
    .regex(/^[\w-]{1,100}$/)
    .optional()
    .describe("The cluster's id, where the API knows several"),
  username: z.string().max(200).optional().describe("An API key, or a name"),
  password: z.string().min(1).max(1_000).optional().describe("Its secret; it is stored sealed"),
  token: advanced(z.string().min(1).regex(/^\S+$/, "may not hold spaces").optional().describe("Or a bearer token; it is stored sealed")),
  owner: z.string().max(200).default("unknown").describe("Owner of the topics"),
  skip: advanced(z.array(z.string().min(1)).default(["_"]).describe("Beginnings of topics that are passed over, as are internal ones")),
  groupPattern: advanced(
    z
      .string()
      .max(200)
      .refine(isPattern, "must be a regular expression with one group")
      .default("^(.+?)(?:[-._](?:consumer|consumers|group|cg))?$")
      .describe("How a consumer group names its component: the first group of the expression"),
  ),
});
export type KafkaSettings = z.output<typeof KafkaSettings>;

function isPattern(text: string): boolean {
  try {
    return new RegExp(`${text}|`).exec("")!.length === 2;
  } catch {
    return false;
  }
}

/** Topics of a cluster and who reads them, by the REST API that Confluent's products and REST Proxy speak. */
export const kafkaConnector: Connector<KafkaSettings> = {
  kind: "kafka",
  title: "Kafka cluster",
  summary: "Topics, the components whose consumer groups read them, and how far these lag behind.",
  settings: KafkaSettings as never,
  secrets: ["password", "token"],
  targetOf: ({ url, cluster }) => `${baseOf(url).replace(/^https?:\/\//, "")}${cluster === undefined ? "" : `/${cluster}`}`,
  defaults: { everyMinutes: 30, halfLifeDays: 7, confidence: 0.9 },
  read,
};

function baseOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname.replace(/\/+$/, "")}`;
}

async function* read(settings: KafkaSettings, call: ConnectorCall): AsyncGenerator<Reading> {
  const ask = createAsk(call, { system: "Kafka's REST API", headers: headersOf(settings) });
  const base = baseOf(settings.url);
  const cluster = await clusterOf(ask, base, settings, call.state["cluster"]);
  const at = `${base}/v3/clusters/${cluster}`;
  const topics = (await list(ask, `${at}/topics`, settings)).filter((topic) => isWanted(topic, settings));
  const readers = await readersOf(ask, at, settings);
  const components = new Set([...readers.values()].flatMap((groups) => groups.map(({ component }) => component)));
  // Groups of people at their consoles are no components: only those that there are count.
  const refs = [...components].map((name) => `component:default/${name}`);
  const known = new Set(refs.length === 0 ? [] : (await call.find({ refs })).map(({ ref }) => ref));
  for (const topic of topics) {
    const name = String(topic["topic_name"]);
    const groups = (readers.get(name) ?? []).filter(({ component }) => known.has(`component:default/${component}`));
    yield topicReading(topic, { cluster, groups, location: `${at}/topics/${encodeURIComponent(name)}`, owner: settings.owner });
  }
  yield { type: "state", state: { cluster } };
}

function headersOf({ username, password, token }: KafkaSettings): Record<string, string> {
  if (username !== undefined) return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ""}`).toString("base64")}` };
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

async function clusterOf(ask: Ask, base: string, settings: KafkaSettings, known: unknown): Promise<string> {
  if (settings.cluster !== undefined) return settings.cluster;
  const ids = (await list(ask, `${base}/v3/clusters`, settings)).map((one) => textOf(one["cluster_id"])).filter((id) => id !== undefined);
  const [id, ...more] = ids;
  if (id === undefined) throw new UnavailableError("The REST API knows no cluster.", { mend: "Check its address, or try again later." });
  if (more.length > 0)
    throw new InvalidError(`The REST API knows several clusters: ${ids.join(", ")}.`, { mend: "Say which one in the setting cluster." });
  if (typeof known === "string" && known !== id) {
    throw new ConflictError(`Another cluster answers at this address than before: ${id}, not ${known}.`, {
      mend: "If the cluster was made anew, save the settings of the source once more; if not, correct the address.",
    });
  }
  return id;
}

const MAX_PAGES = 1_000;

/** The API names its next page as it calls itself, which outside its network often leads nowhere: only what is asked counts. */
async function list(
  ask: Ask,
  url: string,
  settings: KafkaSettings,
  accept: readonly number[] = [],
): Promise<Readonly<Record<string, unknown>>[]> {
  const found: Readonly<Record<string, unknown>>[] = [];
  const seen = new Set<string>();
  let at: string | undefined = url;
  while (at !== undefined && seen.size < MAX_PAGES) {
    if (seen.has(at)) throw new UnavailableError("A page of Kafka's REST API leads back to one before.");
    seen.add(at);
    const answer = await ask(at, { accept });
    if (accept.includes(answer.status)) return found;
    const { data, metadata } = record(answer.body);
    if (!Array.isArray(data))
      throw new UnavailableError("Kafka's REST API answered no list.", { mend: "Give the address of its version 3, without /v3." });
    found.push(...data.map(record));
    const next = textOf(record(metadata)["next"]);
    at = next === undefined ? undefined : `${new URL(settings.url).origin}${URL.parse(next, url)!.pathname}${URL.parse(next, url)!.search}`;
  }
  return found;
}

function isWanted(topic: Readonly<Record<string, unknown>>, { skip }: KafkaSettings): boolean {
  const name = textOf(topic["topic_name"]);
  return name !== undefined && topic["is_internal"] !== true && !skip.some((beginning) => name.startsWith(beginning));
}

interface Reader {
  readonly group: string;
  readonly component: string;
  readonly state: string | undefined;
  /** Messages that it has not read yet, over all partitions; undefined where none is told. */
  readonly lag: number | undefined;
}

/** Which groups read which topic, by their lags; where the API tells of none, nothing is known of readers. */
async function readersOf(ask: Ask, at: string, settings: KafkaSettings): Promise<Map<string, Reader[]>> {
  const readers = new Map<string, Reader[]>();
  const pattern = new RegExp(settings.groupPattern);
  for (const one of await list(ask, `${at}/consumer-groups`, settings, [404])) {
    const group = textOf(one["consumer_group_id"]);
    const component = group === undefined ? undefined : pattern.exec(group)?.[1];
    if (group === undefined || component === undefined || component === "") continue;
    const lags = await list(ask, `${at}/consumer-groups/${encodeURIComponent(group)}/lags`, settings, [404]);
    for (const [topic, partitions] of Map.groupBy(lags, (lag) => textOf(lag["topic_name"]))) {
      if (topic === undefined) continue;
      const told = partitions.map((partition) => partition["lag"]).filter((lag) => typeof lag === "number");
      const lag = told.length === 0 ? undefined : told.reduce((sum, some) => sum + Math.max(0, some), 0);
      const reader = { group, component: toEntityName(component).toLowerCase(), state: textOf(one["state"]), lag };
      readers.set(topic, [...(readers.get(topic) ?? []), reader]);
    }
  }
  return readers;
}

function topicReading(
  topic: Readonly<Record<string, unknown>>,
  o: { readonly cluster: string; readonly groups: readonly Reader[]; readonly location: string; readonly owner: string },
): Reading {
  const name = String(topic["topic_name"]);
  const mark = createHash("sha256").update(`${o.cluster}\n${name}`).digest("hex").slice(0, 8);
  const components = [...new Set(o.groups.map(({ component }) => component))].sort();
  const groups = [...o.groups].sort((a, b) => (a.group < b.group ? -1 : 1));
  const entity = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Resource",
    metadata: {
      name: `${toEntityName(name)
        .slice(0, 50)
        .replace(/[^A-Za-z0-9]+$/, "")}-${mark}`.toLowerCase(),
      namespace: "default",
      title: name,
      annotations: { "kafka.apache.org/cluster-id": o.cluster, "kafka.apache.org/topic": name },
    },
    spec: {
      type: "kafka-topic",
      owner: o.owner,
      ...(components.length === 0 ? {} : { dependencyOf: components.map((component) => `component:default/${component}`) }),
      ...numbers(topic, { partitions: "partitions_count", replication: "replication_factor" }),
      ...(groups.length === 0
        ? {}
        : {
            consumerGroups: groups.map(({ group, state, lag }) => ({
              group,
              ...(state === undefined ? {} : { state }),
              ...(lag === undefined ? {} : { lag }),
            })),
            ...lagOf(groups),
          }),
    },
  };
  return { type: "entity", mode: "define", entity, location: o.location };
}

/** The largest lag of its readers: what can be sorted by, asked for and watched by a scorecard. */
function lagOf(groups: readonly Reader[]): { consumerLag?: number } {
  const lags = groups.map(({ lag }) => lag).filter((lag) => lag !== undefined);
  return lags.length === 0 ? {} : { consumerLag: Math.max(...lags) };
}

function numbers(from: Readonly<Record<string, unknown>>, keys: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(keys).flatMap(([name, key]) => (typeof from[key] === "number" ? [[name, from[key]]] : [])));
}
