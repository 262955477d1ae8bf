import type { CelFault, Program, Shape, TypeSchema, VariableType } from "@roadbed/cel";
import {
  bindingMoments,
  MOMENTS,
  mendOf,
  pointsOf,
  referencesOf,
  text,
  type BindingFile,
  type PolicyFile,
  type ResourceRule,
} from "@roadbed/contracts/policy-file";
import type { Policy, PolicyAction, PolicyMoment } from "@roadbed/contracts/standards";

import type { Expressions } from "../deps.ts";
import { readsOf, textOf } from "./catalog-view.ts";
import type { CompiledPolicy } from "../opa/opa-policy.ts";
import { describeRules, type Match, type PartialMatch } from "./match.ts";
import { holdsAt, type StageOf } from "./plan.ts";
import { schemaOf } from "./schema/schema-of.ts";

/** A policy in force: what it says of itself, what it looks at, and its program. */
export interface LoadedPolicy extends Omit<Policy, "enabled" | "bindings" | "announced"> {
  readonly match: Match;
  readonly program: Program;
  /** The text of its expressions, where they read what the catalogue knows. */
  readonly readsCatalog?: string;
  /** Whether its expressions name `request`: what nobody reads is not made, nor sent to where it is read. */
  readonly readsRequest: boolean;
  /** What happens when it cannot be evaluated: `Fail` counts as a violation, `Ignore` as none. */
  readonly failurePolicy: "Fail" | "Ignore";
  readonly paramKind?: { readonly apiVersion: string; readonly kind: string };
  /** Per validation: what Kubernetes answers with, and whether the author wrote a message. */
  readonly answers: readonly { readonly reason: Reason; readonly message?: string }[];
  /** Evaluated after the validations, as further rules of the program. */
  readonly auditKeys: readonly string[];
  /** Where it holds. None: everywhere it says itself. */
  readonly bindings: readonly Binding[];
  /** Expressions that do not compile: where they stand in the document, and why. */
  readonly faults: readonly { readonly path: readonly (string | number)[]; readonly fault: CelFault }[];
  readonly file?: string;
  /** Where it was compiled by the Open Policy Agent: it is asked instead of the program. */
  readonly compiled?: CompiledPolicy;
}

type Reason = "Unauthorized" | "Forbidden" | "Invalid" | "RequestEntityTooLarge";

export interface Binding {
  readonly name: string;
  readonly policyName: string;
  readonly moments: readonly PolicyMoment[];
  readonly actions: readonly PolicyAction[];
  readonly match?: PartialMatch;
  readonly paramRef?: NonNullable<BindingFile["spec"]["paramRef"]>;
}

/** What a policy's expressions may read, as Kubernetes names it; and `catalog`: what is known of the entity, null where nothing is. */
export const VARIABLES = ["object", "oldObject", "request", "params", "namespaceObject", "catalog"] as const;

/** Compiles what a file says. An expression that does not compile is kept, with its fault: it fails when it is asked. */
export function createPolicy({ metadata, spec }: PolicyFile, cel: Expressions, pack?: string): LoadedPolicy {
  const { annotations } = metadata;
  const points = pointsOf(annotations) ?? [];
  const severity = text(annotations, "severity");
  const program = cel.createProgram({
    names: VARIABLES,
    conditions: spec.matchConditions.map(({ expression }) => expression),
    definitions: spec.variables,
    rules: [
      ...spec.validations.map(({ expression, messageExpression }) =>
        messageExpression === undefined ? { expression } : { expression, otherwise: messageExpression },
      ),
      ...spec.auditAnnotations.map(({ valueExpression }) => ({ expression: valueExpression })),
    ],
  });
  const readsCatalog = readsOf(program.source);
  const readsRequest = textOf(program.source).includes("request");
  return {
    name: metadata.name,
    title: text(annotations, "title"),
    why: text(annotations, "why"),
    severity: severity === "warn" || severity === "audit" ? severity : "deny",
    version: text(annotations, "version"),
    ...(pack === undefined ? {} : { pack }),
    references: referencesOf(annotations),
    points,
    moments: points.map(({ moment }) => moment),
    matches: describeRules(spec.matchConstraints.resourceRules),
    rules: spec.validations.map(({ expression, message }, i) => ({
      expression,
      message: message?.trim() || text(annotations, "title"),
      mend: mendOf(annotations, i),
    })),
    match: spec.matchConstraints,
    failurePolicy: spec.failurePolicy,
    ...(spec.paramKind === undefined ? {} : { paramKind: spec.paramKind }),
    answers: spec.validations.map(({ reason = "Invalid", message }) => ({
      reason,
      ...(message?.trim() ? { message: message.trim() } : {}),
    })),
    auditKeys: spec.auditAnnotations.map(({ key }) => key),
    bindings: [],
    faults: faultsOf(spec, cel),
    program,
    ...(readsCatalog === undefined ? {} : { readsCatalog }),
    readsRequest,
  };
}

