import type { ColumnMapping, UploadFormat } from "@roadbed/contracts/catalog/imports";
import type { Evaluate } from "@roadbed/contracts/connector";
import { InvalidError, UnavailableError } from "@roadbed/core";

import { parseJson, parseNdjson } from "../descriptor/parse-json.ts";
import { parseYaml } from "../descriptor/parse-yaml.ts";
import type { Drafts, Parsed, Skipped } from "./draft.ts";
import { fromCompass } from "./from-compass.ts";
import { fromCortex } from "./from-cortex.ts";
import { fromTable, guessMapping, readTable, workOut } from "./from-csv.ts";
import { fromOpslevel } from "./from-opslevel.ts";
import { fromPort } from "./from-port.ts";
import { isObject, type Record_ } from "./words.ts";

type Format = Exclude<UploadFormat, "auto">;

export interface ReadUpload extends Drafts {
  readonly format: Format;
  readonly columns: readonly { readonly name: string; readonly example: string }[];
  readonly mapping: ColumnMapping;
}

/** Reads an upload in whatever format it is, into entities that are not checked yet. Throws `InvalidError` for what is none of them. */
export async function readUpload(o: {
  readonly text: string;
  readonly format: UploadFormat;
  readonly mapping?: ColumnMapping | undefined;
  /** For mappings with expressions. */
  readonly evaluate?: Evaluate;
}): Promise<ReadUpload> {
  const text = o.text.replace(/^\uFEFF/, "");
  if (o.format === "csv") return readCsv(text, o);
  const { records, unreadable } = parse(text);
  const format = o.format === "auto" ? detect(records, text) : o.format;
  if (format === "csv") return readCsv(text, o);
  const { drafts, skipped, notes } = READERS[format](records);
  return { format, drafts, skipped: [...unreadable, ...skipped], notes, columns: [], mapping: {} };
}

async function readCsv(
  text: string,
  o: { readonly mapping?: ColumnMapping | undefined; readonly evaluate?: Evaluate },
): Promise<ReadUpload> {
  const table = readTable(text);
  const mapping = o.mapping ?? guessMapping(table);
  const evaluate = o.evaluate ?? (() => Promise.reject(new UnavailableError("This server evaluates no expressions.")));
  return { format: "csv", ...fromTable(table, mapping, await workOut(table, mapping, evaluate)), columns: table.columns, mapping };
}

const READERS: Readonly<Record<Exclude<Format, "csv">, (records: readonly Parsed[]) => Drafts>> = {
  descriptors: (records) => ({
    drafts: records.flatMap(({ line, value }) => (isObject(value) ? [{ line, document: value }] : [])),
    skipped: records.filter(({ value }) => !isObject(value)).map(({ line }) => ({ line, at: "", reason: "is no descriptor" })),
    notes: [],
  }),
  port: fromPort,
  compass: fromCompass,
  cortex: fromCortex,
  opslevel: fromOpslevel,
};

function parse(text: string): { readonly records: readonly Parsed[]; readonly unreadable: readonly Skipped[] } {
  const records: Parsed[] = [];
  const unreadable: Skipped[] = [];
  for (const parsed of parserOf(text)) {
    if ("document" in parsed) records.push({ line: parsed.document.line, value: parsed.document.value });
    else unreadable.push({ ...parsed.unreadable, at: "" });
  }
  return { records, unreadable };
}

function parserOf(text: string): ReturnType<typeof parseYaml> {
  const start = text.trimStart();
  if (start.startsWith("[")) return parseJson(text);
  if (!start.startsWith("{")) return parseYaml(text);
  return /\}\s*\n\s*\{/.test(text.slice(0, 1_000_000)) && isLines(text) ? parseNdjson(text) : parseJson(text);
}

/** One object per line: then the first line alone is JSON. */
function isLines(text: string): boolean {
  try {
    JSON.parse(text.trimStart().split("\n", 1)[0]!);
    return true;
  } catch {
    return false;
  }
}

function detect(records: readonly Parsed[], text: string): Format {
  const found = records.flatMap(({ value }) => (Array.isArray(value) ? value : [value])).filter(isObject);
  const is = (test: (value: Record_) => boolean): boolean => found.some(test);
  if (is((value) => typeof value.apiVersion === "string" && typeof value.kind === "string")) return "descriptors";
  if (is((value) => isObject(value.info) && "x-cortex-tag" in value.info)) return "cortex";
  if (is((value) => "blueprints" in value || "entities" in value || (typeof value.blueprint === "string" && "identifier" in value)))
    return "port";
  if (is((value) => "typeId" in value || "configVersion" in value)) return "compass";
  if (is((value) => ["service", "component", "services", "components", "repository"].some((key) => typeof value[key] === "object")))
    return "opslevel";
  const [first = ""] = text.split("\n", 1);
  if (/[,;\t]/.test(first) && text.trimEnd().includes("\n")) return "csv";
  throw new InvalidError("It is not clear what this is.", {
    problems: [
      {
        at: "format",
        reason: "is none that is known by its look",
        mend: "Say which: descriptors, csv, port, compass, cortex or opslevel.",
      },
    ],
  });
}
