import type { FoundApi } from "./apis.ts";
import { claimOf, order, type Claim, type Evidence } from "./confidence.ts";
import type { Draft } from "./draft.ts";
import { chooseOwner } from "./owners.ts";
import type { ResourceUse } from "./relations.ts";
import { SYSTEM_BAR } from "./systems.ts";
import type { Unit } from "./units.ts";

/** The best system, if it is sure enough. */
export function sure(systems: readonly Claim<string>[]): Claim<string> | undefined {
  return systems[0] && systems[0].confidence >= SYSTEM_BAR ? systems[0] : undefined;
}

/** An API as its description says. */
export function apiDraft(api: FoundApi, owners: readonly Claim<string>[], systems: readonly Claim<string>[]): Draft {
  const { owner, note } = chooseOwner(owners);
  const system = sure(systems);
  const { found, repositoryOf } = api;
  const claim = claimOf(api.key, api.evidence);
  return {
    key: api.key,
    action: "create",
    ref: api.ref,
    entity: {
      apiVersion: "backstage.io/v1alpha1",
      kind: "API",
      metadata: {
        name: api.name,
        namespace: "default",
        ...(found.title === undefined ? {} : { title: found.title }),
        ...(found.description === undefined ? {} : { description: found.description }),
        annotations: repositoryOf.url === undefined ? {} : { "backstage.io/source-location": `url:${repositoryOf.url}/${found.file}` },
      },
      spec: {
        type: found.format,
        lifecycle: "production",
        ...(owner ? { owner: owner.value } : {}),
        ...(system ? { system: system.value } : {}),
        // The text is read in when somebody accepts; until then it says where it stands.
        definition: `# ${found.file} of ${repositoryOf.url ?? repositoryOf.name}\n`,
      },
    },
    confidence: claim.confidence,
    evidence: claim.evidence,
    owners,
    owner,
    ownerNote: note,
    systems,
    relations: [],
    repository: repositoryOf.key,
    dir: found.file.slice(0, Math.max(0, found.file.lastIndexOf("/"))),
  };
}

/** Databases, queues and their like, one for each name. */
export function resourceDrafts(
  uses: readonly ResourceUse[],
  owners: ReadonlyMap<Unit, readonly Claim<string>[]>,
  systems: ReadonlyMap<Unit, readonly Claim<string>[]>,
): Draft[] {
  const byName = new Map<string, ResourceUse[]>();
  for (const use of uses) byName.set(use.name, [...(byName.get(use.name) ?? []), use]);
  return [...byName]
    .sort(([a], [b]) => order(a, b))
    .map(([name, some]) => {
      const users = [...new Set(some.map(({ unit }) => unit))];
      const evidence = some.map((use) => ({ ...use.evidence, weight: use.evidence.group === "address" ? 0.7 : 0.5 }));
      if (users.length > 1) evidence.push({ ...evidence[0]!, says: `${users.length} components use it`, group: "users", weight: 0.4 });
      const claim = claimOf(name, evidence);
      // What one component uses belongs to that component's owner; what several use needs a person to say whose it is.
      const candidates = users.length === 1 ? owners.get(users[0]!)! : shared(users.map((unit) => owners.get(unit)!));
      const { owner, note } = chooseOwner(candidates);
      const system = users.length === 1 ? sure(systems.get(users[0]!) ?? []) : undefined;
      const { engine } = [...some].sort((a, b) => order(a.engine.name, b.engine.name))[0]!;
      return {
        key: `resource|${name}`,
        action: "create",
        ref: `resource:default/${name}`,
        entity: {
          apiVersion: "backstage.io/v1alpha1",
          kind: "Resource",
          metadata: { name, namespace: "default", tags: [engine.name] },
          spec: { type: engine.type, ...(owner ? { owner: owner.value } : {}), ...(system ? { system: system.value } : {}) },
        },
        confidence: claim.confidence,
        evidence: claim.evidence,
        owners: candidates,
        owner,
        ownerNote: note,
        systems: system ? [system] : [],
        relations: [],
        repository: users.length === 1 ? users[0]!.repository.key : "",
        dir: "",
      } satisfies Draft;
    });
}

/** Candidates that all of several have; how sure is that of the least sure. */
function shared(lists: readonly (readonly Claim<string>[])[]): readonly Claim<string>[] {
  const [first = [], ...rest] = lists;
  return first.flatMap((claim) => {
    const others = rest.map((list) => list.find(({ value }) => value === claim.value));
    if (others.some((other) => other === undefined)) return [];
    return [{ ...claim, confidence: Math.min(claim.confidence, ...others.map((other) => other!.confidence)) }];
  });
}

/** Systems that components may be part of. */
export function systemDrafts(
  units: readonly Unit[],
  systems: ReadonlyMap<Unit, readonly Claim<string>[]>,
  owners: ReadonlyMap<Unit, readonly Claim<string>[]>,
): Draft[] {
  const found = new Map<string, { evidence: Evidence[]; units: Unit[] }>();
  for (const unit of units) {
    for (const { value, evidence } of systems.get(unit) ?? []) {
      const known = found.get(value) ?? { evidence: [], units: [] };
      known.evidence.push(...evidence);
      known.units.push(unit);
      found.set(value, known);
    }
  }
  return [...found]
    .sort(([a], [b]) => order(a, b))
    .map(([ref, { evidence, units: parts }]) => {
      const candidates = shared(parts.map((unit) => owners.get(unit)!));
      const { owner, note } = chooseOwner(candidates);
      const claim = claimOf(ref, evidence);
      const keys = new Set(parts.map(({ repository }) => repository.key));
      return {
        key: `system|${ref}`,
        action: "create",
        ref,
        entity: {
          apiVersion: "backstage.io/v1alpha1",
          kind: "System",
          metadata: {
            name: ref.split("/")[1]!,
            namespace: "default",
            description: `${parts.length} components: ${parts
              .map(({ name }) => name)
              .sort()
              .slice(0, 10)
              .join(", ")}.`,
          },
          spec: owner ? { owner: owner.value } : {},
        },
        confidence: claim.confidence,
        evidence: claim.evidence,
        owners: candidates,
        owner,
        ownerNote: candidates.length === 0 ? "its components have no owner in common" : note,
        systems: [],
        relations: [],
        repository: keys.size === 1 ? [...keys][0]! : "",
        dir: "",
      } satisfies Draft;
    });
}
