import type { Gate } from "@roadbed/contracts/delivery/promotions";

import type { Override } from "../promotion/promotion-store.ts";
import { approvalGate } from "./approval-gate.ts";
import { budgetGate } from "./budget-gate.ts";
import { customGates } from "./custom-gates.ts";
import { dependencyGate } from "./dependency-gate.ts";
import { errorBudgetGate } from "./error-budget-gate.ts";
import { evaluationGate } from "./evaluation-gate.ts";
import { freezeGate } from "./freeze-gate.ts";
import { manifestGate } from "./manifest-gate.ts";
import { unknown, type Found, type GateDeps, type GateRule, type Subject } from "./gate.ts";
import { POLICY_SET, policyGate } from "./policy-gate.ts";
import { pullRequestGate } from "./pull-request-gate.ts";
import { turnGate } from "./turn-gate.ts";
import { partsGate } from "./parts-gate.ts";
import { testsGate } from "./tests-gate.ts";
import { soakGate, upstreamGate } from "./upstream-gates.ts";

/** What a gate may take before it counts as one that cannot be evaluated. */
const PATIENCE_MS = 10_000;
/** What policies say is asked for again after this; everything else at each look. */
const POLICY_LASTS_MS = 5 * 60_000;

/** Everything that has to hold before a release comes to an environment; evaluated side by side. */
export async function evaluateGates(deps: GateDeps, subject: Subject, partsOf: Parameters<typeof partsGate>[2]): Promise<Gate[]> {
  const { environment, promotion } = subject;
  const rules: GateRule[] = [
    ...(environment.upstream.length > 0 ? [upstreamGate(subject)] : []),
    ...(environment.upstream.length > 0 && environment.soakMinutes > 0 ? [soakGate(subject)] : []),
    partsGate(deps, subject, partsOf),
    ...(environment.kubernetes === undefined ? [] : [manifestGate(deps, subject)]),
    ...(subject.release.commit === null ? [] : [testsGate(deps, subject)]),
    policyGate(deps, subject),
    ...(environment.approvals.length > 0 ? [approvalGate(deps, subject)] : []),
    ...(environment.evaluation === undefined ? [] : [evaluationGate(deps, subject, environment.evaluation)]),
    ...(environment.budget === undefined ? [] : [budgetGate(deps, subject, environment.budget)]),
    freezeGate(subject),
    dependencyGate(deps, subject),
    ...(environment.errorBudget === undefined ? [] : [errorBudgetGate(deps, subject, environment.errorBudget)]),
    ...customGates(deps, subject),
    turnGate(subject),
    ...(environment.by === "pull-request" ? [pullRequestGate(deps, subject)] : []),
  ];
  const found = await Promise.all(rules.map((rule) => evaluate(rule, subject)));
  return found.map((gate) => withOverride(gate, promotion.overrides));
}

/** Whether nothing stands in the way. */
export function letsThrough(gates: readonly Gate[]): boolean {
  return gates.length > 0 && gates.every(({ verdict, overridden }) => verdict === "passed" || overridden !== undefined);
}

/** When it is worth looking again: at the next instant that a gate names, soon where something can change at any time. */
export function nextLook(gates: readonly Gate[], now: Date): Date {
  const open = gates.filter(({ verdict, overridden }) => verdict !== "passed" && overridden === undefined);
  const times = open.flatMap(({ until }) => (until === undefined ? [] : [new Date(until).getTime()])).filter((at) => at > now.getTime());
  return new Date(Math.min(now.getTime() + 60_000, ...times));
}

async function evaluate(rule: GateRule, { promotion, environment, now }: Subject): Promise<Gate> {
  const { name, title } = rule;
  const before = promotion.gates.find((gate) => gate.name === name);
  // Each decision of a policy is stored: a promotion that waits for days is not to fill the book.
  if (name === "policies" && before !== undefined && before.verdict !== "unknown" && promotion.looked_at !== null) {
    const said = (what: string): string | undefined => before.evidence.find(({ label }) => label === what)?.value;
    const decidedAt = said("Decided");
    // Other policies than those that were asked have said nothing yet.
    const isSameSet = (said(POLICY_SET) ?? "") === environment.policies.join(", ");
    if (decidedAt !== undefined && isSameSet && now.getTime() - new Date(decidedAt).getTime() < POLICY_LASTS_MS) {
      const { overridden: _said, ...found } = before;
      return found;
    }
  }
  return { name, title, ...(await inTime(rule)) };
}

async function inTime(rule: GateRule): Promise<Found> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const late = new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(new Error(`It gave no answer within ${PATIENCE_MS / 1_000} seconds.`)), { once: true }),
  );
  late.catch(() => {});
  try {
    return await Promise.race([rule.evaluate(signal), late]);
  } catch (error) {
    return unknown(
      `It could not be evaluated, and lets nothing through until it can: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function withOverride(gate: Gate, overrides: readonly Override[]): Gate {
  const said = overrides.findLast((one) => one.gate === gate.name);
  if (said === undefined || gate.verdict === "passed") return gate;
  const { by, at, reason } = said;
  return { ...gate, overridden: { by, at, reason } };
}
