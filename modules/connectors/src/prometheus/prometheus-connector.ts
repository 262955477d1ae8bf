import type { Entity } from "@roadbed/contracts/catalog";
import type { Connector, ConnectorCall, Reading } from "@roadbed/contracts/connector";
import { UnavailableError } from "@roadbed/core";
import { z } from "zod";

import { advanced } from "../lib/advanced.ts";
import { createAsk } from "../lib/ask.ts";
import { record, textOf } from "../lib/git-host.ts";
import { toEntityName } from "../lib/names.ts";

export const PrometheusSettings = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe("Address of the server, e.g. https://prometheus.example.com"),
  token: z.string().min(1).regex(/^\S+$/, "may not hold spaces").optional().describe("A bearer token that may read; it is stored sealed"),
  username: advanced(z.string().max(200).optional().describe("Or a name and a password")),
  password: advanced(z.string().min(1).max(1_000).optional().describe("It is stored sealed")),
  nameLabels: z
    .array(z.string().regex(/^[A-Za-z_][\w]*$/, "must be the name of a label"))
    .min(1)
    .default(["app_kubernetes_io_name", "app", "service", "job"])
    .describe("Labels of a target that name its component; the first found counts"),
  define: z.boolean().default(false).describe("Make components of what nobody else describes; otherwise only add to those that there are"),
  owner: advanced(z.string().max(200).default("unknown").describe("Owner of components that are made")),
  skipJobs: advanced(
    z
      .array(z.string())
      .default(["prometheus", "kubernetes-apiservers", "kubernetes-nodes", "node-exporter"])
      .describe("Jobs that are passed over"),
  ),
});
export type PrometheusSettings = z.output<typeof PrometheusSettings>;

/** What Prometheus scrapes, and whether it answers. */
export const prometheusConnector: Connector<PrometheusSettings> = {
  kind: "prometheus",
  title: "Prometheus targets",
  summary: "What is scraped of each component, and which of its instances are down.",
  settings: PrometheusSettings as never,
  secrets: ["token", "password"],
  targetOf: ({ url }) => addressOf(url).replace(/^https?:\/\//, ""),
  defaults: { everyMinutes: 10, halfLifeDays: 1, confidence: 0.9 },
  read,
};

function addressOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname.replace(/\/+$/, "")}`;
}

interface Target {
  readonly component: string;
  readonly job: string;
  readonly instance: string;
  readonly health: string;
}

async function* read(settings: PrometheusSettings, call: ConnectorCall): AsyncGenerator<Reading> {
  const { username, password, token, url, skipJobs } = settings;
  const basic = username === undefined ? undefined : `Basic ${Buffer.from(`${username}:${password ?? ""}`).toString("base64")}`;
  const authorization = basic ?? (token === undefined ? undefined : `Bearer ${token}`);
  const ask = createAsk(call, { system: "Prometheus", headers: authorization === undefined ? {} : { authorization } });
  const base = addressOf(url);
  const { body } = await ask(`${base}/api/v1/targets?state=active`);
  const targets = record(record(body)["data"])["activeTargets"];
  if (record(body)["status"] !== "success" || !Array.isArray(targets)) {
    throw new UnavailableError("Prometheus answered no list of targets.", {
      mend: "Give the address of a Prometheus server: others that answer queries know no targets.",
    });
  }
  const known = targets.map((target) => targetOf(target, settings)).filter((target) => target !== undefined);
  const wanted = known.filter(({ job }) => !skipJobs.includes(job));
  const byComponent = [...Map.groupBy(wanted, ({ component }) => component)].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [component, members] of byComponent) yield readingOf(component, members, base, settings);
}

/** Undefined for a target without a job: there is none. */
function targetOf(value: unknown, { nameLabels }: PrometheusSettings): Target | undefined {
  const target = record(value);
  const labels = record(target["labels"]);
  const job = textOf(labels["job"]) ?? textOf(target["scrapePool"]);
  const name = nameLabels.map((label) => textOf(labels[label])).find((one) => one !== undefined) ?? job;
  if (job === undefined || name === undefined) return undefined;
  const health = textOf(target["health"]) ?? "unknown";
  return { component: toEntityName(name).toLowerCase(), job, instance: textOf(labels["instance"]) ?? "", health };
}

function readingOf(name: string, members: readonly Target[], base: string, { define, owner }: PrometheusSettings): Reading {
  const down = members.filter(({ health }) => health === "down").map(({ instance }) => instance);
  const facts = {
    jobs: [...new Set(members.map(({ job }) => job))].sort(),
    targets: members.length,
    up: members.filter(({ health }) => health === "up").length,
    down: down.sort().slice(0, 50),
  };
  const key = toEntityName(new URL(base).host).replaceAll(".", "-");
  const adds: Entity = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Component",
    metadata: { name },
    spec: { monitoring: { [key]: facts } },
  };
  const location = `${base}/targets?search=${encodeURIComponent(name)}`;
  const rule = "named after the labels of its targets";
  if (!define) return { type: "entity", mode: "enrich", entity: adds, location, rule };
  const entity = {
    ...adds,
    metadata: { name, namespace: "default" },
    spec: { type: "service", lifecycle: "production", owner, ...adds.spec },
  };
  return { type: "entity", mode: "define", entity, otherwise: adds, location, rule };
}
