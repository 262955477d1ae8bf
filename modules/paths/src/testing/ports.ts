import { Entity, formatRef, parseRef } from "@roadbed/contracts/catalog";
import type { Finding } from "@roadbed/contracts/standards";
import { ConflictError, type Call, type Ctx } from "@roadbed/core";
import { parseAllDocuments } from "yaml";

import type { Catalog, Delivery, Git, RepositoryFile, Standards, Templates, TemplateSource } from "../deps.ts";

/** The neighbours of this module in memory, for its own tests: they keep the promises that deps.ts writes down. */
export interface World {
  readonly entities: Map<string, Entity>;
  readonly repositories: Map<string, { readonly key: string; readonly commit: string; readonly files: readonly RepositoryFile[] }>;
  /** Which key made a repository of the real host. */
  readonly makers: Map<string, string>;
  /** References that nobody may see. */
  readonly hidden: Set<string>;
  readonly decisions: { readonly id: string; readonly verdict: string; readonly subject: string }[];
  readonly templates: TemplateSource[];
  /** How often each port was asked to make something. */
  readonly calls: string[];
  readonly ports: {
    readonly catalog: Catalog;
    readonly git: Git;
    readonly standards: Standards;
    readonly delivery: Delivery;
    readonly templates: Templates;
  };
}

export const PUBLIC_URL = "http://localhost:4400";

export function createWorld(): World {
  const entities = new Map<string, Entity>();
  const repositories: World["repositories"] = new Map();
  const decisions: World["decisions"] = [];
  const templates: TemplateSource[] = [];
  const calls: string[] = [];
  const hidden = new Set<string>();

  const catalog: { -readonly [K in keyof Catalog]: Catalog[K] } = {
    get: async (_ctx, ref) => entities.get(ref),
    hiddenFrom: async () => [...hidden],
    async ownersOf(_ctx, ref) {
      const owner = entities.get(ref)?.spec?.["owner"];
      return typeof owner === "string" ? [formatRef(parseRef(owner, { kind: "group" }))] : [];
    },
    onCallOf: async (ref) => [entities.get(ref)?.spec?.["onCall"] ?? "user:default/ann"].flat() as string[],
    refs: async (_ctx, kinds) => [...entities.keys()].filter((ref) => kinds.length === 0 || kinds.includes(ref.split(":")[0] ?? "")),
    validate: async (_ctx, yaml) => parseEntities(yaml).flatMap(({ metadata, spec }) => [...badName(metadata.name), ...badOwner(spec)]),
    async registerRepository(_ctx, { repository }) {
      calls.push(`registerRepository ${repository}`);
      const found = repositories.get(repository)?.files.find(({ path }) => path === "catalog-info.yaml");
      const read = parseEntities(new TextDecoder().decode(found?.content ?? new Uint8Array()));
      for (const entity of read) entities.set(refOf(entity), entity);
      return { refs: read.map(refOf) };
    },
  };
  catalog.unregister = async (_ctx, what) => {
    const name = "repository" in what ? what.repository : what.url;
    calls.push(`unregister ${name}`);
    return entities.delete(`component:default/${name}`);
  };
  const git: Git = {
    repositoryExists: async (_ctx, name) => repositories.has(name),
    async createRepository(_ctx, { name, key, files }) {
      const known = repositories.get(name);
      if (known && known.key !== key) throw new ConflictError(`A repository named ${name} is there already.`);
      calls.push(`createRepository ${name}`);
      const made = known ?? { key, files, commit: "c".repeat(40) };
      repositories.set(name, made);
      return { cloneUrl: `${PUBLIC_URL}/git/${name}.git`, commit: made.commit };
    },
  };
  const delivery: Delivery = {
    requestDeployment: async (_ctx, { entityRef }) => void calls.push(`requestDeployment ${entityRef}`),
    deploymentOf: async (_ctx, { entityRef }) => ({ status: "healthy", url: `http://localhost:4401/dev/${entityRef.split("/")[1]}/` }),
  };
  return {
    entities,
    makers: new Map(),
    hidden,
    repositories,
    decisions,
    templates,
    calls,
    ports: { catalog, git, delivery, standards: standards(decisions), templates: { list: async () => templates } },
  };
}

/** A call's context for code that asks ports only: its database refuses. */
export function bareCtx(over: Partial<Ctx> = {}): Ctx {
  const call: Call = {
    actor: { kind: "user", id: "ada", name: "Ada" },
    scopes: new Set(["*"]),
    face: "system",
    requestId: "req",
    signal: new AbortController().signal,
  };
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const sql = { query: () => Promise.reject(new Error("no database here")) };
  return { ...call, now: () => new Date(), log: silent, sql, emit() {}, ...over };
}

export function entity(kind: string, name: string, spec: Record<string, unknown> = {}): Entity {
  return { apiVersion: "backstage.io/v1alpha1", kind, metadata: { name }, spec };
}

/** Two of the shipped rules, in short: an owner, and images pinned by digest. */
function standards(decisions: World["decisions"]): Standards {
  const evaluate: Standards["evaluate"] = async (_ctx, resources) => {
    const findings = resources.flatMap(({ file, object }) =>
      faultsOf(object).map((message) => finding(message, String(object["kind"]), file)),
    );
    return { verdict: findings.length > 0 ? "deny" : "allow", findings };
  };
  return {
    evaluate,
    async judge(ctx, { subject, resources }) {
      const judgement = await evaluate(ctx, resources);
      const id = `dec_${decisions.length + 1}`;
      decisions.push({ id, verdict: judgement.verdict, subject });
      return { ...judgement, decisionId: id };
    },
  };
}

function faultsOf(object: Record<string, unknown>): string[] {
  const { kind, spec } = object as {
    kind: string;
    spec?: { owner?: unknown; stages?: { image: string; internal: boolean }[]; monthlyCost?: { amount: string } };
  };
  if (kind === "ResourceRequest" && Number(spec?.monthlyCost?.amount ?? "0") > 100) return ["It costs more than 100 a month."];
  if (kind === "Component" && (spec?.owner === undefined || spec.owner === "" || spec.owner === null)) return ["You named no owner."];
  const images =
    kind === "Dockerfile" ? (spec?.stages ?? []).filter(({ internal }) => !internal).map(({ image }) => image) : imagesIn(object);
  return images.filter((image) => !/@sha256:[0-9a-f]{64}$/.test(image)).map((image) => `The image ${image} is not pinned.`);
}

function imagesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === "image" && typeof inner === "string" ? [inner] : imagesIn(inner)));
}

function finding(message: string, resource: string, file: string | undefined): Finding {
  return {
    policy: "test",
    title: "A rule",
    severity: "deny",
    result: "fail",
    message,
    mend: "Mend it.",
    why: "Because.",
    expression: "true",
    resource,
    ...(file === undefined ? {} : { file }),
  };
}

function parseEntities(yaml: string): Entity[] {
  return parseAllDocuments(yaml).flatMap((document) => {
    const parsed = Entity.safeParse(document.toJS());
    return parsed.success ? [parsed.data] : [];
  });
}

function refOf({ kind, metadata }: Entity): string {
  return formatRef({ kind, namespace: metadata.namespace ?? "default", name: metadata.name });
}

function badName(name: string): { at: string; reason: string }[] {
  return /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(name) ? [] : [{ at: "metadata.name", reason: `"${name}" is not a name` }];
}

function badOwner(spec: Record<string, unknown> | undefined): { at: string; reason: string }[] {
  return spec === undefined || typeof spec["owner"] === "string" || spec["owner"] === undefined
    ? []
    : [{ at: "spec.owner", reason: "is not a text" }];
}
