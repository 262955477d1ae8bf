import { formatFault, type CelFault, type Outcome, type RuleOutcome } from "@roadbed/cel";
import { TERRAFORM_GROUP } from "@roadbed/contracts/standards/plans";
import type { Finding, Resource } from "@roadbed/contracts/standards";

import type { OpaAnswer } from "../opa/engine.ts";
import { readResult } from "../opa/read-result.ts";
import type { Target } from "./match.ts";
import { describeParam, type ParamObject } from "./params.ts";
import type { Hold, Question } from "./plan.ts";
import { strongest } from "./policy.ts";

/** A finding with what Kubernetes needs to word its answer. */
export interface Violation extends Hold {
  readonly finding: Finding;
  /** Position of the object among those that were judged. */
  readonly target: number;
  /** Position of the validation. */
  readonly position: number;
}

/** A value that a policy notes about an object, by its key. */
export interface Note {
  readonly target: number;
  readonly key: string;
  readonly value: string;
}

/** The resource and what was read off it. */
export interface Subject {
  readonly resource: Resource;
  readonly target: Target;
}

/** What one answer says: rules that said no or failed, and the audit annotations. */
export function readOutcome(question: Question, outcome: Outcome, subject: Subject): { violations: Violation[]; notes: Note[] } {
  const { policy } = question;
  if (outcome.kind === "skipped") return NOTHING;
  if (outcome.kind === "fault") return { violations: faultOf(question, 0, outcome.fault, subject), notes: [] };
  const violations: Violation[] = [];
  const notes: Note[] = [];
  for (const [position, rule] of outcome.rules.entries()) {
    const key = policy.auditKeys[position - policy.answers.length];
    if (key === undefined) violations.push(...readRule(question, position, rule, subject));
    else readNote(question, position, key, rule, subject, { violations, notes });
  }
  return { violations, notes };
}

const NOTHING = { violations: [], notes: [] };

/** A binding without the parameters that it must have: a fault of the configuration, which denies whatever its actions are. */
export function missingParams(hold: Hold, target: number, subject: Subject): Violation[] {
  const fault = { code: "no_params", reason: "no params found for policy binding with `Deny` parameterNotFoundAction" };
  return errorOf({ ...hold, actions: ["deny"], target, param: null }, 0, fault, subject);
}

function readRule(question: Question, position: number, rule: RuleOutcome, subject: Subject): Violation[] {
  if (rule.kind === "value" && rule.value === true) return [];
  if (rule.kind === "value" && rule.value === false) {
    const finding: Finding = {
      ...describe(question, position, subject),
      result: "fail",
      message: messageOf(question, position, rule.otherwise),
    };
    return [{ ...holdOf(question), target: question.target, position, finding }];
  }
  return faultOf(question, position, rule.kind === "fault" ? rule.fault : NOT_BOOL, subject);
}

const NOT_BOOL: CelFault = { code: "not_bool", reason: "the rule must give true or false" };
const NOT_TEXT: CelFault = { code: "not_string", reason: "an audit annotation must give text or null" };
/** As Kubernetes cuts it. */
const LONGEST_NOTE = 10_000;

function readNote(
  question: Question,
  position: number,
  key: string,
  rule: RuleOutcome,
  subject: Subject,
  into: { readonly violations: Violation[]; readonly notes: Note[] },
): void {
  if (rule.kind === "fault" || (rule.value !== null && typeof rule.value !== "string")) {
    into.violations.push(...errorOf(question, position, rule.kind === "fault" ? rule.fault : NOT_TEXT, subject));
  } else if (typeof rule.value === "string" && rule.value.trim() !== "") {
    into.notes.push({ target: question.target, key: `${question.policy.name}/${key}`, value: rule.value.trim().slice(0, LONGEST_NOTE) });
  }
}

