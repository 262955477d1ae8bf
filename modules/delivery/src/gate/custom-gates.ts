import type { CustomGate } from "@roadbed/contracts/delivery/environments";
import { z } from "zod";

import { asPlatform, blocked, passed, unknown, waiting, type Found, type GateDeps, type GateRule, type Subject } from "./gate.ts";

/** What an address answers; more is not read. */
const Answer = z.object({
  allowed: z.boolean(),
  message: z.string().max(1_000).optional(),
  /** Not yet: ask again. */
  pending: z.boolean().optional(),
});
const MAX_ANSWER_BYTES = 64 * 1_024;

/** The conditions that an environment has of its own. */
export function customGates(deps: GateDeps, subject: Subject): GateRule[] {
  return subject.environment.gates.map((gate) => ({
    name: `own:${gate.name}`,
    title: gate.name,
    evaluate: async (signal) => (gate.cel === undefined ? askAddress(deps, subject, gate, signal) : holds(deps, subject, gate)),
  }));
}

async function holds(deps: GateDeps, subject: Subject, { cel = "", message }: CustomGate): Promise<Found> {
  if (deps.conditions === undefined) return unknown("There is nothing here that evaluates expressions.");
  const evidence = [{ label: "Expression", value: cel }];
  const answer = await deps.conditions.evaluate(cel, await variablesOf(deps, subject));
  if (answer === true) return passed("The expression holds.", evidence);
  if (answer === false) return blocked(message ?? "The expression does not hold.", evidence);
  return unknown("The expression gives neither yes nor no.", evidence);
}

async function askAddress(deps: GateDeps, subject: Subject, { http = "", message }: CustomGate, signal: AbortSignal): Promise<Found> {
  if (deps.fetch === undefined) return unknown("This server asks no addresses.");
  const { promotion } = subject;
  const evidence = [{ label: "Asked", value: new URL(http).host }];
  const response = await deps.fetch(http, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", "idempotency-key": promotion.id },
    body: JSON.stringify({ promotion: promotion.id, ...(await variablesOf(deps, subject)) }),
    signal,
    redirect: "error",
  });
  const text = (await response.text()).slice(0, MAX_ANSWER_BYTES);
  if (!response.ok) return unknown(`It answered ${response.status}.`, evidence);
  const answer = Answer.safeParse(parse(text));
  if (!answer.success) return unknown("Its answer has no allowed: true or false.", evidence);
  const { allowed, pending, message: said } = answer.data;
  if (allowed) return passed(said ?? "It allows it.", evidence);
  return pending === true
    ? waiting(said ?? "It does not know yet.", evidence)
    : blocked(said ?? message ?? "It does not allow it.", evidence);
}

async function variablesOf(deps: GateDeps, { promotion, release, environment, now, verified }: Subject): Promise<Record<string, unknown>> {
  const entity = await deps.runtime.read(asPlatform(deps.runtime), (ctx) => deps.entities.get(ctx, release.entity_ref));
  const upstream = verified.map((one) => ({ environment: one.environment, at: one.at.toISOString() }));
  return {
    release: {
      id: release.id,
      number: release.number,
      title: release.title,
      commit: release.commit ?? "",
      irreversible: release.irreversible ?? "",
      parts: release.parts.map(({ kind, name, version, digest = "" }) => ({ kind, name, version, digest })),
    },
    environment: { name: environment.name, region: environment.region ?? "", residency: environment.residency ?? "" },
    promotion: {
      hotfix: promotion.hotfix,
      automatic: promotion.automatic,
      requestedBy: promotion.requested_by,
      reason: promotion.reason ?? "",
    },
    component: entity ?? {},
    // Where it was promoted to and healthy before, and since when.
    upstream,
    now,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
