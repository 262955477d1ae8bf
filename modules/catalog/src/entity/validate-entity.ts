import type { Entity } from "@roadbed/contracts/catalog";

import type { Kinds } from "../kinds/registry.ts";
import { describeValue, mustBe, shorten, type Fault } from "./fault.ts";
import { CLOSED_TYPES, type Field } from "./kinds.ts";
import { isApiVersion, isKind, isMetadataKey, isNamespace, isObjectName, isTag } from "./patterns.ts";
import { checkField, isRecord, looksTemplated, TEMPLATED_MEND } from "./validate-spec.ts";

/** What came of a document: an entity in its final form, or what is wrong with it. */
export type Validated =
  | { readonly entity: Entity; readonly faults: readonly [] }
  | { readonly entity: undefined; readonly faults: readonly Fault[] };

/**
 * Checks a document against the envelope and its kind, and answers it without the fields that only the server sets
 * (`relations`, `status`, `metadata.uid`, `metadata.etag`) and with the namespace written out.
 */
export function validateEntity(document: unknown, kinds: Kinds): Validated {
  if (!isRecord(document)) {
    const mend = "A descriptor begins with apiVersion, kind and metadata.";
    return { entity: undefined, faults: [{ path: [], reason: `is ${describeValue(document)}, not an object`, mend }] };
  }
  if (isDeeper(document, MAX_DEPTH - 1)) {
    return {
      entity: undefined,
      faults: [{ path: [], reason: `has more than ${MAX_DEPTH} levels`, mend: "Flatten it: no descriptor needs that many." }],
    };
  }
  const faults: Fault[] = [];
  checkRoot(document, kinds, faults);
  checkMetadata(document.metadata, faults);
  if (typeof document.kind === "string" && isKind(document.kind)) checkKind(document, document.kind, kinds, faults);
  return faults.length > 0 ? { entity: undefined, faults } : { entity: finish(document as unknown as Entity, kinds), faults: [] };
}

/** What is deeper than this was made to exhaust somebody's stack. */
const MAX_DEPTH = 100;

/** Every document passes here: lists are not walked by key, and single values are told apart without a call. */
function isDeeper(value: object, levels: number): boolean {
  if (Array.isArray(value)) {
    for (const item of value as unknown[])
      if (typeof item === "object" && item !== null && (levels === 0 || isDeeper(item, levels - 1))) return true;
    return false;
  }
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key];
    if (typeof item === "object" && item !== null && (levels === 0 || isDeeper(item, levels - 1))) return true;
  }
  return false;
}

const ROOT_KEYS = new Set(["apiVersion", "kind", "metadata", "spec", "relations", "status"]);

function checkRoot(document: Record<string, unknown>, kinds: Kinds, faults: Fault[]): void {
  checkWord(document.apiVersion, ["apiVersion"], isApiVersion, "is not an API version", "Write e.g. backstage.io/v1alpha1.", faults);
  checkWord(document.kind, ["kind"], isKind, "is not a kind", `Use one of ${kinds.names.join(", ")}.`, faults);
  for (const key of Object.keys(document)) {
    if (ROOT_KEYS.has(key)) continue;
    faults.push({ path: [key], reason: "Unknown field", mend: "Move it into spec or metadata, or remove it." });
  }
}

function checkMetadata(metadata: unknown, faults: Fault[]): void {
  if (!isRecord(metadata)) {
    faults.push({ path: ["metadata"], reason: mustBe("an object", metadata), mend: "Add metadata with a name." });
    return;
  }
  checkName(metadata.name, faults);
  if (metadata.namespace !== undefined) {
    checkWord(metadata.namespace, ["metadata", "namespace"], isNamespace, "is not a namespace", NAMESPACE_MEND, faults);
  }
  for (const key of ["title", "description"] as const) {
    if (metadata[key] !== undefined && typeof metadata[key] !== "string") {
      faults.push({ path: ["metadata", key], reason: mustBe("text", metadata[key]), mend: "Put it in quotes." });
    }
  }
  checkPairs(metadata.labels, "labels", isLabelValue, faults);
  checkPairs(metadata.annotations, "annotations", isAnyText, faults);
  checkTags(metadata.tags, faults);
  checkLinks(metadata.links, faults);
}

const NAMESPACE_MEND = "Use 1 to 63 lower-case letters, digits and dashes, beginning and ending with a letter or digit.";

