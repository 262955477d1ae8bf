import { ACTIONS, fileSchemas, MOMENTS } from "@roadbed/contracts/policy-file";
import type { Completion } from "@roadbed/contracts/standards/writing";

import { listKinds } from "../../policy/schema/schema-of.ts";
import type { Place } from "./place.ts";

type Schema = { readonly [key: string]: unknown };

/** Keys and values of the file itself. `document`: the lines of this policy or binding, to know which it is. */
export function completeFile({ kind, path }: Place, document: string): Completion[] {
  const annotations = path.at(kind === "key" ? -1 : -2) === "annotations";
  if (annotations) return kind === "key" ? ANNOTATIONS.map(annotation) : valuesOfAnnotation(path.at(-1) ?? "");
  if (kind === "value") return valuesOf(path, document);
  const schema = at(schemaOf(document), path);
  const properties = (schema?.["properties"] ?? {}) as Record<string, Schema>;
  return Object.keys(properties).map((label) => ({
    label,
    kind: "key" as const,
    ...(KEYS[label] === undefined ? {} : { info: KEYS[label] }),
    apply: `${label}: `,
  }));
}

let schemas: ReturnType<typeof fileSchemas> | undefined;

function schemaOf(document: string): Schema {
  schemas ??= fileSchemas();
  return /kind:\s*ValidatingAdmissionPolicyBinding/.test(document) ? schemas.binding : schemas.policy;
}

function at(schema: Schema, path: readonly string[]): Schema | undefined {
  let here: Schema | undefined = schema;
  for (const step of path) {
    here = (step === "[]" ? here["items"] : (here["properties"] as Record<string, Schema> | undefined)?.[step]) as Schema | undefined;
    if (here === undefined) return undefined;
  }
  return here;
}

function valuesOf(path: readonly string[], document: string): Completion[] {
  const key = path.at(-1) ?? "";
  if (key === "apiGroups") return values(listKinds().map(({ group }) => (group === "" ? '""' : group)));
  if (key === "resources")
    return listKinds().map(({ resource, kind, group }) => ({ label: resource, kind: "value", detail: `${kind}${group && `, ${group}`}` }));
  if (key === "operations") return values(["CREATE", "UPDATE", "DELETE"]);
  const schema = at(schemaOf(document), path);
  const items = (schema?.["items"] ?? schema) as Schema | undefined;
  const listed = items?.["enum"] ?? (items?.["const"] === undefined ? [] : [items["const"]]);
  return values(listed as string[]);
}

function values(all: readonly string[]): Completion[] {
  return [...new Set(all)].map((label) => ({ label, kind: "value" as const }));
}

const ANNOTATIONS: readonly (readonly [string, string])[] = [
  ["title", "What it asks, in a line."],
  ["why", "Why the rule exists."],
  ["mend", "What mends a violation; mend.1, mend.2 for single rules."],
  ["version", 'Three numbers, e.g. "1.0.0".'],
  ["severity", "What a no does: deny, warn or audit."],
  ["moments", "The points at which it holds, each alone or with what it does there: pull-request, audit=warn."],
  ["references", "Where one can read on, separated by commas."],
];

function annotation([name, info]: readonly [string, string]): Completion {
  return { label: `roadbed.dev/${name}`, kind: "key", info, apply: `roadbed.dev/${name}: ` };
}

function valuesOfAnnotation(key: string): Completion[] {
  if (key === "roadbed.dev/severity") return values(ACTIONS);
  return key === "roadbed.dev/moments" ? values(MOMENTS) : [];
}

const KEYS: Record<string, string> = {
  matchConstraints: "Which objects it looks at.",
  matchConditions: "All must be true, or it is not asked.",
  variables: "Read by what follows as variables.NAME; computed when first read.",
  validations: "Each must be true.",
  auditAnnotations: "What is noted about every object.",
  failurePolicy: "What counts where it cannot be evaluated: Fail says no.",
  paramKind: "Of what kind its parameters are.",
  expression: "In CEL; it must give true or false.",
  messageExpression: "In CEL; the message, made of what was read.",
  message: "What is told where it is not so; one line.",
  objectSelector: "Only objects with these labels.",
  namespaceSelector: "Only what stands in namespaces with these labels.",
  excludeResourceRules: "What it does not look at, even so.",
};
