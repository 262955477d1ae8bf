import type { Entity } from "@roadbed/contracts/catalog";
import type { Actor, Ctx } from "@roadbed/core";

import type { Catalog, People } from "../deps.ts";

/** Who a run is for, as its path sees it: `user.ref` and `user.entity`. */
export interface RunUser {
  readonly ref: string;
  readonly entity: Entity;
}

/** The catalogue's entity of who acts; where it knows none, one made of what the account says. */
export async function userOf(deps: { readonly catalog: Catalog; readonly people?: People }, ctx: Ctx): Promise<RunUser> {
  const account = await deps.people?.describe(ctx);
  const name = account?.name ?? nameOf(ctx.actor);
  const ref = account?.entityRef ?? `user:default/${slugOf(name)}`;
  const found = await deps.catalog.get(ctx, ref);
  const profile = { displayName: name, ...(account?.email === undefined ? {} : { email: account.email }) };
  const bare: Entity = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "User",
    metadata: { name: ref.slice(ref.indexOf("/") + 1), namespace: "default" },
    spec: { profile, memberOf: [] },
  };
  return { ref, entity: found ?? bare };
}

function nameOf(actor: Actor): string {
  if (actor.kind === "anonymous") return "guest";
  if (actor.kind === "system") return actor.job;
  return "name" in actor ? actor.name : actor.id;
}

function slugOf(name: string): string {
  const slug = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return slug === "" ? "guest" : slug.slice(0, 63);
}
