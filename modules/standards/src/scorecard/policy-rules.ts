import { createHash } from "node:crypto";

import { formatFault, replaceNames } from "@roadbed/cel";
import type { PolicyAction } from "@roadbed/contracts/standards";
import { ScorecardDocument, type ScorecardRule } from "@roadbed/contracts/standards/scorecard-document";
import { DomainError, InvalidError } from "@roadbed/core";

import type { Expressions } from "../deps.ts";
import { holdsAt, type StageOf } from "../policy/plan.ts";
import { strongest, type LoadedPolicy } from "../policy/policy.ts";
import { listKinds } from "../policy/schema/schema-of.ts";
import type { Shipped } from "./load-shipped.ts";
import { readDocument } from "./read-document.ts";

/** The name of the scorecard that is made of policies. */
export const POLICY_SCORECARD = "policies";

/** What of a policy cannot be a rule, and why. */
export interface NoRule {
  readonly policy: string;
  readonly reason: string;
}

/**
 * The scorecard of the policies that hold at that point: each is a rule with the same text, its why and its mend. What stops an act
 * elsewhere counts for the lower level, what warns or notes for the upper one. Undefined where no policy holds there.
 */
export function scorecardOfPolicies(
  policies: readonly LoadedPolicy[],
  stageOf: StageOf,
  cel: Pick<Expressions, "check">,
): { readonly shipped: Shipped | undefined; readonly left: readonly NoRule[] } {
  const left: NoRule[] = [];
  const rules: { readonly rule: ScorecardRule; readonly kinds: readonly string[] }[] = [];
  for (const policy of new Set(holdsAt(policies, "scorecard", stageOf).map((one) => one.policy))) {
    const actions = holdsAt([policy], "scorecard", stageOf).flatMap((one) => one.actions);
    try {
      rules.push(ruleOf(policy, strongest(actions)));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      left.push({ policy: policy.name, reason: error.message });
    }
  }
  if (rules.length === 0) return { shipped: undefined, left };
  const kinds = [...new Set(rules.flatMap((one) => one.kinds))].toSorted();
  const has = (level: string): boolean => rules.some(({ rule }) => rule.level === level);
  const document = ScorecardDocument.parse({
    apiVersion: "roadbed.dev/v1",
    kind: "Scorecard",
    metadata: {
      name: POLICY_SCORECARD,
      title: "Policies",
      description: "The policies that hold at the point scorecard, each as a rule with the same text. It changes with them.",
    },
    spec: {
      kinds,
      levels: LEVELS.filter(({ name }) => has(name)),
      rules: rules.map(({ rule, kinds: own }) =>
        own.length === kinds.length ? rule : { ...rule, filter: both(`entity.kind in ${listOf(own)}`, rule.filter) },
      ),
    },
  });
  const read = readDocument({ scorecard: document }, cel);
  const wrong = new Map(read.problems.map(({ at, reason }) => [Number(/^spec\.rules\.(\d+)/.exec(at)?.[1] ?? -1), reason]));
  if (wrong.size > 0) {
    // One that does not compile so spoils no other.
    const bad = new Set([...wrong.keys()].map((at) => document.spec.rules[at]?.id));
    const rest = policies.filter(({ name }) => !bad.has(ruleIdOf(name)));
    if (rest.length === policies.length) return { shipped: undefined, left };
    const others = scorecardOfPolicies(rest, stageOf, cel);
    const mine = [...wrong].map(([at, reason]) => ({ policy: document.spec.rules[at]?.id ?? POLICY_SCORECARD, reason }));
    return { shipped: others.shipped, left: [...left, ...mine, ...others.left] };
  }
  const digest = createHash("sha256").update(JSON.stringify(document)).digest("hex");
  return { shipped: { file: "policies", digest, document }, left };
}

const LEVELS = [
  { name: "required", title: "Required", description: "What stops an act elsewhere." },
  { name: "recommended", title: "Recommended", description: "What only warns, too." },
];

