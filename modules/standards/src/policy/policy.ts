import type { CelFault, Program, VariableType } from "@roadbed/cel";
import { mendOf, momentsOf, text, type PolicyFile } from "@roadbed/contracts/policy-file";
import type { Policy } from "@roadbed/contracts/standards";

import type { Expressions } from "../deps.ts";
import { describeRules, type Match } from "./match.ts";

/** A policy in force: what it says of itself, what it looks at, and its program. */
export interface LoadedPolicy extends Omit<Policy, "enabled"> {
  readonly match: Match;
  readonly program: Program;
  /** What happens when it cannot be evaluated: `Fail` counts as a violation, `Ignore` as none. */
  readonly failurePolicy: "Fail" | "Ignore";
  /** Expressions that do not compile: where they stand in the document, and why. */
  readonly faults: readonly { readonly path: readonly (string | number)[]; readonly fault: CelFault }[];
  readonly file?: string;
}

/** What a policy's expressions may read, as Kubernetes names it. */
export const VARIABLES = ["object", "oldObject", "request", "params", "namespaceObject"] as const;

/** Compiles what a file says. An expression that does not compile is kept, with its fault: it fails when it is asked. */
export function createPolicy({ metadata, spec }: PolicyFile, cel: Expressions): LoadedPolicy {
  const { annotations } = metadata;
  return {
    name: metadata.name,
    title: text(annotations, "title"),
    why: text(annotations, "why"),
    severity: text(annotations, "severity") === "warn" ? "warn" : "deny",
    version: text(annotations, "version"),
    moments: momentsOf(annotations) as Policy["moments"],
    matches: describeRules(spec.matchConstraints.resourceRules),
    rules: spec.validations.map(({ expression, message }, i) => ({
      expression,
      message: message?.trim() ?? text(annotations, "title"),
      mend: mendOf(annotations, i),
    })),
    match: spec.matchConstraints,
    failurePolicy: spec.failurePolicy,
    faults: faultsOf(spec, cel),
    program: cel.createProgram({
      names: VARIABLES,
      conditions: spec.matchConditions.map(({ expression }) => expression),
      definitions: spec.variables,
      rules: spec.validations.map(({ expression, messageExpression }) =>
        messageExpression === undefined ? { expression } : { expression, otherwise: messageExpression },
      ),
    }),
  };
}

function faultsOf(spec: PolicyFile["spec"], cel: Expressions): LoadedPolicy["faults"] {
  const outer: Record<string, VariableType> = Object.fromEntries(VARIABLES.map((name) => [name, "dyn" as const]));
  const inner = (fields: readonly string[]): Record<string, VariableType> => ({ ...outer, variables: { fields } });
  const names = spec.variables.map(({ name }) => name);
  const checks = [
    ...spec.matchConditions.map(({ expression }, i) =>
      check(cel, expression, outer, ["bool"], ["spec", "matchConditions", i, "expression"]),
    ),
    ...spec.variables.map(({ expression }, i) =>
      check(cel, expression, inner(names.slice(0, i)), [], ["spec", "variables", i, "expression"]),
    ),
    ...spec.validations.map(({ expression }, i) =>
      check(cel, expression, inner(names), ["bool"], ["spec", "validations", i, "expression"]),
    ),
    ...spec.validations.map(({ messageExpression }, i) =>
      messageExpression === undefined
        ? undefined
        : check(cel, messageExpression, inner(names), ["string"], ["spec", "validations", i, "messageExpression"]),
    ),
  ];
  return checks.filter((found) => found !== undefined);
}

type Fault = LoadedPolicy["faults"][number];

function check(
  cel: Expressions,
  expression: string,
  variables: Readonly<Record<string, VariableType>>,
  wanted: readonly string[],
  path: readonly (string | number)[],
): Fault | undefined {
  const checked = cel.check(expression, variables);
  if (!checked.ok) return { path, fault: checked.fault };
  if (wanted.length === 0 || checked.type.startsWith("dyn") || wanted.includes(checked.type)) return undefined;
  return { path, fault: { code: "wrong_type", reason: `gives a ${checked.type}, not a ${wanted.join(" or ")}` } };
}
