import type { Entity } from "@roadbed/contracts/catalog";
import type { Evaluate, Evaluated, MappedRecord, Reading } from "@roadbed/contracts/connector";
import { z } from "zod";

import { toEntityName } from "../lib/names.ts";

const Expression = z.string().min(1).max(4_000);

/** How a record of some system becomes an entity: every value is a CEL expression. */
export const Mapping = z.strictObject({
  records: Expression.default("body").describe(
    "The list of records in an answer, over `body`, e.g. body.items; what is no list is one record",
  ),
  when: Expression.optional().describe("Which records count, over `record`, e.g. !record.archived"),
  removed: Expression.optional().describe("Which records say that something is gone, e.g. record.event == 'deleted'"),
  mode: z
    .enum(["define", "enrich"])
    .default("define")
    .describe("define: the entity exists because the record says so; enrich: the record adds to one that others define"),
  entity: z
    .record(z.string().min(1).max(300), Expression)
    .describe(
      "Fields by path, over `record`, e.g. metadata.name: record.slug, spec.owner: 'group:' + record.team; null leaves a field out",
    ),
  match: z
    .strictObject({ annotation: z.string().min(1).max(300), value: Expression })
    .optional()
    .describe("For enrich: find the entity by an annotation instead of by its name"),
  location: Expression.optional().describe("Where people find the record: its address"),
  observedAt: Expression.optional().describe("When the system saw it last, as text or timestamp"),
});
export type Mapping = z.output<typeof Mapping>;

/** What one record became, ready to be yielded. */
export interface Mapped extends MappedRecord {
  readonly reading?: Extract<Reading, { type: "entity" }>;
}

/** Most records of one answer. */
const MAX_RECORDS = 50_000;

/** Applies a mapping to one answer. `base` is where a record is said to be when it does not say so itself. */
export async function applyMapping(
  mapping: Mapping,
  body: unknown,
  o: { readonly evaluate: Evaluate; readonly base: string },
): Promise<Mapped[]> {
  const [[list] = []] = await o.evaluate(["body"], [mapping.records], [{ body }]);
  if (!list || "fault" in list) {
    return [{ record: body, problems: [{ at: "records", reason: list?.fault ?? "has no value" }] }];
  }
  const records = (Array.isArray(list.value) ? list.value : [list.value]).slice(0, MAX_RECORDS);
  const parts = partsOf(mapping);
  const rows = await o.evaluate(
    ["record"],
    parts.map(({ expression }) => expression),
    records.map((record) => ({ record })),
  );
  return records.map((record, at) => mapRecord(mapping, parts, record, rows[at] ?? [], o.base));
}

interface Part {
  readonly at: string;
  readonly expression: string;
}

function partsOf(mapping: Mapping): Part[] {
  const { when, removed, location, observedAt, match, entity } = mapping;
  const named = { when, removed, location, observedAt, "match.value": match?.value };
  return [
    ...Object.entries(named).flatMap(([at, expression]) => (expression === undefined ? [] : [{ at, expression }])),
    ...Object.entries(entity).map(([path, expression]) => ({ at: `entity.${path}`, expression })),
  ];
}

function mapRecord(mapping: Mapping, parts: readonly Part[], record: unknown, cells: readonly Evaluated[], base: string): Mapped {
  const values = new Map<string, unknown>();
  const problems: { at: string; reason: string; mend?: string }[] = [];
  for (const [n, { at }] of parts.entries()) {
    const cell = cells[n];
    if (cell && "value" in cell) values.set(at, cell.value);
    else problems.push({ at, reason: cell?.fault ?? "has no value", ...mendOf(cell?.fault, parts[n]!.expression) });
  }
  // What does not count is not looked at any further.
  if (mapping.when !== undefined && values.get("when") === false) return { record, skipped: true, problems: [] };
  const isBad = problems.some(({ at }) => at === "when" || at === "removed");
  const entity = entityOf(mapping, values);
  const ref = refOf(entity);
  const named = { entity, ...(ref === undefined && !mapping.match ? {} : {}) };
  if (ref === undefined && !mapping.match)
    problems.push({ at: "entity.metadata.name", reason: "is missing: nobody knows what this is called" });
  if (isBad || (ref === undefined && !mapping.match)) return { record, ...named, problems };
  if (values.get("removed") === true) return { record, removed: ref!, problems: [] };
  if (problems.length > 0) return { record, ...named, problems };
  return { record, ...named, problems, reading: readingOf(mapping, entity, values, `${base}#${ref ?? String(values.get("match.value"))}`) };
}

function mendOf(fault: string | undefined, expression: string): { mend?: string } {
  if (fault === undefined || !/no such key|not found|unknown key|has no/i.test(fault)) return {};
  return { mend: `Where it may be missing: has(${expression}) ? ${expression} : null` };
}

function entityOf(mapping: Mapping, values: ReadonlyMap<string, unknown>): Entity {
  const entity: Record<string, unknown> = { apiVersion: "backstage.io/v1alpha1", kind: "Component" };
  for (const path of Object.keys(mapping.entity)) {
    const value = values.get(`entity.${path}`);
    if (value !== undefined && value !== null)
      put(entity, keysOf(path), path === "metadata.name" ? toEntityName(typeof value === "string" ? value : JSON.stringify(value)) : value);
  }
  return entity as Entity;
}

/** Annotations and labels have dots in their names. */
function keysOf(path: string): string[] {
  const [, map, key] = /^(metadata\.(?:annotations|labels))\.(.+)$/.exec(path) ?? [];
  return map !== undefined && key !== undefined ? [...map.split("."), key] : path.split(".");
}

function put(target: Record<string, unknown>, keys: readonly string[], value: unknown): void {
  let at = target;
  for (const key of keys.slice(0, -1)) {
    const inner = Object.hasOwn(at, key) ? at[key] : undefined;
    const next = typeof inner === "object" && inner !== null && !Array.isArray(inner) ? (inner as Record<string, unknown>) : {};
    Object.defineProperty(at, key, { value: next, enumerable: true, configurable: true, writable: true });
    at = next;
  }
  Object.defineProperty(at, keys.at(-1)!, { value, enumerable: true, configurable: true, writable: true });
}

function refOf({ kind, metadata }: Entity): string | undefined {
  if (typeof kind !== "string" || typeof metadata?.name !== "string") return undefined;
  return `${kind}:${metadata.namespace ?? "default"}/${metadata.name}`.toLowerCase();
}

function readingOf(
  mapping: Mapping,
  entity: Entity,
  values: ReadonlyMap<string, unknown>,
  fallback: string,
): Extract<Reading, { type: "entity" }> {
  const location = values.get("location");
  const observedAt = dateOf(values.get("observedAt"));
  return {
    type: "entity",
    mode: mapping.mode,
    entity,
    location: typeof location === "string" && location !== "" ? location : fallback,
    ...(mapping.match ? { match: { annotation: mapping.match.annotation, value: String(values.get("match.value")) } } : {}),
    ...(observedAt ? { observedAt } : {}),
  };
}

/** An instant as systems write them: ISO text, or seconds or milliseconds since 1970. */
export function dateOf(value: unknown): Date | undefined {
  if (typeof value === "number") return new Date(value > 100_000_000_000 ? value : value * 1_000);
  if (typeof value !== "string") return undefined;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
