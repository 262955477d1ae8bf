import { findApis, type FoundApi } from "./apis.ts";
import { componentDraft, refOfUnit, specOf } from "./component-draft.ts";
import { claimOf, order, type Claim } from "./confidence.ts";
import type { CombineInput, Draft, RelationClaim } from "./draft.ts";
import { surveyRepositories } from "./landscape.ts";
import { ownersOfUnit, readPeople } from "./owners.ts";
import { groupDrafts, userDrafts } from "./people.ts";
import { needsOf, type ResourceUse } from "./relations.ts";
import { apiDraft, resourceDrafts, systemDrafts } from "./shared-drafts.ts";
import { systemsOf } from "./systems.ts";
import { pick, type Unit } from "./units.ts";

/**
 * Makes proposals of what was found: pure, and the same for every order of files and repositories. What the catalogue has already is
 * not proposed; where it lacks something that was found, that alone is.
 */
export function combine(input: CombineInput): Draft[] {
  return settle(draftAll(input), input);
}

/** `drafting` without a pause. */
function draftAll(input: CombineInput): Draft[] {
  const steps = drafting(input);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * Everything that was found, whether the catalogue has it or not. Of `known` only people and groups are asked for. It yields between
 * small steps, where whoever runs it may let others have their turn.
 */
export function* drafting({ repositories: given, known, today }: CombineInput): Generator<void, Draft[]> {
  const repositories = [...given].sort((a, b) => order(a.key, b.key));
  const landscape = yield* surveyRepositories(repositories);
  const people = readPeople(known);
  const entities = new Set(known.entities.map(({ ref }) => ref));
  const systems = systemsOf(landscape.units);
  const apis = findApis(repositories, landscape.units);
  const owners = new Map<Unit, readonly Claim<string>[]>();
  const resources: ResourceUse[] = [];
  const components: Draft[] = [];
  for (const unit of landscape.units) {
    yield;
    const own = ownersOfUnit(unit, people, today);
    const needs = needsOf(unit, landscape, apis, refOfUnit);
    owners.set(unit, own);
    resources.push(...needs.resources);
    components.push(componentDraft(unit, { owners: own, systems: systems.get(unit) ?? [], needs, apis }));
  }
  yield;
  return [
    ...components,
    ...apis.map((api) =>
      apiDraft(
        api,
        api.unit ? owners.get(api.unit)! : ownersOfUnit(bare(api), people, today),
        api.unit ? (systems.get(api.unit) ?? []) : [],
      ),
    ),
    ...resourceDrafts(resources, owners, systems),
    ...systemDrafts(landscape.units, systems, owners),
    ...groupDrafts([...owners.values()], entities),
    ...userDrafts(repositories, people),
  ];
}

function bare({ repositoryOf, found }: FoundApi): Parameters<typeof ownersOfUnit>[0] {
  return { repository: repositoryOf, dir: found.file.slice(0, Math.max(0, found.file.lastIndexOf("/"))), packages: [], workloads: [] };
}

/** Takes out what is there already: by a descriptor in the repository or by name in the catalogue. What such an entity lacks stays. */
export function settle(drafts: readonly Draft[], { repositories, known }: Pick<CombineInput, "repositories" | "known">): Draft[] {
  const entities = new Map(known.entities.map((entity) => [entity.ref, entity]));
  const described = new Map<string, readonly string[]>();
  for (const repository of repositories) {
    for (const { kind, namespace, name, states } of pick(repository, "descriptor"))
      described.set(`${kind}:${namespace}/${name}`.toLowerCase(), states);
  }
  const settled = drafts.flatMap((draft) => {
    const there = entities.get(draft.ref);
    const states = described.get(draft.ref) ?? (there && !there.proposed ? there.states : undefined);
    if (states === undefined) return [draft];
    const lacking = draft.relations.filter(({ included, value }) => included && !states.includes(value));
    return lacking.length === 0 ? [] : [completing(draft, lacking)];
  });
  return settled.sort((a, b) => order(a.key, b.key));
}

function completing(draft: Draft, lacking: readonly RelationClaim[]): Draft {
  const { apiVersion, kind, metadata } = draft.entity;
  const evidence = lacking.flatMap((relation) => relation.evidence);
  return {
    ...draft,
    action: "complete",
    key: draft.key.replace(/^\w+/, (word) => `${word}+`),
    entity: { apiVersion, kind, metadata: { name: metadata.name, namespace: draft.ref.split(/[:/]/)[1]! }, spec: specOf(lacking) },
    relations: lacking,
    confidence: Math.max(...lacking.map(({ confidence }) => confidence)),
    evidence: claimOf("", evidence).evidence,
    owners: [],
    owner: undefined,
    ownerNote: undefined,
    systems: [],
  };
}
