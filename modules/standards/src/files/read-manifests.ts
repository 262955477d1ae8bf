import { isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, type Document } from "yaml";

import type { Way } from "./locate.ts";

/** A resource in a file, with the way to find places in it. */
export interface Manifest {
  readonly file: string;
  readonly object: Readonly<Record<string, unknown>>;
  /** The overlay or chart whose environment it is part of. */
  readonly environment?: string;
  /** The line of a field with another value, where the field is one value in one line; from 1. */
  lineWith?(way: Way, value: string | number | boolean): { readonly line: number; readonly text: string } | undefined;
  /** Where a field stands, or the nearest above it that is there; from 1. */
  placeOf(way: Way): Place;
}

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Unread {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
  readonly mend: string;
}

export interface Manifests {
  readonly manifests: readonly Manifest[];
  readonly unread: readonly Unread[];
}

/** Reads the resources of a YAML or JSON file. What is of no kind is no manifest, and nothing is said of it. */
export function readManifests(file: string, text: string): Manifests {
  const lines = new LineCounter();
  const found = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, logLevel: "silent" });
  const documents = Array.isArray(found) ? (found as Document[]) : [];
  const broken = documents.find(({ errors }) => errors.length > 0);
  if (broken) {
    const { pos, message } = broken.errors[0]!;
    const isTemplate = /\{\{|\{%|<%/.test(text);
    return {
      manifests: [],
      unread: [
        {
          file,
          line: lines.linePos(pos[0]).line,
          reason: isTemplate ? "is a template, not a manifest" : `cannot be read: ${message.split("\n")[0]}`,
          mend: isTemplate
            ? "Render it for each environment, and check the two folders: roadbed check --before <folder> --after <folder>"
            : "Correct the text at this line.",
        },
      ],
    };
  }
  return { manifests: documents.flatMap((document) => manifestsOf(file, document, { lines, text })), unread: [] };
}

interface Source {
  readonly lines: LineCounter;
  readonly text: string;
}

function manifestsOf(file: string, document: Document, source: Source): Manifest[] {
  const { lines } = source;
  const data = dataOf(document);
  if (!isResource(data)) return [];
  const items = data["kind"] === "List" && Array.isArray(data["items"]) ? (data["items"] as unknown[]) : undefined;
  if (items === undefined) return [manifest(data, [])];
  return items.flatMap((item, at) => (isResource(item) ? [manifest(item, ["items", at])] : []));

  function manifest(object: Readonly<Record<string, unknown>>, root: Way): Manifest {
    return {
      file,
      object,
      placeOf: (way) => placeOf(document, lines, root, way),
      lineWith: (way, value) => lineWith(document, source, [...root, ...way], value),
    };
  }
}

/** The key of the last field of the way that is there: a person looks for a name, not for a value. */
function placeOf(document: Document, lines: LineCounter, root: Way, way: Way): Place {
  let node: unknown = root.length === 0 ? document.contents : document.getIn(root, true);
  let at = startOf(node);
  for (const key of way) {
    const pair = isMap(node) ? node.items.find((one) => isScalar(one.key) && one.key.value === key) : undefined;
    const item = isSeq(node) && typeof key === "number" ? node.items[key] : undefined;
    if (!pair && !item) break;
    at = startOf(pair?.key ?? item) ?? at;
    node = pair ? pair.value : item;
  }
  const { line, col } = lines.linePos(at ?? 0);
  return { line, column: col };
}

function lineWith(
  document: Document,
  { lines, text }: Source,
  way: Way,
  value: string | number | boolean,
): { line: number; text: string } | undefined {
  const node: unknown = document.getIn(way, true);
  if (!isScalar(node) || !node.range || node.anchor !== undefined) return undefined;
  const [start, end] = node.range;
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const to = text.indexOf("\n", end) < 0 ? text.length : text.indexOf("\n", end);
  if (text.slice(start, end).includes("\n")) return undefined;
  // A text that would be read as something else is put into quotes.
  const written =
    typeof value === "string" && (/^[\d.]+$|^(?:true|false|null|yes|no|on|off)$/i.test(value) || value.includes(": "))
      ? JSON.stringify(value)
      : String(value);
  return { line: lines.linePos(start).line, text: `${text.slice(from, start)}${written}${text.slice(end, to)}` };
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function dataOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}

function isResource(data: unknown): data is Record<string, unknown> {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return false;
  const { apiVersion, kind } = data as Record<string, unknown>;
  return typeof apiVersion === "string" && typeof kind === "string";
}
