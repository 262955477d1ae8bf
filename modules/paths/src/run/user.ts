import type { Entity } from "@roadbed/contracts/catalog";
import type { Actor, Ctx } from "@roadbed/core";

import type { Catalog } from "../deps.ts";

/** The catalogue's name for who acts. */
export function userRefOf(actor: Actor): string {
  if (actor.kind === "agent" && actor.onBehalfOf !== undefined) return `user:default/${nameOf(actor.onBehalfOf.replace(/^user:/, ""))}`;
  if (actor.kind === "anonymous") return "user:default/guest";
  return `user:default/${nameOf(actor.kind === "system" ? actor.job : actor.id)}`;
}

/** The entity of a user; a bare one where the catalogue knows none. */
export async function userEntity(catalog: Catalog, ctx: Ctx, ref: string): Promise<Entity> {
  const found = await catalog.get(ctx, ref);
  return (
    found ?? {
      apiVersion: "backstage.io/v1alpha1",
      kind: "User",
      metadata: { name: ref.slice(ref.indexOf("/") + 1), namespace: "default" },
      spec: { memberOf: [] },
    }
  );
}

function nameOf(id: string): string {
  return id.toLowerCase().replace(/[^a-z0-9._-]+/g, "-");
}
