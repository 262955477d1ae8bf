import { dirname, join } from "node:path";

import { type Entity, formatRef, parseRef } from "@roadbed/contracts/catalog";
import type { Ctx, Sql } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { seesDocument, visibleTo, type Viewer } from "../estate/visibility.ts";
import { typeMask } from "../graph/graph.ts";
import { pathOfPage } from "../source/git-address.ts";
import { cloneFolder } from "../source/open-tree.ts";
import { builtInCode, statementsOf } from "./relations.ts";

/**
 * Answers of the catalogue to its neighbours. They ask the database, on the caller's transaction: what it has written, they see. What
 * the caller may not see is not there.
 */

/** Who asks, and on which connection. */
export type Asker = Viewer & Pick<Ctx, "sql">;

export async function askEntity(catalogue: Catalogue, asker: Asker, ref: string): Promise<Entity | undefined> {
  const found = await readDocument(asker.sql, ref);
  return found && (await seesDocument(catalogue, asker, found)) ? found.entity : undefined;
}

/** Whether somebody sees an entity: false as well when there is none. */
export async function askSees(catalogue: Catalogue, sql: Sql, viewer: Viewer, ref: string): Promise<boolean> {
  await catalogue.feed.fresh();
  return (await askEntity(catalogue, { ...viewer, sql }, ref)) !== undefined;
}

/** References of everything that somebody may not see. */
export async function askHidden(catalogue: Catalogue, viewer: Viewer): Promise<string[]> {
  await catalogue.feed.fresh();
  const visible = await visibleTo(catalogue, viewer);
  return visible.hidden().map((id) => catalogue.estate.refOf(id));
}

async function readDocument(sql: Sql, ref: string): Promise<{ readonly entity: Entity; readonly sourceId: string } | undefined> {
  const { rows } = await sql.query<{ entity: Entity; sourceId: string }>(
    `select document as entity, source_id as "sourceId" from catalog.entity where ref = $1`,
    [canonicalRef(ref)],
  );
  return rows[0];
}

/** A Template and, where its source is files on this machine, its folder; `root` is the source's own, which no path may leave. */
export interface TemplateFiles {
  readonly entity: Entity;
  readonly folder?: string;
  readonly root?: string;
}

export async function askTemplates(catalogue: Catalogue, asker: Asker, dataDir: string | undefined): Promise<TemplateFiles[]> {
  const { rows } = await asker.sql.query<TemplateRow>(
    `select entity.document, entity.source_id, entity.location, source.kind, source.target, source.branch
     from catalog.entity join catalog.source on source.id = entity.source_id
     where entity.ref like 'template:%' or entity.ref like 'goldenpath:%' order by entity.ref`,
  );
  const shown: TemplateFiles[] = [];
  for (const { document: entity, source_id: sourceId, location, ...source } of rows) {
    if (await seesDocument(catalogue, asker, { entity, sourceId })) shown.push({ entity, ...filesOf(location, source, dataDir) });
  }
  return shown;
}

interface TemplateRow extends Record<string, unknown> {
  readonly document: Entity;
  readonly source_id: string;
  readonly location: string;
  readonly kind: string;
  readonly target: string;
  readonly branch: string | null;
}

function filesOf(
  location: string,
  { kind, target, branch }: { kind: string; target: string; branch: string | null },
  dataDir: string | undefined,
): Omit<TemplateFiles, "entity"> {
  if (kind === "folder") return { folder: dirname(location), root: location.startsWith(`${target}/`) ? target : dirname(location) };
  const path = kind === "git" ? pathOfPage(target, location) : undefined;
  if (path === undefined || dataDir === undefined) return {};
  const root = cloneFolder(dataDir, { target, branch });
  return { folder: dirname(join(root, path)), root };
}

export async function askOwners({ kinds }: Catalogue, sql: Sql, ref: string): Promise<string[]> {
  const entity = (await readDocument(sql, ref))?.entity;
  if (!entity) return [];
  // A group answers for itself, and a person for their own entry.
  if (entity.kind === "Group" || entity.kind === "User") return [canonicalRef(ref)];
  const owned = statementsOf(entity, kinds).filter(({ code }) => code === OWNED_BY);
  return owned.map(({ target }) => target);
}

const OWNED_BY = 0;

/** The groups that name the user, or that the user names, and all groups above these. */
export async function askGroups({ estate, feed }: Catalogue, userRef: string): Promise<string[]> {
  await feed.fresh();
  const start = estate.idOf(canonicalRef(userRef, "user"));
  if (start === undefined) return [];
  const { nodes } = estate.graph.walk(start, { forward: UPWARD, backward: typeMask([]), depth: 20 });
  return [...nodes.subarray(1)].map((id) => estate.refOf(id));
}

/** What depends on an entity directly, or calls an API that it provides, with its owner; sorted. */
export async function askDependants(
  { estate, feed }: Catalogue,
  ref: string,
): Promise<{ readonly ref: string; readonly owner?: string }[]> {
  await feed.fresh();
  const id = estate.idOf(canonicalRef(ref));
  if (id === undefined) return [];
  const found = new Set<number>();
  const collect = (from: number, types: readonly string[]): number[] =>
    estate.neighbours(from).flatMap((other) => (types.includes(other.type) && other.id !== id ? [other.id] : []));
  for (const other of collect(id, ["dependencyOf", "apiConsumedBy"])) found.add(other);
  for (const api of collect(id, ["providesApi"])) for (const other of collect(api, ["apiConsumedBy"])) found.add(other);
  return [...found]
    .flatMap((other) => estate.at(other) ?? [])
    .map((item) => ({ ref: item.ref, ...(item.owner === undefined ? {} : { owner: item.owner }) }))
    .sort((a, b) => (a.ref < b.ref ? -1 : 1));
}

/** How people call it; its name when it is not there. */
export async function askTitle({ estate, feed }: Catalogue, ref: string): Promise<string> {
  await feed.fresh();
  const item = estate.get(canonicalRef(ref));
  return item?.title ?? item?.name ?? ref.slice(ref.indexOf("/") + 1);
}

const UPWARD = typeMask([builtInCode("memberOf") >> 1, builtInCode("childOf") >> 1]);

function canonicalRef(ref: string, kind = "component"): string {
  return formatRef(parseRef(ref, { kind }));
}
