import type { Entity } from "@roadbed/contracts/catalog";
import type { Reading } from "@roadbed/contracts/connector";
import { InvalidError } from "@roadbed/core";

import type { Ask } from "./ask.ts";
import { toEntityName, toTags } from "./names.ts";

/** A repository, as far as the catalogue cares. */
export interface Repository {
  /** With its owner, e.g. `octocoders/hello-world`. */
  readonly path: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly url: string;
  readonly branch: string | undefined;
  readonly topics: readonly string[];
  readonly visibility: string | undefined;
  readonly archived: boolean;
  /** Differs when something was pushed. */
  readonly mark: string;
}

export interface HostWords {
  /** The annotation that holds a repository's path, e.g. `github.com/project-slug`. */
  readonly slugAnnotation: string;
  readonly namespace: string;
  /** The group that owns what has no team of its own. */
  readonly owner: string;
}

export function repositoryReading(repository: Repository, words: HostWords): Reading {
  const { path, name, description, url, topics, visibility, archived } = repository;
  const entity: Entity = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Resource",
    metadata: {
      name: toEntityName(name),
      namespace: words.namespace,
      ...(toEntityName(name) === name ? {} : { title: name }),
      ...(description === undefined || description === "" ? {} : { description }),
      annotations: { [words.slugAnnotation]: path, "backstage.io/source-location": `url:${url}/` },
      ...(visibility === undefined ? {} : { labels: { visibility } }),
      tags: toTags([...topics, ...(archived ? ["archived"] : [])]),
      links: [{ url, title: path }],
    },
    spec: { type: "repository", owner: `group:${words.namespace}/${words.owner}` },
  };
  return { type: "entity", mode: "define", entity, location: url };
}

export function groupReading(o: {
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly type: string;
  readonly parent: string | undefined;
  readonly url: string;
  readonly namespace: string;
}): Reading {
  const { name, title, description, type, parent, url, namespace } = o;
  const entity: Entity = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Group",
    metadata: {
      name: toEntityName(name),
      namespace,
      ...(title === undefined || title === name ? {} : { title }),
      ...(description === undefined || description === "" ? {} : { description }),
      links: [{ url }],
    },
    spec: { type, children: [], ...(parent === undefined ? {} : { parent: toEntityName(parent) }) },
  };
  return { type: "entity", mode: "define", entity, location: url };
}

export function userReading(o: {
  readonly login: string;
  readonly title: string | undefined;
  readonly url: string;
  readonly memberOf: readonly string[];
  readonly namespace: string;
  readonly annotation: string;
}): Reading {
  const { login, title, url, memberOf, namespace, annotation } = o;
  const entity: Entity = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "User",
    metadata: { name: toEntityName(login), namespace, annotations: { [annotation]: login }, links: [{ url }] },
    spec: { ...(title === undefined ? {} : { profile: { displayName: title } }), memberOf: memberOf.map(toEntityName) },
  };
  return { type: "entity", mode: "define", entity, location: url };
}

/** What is remembered of a repository's descriptors. */
interface KeptRepository {
  readonly mark: string;
  readonly found: number;
}

/** Calls that are left for the rest of the day's work when descriptors are read. */
const RESERVE = 50;
const MAX_DESCRIPTORS = 200;

export interface DescriptorSource {
  /** Paths of all files that are called `catalog-info.yaml` or `.yml`; empty for an empty repository. */
  list(repository: Repository): Promise<readonly string[]>;
  read(repository: Repository, path: string): Promise<string>;
  pageOf(repository: Repository, path: string): string;
}

/**
 * Descriptors of those repositories in which something was pushed since; of the others nothing is asked. When the budget runs short
 * the rest waits for the next reading: what it described before stays.
 */
export async function* readDescriptors(
  repositories: readonly Repository[],
  source: DescriptorSource,
  o: { readonly ask: Ask; readonly before: unknown; readonly now: Record<string, unknown> },
): AsyncGenerator<Reading> {
  const before = (typeof o.before === "object" && o.before !== null ? o.before : {}) as Record<string, KeptRepository | undefined>;
  let isShort = false;
  for (const repository of repositories) {
    const kept = before[repository.path];
    const budget = o.ask.budget();
    if (budget) yield budget;
    isShort ||= budget !== undefined && budget.remaining < RESERVE && budget.limit > RESERVE;
    if (isShort || kept?.mark === repository.mark) {
      // What is not asked for stays; what was not asked for yet is asked for next time.
      if (kept) o.now[repository.path] = kept;
      yield { type: "unchanged", locationPrefix: source.pageOf(repository, "") };
      continue;
    }
    const paths = (await source.list(repository)).slice(0, MAX_DESCRIPTORS);
    for (const path of paths) {
      yield { type: "descriptor", text: await source.read(repository, path), location: source.pageOf(repository, path) };
    }
    o.now[repository.path] = { mark: repository.mark, found: paths.length } satisfies KeptRepository;
  }
}

export function isDescriptor(path: string): boolean {
  return /(?:^|\/)catalog-info\.ya?ml$/.test(path) && !/(?:^|\/)node_modules\//.test(path);
}

/** A text of an answer that may be missing. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What is no object reads as an empty one. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The body of a webhook. Throws `InvalidError` when it is no JSON. */
export function parseMessage(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(new TextDecoder().decode(body)));
  } catch {
    throw new InvalidError("The message is no JSON.", { mend: "Choose the content type application/json for the webhook." });
  }
}
