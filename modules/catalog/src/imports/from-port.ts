import type { Draft, Drafts, Parsed, Skipped } from "./draft.ts";
import { builtInOf, portKinds, type PortKind } from "./port-kinds.ts";
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
 * `properties` and `relations`. Blueprints whose names say so are kinds that there are; all others become kinds of their own, with their
 * schema and their relations.
 */
export function fromPort(records: readonly Parsed[]): Drafts {
  const found = records.flatMap(unfold);
  const blueprints = new Map(found.filter(({ value }) => isBlueprint(value)).map(({ value }) => [String(value.identifier), value]));
  const entities = found.filter(({ value }) => textOf(value.blueprint) !== undefined);
  const kinds = portKinds(blueprints);
  const drafts: Draft[] = found.flatMap(({ line, value }) => {
    const document = isBlueprint(value) ? kinds.get(String(value.identifier))?.document : undefined;
    return document ? [{ line, document }] : [];
  });
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
      kinds,
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

function draftOf(
  entity: Record_,
  blueprints: ReadonlyMap<string, Record_>,
  kinds: ReadonlyMap<string, PortKind>,
): Record<string, unknown> | undefined {
  const name = nameOf(entity.identifier);
  if (name === undefined) return undefined;
  const blueprint = textOf(entity.blueprint)!;
  const definition = blueprints.get(blueprint);
  const own = kinds.get(blueprint);
  const kind = kindOf(blueprint, kinds);
  const properties = isObject(entity.properties) ? entity.properties : {};
  const address = [properties.url, properties.repository, properties.repo, properties.github_url].find((one) => textOf(one) !== undefined);
  return {
    apiVersion: own?.document ? "roadbed.dev/v1" : API_VERSION,
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
    spec: own?.document
      ? ownSpec(entity, properties, own, kinds)
      : {
          ...specOf(kind, blueprint, entity, properties),
          ...related(kind, entity, definition, kinds),
          ...given("properties", { ...properties }),
        },
  };
}

function kindOf(blueprint: string, kinds: ReadonlyMap<string, PortKind>): string {
  return kinds.get(blueprint)?.kind ?? builtInOf(blueprint, undefined) ?? "Resource";
}

/** Of a kind of its own: every property, but those that say nothing, and relations by their fields. */
function ownSpec(entity: Record_, properties: Record_, own: PortKind, kinds: ReadonlyMap<string, PortKind>): Record<string, unknown> {
  const spec: Record<string, unknown> = Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null));
  const owner = ownerOf(listOf(entity.team)[0]);
  if (owner !== undefined && spec["owner"] === undefined) spec["owner"] = owner.includes(":") ? owner : `group:${owner}`;
  const relations = isObject(entity.relations) ? entity.relations : {};
  for (const [name, value] of Object.entries(relations)) {
    const relation = own.relations.get(name);
    if (!relation) continue;
    const prefix = `${kindOf(relation.target, kinds).toLowerCase()}:`;
    const names = listOf(value).flatMap((one) => (nameOf(one) === undefined ? [] : [`${prefix}${nameOf(one)}`]));
    if (names.length > 0) spec[relation.field] = relation.many ? names : names[0];
  }
  return spec;
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
  kinds: ReadonlyMap<string, PortKind>,
): Record<string, unknown> {
  if (kind !== "Component" && kind !== "Resource" && kind !== "API") return {};
  const relations = isObject(entity.relations) ? entity.relations : {};
  const declared = isObject(definition?.relations) ? definition.relations : {};
  const dependsOn: string[] = [];
  const fields: Record<string, unknown> = {};
  for (const [relation, value] of Object.entries(relations)) {
    const target = textOf(isObject(declared[relation]) ? declared[relation].target : undefined) ?? relation;
    for (const other of listOf(value)) {
      const [name, otherKind] = [nameOf(other), kindOf(target, kinds)];
      if (name === undefined) continue;
      if (otherKind === "System") fields.system = name;
      else if (otherKind === "API" && kind === "Component") fields.consumesApis = [...listOf(fields.consumesApis), name];
      else if (otherKind === "Group" || otherKind === "User") fields.owner = `${otherKind.toLowerCase()}:${name}`;
      else if (otherKind !== "Domain" && kind !== "API") dependsOn.push(`${otherKind.toLowerCase()}:${name}`);
    }
  }
  return { ...fields, ...given("dependsOn", [...new Set(dependsOn)]) };
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

function notesOn(used: readonly string[], kinds: ReadonlyMap<string, PortKind>): string[] {
  const counts = new Map<string, number>();
  for (const blueprint of used) counts.set(blueprint, (counts.get(blueprint) ?? 0) + 1);
  const became = [...counts].map(([blueprint, count]) => {
    const kind = kindOf(blueprint, kinds);
    const said = `${count} of the blueprint ${blueprint} become ${kind}`;
    if (kinds.get(blueprint)?.document) return `${said}, a kind of their own with the blueprint's schema and relations.`;
    return kind === "Resource" ? `${said} of the type ${blueprint}, all properties under spec.properties.` : `${said}.`;
  });
  return [...became, ...[...kinds.values()].flatMap(({ notes }) => notes)];
}
