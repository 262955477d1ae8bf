import { createHash } from "node:crypto";

import { decisionMade, type Decision, type PolicyMoment, type Resource } from "@roadbed/contracts/standards";
import { formatActor, newId, type Ctx } from "@roadbed/core";

import type { Judgement } from "../policy/evaluate-policies.ts";
import { aboutOf } from "../waiver/apply-waivers.ts";
import { insertDecision, storable } from "./decision-store.ts";
import { keepInput } from "./input-store.ts";

/** What is about to be done, and to what. */
export interface Act {
  /** Default `provision`. */
  readonly moment?: PolicyMoment;
  /** What is to be done, e.g. `paths.path.run node-service`. */
  readonly subject: string;
  readonly resources: readonly Resource[];
  /** Only these are asked: packs and names of policies. Absent or empty: all that hold. */
  readonly only?: readonly string[];
  /** The entity that it is about, where the resources do not say. */
  readonly entity?: string;
  /** The group that owns it, likewise. */
  readonly team?: string;
  /** What else is to be remembered of it, e.g. from which environment to which. */
  readonly details?: Readonly<Record<string, string>>;
}

/** Stores what the policies answered, in `ctx`'s transaction, and tells that they were asked. */
export async function storeDecision(
  ctx: Ctx,
  act: Act,
  { verdict, findings }: Judgement,
  policies: readonly { readonly name: string; readonly version: string }[],
): Promise<Decision> {
  const now = ctx.now();
  const { moment = "provision", resources } = act;
  const subject = storable(act.subject);
  const abouts = aboutOf(resources);
  const team = act.team ?? abouts.find((about) => about.team !== undefined)?.team;
  const kept = await keepInput(ctx.sql, resources, now);
  const decision: Decision = {
    id: newId("dec", now.getTime()),
    at: now.toISOString(),
    moment,
    subject,
    actor: formatActor(ctx.actor),
    verdict,
    findings: [...findings],
    policies: policies.map(({ name, version }) => ({ name, version })),
    inputDigest: digestOf(resources.map(withoutSecrets)),
    entities: [...new Set([act.entity, ...abouts.map(({ entity }) => entity)].flatMap((ref) => ref ?? []))].slice(0, MOST_ENTITIES),
    ...(team === undefined ? {} : { team }),
    ...(act.details === undefined ? {} : { details: act.details }),
    input: kept === undefined ? "too large" : "kept",
  };
  await insertDecision(ctx.sql, decision, kept);
  ctx.emit(decisionMade, subject, { decisionId: decision.id, subject, verdict });
  return decision;
}

const MOST_ENTITIES = 500;

/** A copy in which nothing sensitive stands: a digest of a short secret would give it away. */
export function withoutSecrets(resource: Resource): Resource {
  if (resource.sensitive === undefined) return resource;
  const copy = structuredClone(resource);
  for (const way of resource.sensitive) {
    let holder: unknown = copy;
    for (const step of way.slice(0, -1)) holder = isHolder(holder) && Object.hasOwn(holder, step) ? holder[step] : undefined;
    const last = way.at(-1);
    if (last !== undefined && isHolder(holder) && Object.hasOwn(holder, last)) holder[last] = "(sensitive)";
  }
  return copy;
}

function isHolder(value: unknown): value is Record<string | number, unknown> {
  return typeof value === "object" && value !== null;
}

/** SHA-256 (hex) of what was judged, the same for any order of the keys. */
export function digestOf(resources: readonly Resource[]): string {
  return createHash("sha256")
    .update(JSON.stringify(resources.map(ordered)))
    .digest("hex");
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, ordered(inner)]),
  );
}
