import { type Entity, formatRef, parseRef } from "@roadbed/contracts/catalog";
import type { Sql } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { statementsOf } from "./relations.ts";

/** Answers of the catalogue to its neighbours. They ask the database, on the caller's transaction: what it has written, they see. */

export async function askEntity(sql: Sql, ref: string): Promise<Entity | undefined> {
  const { rows } = await sql.query<{ document: Entity }>("select document from catalog.entity where ref = $1", [canonicalRef(ref)]);
  return rows[0]?.document;
}

export async function askExists(sql: Sql, ref: string): Promise<boolean> {
  return (await sql.query("select 1 from catalog.entity where ref = $1", [canonicalRef(ref)])).rowCount > 0;
}

export async function askTemplates(sql: Sql): Promise<Entity[]> {
  const { rows } = await sql.query<{ document: Entity }>("select document from catalog.entity where ref like 'template:%' order by ref");
  return rows.map(({ document }) => document);
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
