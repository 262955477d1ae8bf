import type { Actor, Sql } from "@roadbed/core";

import { findToken } from "../token/token-store.ts";

/** The account of the person behind an actor: themself, whom an agent acts for, or who made a service's token. */
export async function personBehind({ sql }: { readonly sql: Sql }, actor: Actor): Promise<string | undefined> {
  if (actor.kind === "user") return actor.id;
  if (actor.kind === "agent" && actor.onBehalfOf !== undefined) return actor.onBehalfOf;
  if (actor.kind === "agent" || actor.kind === "service") return (await findToken(sql, actor.id))?.ownerId;
  return undefined;
}
