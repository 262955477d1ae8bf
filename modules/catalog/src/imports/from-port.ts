import type { Draft, Drafts, Parsed, Skipped } from "./draft.ts";
import {
  API_VERSION,
  given,
  isObject,
  lifecycleOf,
  linksOf,
  listOf,
  nameOf,
  ownerOf,
  repositoryAnnotation,
  tagsOf,
  textOf,
  UNKNOWN,
  type Record_,
} from "./words.ts";

/**
 * An export of Port: `{ blueprints: [...], entities: [...] }`, or one of each per line. An entity has an `identifier`, a `blueprint`,
 * `properties` and `relations`; what its blueprint means is told by the blueprint's name.
 */
export function fromPort(records: readonly Parsed[]): Drafts {
  const found = records.flatMap(unfold);
  const blueprints = new Map(found.filter(({ value }) => isBlueprint(value)).map(({ value }) => [String(value.identifier), value]));
  const entities = found.filter(({ value }) => textOf(value.blueprint) !== undefined);
  const kinds = new Map<string, string>();
  for (const { value } of entities) {
    const blueprint = textOf(value.blueprint)!;
    kinds.set(keyOf(blueprint, value.identifier), kindOf(blueprint, blueprints.get(blueprint)));
  }
  const drafts: Draft[] = [];
  const skipped: Skipped[] = [];
  for (const { line, value } of entities) {
    const draft = draftOf(value, blueprints, kinds);
    if (draft) drafts.push({ line, document: draft });
    else
      skipped.push({
        line,
        at: "identifier",
        reason: "has no identifier that can be a name",
        mend: "Give it an identifier of letters and digits.",
      });
  }
  for (const { line, value } of found) {
    if (!isBlueprint(value) && textOf(value.blueprint) === undefined) {
      skipped.push({ line, at: "", reason: "is neither a blueprint nor an entity of one", mend: "An entity of Port names its blueprint." });
    }
  }
  return {
    drafts,
    skipped,
    notes: notesOn(
      entities.map(({ value }) => textOf(value.blueprint)!),
      blueprints,
    ),
  };
}

interface Found {
  readonly line: number;
  readonly value: Record_;
}

function unfold({ line, value }: Parsed): Found[] {
  if (Array.isArray(value)) return value.filter(isObject).map((item, at) => ({ line: at + 1, value: item }));
  if (!isObject(value)) return [];
  const lists = [value.blueprints, value.entities].filter(Array.isArray);
  if (lists.length === 0) return [{ line, value }];
  return lists.flatMap((list) => (list as unknown[]).filter(isObject).map((item, at) => ({ line: at + 1, value: item })));
}

function isBlueprint(value: Record_): boolean {
  return textOf(value.identifier) !== undefined && isObject(value.schema) && value.blueprint === undefined;
}

const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^_?(?:user|githubUser|person)s?$/i, "User"],
  [/^_?(?:team|githubTeam|group|squad)s?$/i, "Group"],
  [/^(?:service|microservice|component|app|application|library|package|website|frontend|job)s?$/i, "Component"],
  [/^(?:api|apiEndpoint|endpoint)s?$/i, "API"],
  [/^(?:system|product)s?$/i, "System"],
  [/^(?:domain|businessUnit)s?$/i, "Domain"],
];

function kindOf(blueprint: string, definition: Record_ | undefined): string {
  const words = [blueprint, textOf(definition?.title) ?? ""];
  return KINDS.find(([names]) => words.some((word) => names.test(word)))?.[1] ?? "Resource";
}

function draftOf(
  entity: Record_,
  blueprints: ReadonlyMap<string, Record_>,
  kinds: ReadonlyMap<string, string>,
): Record<string, unknown> | undefined {
  const name = nameOf(entity.identifier);
  if (name === undefined) return undefined;
  const blueprint = textOf(entity.blueprint)!;
  const definition = blueprints.get(blueprint);
  const kind = kindOf(blueprint, definition);
  const properties = isObject(entity.properties) ? entity.properties : {};
  const address = [properties.url, properties.repository, properties.repo, properties.github_url].find((one) => textOf(one) !== undefined);
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: {
      name,
      ...given("title", textOf(entity.title)),
      ...given("description", textOf(properties.description)),
      ...given("tags", tagsOf(properties.tags)),
      ...given("links", linksIn(properties, definition)),
      annotations: {
        "getport.io/blueprint": blueprint,
        "getport.io/identifier": String(entity.identifier),
        ...repositoryAnnotation(address),
      },
    },
    spec: {
      ...specOf(kind, blueprint, entity, properties),
      ...related(kind, entity, definition, kinds),
      ...given("properties", { ...properties }),
    },
  };
}

