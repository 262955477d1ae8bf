import { parseRef } from "@roadbed/contracts/catalog";

import { describeValue, mustBe, shorten, type Fault } from "./fault.ts";
import type { Field } from "./kinds.ts";

/** Checks one field of `spec` and reports what is wrong with it. */
export function checkField(value: unknown, path: Fault["path"], field: Field, kind: string, faults: Fault[]): void {
  if (value === undefined || value === null) {
    if (field.required === true) faults.push({ path, reason: `is missing: a ${kind} needs it`, mend: mendMissing(path, field) });
    return;
  }
  CHECKS[field.type](value, path, faults, field);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True for text that a template engine was to replace, e.g. `${{ values.name }}`. */
export function looksTemplated(text: string): boolean {
  return text.includes("{{") || text.includes("{%");
}

export const TEMPLATED_MEND =
  "This file is the template of a descriptor: it becomes one when a golden path is run. Keep it out of the folder that is read, or ignore this line.";

type Check = (value: unknown, path: Fault["path"], faults: Fault[], field: Field) => void;

const CHECKS: Readonly<Record<Field["type"], Check>> = {
  text: checkText,
  "text-or-placeholder": (value, path, faults) => {
    if (!isPlaceholder(value)) checkText(value, path, faults);
  },
  texts: (value, path, faults) => eachOf(value, path, faults, checkText),
  ref: checkRef,
  "full-ref": checkRef,
  refs: (value, path, faults, field) => eachOf(value, path, faults, (item, at) => checkRef(item, at, faults, field)),
  "full-refs": (value, path, faults, field) => eachOf(value, path, faults, (item, at) => checkRef(item, at, faults, field)),
  profile: checkProfile,
  presence: (value, path, faults) => {
    if (value === "required" || value === "optional") return;
    faults.push({ path, reason: `${describeValue(value)} is not a presence`, mend: "Write required or optional." });
  },
  objects: (value, path, faults) => eachOf(value, path, faults, checkObject),
  steps: checkSteps,
  parameters: (value, path, faults) => (Array.isArray(value) ? eachOf(value, path, faults, checkObject) : checkObject(value, path, faults)),
  remotes: checkRemotes,
  object: checkObject,
};

function checkText(value: unknown, path: Fault["path"], faults: Fault[]): void {
  if (typeof value === "string" && value !== "") return;
  const mend = typeof value === "number" || typeof value === "boolean" ? `Put it in quotes: "${value}".` : "Write some text.";
  faults.push({ path, reason: mustBe("text", value), mend });
}

function checkObject(value: unknown, path: Fault["path"], faults: Fault[]): void {
  if (!isRecord(value)) faults.push({ path, reason: mustBe("an object", value), mend: "Write `key: value` lines." });
}

function checkRef(value: unknown, path: Fault["path"], faults: Fault[], field: Field): void {
  if (typeof value !== "string" || value.trim() === "") {
    faults.push({ path, reason: mustBe("a reference", value), mend: REF_MEND });
    return;
  }
  if (looksTemplated(value)) {
    faults.push({ path, reason: `"${shorten(value)}" is a template's placeholder, not a reference`, mend: TEMPLATED_MEND });
    return;
  }
  const defaultKind = field.relation?.defaultKind;
  if (defaultKind === undefined && !/^[^/:]+:/.test(value.trim())) {
    faults.push({ path, reason: `"${shorten(value)}" does not say of which kind it is`, mend: `Write e.g. component:${value.trim()}.` });
    return;
  }
  const kind = kindOfRef(value, defaultKind);
  if (kind === undefined) faults.push({ path, reason: `"${shorten(value)}" is not a reference`, mend: REF_MEND });
  const targets = field.relation?.targets;
  if (kind === undefined || targets === undefined || targets.includes(kind)) return;
  const reason = `"${shorten(value)}" leads to ${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}, not to ${targets.join(" or ")}`;
  faults.push({ path, reason, mend: `Name ${targets.map((target) => `${target}:...`).join(" or ")}.` });
}

const REF_MEND = "Write [kind:][namespace/]name, e.g. component:default/orders.";

/** As lenient as Backstage: the parts are not looked at, for real owners are e-mail addresses now and then. Undefined for what is none. */
function kindOfRef(text: string, kind: string | undefined): string | undefined {
  try {
    return parseRef(text, { ...(kind === undefined ? {} : { kind }), namespace: "default" }).kind.toLowerCase();
  } catch {
    return undefined;
  }
}

function checkProfile(value: unknown, path: Fault["path"], faults: Fault[]): void {
  if (!isRecord(value)) return checkObject(value, path, faults);
  for (const key of ["displayName", "email", "picture"]) {
    if (value[key] !== undefined) checkText(value[key], [...path, key], faults);
  }
}

function checkSteps(value: unknown, path: Fault["path"], faults: Fault[]): void {
  eachOf(value, path, faults, (step, at) => {
    if (!isRecord(step)) return checkObject(step, at, faults);
    checkText(step.action, [...at, "action"], faults);
    for (const key of ["id", "name"]) if (step[key] !== undefined) checkText(step[key], [...at, key], faults);
    if (step.input !== undefined) checkObject(step.input, [...at, "input"], faults);
  });
}

function checkRemotes(value: unknown, path: Fault["path"], faults: Fault[]): void {
  eachOf(value, path, faults, (remote, at) => {
    if (!isRecord(remote)) return checkObject(remote, at, faults);
    checkText(remote.type, [...at, "type"], faults);
    checkText(remote.url, [...at, "url"], faults);
  });
}

function eachOf(
  value: unknown,
  path: Fault["path"],
  faults: Fault[],
  check: (item: unknown, path: Fault["path"], faults: Fault[]) => void,
): void {
  if (Array.isArray(value)) return value.forEach((item, at) => check(item, [...path, at], faults));
  faults.push({
    path,
    reason: mustBe("a list", value),
    mend: "Write [] for an empty list, or one `- item` per line.",
  });
}

function isPlaceholder(value: unknown): boolean {
  return (
    isRecord(value) &&
    Object.keys(value).length === 1 &&
    typeof (value.$text ?? value.$openapi ?? value.$asyncapi ?? value.$graphql ?? value.$grpc) === "string"
  );
}

function mendMissing(path: Fault["path"], field: Field): string {
  const name = String(path.at(-1));
  if (field.type === "refs" || field.type === "texts") return `Add ${name}; an empty list is written [].`;
  if (name === "owner") return "Name the group that owns it, e.g. owner: team-a.";
  return `Add ${name}.`;
}
