import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import type { RequiredApproval } from "@roadbed/contracts/paths";
import type { Ctx } from "@roadbed/core";

import type { PathsDeps } from "../deps.ts";
import { fieldsOf, valueAt } from "../template/form.ts";
import type { Path } from "../template/template.ts";

export type Approver = RequiredApproval["approvers"][number];

/** What a run is about, as far as its answers say: an entity that is there, or at least who is to own what is made. */
export interface About {
  readonly entityRef: string | undefined;
  readonly ownerRef: string | undefined;
}

/** The entity that a run changes, or the owner that its answers name. */
export function aboutOf(path: Pick<Path, "promises" | "pages">, values: Readonly<Record<string, unknown>>): About {
  const { operation, appliesTo } = path.promises;
  const bound = operation === "create" ? undefined : valueAt(values, appliesTo.parameter);
  const field = fieldsOf(path).find(({ schema }) => schema["ui:field"] === "OwnerPicker")?.path ?? "owner";
  return {
    entityRef: refOf(bound, appliesTo.kinds[0] ?? "component"),
    ownerRef: refOf(valueAt(values, field), "group"),
  };
}

/**
 * Who may approve by these words, as the catalogue stands now. It is asked in the platform's own name: whom somebody waits for does not
 * depend on what they may see.
 */
export async function approversOf(
  deps: Pick<PathsDeps, "catalog">,
  given: Ctx,
  by: readonly string[],
  about: About,
  pathOwner: string | undefined,
): Promise<readonly Approver[]> {
  const ctx = asPlatform(given);
  const found: Approver[] = [];
  for (const word of by) {
    if (word === "owner") found.push(...(await owners()).map((ref): Approver => ({ ref, as: "owner" })));
    else if (word === "on-call") found.push(...(await onCall()).map((ref): Approver => ({ ref, as: "on-call" })));
    else if (word === "team-lead") found.push(...(await leads()).map((ref): Approver => ({ ref, as: "team-lead" })));
    else if (word === "platform") found.push(...known(pathOwner, "platform"));
    else found.push(...known(word, "named"));
  }
  return found.filter(({ ref }, index) => found.findIndex((other) => other.ref === ref) === index);

  async function owners(): Promise<readonly string[]> {
    if (about.entityRef !== undefined) return (await deps.catalog.ownersOf?.(ctx, about.entityRef)) ?? [];
    return about.ownerRef === undefined ? [] : [about.ownerRef];
  }

  async function onCall(): Promise<readonly string[]> {
    const subject = about.entityRef ?? about.ownerRef;
    // Nobody to be called for what is not in the catalogue.
    if (subject === undefined || (await deps.catalog.get(ctx, subject)) === undefined) return [];
    return (await deps.catalog.onCallOf?.(subject)) ?? [];
  }

  async function leads(): Promise<readonly string[]> {
    const teams = await Promise.all((await owners()).map((ref) => deps.catalog.get(ctx, ref)));
    return teams
      .flatMap((team) => [team?.spec?.["lead"] ?? team?.metadata.annotations?.["roadbed.dev/lead"] ?? []].flat())
      .flatMap((lead) => refOf(lead, "user") ?? []);
  }
}

/** The platform itself, on the call's own connection. */
export function asPlatform(ctx: Ctx): Ctx {
  return { ...ctx, actor: { kind: "system", job: "paths.approvals" }, scopes: new Set(["*"]) };
}

function known(ref: string | undefined, as: Approver["as"]): Approver[] {
  const full = refOf(ref, "group");
  return full === undefined ? [] : [{ ref: full, as }];
}

function refOf(value: unknown, kind: string): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  try {
    return formatRef(parseRef(value, { kind }));
  } catch {
    return undefined;
  }
}