function checkName(name: unknown, faults: Fault[]): void {
  if (typeof name === "string" && isObjectName(name)) return;
  const path = ["metadata", "name"];
  if (typeof name !== "string" || name === "") {
    const mend = typeof name === "number" ? `Put it in quotes: "${name}".` : "Give it a name.";
    faults.push({ path, reason: mustBe("text", name), mend });
    return;
  }
  if (looksTemplated(name)) {
    faults.push({ path, reason: `"${shorten(name)}" is a template's placeholder, not a name`, mend: TEMPLATED_MEND });
    return;
  }
  const reason = name.length > 63 ? `has ${name.length} characters; 63 is the most` : `"${shorten(name)}" is not a name`;
  const example = suggestName(name);
  const rule = 'Use 1 to 63 ASCII letters, digits, "-", "_" and ".", beginning and ending with a letter or digit';
  faults.push({ path, reason, mend: example === "" ? `${rule}.` : `${rule}, e.g. ${example}; the free text belongs into metadata.title.` });
}

/** The nearest name that would be right; empty when nothing of it can be kept. */
function suggestName(text: string): string {
  const ascii = text
    .normalize("NFKD")
    .replaceAll(/\p{Mark}/gu, "")
    .replaceAll(/[^-A-Za-z0-9_.]+/g, "-");
  return ascii.slice(0, 63).replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
}

function checkWord(
  value: unknown,
  path: Fault["path"],
  isRight: (text: string) => boolean,
  wrong: string,
  mend: string,
  faults: Fault[],
): void {
  if (typeof value === "string" && isRight(value)) return;
  if (typeof value === "string" && value !== "") faults.push({ path, reason: `"${shorten(value)}" ${wrong}`, mend });
  else faults.push({ path, reason: mustBe("text", value), mend });
}

function checkPairs(pairs: unknown, field: "labels" | "annotations", isValue: (value: unknown) => boolean, faults: Fault[]): void {
  if (pairs === undefined) return;
  if (!isRecord(pairs)) {
    const reason = mustBe("an object of texts", pairs);
    faults.push({ path: ["metadata", field], reason, mend: "Write one line `key: value` for each." });
    return;
  }
  for (const [key, value] of Object.entries(pairs)) {
    const path = ["metadata", field, key];
    if (!isMetadataKey(key)) {
      faults.push({
        path,
        reason: `"${shorten(key)}" is not a key`,
        mend: "Use a name, or a DNS name, a slash and a name: example.com/tier.",
      });
    }
    if (isValue(value)) continue;
    const quoted = typeof value === "number" || typeof value === "boolean" ? `Put it in quotes: "${value}".` : LABEL_MEND[field];
    faults.push({ path, reason: `${describeValue(value)} is not a value here`, mend: quoted });
  }
}

const LABEL_MEND = {
  labels: 'Use at most 63 letters, digits, "-", "_" and "."; longer text belongs into an annotation.',
  annotations: "Use text.",
};

function isLabelValue(value: unknown): boolean {
  return value === "" || (typeof value === "string" && isObjectName(value));
}

function isAnyText(value: unknown): boolean {
  return typeof value === "string";
}

function checkTags(tags: unknown, faults: Fault[]): void {
  if (tags === undefined) return;
  if (!Array.isArray(tags)) {
    faults.push({ path: ["metadata", "tags"], reason: mustBe("a list", tags), mend: "Write [a, b]." });
    return;
  }
  tags.forEach((tag, at) => {
    if (typeof tag === "string" && isTag(tag)) return;
    const example = typeof tag === "string" ? suggestTag(tag) : "";
    const rule = 'Use 1 to 63 lower-case letters, digits, "+" and "#", with single dashes between';
    const mend = example === "" ? `${rule}.` : `${rule}, e.g. ${example}.`;
    faults.push({ path: ["metadata", "tags", at], reason: `${describeValue(tag)} is not a tag`, mend });
  });
}

function suggestTag(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9+#]+/g, "-")
    .slice(0, 63)
    .replaceAll(/^-|-$/g, "");
}

