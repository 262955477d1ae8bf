import type { Draft, Drafts, Parsed, Skipped } from "./draft.ts";
import { API_VERSION, given, isObject, linksOf, listOf, nameOf, ownerOf, tagsOf, textOf, UNKNOWN, type Record_ } from "./words.ts";

/** Entities of Cortex: OpenAPI documents whose `info` carries `x-cortex-…` fields, one per document. */
export function fromCortex(records: readonly Parsed[]): Drafts {
  const drafts: Draft[] = [];
  const skipped: Skipped[] = [];
  for (const { line, value } of records) {
    const info = isObject(value) && isObject(value.info) ? value.info : undefined;
    const name = nameOf(info?.["x-cortex-tag"]);
    if (!info || name === undefined) {
      skipped.push({ line, at: "info.x-cortex-tag", reason: "has no tag", mend: "Every entity of Cortex has one." });
      continue;
    }
    drafts.push({ line, document: documentOf(info, name) });
  }
  return { drafts, skipped, notes: [] };
}

const KINDS: Readonly<Record<string, string>> = { domain: "Domain", team: "Group", service: "Component" };

function documentOf(info: Record_, name: string): Record<string, unknown> {
  const type = (textOf(info["x-cortex-type"]) ?? "service").toLowerCase();
  const kind = KINDS[type] ?? "Resource";
  const custom = info["x-cortex-custom-metadata"];
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: {
      name,
      ...given("title", textOf(info.title)),
      ...given("description", textOf(info.description)),
      ...given("tags", tagsOf(info["x-cortex-groups"])),
      ...given("links", linksOf(info["x-cortex-link"])),
      ...given("annotations", annotationsOf(info)),
    },
    spec: { ...specOf(kind, type, info), ...given("properties", isObject(custom) ? plain(custom) : {}) },
  };
}

function specOf(kind: string, type: string, info: Record_): Record<string, unknown> {
  if (kind === "Group") {
    const parent = nameOf(namesOf(info["x-cortex-parents"])[0]);
    return {
      type: "team",
      children: namesOf(info["x-cortex-children"]).map(nameOf).filter(Boolean),
      ...given("parent", parent),
      ...members(info),
    };
  }
  const owner = ownerOf(ownersOf(info)[0]) ?? UNKNOWN;
  if (kind === "Domain") return { owner, ...given("subdomainOf", nameOf(namesOf(info["x-cortex-parents"])[0])) };
  const dependsOn = namesOf(info["x-cortex-dependency"]).flatMap((tag) => (nameOf(tag) === undefined ? [] : [`component:${nameOf(tag)}`]));
  const lifecycle = isObject(info["x-cortex-lifecycle"]) ? textOf(info["x-cortex-lifecycle"].name) : textOf(info["x-cortex-lifecycle"]);
  return { type, owner, ...(kind === "Component" ? { lifecycle: lifecycle ?? UNKNOWN } : {}), ...given("dependsOn", dependsOn) };
}

/** Groups before people: somebody leaves, a team stays. */
function ownersOf(info: Record_): string[] {
  const owners = listOf(info["x-cortex-owners"]).filter(isObject);
  const groups = owners.filter(({ type }) => textOf(type)?.toLowerCase() === "group").map(({ name }) => textOf(name));
  return [...groups, ...owners.map(({ email }) => textOf(email))].filter((owner) => owner !== undefined);
}

function members(info: Record_): Record<string, unknown> {
  const team = isObject(info["x-cortex-team"]) ? info["x-cortex-team"] : {};
  const names = listOf(team.members).flatMap((member) => (isObject(member) ? [nameOf(textOf(member.email)?.split("@")[0])] : []));
  return given(
    "members",
    names.filter((name) => name !== undefined),
  );
}

/** `[{ tag: a }]` or `[a]`. */
function namesOf(value: unknown): string[] {
  return listOf(value)
    .map((one) => textOf(isObject(one) ? one.tag : one))
    .filter((name) => name !== undefined);
}

function annotationsOf(info: Record_): Record<string, string> {
  const git = isObject(info["x-cortex-git"]) ? info["x-cortex-git"] : {};
  const slug = (host: string): string | undefined =>
    isObject(git[host]) ? (textOf(git[host].repository) ?? textOf(git[host].repositoryName)) : undefined;
  const oncall = isObject(info["x-cortex-oncall"]) && isObject(info["x-cortex-oncall"].pagerduty) ? info["x-cortex-oncall"].pagerduty : {};
  return {
    ...given("github.com/project-slug", slug("github")),
    ...given("gitlab.com/project-slug", slug("gitlab")),
    ...given("pagerduty.com/service-id", textOf(oncall.type) === "SERVICE" ? textOf(oncall.id) : undefined),
  };
}

/** `{ value, description }` stands for the value. */
function plain(custom: Record_): Record<string, unknown> {
  return Object.fromEntries(Object.entries(custom).map(([key, value]) => [key, isObject(value) && "value" in value ? value.value : value]));
}