/** What a compiled policy's answer says. It knows no third value: where something is not known yet, it cannot be asked at all. */
export function readCompiled(question: Question, answer: OpaAnswer, entrypoint: string, subject: Subject): Violation[] {
  if (answer.fault !== undefined) return errorOf(question, 0, { code: "compiled", reason: answer.fault }, subject);
  const found = readResult(answer.result, entrypoint);
  if (found === undefined) {
    return errorOf(question, 0, { code: "compiled", reason: `${entrypoint} gives neither true or false nor what it found` }, subject);
  }
  return found.map(({ message, weak }) => {
    const actions = weak ? question.actions.map((action) => (action === "deny" ? "warn" : action)) : question.actions;
    const told = describe({ ...question, actions }, 0, subject);
    const finding: Finding = { ...told, result: "fail", message: message?.slice(0, 5_000) ?? `${question.policy.title}: it is not so.` };
    return { ...holdOf(question), actions, target: question.target, position: 0, finding };
  });
}

/** What it would have to read is not known yet. */
export function unknownCompiled(question: Question, subject: Subject): Violation[] {
  const names = (subject.resource.unknown ?? []).map((way) => way.join("."));
  return faultOf(question, 0, { code: "unknown_value", reason: "is not known yet", unknown: names }, subject);
}

/** What is not known yet is no error: no failure policy lets it pass. */
function faultOf(question: Question, position: number, fault: CelFault, subject: Subject): Violation[] {
  if (fault.unknown === undefined) return errorOf(question, position, fault, subject);
  const names = fault.unknown.map((name) => name.replace(/^(?:object|oldObject)\.(?:values\.)?/, ""));
  const listed = names.map((name) => `\`${name}\``).join(", ");
  const told = describe(question, position, subject);
  const finding: Finding = {
    ...told,
    result: "unknown",
    unknown: names,
    message: `Cannot be said yet: ${listed} ${names.length === 1 ? "is" : "are"} known only after apply.`,
    mend: `Give ${listed} a value that is known when planning, or apply what it comes from first and plan again. ${told.mend}`.trim(),
  };
  return [{ ...holdOf(question), target: question.target, position, finding }];
}

function errorOf(question: Question, position: number, fault: CelFault, subject: Subject): Violation[] {
  if (question.policy.failurePolicy === "Ignore") return [];
  const finding: Finding = {
    ...describe(question, position, subject),
    result: "error",
    message: `This policy could not be evaluated, which counts as no. ${formatFault(fault)}`,
    mend: `Check that the ${subject.target.kind || "resource"} is complete. If it is, correct the policy. ${fault.mend ?? ""}`.trim(),
  };
  return [{ ...holdOf(question), target: question.target, position, finding }];
}

function holdOf({ policy, binding, actions }: Question): Hold {
  return { policy, binding, actions };
}

function describe(
  { policy, binding, actions, param }: Question,
  position: number,
  { resource: { file }, target: { group, kind, name } }: Subject,
): Omit<Finding, "result" | "message"> {
  const rule = policy.rules[position];
  return {
    policy: policy.name,
    title: policy.title,
    severity: strongest(actions),
    mend: rule?.mend ?? policy.rules[0]?.mend ?? "",
    why: policy.why,
    expression: rule?.expression ?? "",
    // An address of Terraform begins with the type.
    resource: group === TERRAFORM_GROUP && name !== "" ? name : `${kind || "resource without a kind"} ${name || "without a name"}`,
    ...(file === undefined ? {} : { file }),
    ...(binding === undefined ? {} : { binding: binding.name }),
    ...paramOf(param),
  };
}

function paramOf(param: ParamObject | null): { params?: string } {
  return param === null ? {} : { params: describeParam(param) };
}

/** As in Kubernetes: what `messageExpression` gives, where it is one line of at most 5 kB; else `message`; else the expression. */
function messageOf({ policy }: Question, position: number, computed: unknown): string {
  const line = typeof computed === "string" ? computed.trim() : "";
  if (line !== "" && line.length <= 5_000 && !line.includes("\n")) return line;
  return policy.answers[position]?.message ?? `failed expression: ${policy.rules[position]?.expression.trim()}`;
}
