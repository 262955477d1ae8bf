import type { Entity } from "@roadbed/contracts/catalog";

import type { FoundApi } from "./apis.ts";
import { claimOf, order, type Claim } from "./confidence.ts";
import type { Draft, RelationClaim } from "./draft.ts";
import { chooseOwner } from "./owners.ts";
import type { Needs } from "./relations.ts";
import { sure } from "./shared-drafts.ts";
import { pick, type Unit } from "./units.ts";

/** The reference that a unit has by its descriptor, or will have. */
export function refOfUnit({ name, descriptor }: Unit): string {
  const { namespace = "default" } = descriptor ?? {};
  return `component:${namespace}/${(descriptor?.name ?? name).toLowerCase()}`;
}

interface Parts {
  readonly owners: readonly Claim<string>[];
  readonly systems: readonly Claim<string>[];
  readonly needs: Needs;
  readonly apis: readonly FoundApi[];
}

/** A component as everything that was found about it says. */
export function componentDraft(unit: Unit, { owners, systems, needs, apis }: Parts): Draft {
  const provided = apis
    .filter((api) => api.unit === unit)
    .map((api): RelationClaim => ({ field: "providesApis", ...claimOf(api.ref, api.evidence), included: true }));
  const relations = [...needs.relations, ...provided].sort((a, b) => order(a.field, b.field) || order(a.value, b.value));
  const { owner, note } = chooseOwner(owners);
  const system = sure(systems);
  const spec = {
    type: typeOf(unit),
    lifecycle: "production",
    ...(owner ? { owner: owner.value } : {}),
    ...(system ? { system: system.value } : {}),
    ...specOf(relations),
  };
  const claim = claimOf(unit.key, unit.evidence);
  return {
    key: unit.key,
    action: "create",
    ref: refOfUnit(unit),
    entity: { apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: metadataOf(unit), spec },
    confidence: claim.confidence,
    evidence: claim.evidence,
    owners,
    owner,
    ownerNote: note,
    systems,
    relations,
    repository: unit.repository.key,
    dir: unit.dir,
  };
}

function typeOf(unit: Unit): string {
  const groups = new Set(unit.evidence.map(({ group }) => group));
  if (groups.has("website")) return "website";
  if (["runs", "image", "workload", "chart", "compose"].some((group) => groups.has(group))) return "service";
  return groups.has("published") || groups.has("package") ? "library" : "service";
}

function metadataOf(unit: Unit): Entity["metadata"] {
  const { repository, readme, dir, packages } = unit;
  const description = packages.map((one) => one.description).find(Boolean) ?? readme?.description;
  const title =
    readme?.title !== undefined && readme.title.length <= 60 && readme.title.toLowerCase() !== unit.name ? readme.title : undefined;
  const slug = /^(?:github\.com)\/([^/]+\/[^/]+)$/.exec(repository.key)?.[1];
  const language = pick(repository, "languages")[0]?.shares[0]?.language;
  const tag = language?.toLowerCase().replaceAll(/[^a-z0-9+#]+/g, "-");
  const [workload] = unit.workloads;
  return {
    name: unit.name,
    namespace: "default",
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    annotations: {
      ...(repository.url === undefined ? {} : { "backstage.io/source-location": `url:${repository.url}${dir === "" ? "" : `/${dir}`}` }),
      ...(slug === undefined ? {} : { "github.com/project-slug": slug }),
      ...(workload ? { "backstage.io/kubernetes-id": workload.name } : {}),
    },
    ...(tag === undefined ? {} : { tags: [tag] }),
  };
}

/** Relations that are sure enough, as fields of `spec`. */
export function specOf(relations: readonly RelationClaim[]): Record<string, string[]> {
  const spec: Record<string, string[]> = {};
  for (const { field, value, included } of relations) if (included) (spec[field] ??= []).push(value);
  return spec;
}
