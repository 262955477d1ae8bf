import { formatFault, type CelFault, type Evaluation, type Outcome, type RuleOutcome } from "@roadbed/cel";
import type { Finding, PolicyMoment, Resource, Verdict } from "@roadbed/contracts/standards";

import type { Expressions } from "../deps.ts";
import { matchesTarget, targetOf, type Target } from "./match.ts";
import type { LoadedPolicy } from "./policy.ts";

export interface Judgement {
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  /** How often a policy was asked about a resource that it looks at. */
  readonly evaluated: number;
}

/** Asks every policy of this moment about every resource that it looks at, in one batch. Stores nothing. */
export async function evaluatePolicies(
  cel: Expressions,
  policies: readonly LoadedPolicy[],
  moment: PolicyMoment,
  resources: readonly Resource[],
): Promise<Judgement> {
  const asked = policies.filter(({ moments }) => moments.includes(moment));
  const targets = resources.map(({ object }) => targetOf(object));
  const evaluations: Evaluation[] = [];
  for (const [binding, target] of targets.entries()) {
    for (const [program, policy] of asked.entries()) {
      if (matchesTarget(policy.match, target)) evaluations.push({ program, binding });
    }
  }
  const outcomes = await cel.evaluateBatch({
    programs: asked.map(({ program }) => program),
    bindings: resources.map(({ object }, i) => bind(object, targets[i] as Target)),
    evaluations,
  });
  const findings = evaluations.flatMap(({ program, binding }, i) =>
    toFindings(asked[program] as LoadedPolicy, outcomes[i] as Outcome, resources[binding] as Resource, targets[binding] as Target),
  );
  return { verdict: verdictOf(findings), findings, evaluated: evaluations.length };
}

/** The values that an expression may read, as the API server would give them for a new object. */
function bind(object: Readonly<Record<string, unknown>>, { group, version, kind, resource, name }: Target): Record<string, unknown> {
  const metadata = object.metadata as { namespace?: unknown } | undefined;
  const request = {
    operation: "CREATE",
    kind: { group, version, kind },
    resource: { group, version, resource },
    name,
    namespace: typeof metadata?.namespace === "string" ? metadata.namespace : "",
    dryRun: true,
  };
  return { object, oldObject: null, request, params: null, namespaceObject: null };
}

function toFindings(policy: LoadedPolicy, outcome: Outcome, resource: Resource, target: Target): Finding[] {
  if (outcome.kind === "skipped") return [];
  if (outcome.kind === "fault") return policy.failurePolicy === "Ignore" ? [] : [toError(policy, 0, outcome.fault, resource, target)];
  return outcome.rules.flatMap((rule, i) => toFinding(policy, i, rule, resource, target));
}

function toFinding(policy: LoadedPolicy, position: number, rule: RuleOutcome, resource: Resource, target: Target): Finding[] {
  if (rule.kind === "value" && rule.value === true) return [];
  if (rule.kind === "value" && rule.value === false) {
    return [{ ...describe(policy, position, resource, target), result: "fail", message: messageOf(policy, position, rule.otherwise) }];
  }
  if (policy.failurePolicy === "Ignore") return [];
  const fault = rule.kind === "fault" ? rule.fault : { code: "not_bool", reason: "the rule must give true or false" };
  return [toError(policy, position, fault, resource, target)];
}

function toError(policy: LoadedPolicy, position: number, fault: CelFault, resource: Resource, target: Target): Finding {
  return {
    ...describe(policy, position, resource, target),
    result: "error",
    message: `This policy could not be evaluated, which counts as no. ${formatFault(fault)}`,
    mend: `Check that the ${target.kind || "resource"} is complete. If it is, correct the policy. ${fault.mend ?? ""}`.trim(),
  };
}

function describe(policy: LoadedPolicy, position: number, { file }: Resource, { kind, name }: Target): Omit<Finding, "result" | "message"> {
  const rule = policy.rules[position];
  return {
    policy: policy.name,
    title: policy.title,
    severity: policy.severity,
    mend: rule?.mend ?? "",
    why: policy.why,
    expression: rule?.expression ?? "",
    resource: `${kind || "resource without a kind"} ${name || "without a name"}`,
    ...(file === undefined ? {} : { file }),
  };
}

/** As in Kubernetes: what `messageExpression` gives, where it is one line of at most 5 kB; else `message`. */
function messageOf({ rules }: LoadedPolicy, position: number, computed: unknown): string {
  const line = typeof computed === "string" ? computed.trim() : "";
  return line === "" || line.length > 5_000 || line.includes("\n") ? (rules[position]?.message ?? "") : line;
}

function verdictOf(findings: readonly Finding[]): Verdict {
  if (findings.some(({ severity }) => severity === "deny")) return "deny";
  return findings.length > 0 ? "warn" : "allow";
}