function ruleOf(policy: LoadedPolicy, action: PolicyAction): { readonly rule: ScorecardRule; readonly kinds: readonly string[] } {
  const [fault] = policy.faults;
  if (fault) throw new InvalidError(`it does not compile: ${formatFault(fault.fault)}`);
  if (policy.paramKind !== undefined) throw new InvalidError("it takes parameters, which a scorecard has not");
  const { match } = policy;
  if (match.namespaceSelector !== undefined || match.objectSelector !== undefined || match.excludeResourceRules.length > 0) {
    throw new InvalidError("it chooses by selectors; write them as matchConditions");
  }
  const kinds = kindsOf(policy);
  if (kinds.length === 0) throw new InvalidError("it looks at no kind of the catalogue");
  const { conditions = [], definitions = [], rules } = policy.program.source;
  const variables = new Map<string, string>();
  const rewrite = (expression: string): string => replaceNames(expression, replaceWith(variables), READ);
  for (const { name, expression } of definitions) variables.set(name, `(${rewrite(expression)})`);
  const validations = rules.slice(0, policy.answers.length);
  if (validations.length === 0) throw new InvalidError("it has no validation");
  const expressions = validations.map(({ expression }) => rewrite(expression));
  const failing = validations.map(({ otherwise }, at) => {
    const text = otherwise === undefined ? textOf(policy.answers[at]?.message ?? policy.title) : rewrite(otherwise);
    return at === validations.length - 1 ? `(${text})` : `!(${expressions[at]}) ? (${text}) : `;
  });
  return {
    kinds,
    rule: {
      id: ruleIdOf(policy.name),
      title: policy.title,
      expression: expressions.map((one) => `(${one})`).join(" && "),
      level: action === "deny" ? "required" : "recommended",
      weight: action === "deny" ? 5 : action === "warn" ? 3 : 1,
      ...(conditions.length === 0 ? {} : { filter: conditions.map((one) => `(${rewrite(one)})`).join(" && ") }),
      message: `${policy.answers[0]?.message ?? policy.title} ${policy.why}`.slice(0, 1_000),
      messageExpression: `(${failing.join("")}) + ${textOf(` ${policy.why}`)}`,
      mend: [...new Set(policy.rules.map(({ mend }) => mend))].join(" ").slice(0, 2_000) || "Do what the policy asks.",
      effort: "hours",
      references: policy.references
        .filter((one) => /^https?:\/\/\S+$/.test(one))
        .slice(0, 10)
        .map((url) => ({ title: url.slice(0, 200), url })),
      reads: [],
    },
  };
}

/** Names that rules of scorecards read, and that a loop of a policy may therefore not give to something else. */
const READ = new Set(["entity", "related", "owner", "facts", "onCall", "docs"]);

function replaceWith(variables: ReadonlyMap<string, string>): (name: string, field?: string) => string | undefined {
  return (name, field) => {
    if (name === "object") return field === undefined ? "entity" : undefined;
    if (name === "oldObject") return field === undefined ? "null" : undefined;
    if (name === "variables" && field !== undefined) return variables.get(field);
    if (name === "catalog") return catalogOf(field);
    if (field !== undefined || !["variables", "request", "params", "namespaceObject"].includes(name)) return undefined;
    throw new InvalidError(`it reads ${name} in a way that a scorecard has not`);
  };
}

/** What a policy reads as `catalog`, rules of scorecards read by its parts. What is asked is always there. */
function catalogOf(field: string | undefined): string {
  // What is looked at is there; asking whether it is not null is asking that.
  if (field === undefined) return "entity";
  if (["related", "owner", "facts", "onCall", "docs"].includes(field)) return field;
  throw new InvalidError(`it reads catalog.${field}, which a scorecard has not`);
}

/** The kinds of the catalogue that it looks at. */
function kindsOf({ match }: LoadedPolicy): string[] {
  const ours = listKinds().filter(({ group }) => group === "backstage.io");
  const found = match.resourceRules.flatMap(({ apiGroups, resources }) =>
    apiGroups.includes("backstage.io") || apiGroups.includes("*")
      ? ours.filter(({ resource }) => resources.includes(resource) || resources.includes("*")).map(({ kind }) => kind)
      : [],
  );
  return [...new Set(found)];
}

/** What the rule that is made of a policy is called in its scorecard. */
export function ruleIdOf(policy: string): string {
  return policy.replaceAll(".", "-");
}

function textOf(text: string): string {
  return JSON.stringify(text);
}

function listOf(texts: readonly string[]): string {
  return `[${texts.map(textOf).join(", ")}]`;
}

function both(a: string, b: string | undefined): string {
  return b === undefined ? a : `${a} && ${b}`;
}