function checkLinks(links: unknown, faults: Fault[]): void {
  if (links === undefined) return;
  if (!Array.isArray(links)) {
    faults.push({
      path: ["metadata", "links"],
      reason: mustBe("a list", links),
      mend: "Write - url: https://...",
    });
    return;
  }
  links.forEach((link: unknown, at) => {
    const path = ["metadata", "links", at];
    if (!isRecord(link)) {
      faults.push({ path, reason: mustBe("an object with a url", link), mend: "Write url: https://..." });
      return;
    }
    if (typeof link.url !== "string" || !URL.canParse(link.url)) {
      faults.push({ path: [...path, "url"], reason: `${describeValue(link.url)} is not an address`, mend: "Write it whole: https://..." });
    }
    for (const key of ["title", "icon", "type"]) {
      if (link[key] === undefined || (typeof link[key] === "string" && link[key] !== "")) continue;
      faults.push({ path: [...path, key], reason: mustBe("text", link[key]), mend: "Fill it, or remove it." });
    }
  });
}

function checkKind(document: Record<string, unknown>, kind: string, kinds: Kinds, faults: Fault[]): void {
  const rule = kinds.ruleOf(kind);
  if (!rule) {
    const near = kinds.names.find((known) => known.toLowerCase() === kind.toLowerCase());
    const mend = near === undefined ? `The kinds are ${kinds.names.join(", ")}; you can define more.` : `Write ${near}.`;
    faults.push({ path: ["kind"], reason: `no such kind: ${kind}`, mend });
    return;
  }
  if (kind === "Kind") {
    if (faults.length === 0) faults.push(...kinds.compile(document).faults);
    return;
  }
  const { apiVersion, spec } = document;
  if (typeof apiVersion === "string" && isApiVersion(apiVersion) && !rule.apiVersions.includes(apiVersion)) {
    const mend = `Write ${rule.apiVersions[0]}.`;
    faults.push({ path: ["apiVersion"], reason: `${apiVersion} is not an API version of ${kind}`, mend });
  }
  if (spec === undefined && rule.specOptional === true) return;
  if (!isRecord(spec)) {
    faults.push({ path: ["spec"], reason: mustBe("an object", spec), mend: `Add the spec of a ${kind}.` });
    return;
  }
  const closed = CLOSED_TYPES[kind];
  if (closed && typeof spec.type === "string" && !closed.includes(spec.type)) {
    faults.push({ path: ["spec", "type"], reason: `no such type: ${shorten(spec.type)}`, mend: `Use one of ${closed.join(", ")}.` });
  }
  for (const { name, path, field } of listed(kinds.fieldsOf(kind, spec.type))) checkField(spec[name], path, field, kind, faults);
  faults.push(...(rule.check?.(spec) ?? []));
}

interface ListedField {
  readonly name: string;
  readonly path: Fault["path"];
  readonly field: Field;
}

const LISTED = new WeakMap<Readonly<Record<string, Field>>, readonly ListedField[]>();

/** The fields of a kind as a list, made once: every document of it passes here twice. */
function listed(fields: Readonly<Record<string, Field>>): readonly ListedField[] {
  const known = LISTED.get(fields);
  if (known) return known;
  const list = Object.entries(fields).map(([name, field]) => ({ name, path: ["spec", name], field }));
  LISTED.set(fields, list);
  return list;
}

/** Lists that name other entities have no order of their own: sorted, so that a shuffled file is not a change. */
function finish({ apiVersion, kind, metadata, spec }: Entity, kinds: Kinds): Entity {
  const told = finishMetadata(metadata);
  if (!spec) return { apiVersion, kind, metadata: told };
  let sorted: Record<string, unknown> | undefined;
  for (const { name, field } of listed(kinds.fieldsOf(kind, spec.type))) {
    const value = spec[name];
    if (!field.relation || !Array.isArray(value) || isSorted(value as string[])) continue;
    sorted ??= { ...spec };
    sorted[name] = [...(value as string[])].sort();
  }
  return { apiVersion, kind, metadata: told, spec: sorted ?? spec };
}

/** Name and namespace first, and nothing that only the server sets. Copied by hand: leaving fields out of a spread costs as much as parsing them. */
function finishMetadata(metadata: Entity["metadata"]): Entity["metadata"] {
  const told: Record<string, unknown> = { name: metadata.name, namespace: metadata.namespace ?? "default" };
  for (const key in metadata) {
    if (key === "name" || key === "namespace" || key === "uid" || key === "etag") continue;
    if (key === "__proto__")
      Object.defineProperty(told, key, { value: metadata[key], enumerable: true, writable: true, configurable: true });
    else told[key] = metadata[key];
  }
  return told as Entity["metadata"];
}

function isSorted(texts: readonly string[]): boolean {
  for (let at = 1; at < texts.length; at++) if (texts[at - 1]! > texts[at]!) return false;
  return true;
}
