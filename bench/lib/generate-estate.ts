import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { stringify } from "yaml";

/** An entity in the Backstage envelope. */
export interface GeneratedEntity {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly [key: string]: unknown };
  readonly spec: Readonly<Record<string, unknown>>;
}

const TOPICS =
  "payment order ledger search profile basket invoice stream router gateway metrics billing fraud catalog pricing shipping notify audit media session token policy workflow forecast".split(
    " ",
  );
const LANGUAGES = ["java", "go", "python", "typescript", "kotlin", "rust", "scala"];
const TYPES = ["service", "service", "service", "library", "website", "pipeline"];
const LIFECYCLES = ["production", "production", "production", "experimental", "deprecated"];
const DOMAINS = 20;

/**
 * An estate of a given number of components with groups, people, domains, systems and APIs in proportion; the same for the same
 * number. 10,000 components make 11,670 entities with 117,144 relations, both directions counted.
 */
export function generateEstate(components: number): GeneratedEntity[] {
  return [...entitiesOf(components)];
}

/** The same, one after the other: a million of them need not be in memory at once. */
export function* entitiesOf(components: number): Generator<GeneratedEntity> {
  const chance = createChance(42);
  const scale = components / 10_000;
  const size = {
    groups: Math.max(10, Math.round(50 * Math.min(scale, 10))),
    users: Math.max(50, Math.round(500 * scale)),
    systems: Math.max(10, Math.round(100 * scale)),
    apis: Math.max(10, Math.round(1_000 * scale)),
  };
  // What is drawn first decides what is drawn next: the order of these lines and of the draws in them is part of the result.
  for (let at = 0; at < size.groups; at++) yield groupOf(at, size.groups);
  for (let at = 0; at < size.users; at++) yield userOf(at, size.groups, chance);
  for (let at = 0; at < DOMAINS; at++) yield domainOf(at, size.groups, chance);
  for (let at = 0; at < size.systems; at++) yield systemOf(at, size.groups, chance);
  for (let at = 0; at < size.apis; at++) yield apiOf(at, size, chance);
  for (let at = 0; at < components; at++) yield componentOf(at, components, size, chance);
}

/**
 * Writes such an estate into a folder: as JSON lines, 100,000 in a file, or as YAML with 1,000 documents per file. Answers the
 * references.
 */
export function writeEstate(folder: string, components: number, format: "ndjson" | "yaml" = "ndjson"): string[] {
  mkdirSync(folder, { recursive: true });
  const [size, write] = format === "ndjson" ? ([100_000, toLines] as const) : ([1_000, toYaml] as const);
  const refs: string[] = [];
  let batch: GeneratedEntity[] = [];
  const flush = (): void => {
    const name = `catalog-${String(Math.ceil(refs.length / size)).padStart(4, "0")}.${format}`;
    if (batch.length > 0) writeFileSync(join(folder, name), write(batch));
    batch = [];
  };
  for (const entity of entitiesOf(components)) {
    refs.push(refOf(entity));
    if (batch.push(entity) === size) flush();
  }
  flush();
  return refs;
}

function toLines(entities: readonly GeneratedEntity[]): string {
  return entities.map((entity) => `${JSON.stringify(entity)}\n`).join("");
}

function toYaml(entities: readonly GeneratedEntity[]): string {
  return entities.map((entity) => stringify(entity)).join("---\n");
}

/** All relations there must be of these: each reference with `type target` of its relations, both ways. */
export function relationTruth(estate: Iterable<GeneratedEntity>, refs: Iterable<string>): Map<string, Set<string>> {
  const truth = new Map(Array.from(refs, (ref) => [ref, new Set<string>()]));
  const note = (from: string, relation: string): void => void truth.get(from)?.add(relation);
  for (const entity of estate) {
    for (const { field, kind, there, back } of RELATIONS) {
      const stated = field === "domain" && entity.kind !== "System" ? undefined : entity.spec[field];
      for (const short of stated === undefined ? [] : ([stated].flat() as string[])) {
        const target = short.includes(":") ? short : `${kind}:default/${short}`;
        note(refOf(entity), `${there} ${target}`);
        note(target, `${back} ${refOf(entity)}`);
      }
    }
  }
  return truth;
}

export function refOf(entity: GeneratedEntity): string {
  return `${entity.kind}:${entity.metadata.namespace}/${entity.metadata.name}`.toLowerCase();
}

const RELATIONS = [
  { field: "owner", kind: "group", there: "ownedBy", back: "ownerOf" },
  { field: "system", kind: "system", there: "partOf", back: "hasPart" },
  { field: "domain", kind: "domain", there: "partOf", back: "hasPart" },
  { field: "dependsOn", kind: "component", there: "dependsOn", back: "dependencyOf" },
  { field: "providesApis", kind: "api", there: "providesApi", back: "apiProvidedBy" },
  { field: "consumesApis", kind: "api", there: "consumesApi", back: "apiConsumedBy" },
  { field: "memberOf", kind: "group", there: "memberOf", back: "hasMember" },
  { field: "parent", kind: "group", there: "childOf", back: "parentOf" },
  { field: "children", kind: "group", there: "parentOf", back: "childOf" },
] as const;

interface Chance {
  /** A number from 0 up to, but not including, 1. */
  next(): number;
  below(limit: number): number;
  from(list: readonly string[]): string;
}

/** Mulberry32: small, quick, and the same everywhere. */
function createChance(seed: number): Chance {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { next, below, from: (list) => list[below(list.length)]! };
}