/** What a binding's file says. */
export function createBinding({ metadata, spec }: BindingFile): Binding {
  return {
    name: metadata.name,
    policyName: spec.policyName,
    moments: bindingMoments(metadata.annotations),
    actions: spec.validationActions.map((action) => action.toLowerCase() as PolicyAction),
    ...(spec.matchResources === undefined ? {} : { match: spec.matchResources }),
    ...(spec.paramRef === undefined ? {} : { paramRef: spec.paramRef }),
  };
}

/** The policy as operations show it: at which points it holds now, and what it does at each. */
export function toPublic(policy: LoadedPolicy, stageOf: StageOf, announced: Policy["announced"], enabled: boolean): Policy {
  const { name, title, why, severity, version, pack, references, matches, rules, bindings } = policy;
  const points = MOMENTS.flatMap((moment) => {
    const holds = enabled ? holdsAt([policy], moment, stageOf) : [];
    return holds.length === 0 ? [] : [{ moment, action: strongest(holds.flatMap(({ actions }) => actions)) }];
  });
  return {
    name,
    title,
    why,
    severity,
    version,
    ...(pack === undefined ? {} : { pack }),
    references,
    moments: points.map(({ moment }) => moment),
    points,
    announced,
    matches,
    rules,
    bindings: bindings.map((binding) => ({ name: binding.name, actions: binding.actions.map(capital), moments: [...binding.moments] })),
    enabled: points.length > 0,
  };
}

/** Deny before warn before audit. */
export function strongest(actions: readonly PolicyAction[]): PolicyAction {
  return actions.includes("deny") ? "deny" : actions.includes("warn") ? "warn" : "audit";
}

function capital(action: PolicyAction): "Deny" | "Warn" | "Audit" {
  return action === "deny" ? "Deny" : action === "warn" ? "Warn" : "Audit";
}

/** The types of what an expression may read where its policy looks at these objects. */
export function typesOf(rules: readonly ResourceRule[]): Record<string, VariableType> {
  const object: VariableType = (rules.length === 0 ? undefined : schemaOf(rules)) ?? "dyn";
  return { ...Object.fromEntries(VARIABLES.map((name) => [name, "dyn" as const])), object, oldObject: object, request: REQUEST };
}

function faultsOf(spec: PolicyFile["spec"], cel: Expressions): LoadedPolicy["faults"] {
  const outer = typesOf(spec.matchConstraints.resourceRules);
  const faults: Fault[] = [];
  const shapes: Record<string, Shape> = {};
  const look = (expression: string, variables: Readonly<Record<string, VariableType>>, wanted: readonly string[], path: Fault["path"]) => {
    const { fault, shape } = check(cel, expression, variables, wanted, path);
    if (fault) faults.push(fault);
    return shape;
  };
  const inner = (): Record<string, VariableType> => ({ ...outer, variables: { fields: Object.keys(shapes), shapes: { ...shapes } } });

  for (const [i, { expression }] of spec.matchConditions.entries()) {
    look(expression, outer, ["bool"], ["spec", "matchConditions", i, "expression"]);
  }
  for (const [i, { name, expression }] of spec.variables.entries()) {
    shapes[name] = look(expression, inner(), [], ["spec", "variables", i, "expression"]);
  }
  for (const [i, { expression, messageExpression }] of spec.validations.entries()) {
    look(expression, inner(), ["bool"], ["spec", "validations", i, "expression"]);
    if (messageExpression !== undefined) look(messageExpression, inner(), ["string"], ["spec", "validations", i, "messageExpression"]);
  }
  for (const [i, { valueExpression }] of spec.auditAnnotations.entries()) {
    look(valueExpression, inner(), ["string", "null"], ["spec", "auditAnnotations", i, "valueExpression"]);
  }
  return faults;
}

/** What the API server tells of a request. */
const REQUEST: TypeSchema = {
  type: "AdmissionRequest",
  types: {
    AdmissionRequest: {
      kind: "GroupVersionKind",
      resource: "GroupVersionResource",
      subResource: "string",
      requestKind: "GroupVersionKind",
      requestResource: "GroupVersionResource",
      requestSubResource: "string",
      name: "string",
      namespace: "string",
      operation: "string",
      userInfo: "UserInfo",
      dryRun: "bool",
      options: "dyn",
    },
    GroupVersionKind: { group: "string", version: "string", kind: "string" },
    GroupVersionResource: { group: "string", version: "string", resource: "string" },
    UserInfo: { username: "string", uid: "string", groups: "list<string>", extra: "map<string, list<string>>" },
  },
};

type Fault = LoadedPolicy["faults"][number];

function check(
  cel: Expressions,
  expression: string,
  variables: Readonly<Record<string, VariableType>>,
  wanted: readonly string[],
  path: Fault["path"],
): { readonly fault?: Fault; readonly shape?: Shape } {
  const checked = cel.check(expression, variables);
  if (!checked.ok) return { fault: { path, fault: checked.fault } };
  const { type, shape } = checked;
  if (wanted.length === 0 || type.startsWith("dyn") || wanted.includes(type)) return { shape };
  return { fault: { path, fault: { code: "wrong_type", reason: `gives a ${type}, not a ${wanted.join(" or ")}` } }, shape };
}
