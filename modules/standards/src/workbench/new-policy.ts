import { newPolicy } from "@roadbed/contracts/standards/writing";
import { handle, InvalidError, type Handler, type InputOf } from "@roadbed/core";
import { stringify } from "yaml";

import type { Expressions } from "../deps.ts";
import { pluralOf } from "../policy/match.ts";
import { readPolicyFile } from "../policy/load-policies.ts";
import { listKinds } from "../policy/schema/schema-of.ts";
import { readCases, runCases } from "./test-policy.ts";

/** A policy from a few answers, with a test file that passes as it comes. */
export function makeNewPolicy({ cel }: { readonly cel: Expressions }): Handler {
  return handle(newPolicy, async (_ctx, answers) => {
    const files = newPolicyFiles(answers);
    const [policy, tests] = files as [File, File];
    const { policies, params, problems } = readPolicyFile(policy.path, policy.text, cel);
    const [first] = problems;
    if (first)
      throw new InvalidError(`The policy cannot be written so: ${first.reason}`, { ...(first.mend !== undefined && { mend: first.mend }) });
    const failed = (await runCases(cel, { policies, params }, readCases(tests.text))).filter(({ passed }) => !passed);
    if (failed.length > 0) {
      throw new InvalidError(
        `The example is not right by this rule: ${failed.map(({ name, found }) => `${name} gives ${found}`).join("; ")}.`,
        {
          mend: "Give an `example` that the rule allows.",
        },
      );
    }
    return { files: [...files] };
  });
}

interface File {
  readonly path: string;
  readonly text: string;
}

type Answers = InputOf<typeof newPolicy> & {
  readonly kind: string;
  readonly field: string;
  readonly severity: string;
  readonly moments: readonly string[];
};

function newPolicyFiles(answers: Answers): readonly File[] {
  const { name, kind, field, oneOf, pattern } = answers;
  const group = listKinds().find((one) => one.kind === kind)?.group;
  if (group === undefined) {
    throw new InvalidError(`${kind} is no kind whose fields are known.`, {
      mend: `Name one of: ${listKinds()
        .map((one) => one.kind)
        .join(", ")}.`,
    });
  }
  if (pattern !== undefined && answers.example === undefined) {
    throw new InvalidError("What matches a pattern cannot be guessed.", { mend: "Give an `example` that matches it." });
  }
  const steps = field
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = steps.at(-1) ?? "";
  const read = `object${steps.map(toStep).join("")}`;
  const file = `${name}.yaml`;
  return [
    { path: file, text: policyText(answers, group, last, ruleOf(read, oneOf, pattern)) },
    { path: `${name}.test.yaml`, text: testText(answers, group, last) },
  ];
}

function toStep(step: string): string {
  if (/^\d+$/.test(step)) return `[?${step}]`;
  return /^[A-Za-z_]\w*$/.test(step) ? `.?${step}` : `[?${quoted(step)}]`;
}

/** Without one of the two: it must be there, and say something. */
function ruleOf(read: string, oneOf: readonly string[] | undefined, pattern: string | undefined): string {
  const rules = [
    ...(oneOf === undefined || oneOf.length === 0 ? [] : [`string(${read}.orValue('')) in [${oneOf.map(quoted).join(", ")}]`]),
    ...(pattern === undefined ? [] : [`string(${read}.orValue('')).matches(${quoted(pattern)})`]),
  ];
  return rules.length === 0 ? `${read}.hasValue() && ${read}.value() != ''` : rules.join(" && ");
}

function policyText(answers: Answers, group: string, last: string, expression: string): string {
  const { name, kind, field, oneOf, pattern, title, why, mend, severity, moments } = answers;
  const wanted = oneOf?.length ? `one of ${oneOf.join(", ")}` : pattern === undefined ? "set" : `what matches ${pattern}`;
  return stringify(
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: {
        name,
        annotations: {
          "roadbed.dev/version": "1.0.0",
          "roadbed.dev/severity": severity,
          "roadbed.dev/title": title ?? `Every ${kind} has ${last}`,
          "roadbed.dev/why": sentence(why ?? `Say here why it matters that ${last} is ${wanted}: whoever is stopped reads it.`),
          "roadbed.dev/mend": sentence(mend ?? `Let ${field.slice(1).replaceAll("/", ".")} be ${wanted}.`),
          ...(moments.length === 0 ? {} : { "roadbed.dev/moments": moments.join(", ") }),
        },
      },
      spec: {
        matchConstraints: {
          resourceRules: [{ apiGroups: [group], apiVersions: ["*"], operations: ["CREATE", "UPDATE"], resources: [pluralOf(kind)] }],
        },
        validations: [
          {
            expression,
            messageExpression: `${quoted(`The ${kind} `)} + object.?metadata.?name.orValue('') + ${quoted(` has no ${last} that is ${wanted}.`)}`,
            message: `Its ${last} is not ${wanted}.`,
          },
        ],
      },
    },
    { lineWidth: 140 },
  );
}

function testText({ name, kind, field, oneOf, example, severity, moments }: Answers, group: string, last: string): string {
  const right = example ?? oneOf?.[0] ?? "something";
  return `# Objects that ${name} allows, and objects that it must find.\n${stringify(
    {
      policy: name,
      ...(moments.length > 0 && { moment: moments[0] }),
      objects: { it: { apiVersion: group === "" ? "v1" : `${group}/v1`, kind, metadata: { name: "shop" } } },
      cases: [
        { name: `${last} is as it should be`, of: "it", set: { [field]: right }, expect: "allow" },
        { name: `no ${last}`, of: "it", remove: [field], expect: severity },
        ...(oneOf?.length ? [{ name: `another ${last}`, of: "it", set: { [field]: `${right}-not` }, expect: severity }] : []),
      ],
    },
    { lineWidth: 140 },
  )}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n")}'`;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`;
}
