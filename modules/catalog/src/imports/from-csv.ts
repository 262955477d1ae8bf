import { parse } from "csv-parse/sync";

import type { ColumnMapping } from "@roadbed/contracts/catalog/imports";
import type { Evaluate, Evaluated } from "@roadbed/contracts/connector";
import { InvalidError } from "@roadbed/core";

import type { Draft, Drafts, Skipped } from "./draft.ts";
import { API_VERSION, lifecycleOf, listOf, nameOf, ownerOf, repositoryAnnotation, tagsOf, textOf, UNKNOWN } from "./words.ts";

export interface Table {
  readonly columns: readonly { readonly name: string; readonly example: string }[];
  readonly rows: readonly { readonly line: number; readonly cells: Readonly<Record<string, string>> }[];
}

const MAX_ROWS = 20_000;

/** Reads a table: the first row names the columns; comma, semicolon or tab between them. Throws `InvalidError` for what is no table. */
export function readTable(text: string): Table {
  const records = parseTable(text);
  if (records.length > MAX_ROWS) {
    throw new InvalidError(`The table has ${records.length} rows; ${MAX_ROWS} is the most.`, {
      mend: "Split it, and upload each under its own name.",
    });
  }
  const rows = records.map(({ info, record }) => ({ line: info.lines, cells: record }));
  const names = Object.keys(rows[0]?.cells ?? {});
  return {
    rows,
    columns: names.map((name) => ({ name, example: rows.find(({ cells }) => cells[name]?.trim())?.cells[name]?.slice(0, 100) ?? "" })),
  };
}

function parseTable(text: string): { info: { lines: number }; record: Record<string, string> }[] {
  const [first = ""] = text.split("\n", 1);
  const delimiter = [",", ";", "\t"].toSorted((a, b) => first.split(b).length - first.split(a).length)[0]!;
  try {
    return parse(text, {
      columns: true,
      bom: true,
      info: true,
      skip_empty_lines: true,
      trim: true,
      relax_column_count: true,
      delimiter,
    }) as never;
  } catch (error) {
    throw new InvalidError(`The table cannot be read: ${(error as Error).message.split("\n", 1)[0]}`, {
      mend: "Look at quotes: a quote inside a cell is written twice.",
    });
  }
}

/** The names people give to the columns of a field. */
const GUESSES: readonly (readonly [field: string, RegExp])[] = [
  ["metadata.name", /^(?:name|service|service.?name|component|component.?name|identifier|id|slug|app|application|repo(?:sitory)?.?name)$/i],
  ["kind", /^(?:kind|entity.?kind)$/i],
  ["spec.type", /^(?:type|component.?type|type.?id|category)$/i],
  ["spec.owner", /^(?:owner|owner.?team|team|owned.?by|squad|group|responsible)$/i],
  ["spec.lifecycle", /^(?:lifecycle|stage|status|maturity|life.?cycle.?stage)$/i],
  ["spec.system", /^(?:system|product|application.?group)$/i],
  ["spec.dependsOn", /^(?:depends.?on|dependencies|upstream)$/i],
  ["metadata.title", /^(?:title|display.?name|full.?name)$/i],
  ["metadata.description", /^(?:description|summary|about|notes?)$/i],
  ["metadata.tags", /^(?:tags?|labels?|keywords?)$/i],
  ["metadata.namespace", /^(?:namespace)$/i],
  ["metadata.labels.tier", /^(?:tier|criticality)$/i],
  ["repository", /^(?:repo(?:sitory)?(?:.?url)?|source.?code|git(?:.?url)?|github|gitlab)$/i],
  ["link", /^(?:url|link|homepage|website|docs?|documentation|runbook)$/i],
];

/** Which column is probably meant for which field. What nobody is sure of is left out. */
export function guessMapping({ columns }: Table): ColumnMapping {
  const mapping: Record<string, string> = {};
  for (const [field, names] of GUESSES) {
    const column = columns.find(({ name }) => names.test(name.trim()) && !Object.values(mapping).includes(name));
    if (column) mapping[field] = column.name;
  }
  mapping["kind"] ??= "=Component";
  return mapping;
}

/** How a column of the mapping says that it is an expression. */
const CEL = "cel:";

/** What expressions came to: of each row, by field. */
export type Worked = readonly ReadonlyMap<string, Evaluated>[];

const ROWS_AT_ONCE = 1_000;

/** Works out the fields that a mapping gives as CEL expressions over `row`, whose fields are the columns. */
export async function workOut({ rows }: Table, mapping: ColumnMapping, evaluate: Evaluate): Promise<Worked> {
  const fields = Object.entries(mapping).filter(([, column]) => column.startsWith(CEL));
  if (fields.length === 0) return [];
  const expressions = fields.map(([, column]) => column.slice(CEL.length).trim());
  const worked: ReadonlyMap<string, Evaluated>[] = [];
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const bindings = rows.slice(at, at + ROWS_AT_ONCE).map(({ cells, line }) => ({ row: cells, line }));
    const values = await evaluate(["row", "line"], expressions, bindings);
    for (const cells of values) worked.push(new Map(fields.map(([field], index) => [field, cells[index]!])));
  }
  return worked;
}

