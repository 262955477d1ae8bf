import { KINDS } from "../entity/kinds.ts";
import { RELATION_TYPES } from "../entity/relations.ts";
import { given, isObject, listOf, nameOf, textOf, type Record_ } from "./words.ts";

/** What a blueprint of Port is here: a kind that there is, or one of its own. */
export interface PortKind {
  readonly blueprint: string;
  /** As entities write it. */
  readonly kind: string;
  /** The document of the kind, where it is one of its own. */
  readonly document?: Record_;
  /** By the name of the relation in Port: the field here, and the blueprint at its other end. */
  readonly relations: ReadonlyMap<string, { readonly field: string; readonly target: string; readonly many: boolean }>;
  readonly notes: readonly string[];
}

const BUILT_IN: readonly (readonly [RegExp, string])[] = [
  [/^_?(?:user|githubUser|person)s?$/i, "User"],
  [/^_?(?:team|githubTeam|group|squad)s?$/i, "Group"],
  [/^(?:service|microservice|component|app|application|library|package|website|frontend|job)s?$/i, "Component"],
  [/^(?:api|apiEndpoint|endpoint)s?$/i, "API"],
  [/^(?:system|product)s?$/i, "System"],
  [/^(?:domain|businessUnit)s?$/i, "Domain"],
  [/^(?:resource)s?$/i, "Resource"],
];

/** The kind that is meant by a blueprint's name. Undefined where it is none of those that there are. */
export function builtInOf(blueprint: string, definition: Record_ | undefined): string | undefined {
  const words = [blueprint, textOf(definition?.title) ?? ""];
  return BUILT_IN.find(([names]) => words.some((word) => names.test(word)))?.[1];
}

/** Every blueprint that is defined, as a kind. */
export function portKinds(blueprints: ReadonlyMap<string, Record_>): ReadonlyMap<string, PortKind> {
  const kinds = new Map<string, string>();
  const taken = new Set(Object.keys(KINDS).map((name) => name.toLowerCase()));
  for (const [blueprint, definition] of blueprints) {
    const own = builtInOf(blueprint, definition) ?? freeName(blueprint, taken);
    kinds.set(blueprint, own);
    taken.add(own.toLowerCase());
  }
  return new Map([...blueprints].map(([blueprint, definition]) => [blueprint, kindOf(blueprint, definition, kinds)]));
}

/** `cloud_resource` is `CloudResource`; what is taken already gets `Port` before it. */
function freeName(blueprint: string, taken: ReadonlySet<string>): string {
  const words = (nameOf(blueprint) ?? "").split(/[^A-Za-z0-9]+/).filter(Boolean);
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  const plain = /^[A-Za-z]/.test(joined) ? joined.slice(0, 55) : `Port${joined}`.slice(0, 55);
  for (const name of [plain, `Port${plain}`, ...Array.from({ length: 100 }, (_, at) => `${plain}${at + 2}`)]) {
    if (!taken.has(name.toLowerCase())) return name;
  }
  return plain;
}

function kindOf(blueprint: string, definition: Record_, kinds: ReadonlyMap<string, string>): PortKind {
  const kind = kinds.get(blueprint)!;
  const schema = isObject(definition.schema) ? definition.schema : {};
  const properties = isObject(schema.properties) ? schema.properties : {};
  const relations = new Map<string, { field: string; target: string; many: boolean }>();
  const fields: Record<string, unknown> = {};
  for (const [name, relation] of Object.entries(isObject(definition.relations) ? definition.relations : {})) {
    if (!isObject(relation) || textOf(relation.target) === undefined) continue;
    const field = fieldOf(name, properties);
    const many = relation.many === true;
    relations.set(name, { field, target: textOf(relation.target)!, many });
    fields[field] = relationOf(name, relation, many, kinds);
  }
  const isOwn = builtInOf(blueprint, definition) === undefined;
  // Port keeps owners beside the properties; here they are a relation as any other.
  if (properties["owner"] === undefined && fields["owner"] === undefined) fields["owner"] = { type: "ownedBy", target: ["Group", "User"] };
  const { notes, document: own } = schemaOf(schema, properties, blueprint);
  const derived = ["mirrorProperties", "calculationProperties", "aggregationProperties"].flatMap((key) =>
    isObject(definition[key]) ? Object.keys(definition[key]) : [],
  );
  if (derived.length > 0)
    notes.push(
      `${blueprint}: what Port works out by itself (${derived.join(", ")}) is not taken over; define it under derived of the kind.`,
    );
  const title = textOf(definition.title);
  const icon = textOf(definition.icon)?.toLowerCase();
  const document = {
    apiVersion: "roadbed.dev/v1",
    kind: "Kind",
    metadata: {
      name: kind,
      ...given("title", title),
      ...given("description", textOf(definition.description)),
      ...(icon !== undefined && /^[a-z][a-z0-9-]{0,40}$/.test(icon) ? { icon } : {}),
    },
    spec: { schema: own, relations: fields },
  };
  return { blueprint, kind, relations, notes: isOwn ? notes : [], ...(isOwn ? { document } : {}) };
}