function specOf(kind: string, blueprint: string, entity: Record_, properties: Record_): Record<string, unknown> {
  const owner = ownerOf(listOf(entity.team)[0]) ?? ownerOf(properties.owner) ?? UNKNOWN;
  const type = textOf(properties.type) ?? blueprint;
  switch (kind) {
    case "Group":
      return { type: "team", children: [], profile: { displayName: textOf(entity.title) ?? String(entity.identifier) } };
    case "User":
      return {
        memberOf: listOf(entity.team).map(nameOf).filter(Boolean),
        profile: { displayName: textOf(entity.title) ?? String(entity.identifier), ...given("email", textOf(properties.email)) },
      };
    case "System":
    case "Domain":
      return { owner };
    case "Resource":
      return { type, owner };
    case "API":
      return { type, owner, lifecycle: lifecycleOf(properties.lifecycle) ?? UNKNOWN, definition: textOf(properties.definition) ?? "none" };
    default:
      return { type, owner, lifecycle: lifecycleOf(properties.lifecycle) ?? UNKNOWN };
  }
}

/** Relations of Port name entities of the blueprint that the relation points to. */
function related(
  kind: string,
  entity: Record_,
  definition: Record_ | undefined,
  kinds: ReadonlyMap<string, string>,
): Record<string, unknown> {
  if (kind !== "Component" && kind !== "Resource" && kind !== "API") return {};
  const relations = isObject(entity.relations) ? entity.relations : {};
  const declared = isObject(definition?.relations) ? definition.relations : {};
  const dependsOn: string[] = [];
  const fields: Record<string, unknown> = {};
  for (const [relation, value] of Object.entries(relations)) {
    const target = textOf(isObject(declared[relation]) ? declared[relation].target : undefined) ?? relation;
    for (const other of listOf(value)) {
      const [name, otherKind] = [nameOf(other), kinds.get(keyOf(target, other)) ?? kindOf(target, undefined)];
      if (name === undefined) continue;
      if (otherKind === "System") fields.system = name;
      else if (otherKind === "API" && kind === "Component") fields.consumesApis = [...listOf(fields.consumesApis), name];
      else if (otherKind === "Group" || otherKind === "User") fields.owner = `${otherKind.toLowerCase()}:${name}`;
      else if (otherKind !== "Domain" && kind !== "API") dependsOn.push(`${otherKind.toLowerCase()}:${name}`);
    }
  }
  return { ...fields, ...given("dependsOn", [...new Set(dependsOn)]) };
}

function keyOf(blueprint: string, identifier: unknown): string {
  return `${blueprint} ${textOf(identifier) ?? ""}`;
}

/** Properties that the blueprint says are addresses. */
function linksIn(properties: Record_, definition: Record_ | undefined): { url: string; title?: string }[] {
  const schema = isObject(definition?.schema) && isObject(definition.schema.properties) ? definition.schema.properties : {};
  return linksOf(
    Object.entries(schema)
      .filter(([, rule]) => isObject(rule) && rule.format === "url")
      .map(([key, rule]) => ({ url: properties[key], title: textOf((rule as Record_).title) ?? key })),
  );
}

function notesOn(used: readonly string[], blueprints: ReadonlyMap<string, Record_>): string[] {
  const counts = new Map<string, number>();
  for (const blueprint of used) counts.set(blueprint, (counts.get(blueprint) ?? 0) + 1);
  return [...counts].map(([blueprint, count]) => {
    const kind = kindOf(blueprint, blueprints.get(blueprint));
    const said = `${count} of the blueprint ${blueprint} become ${kind}`;
    return kind === "Resource" ? `${said} of the type ${blueprint}, all properties under spec.properties.` : `${said}.`;
  });
}