/** One entity per row. */
export function fromTable({ rows, columns }: Table, mapping: ColumnMapping, worked: Worked = []): Drafts {
  const known = new Set(columns.map(({ name }) => name));
  const missing = Object.entries(mapping).filter(([, column]) => !/^(?:=|cel:)/.test(column) && !known.has(column));
  if (missing.length > 0) {
    throw new InvalidError(`There is no column ${missing.map(([, column]) => `"${column}"`).join(", ")}.`, {
      problems: missing.map(([field, column]) => ({
        at: `mapping.${field}`,
        reason: `there is no column "${column}"`,
        mend: `The columns are ${[...known].join(", ")}.`,
      })),
    });
  }
  const drafts: Draft[] = [];
  const skipped: Skipped[] = [];
  for (const [at, { line, cells }] of rows.entries()) {
    const valueOf = (field: string): unknown => {
      const column = mapping[field];
      if (column === undefined) return undefined;
      const found = worked[at]?.get(field);
      if (found) return "value" in found && found.value !== null && found.value !== "" ? found.value : undefined;
      return textOf(column.startsWith("=") ? column.slice(1) : cells[column]);
    };
    const faults = [...(worked[at] ?? [])].flatMap(([field, found]) => ("fault" in found ? [{ field, fault: found.fault }] : []));
    const name = nameOf(valueOf("metadata.name"));
    if (faults.length > 0) {
      const mend = "Correct the expression; columns are row.Name, or row['Name with blanks'].";
      skipped.push(...faults.map(({ field, fault }) => ({ line, at: `mapping.${field}`, reason: fault, mend })));
    } else if (name === undefined)
      skipped.push({
        line,
        at: mapping["metadata.name"] ?? "metadata.name",
        reason: "has no name",
        mend: "Fill the column of the name, or choose another one.",
      });
    else drafts.push({ line, document: documentOf(name, mapping, valueOf) });
  }
  const used = Object.values(mapping);
  const isUsed = (name: string): boolean => used.some((column) => column === name || (column.startsWith(CEL) && column.includes(name)));
  const unused = columns.filter(({ name }) => !isUsed(name)).map(({ name }) => name);
  return { drafts, skipped, notes: unused.length === 0 ? [] : [`Columns that are not used: ${unused.join(", ")}.`] };
}

function documentOf(name: string, mapping: ColumnMapping, valueOf: (field: string) => unknown): Record<string, unknown> {
  const kind = kindIn(textOf(valueOf("kind")));
  const document: Record<string, unknown> = { apiVersion: API_VERSION, kind };
  for (const field of Object.keys(mapping)) {
    const value = valueOf(field);
    if (value === undefined || field === "kind") continue;
    if (field === "repository")
      for (const [key, slug] of Object.entries(repositoryAnnotation(value))) put(document, ["metadata", "annotations", key], slug);
    else if (field === "link")
      put(document, ["metadata", "links"], typeof value === "string" && URL.canParse(value) ? [{ url: value }] : undefined);
    else put(document, pathOf(field), typeof value === "string" ? convert(field, value) : value);
  }
  put(document, ["metadata", "name"], name);
  const written = textOf(valueOf("metadata.name"));
  if (written !== name && (document.metadata as { title?: string }).title === undefined) put(document, ["metadata", "title"], written);
  fill(document, kind);
  return document;
}

function kindIn(value: string | undefined): string {
  const kinds = ["Component", "API", "Resource", "System", "Domain", "Group", "User"];
  return kinds.find((kind) => kind.toLowerCase() === value?.toLowerCase()) ?? value ?? "Component";
}

function convert(field: string, value: string): unknown {
  switch (field) {
    case "metadata.tags":
      return tagsOf(value);
    case "spec.owner":
      return ownerOf(value);
    case "spec.lifecycle":
      return lifecycleOf(value);
    case "spec.system":
      return nameOf(value);
    case "spec.type":
      return value.toLowerCase();
    case "spec.dependsOn":
      return value
        .split(/[,;|]/)
        .flatMap((one) =>
          nameOf(one.split(":").at(-1)) === undefined ? [] : [one.includes(":") ? one.trim() : `component:${nameOf(one)}`],
        );
    default:
      return field.startsWith("metadata.labels.") ? nameOf(value) : value;
  }
}

/** Annotations and labels have dots in their names. */
function pathOf(field: string): string[] {
  const [, map, name] = /^(metadata\.(?:annotations|labels))\.(.+)$/.exec(field) ?? [];
  return map === undefined || name === undefined ? field.split(".") : [...map.split("."), name];
}

function put(document: Record<string, unknown>, path: readonly string[], value: unknown): void {
  if (value === undefined || path.includes("__proto__")) return;
  let at = document;
  for (const name of path.slice(0, -1)) {
    if (typeof at[name] !== "object" || at[name] === null) at[name] = {};
    at = at[name] as Record<string, unknown>;
  }
  at[path.at(-1)!] = value;
}

/** What the kind asks for and the table does not have. */
function fill(document: Record<string, unknown>, kind: string): void {
  const spec = (document.spec ??= {}) as Record<string, unknown>;
  if (kind === "Group") Object.assign(spec, { type: spec.type ?? "team", children: listOf(spec.children) });
  else if (kind === "User")
    Object.assign(spec, { memberOf: listOf(spec.memberOf).length > 0 ? listOf(spec.memberOf) : listOf(spec.owner) });
  else {
    spec.owner ??= UNKNOWN;
    if (kind === "Component" || kind === "API" || kind === "Resource") spec.type ??= kind === "Resource" ? "other" : "service";
    if (kind === "Component" || kind === "API") spec.lifecycle ??= UNKNOWN;
    if (kind === "API") spec.definition ??= "none";
  }
}