type Size = { readonly groups: number; readonly systems: number; readonly apis: number };

const team = (at: number): string => `team-${pad(at, 3)}`;
const domain = (at: number): string => `domain-${pad(at, 2)}`;
const system = (at: number): string => `system-${pad(at, 4)}`;
const api = (at: number): string => `api-${pad(at, 6)}`;
const component = (at: number): string => `svc-${pad(at, 6)}`;

/** Every group but the first has the one above it as parent; each has up to six below. */
function groupOf(at: number, groups: number): GeneratedEntity {
  const children = times(6, (child) => at * 6 + 1 + child)
    .filter((child) => child < groups)
    .map(team);
  const parent = at === 0 ? {} : { parent: team(Math.floor((at - 1) / 6)) };
  const profile = { displayName: `Team ${at}`, email: `${team(at)}@example.com` };
  const spec = { type: at < 7 ? "department" : "team", profile, ...parent, children };
  return entityOf("Group", team(at), { description: `Team ${at}` }, spec);
}

function userOf(at: number, groups: number, chance: Chance): GeneratedEntity {
  const name = `user-${pad(at, 5)}`;
  const memberOf = new Set([team(chance.below(groups))]);
  if (chance.next() < 0.2) memberOf.add(team(chance.below(groups)));
  const profile = { displayName: `User ${at}`, email: `${name}@example.com` };
  return entityOf("User", name, {}, { profile, memberOf: [...memberOf] });
}

function domainOf(at: number, groups: number, chance: Chance): GeneratedEntity {
  const description = `Domain of ${chance.from(TOPICS)}`;
  return entityOf("Domain", domain(at), { description }, { owner: team(chance.below(groups)) });
}

function systemOf(at: number, groups: number, chance: Chance): GeneratedEntity {
  const description = `System of ${chance.from(TOPICS)} and ${chance.from(TOPICS)}`;
  return entityOf("System", system(at), { description }, { owner: team(chance.below(groups)), domain: domain(chance.below(DOMAINS)) });
}

function apiOf(at: number, size: Size, chance: Chance): GeneratedEntity {
  const topic = chance.from(TOPICS);
  const spec = {
    type: "openapi",
    lifecycle: chance.from(LIFECYCLES),
    owner: team(chance.below(size.groups)),
    system: system(chance.below(size.systems)),
    definition: openapiOf(topic, at),
  };
  return entityOf(
    "API",
    api(at),
    { title: `${topic} API ${at}`, description: `The ${topic} API number ${at}`, tags: [topic, "rest"] },
    spec,
  );
}

function openapiOf(topic: string, at: number): string {
  const ok = ["      responses:", "        '200':", "          description: ok"].join("\n");
  return `openapi: 3.0.0
info:
  title: ${topic} ${at}
  version: 1.0.0
paths:
  /${topic}:
    get:
      summary: List ${topic}
      parameters:
        - {name: limit, in: query, schema: {type: integer}}
${ok}
  /${topic}/{id}:
    get:
      summary: Get one ${topic}
${ok}
`;
}

function componentOf(at: number, components: number, size: Size, chance: Chance): GeneratedEntity {
  const name = component(at);
  const [first, second, language] = [chance.from(TOPICS), chance.from(TOPICS), chance.from(LANGUAGES)];
  const dependsOn = drawOthers(at, components, chance.below(6), chance);
  const consumesApis = new Set(times(chance.below(3), () => api(chance.below(size.apis))));
  const metadata = {
    title: `${first} ${second} ${at}`,
    description: `Handles ${first} for ${second}; written in ${language}, number ${at}.`,
    labels: { "acme.com/tier": String(1 + chance.below(4)) },
    tags: [...new Set([language, first, second])],
    links: [{ url: `https://grafana.example.com/d/${name}`, title: "Dashboard", icon: "dashboard" }],
    annotations: {
      "github.com/project-slug": `acme/${name}`,
      "backstage.io/techdocs-ref": "dir:.",
      "pagerduty.com/integration-key": `k${pad(at, 6)}`,
    },
  };
  return entityOf("Component", name, metadata, {
    type: chance.from(TYPES),
    lifecycle: chance.from(LIFECYCLES),
    owner: team(chance.below(size.groups)),
    system: system(chance.below(size.systems)),
    dependsOn: [...dependsOn].map((other) => `component:default/${component(other)}`),
    providesApis: at < size.apis ? [api(at)] : [],
    consumesApis: [...consumesApis],
  });
}

function drawOthers(self: number, components: number, wanted: number, chance: Chance): Set<number> {
  const drawn = new Set<number>();
  while (drawn.size < Math.min(wanted, components - 1)) {
    const other = chance.below(components);
    if (other !== self) drawn.add(other);
  }
  return drawn;
}

function entityOf(
  kind: string,
  name: string,
  metadata: { readonly annotations?: Readonly<Record<string, string>>; readonly [key: string]: unknown },
  spec: Readonly<Record<string, unknown>>,
): GeneratedEntity {
  const location = `url:https://git.example.com/acme/${name}/catalog-info.yaml`;
  const annotations = {
    "backstage.io/managed-by-location": location,
    "backstage.io/managed-by-origin-location": location,
    ...metadata.annotations,
  };
  return { apiVersion: "backstage.io/v1alpha1", kind, metadata: { name, namespace: "default", ...metadata, annotations }, spec };
}

function times<T>(count: number, make: (at: number) => T): T[] {
  return Array.from({ length: count }, (_, at) => make(at));
}

function pad(at: number, width: number): string {
  return String(at).padStart(width, "0");
}