/** A field that no property has, of the letters that fields may have. */
function fieldOf(name: string, properties: Record_): string {
  const plain =
    name
      .replaceAll(/[^A-Za-z0-9_-]+/g, "_")
      .replace(/^[^A-Za-z_]+/, "")
      .slice(0, 55) || "related";
  return properties[plain] === undefined ? plain : `${plain}Ref`;
}

function relationOf(name: string, relation: Record_, many: boolean, kinds: ReadonlyMap<string, string>): Record<string, unknown> {
  const target = kinds.get(textOf(relation.target)!) ?? builtInOf(textOf(relation.target)!, undefined);
  const isOwner = /^(?:owner|owning|team|owned)/i.test(name) && (target === "Group" || target === "User");
  const type = isOwner ? "ownedBy" : typeOf(name);
  return {
    type,
    ...(isBuiltIn(type) ? {} : { inverse: isBuiltIn(`${type}Of`) ? `${type}OfPort` : `${type}Of` }),
    ...(target === undefined ? {} : { target: [target] }),
    many,
    ...(relation.required === true ? { required: true } : {}),
    ...given("title", textOf(relation.title)?.slice(0, 100)),
    ...given("description", textOf(relation.description)?.slice(0, 2_000)),
  };
}

function isBuiltIn(type: string): boolean {
  return RELATION_TYPES.includes(type as never);
}

/** `cloud_resource` is `cloudResource`: names of relations hold letters and digits only. */
function typeOf(name: string): string {
  const [first = "", ...rest] = (nameOf(name) ?? "").split(/[^A-Za-z0-9]+/).filter(Boolean);
  const joined = first.charAt(0).toLowerCase() + first.slice(1) + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return /^[a-z]/.test(joined) ? joined.slice(0, 55) : `related${joined}`.slice(0, 55);
}

/** Words of JSON Schema that mean the same there and here; Port has others, for its pages. */
const KEPT = [
  "type",
  "title",
  "description",
  "default",
  "enum",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "required",
];
const FORMATS: Readonly<Record<string, string>> = {
  url: "uri",
  email: "email",
  "date-time": "date-time",
  date: "date",
  ipv4: "ipv4",
  ipv6: "ipv6",
};

function schemaOf(schema: Record_, properties: Record_, blueprint: string): { document: Record_; notes: string[] } {
  const left: string[] = [];
  const part = (value: unknown, at: string, depth: number): Record<string, unknown> => {
    if (!isObject(value) || depth > 8) return {};
    const kept: Record<string, unknown> = Object.fromEntries(KEPT.flatMap((key) => (value[key] === undefined ? [] : [[key, value[key]]])));
    const format = FORMATS[textOf(value.format) ?? ""];
    if (format !== undefined) kept["format"] = format;
    if (typeof value.pattern === "string") {
      if (/\(\?|\\[1-9k]/.test(value.pattern)) left.push(at);
      else kept["pattern"] = value.pattern;
    }
    if (isObject(value.items)) kept["items"] = part(value.items, at, depth + 1);
    if (isObject(value.properties))
      kept["properties"] = Object.fromEntries(
        Object.entries(value.properties).map(([key, one]) => [key, part(one, `${at}.${key}`, depth + 1)]),
      );
    return kept;
  };
  const own = Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, part(one, key, 0)]));
  const required = listOf(schema.required).filter((name) => typeof name === "string");
  return {
    document: { properties: own, ...(required.length === 0 ? {} : { required }) },
    notes: left.length === 0 ? [] : [`${blueprint}: patterns of ${left.join(", ")} need more than linear time and were left out.`],
  };
}
