import type { Entity } from "@roadbed/contracts/catalog";

/** A page, field or step: `parameters` for the first two, as Backstage's permissions have it. */
export type Part = "parameters" | "steps";

/** Tags whose parts somebody does not see. */
export type Hidden = Readonly<Record<Part, readonly string[]>>;

type Node = Readonly<Record<string, unknown>>;

/** Every tag of `backstage:permissions` that a template's pages, fields and steps carry. */
export function tagsOf({ spec }: Entity): Record<Part, Set<string>> {
  const found = { parameters: new Set<string>(), steps: new Set<string>() };
  const gather = (value: unknown, into: Set<string>): void => {
    if (Array.isArray(value)) for (const one of value) gather(one, into);
    if (!isNode(value)) return;
    for (const tag of tagsAt(value)) into.add(tag);
    for (const inner of Object.values(value)) gather(inner, into);
  };
  gather(spec?.["parameters"], found.parameters);
  for (const step of [spec?.["steps"] ?? []].flat()) if (isNode(step)) for (const tag of tagsAt(step)) found.steps.add(tag);
  return found;
}

/**
 * The template as somebody sees it who does not see these tags: such pages, fields and steps are not there, a field is no longer required,
 * and a page that has lost its last field goes with it. Undefined where no step is left.
 */
export function withoutTags(entity: Entity, hidden: Hidden): Entity | undefined {
  const { parameters, steps } = entity.spec ?? {};
  const left = [steps ?? []].flat().filter((step) => !isHidden(step, hidden.steps));
  if (left.length === 0) return undefined;
  const pages = prunePages(parameters, hidden.parameters);
  return { ...entity, spec: { ...entity.spec, ...(pages === undefined ? { parameters: undefined } : { parameters: pages }), steps: left } };
}

function prunePages(parameters: unknown, hidden: readonly string[]): unknown {
  if (!Array.isArray(parameters)) return isHidden(parameters, hidden) ? undefined : prune(parameters, hidden);
  return parameters.flatMap((page: unknown) => {
    if (isHidden(page, hidden)) return [];
    const pruned = prune(page, hidden);
    return countOf(page) > 0 && countOf(pruned) === 0 ? [] : [pruned];
  });
}

function prune(schema: unknown, hidden: readonly string[]): unknown {
  if (Array.isArray(schema)) return schema.filter((one) => !isHidden(one, hidden)).map((one) => prune(one, hidden));
  if (!isNode(schema)) return schema;
  const { properties, required } = schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, SCHEMAS.has(key) ? prune(value, hidden) : value]);
  const pruned: Record<string, unknown> = Object.fromEntries(entries);
  if (!isNode(properties)) return pruned;
  const gone = Object.keys(properties).filter((name) => isHidden(properties[name], hidden));
  pruned["properties"] = mapValues(properties, gone, hidden);
  for (const key of ["dependencies", "dependentSchemas"]) {
    const inner = schema[key];
    if (isNode(inner)) pruned[key] = mapValues(inner, gone, hidden);
  }
  if (gone.length > 0 && Array.isArray(required)) pruned["required"] = required.filter((name) => !gone.includes(String(name)));
  return pruned;
}

/** Keywords that hold schemas, and nothing that a form takes as a value. */
const SCHEMAS = new Set(["oneOf", "anyOf", "allOf", "if", "then", "else", "items", "not"]);

function mapValues(of: Node, gone: readonly string[], hidden: readonly string[]): Node {
  const kept = Object.entries(of).filter(([name, value]) => !gone.includes(name) && !isHidden(value, hidden));
  return Object.fromEntries(kept.map(([name, value]) => [name, prune(value, hidden)]));
}

function countOf(page: unknown): number {
  return isNode(page) && isNode(page["properties"]) ? Object.keys(page["properties"]).length : 0;
}

function isHidden(value: unknown, hidden: readonly string[]): boolean {
  return isNode(value) && tagsAt(value).some((tag) => hidden.includes(tag));
}

function tagsAt(value: Node): string[] {
  const said = value["backstage:permissions"];
  return isNode(said) && Array.isArray(said["tags"]) ? said["tags"].filter((tag): tag is string => typeof tag === "string") : [];
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
