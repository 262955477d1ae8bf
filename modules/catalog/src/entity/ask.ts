import { dirname, join } from "node:path";

import { type Entity, formatRef, parseRef } from "@roadbed/contracts/catalog";
import type { Sql } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { pathOfPage } from "../source/git-address.ts";
import { cloneFolder } from "../source/open-tree.ts";
import { statementsOf } from "./relations.ts";

/** Answers of the catalogue to its neighbours. They ask the database, on the caller's transaction: what it has written, they see. */

export async function askEntity(sql: Sql, ref: string): Promise<Entity | undefined> {
  const { rows } = await sql.query<{ document: Entity }>("select document from catalog.entity where ref = $1", [canonicalRef(ref)]);
  return rows[0]?.document;
}

export async function askExists(sql: Sql, ref: string): Promise<boolean> {
  return (await sql.query("select 1 from catalog.entity where ref = $1", [canonicalRef(ref)])).rowCount > 0;
}

/** A Template and, where its source is files on this machine, its folder; `root` is the source's own, which no path may leave. */
export interface TemplateFiles {
  readonly entity: Entity;
  readonly folder?: string;
  readonly root?: string;
}

export async function askTemplates(sql: Sql, dataDir: string | undefined): Promise<TemplateFiles[]> {
  const { rows } = await sql.query<{ document: Entity; location: string; kind: string; target: string; branch: string | null }>(
    `select entity.document, entity.location, source.kind, source.target, source.branch
     from catalog.entity join catalog.source on source.id = entity.source_id
     where entity.ref like 'template:%' order by entity.ref`,
  );
  return rows.map(({ document: entity, location, ...source }) => ({ entity, ...filesOf(location, source, dataDir) }));
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

export async function askOwners(sql: Sql, ref: string): Promise<string[]> {
  const entity = await askEntity(sql, ref);
  if (!entity) return [];
  // A group answers for itself, and a person for their own entry.
  if (entity.kind === "Group" || entity.kind === "User") return [canonicalRef(ref)];
  const owned = statementsOf(entity).filter(({ code }) => code === OWNED_BY);
  return owned.map(({ target }) => target);
}

const OWNED_BY = 0;

/** The groups that name the user, or that the user names, and all groups above these. */
export async function askGroups({ estate, feed }: Catalogue, userRef: string): Promise<string[]> {
  await feed.fresh();
  const start = estate.idOf(canonicalRef(userRef, "user"));
  if (start === undefined) return [];
  const { nodes } = estate.graph.walk(start, { forward: MEMBER_OF | CHILD_OF, backward: 0, depth: 20 });
  return [...nodes.subarray(1)].map((id) => estate.refOf(id));
}

/** Bits of the relations, as the graph counts them: see `RELATION_TYPES`. */
const CHILD_OF = 1 << 5;
const MEMBER_OF = 1 << 6;

function canonicalRef(ref: string, kind = "component"): string {
  return formatRef(parseRef(ref, { kind }));
}
