import { formatRef } from "@roadbed/contracts/catalog";
import { isCollection, isScalar, parseAllDocuments, stringify, type Document } from "yaml";

import { isRecord } from "../entity/validate-spec.ts";
import type { Path } from "./property.ts";

/** A descriptor with one field changed, and the document that it holds now. */
export interface Edited {
  readonly text: string;
  readonly document: unknown;
}

/**
 * Changes one field of one entity in the text of a descriptor; no value takes the field away. A single value is replaced where it
 * stands, so that nothing else moves. Undefined when the text does not describe the entity.
 */
export function editDescriptor(text: string, file: string, ref: string, path: Path, value: unknown): Edited | undefined {
  return file.toLowerCase().endsWith(".json") ? editJson(text, ref, path, value) : editYaml(text, ref, path, value);
}

function editYaml(text: string, ref: string, path: Path, value: unknown): Edited | undefined {
  const found = parseAllDocuments(text, { keepSourceTokens: true });
  const document = (Array.isArray(found) ? (found as Document[]) : []).find((one) => one.errors.length === 0 && isOf(one.toJS(), ref));
  if (!document?.range) return undefined;
  const node = document.getIn(path, true);
  const isOne = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  // A block of text is more than its value: the whole document is written anew for it.
  const inPlace = isOne && isScalar(node) && node.range && !["BLOCK_LITERAL", "BLOCK_FOLDED"].includes(node.type ?? "");
  const range = inPlace ? node.range! : undefined;
  if (value === undefined || value === null) document.deleteIn(path);
  else document.setIn(path, typeof value === "object" ? alike(document.createNode(value), node) : value);
  const changed = document.toJS() as unknown;
  if (range) return { text: text.slice(0, range[0]) + stringify(value).trimEnd() + text.slice(range[1]), document: changed };
  const [start, , end] = document.range;
  const written = document.toString({ lineWidth: 0, ...styleOf(text) });
  return { text: text.slice(0, start) + written + text.slice(end), document: changed };
}

/** Lists and objects on one line stay on one. */
function alike<New>(made: New, before: unknown): New {
  if (isCollection(made) && isCollection(before) && before.flow === true) made.flow = true;
  return made;
}

/** What the text is written like, so that lines which mean the same stay the same. */
function styleOf(text: string): { readonly flowCollectionPadding: boolean; readonly indentSeq: boolean } {
  return { flowCollectionPadding: /[[{] \S/.test(text), indentSeq: !/^( *)[^\s#-][^\n]*:[ ]*\n\1- /m.test(text) };
}

function editJson(text: string, ref: string, path: Path, value: unknown): Edited | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const document = (Array.isArray(parsed) ? parsed : [parsed]).find((one) => isOf(one, ref)) as Record<string, unknown> | undefined;
  if (!document) return undefined;
  let holder = document;
  for (const key of path.slice(0, -1)) {
    if (!Object.hasOwn(holder, key) || !isRecord(holder[key])) holder[key] = {};
    holder = holder[key] as Record<string, unknown>;
  }
  if (value === undefined || value === null) delete holder[path.at(-1)!];
  else holder[path.at(-1)!] = value;
  const [, indent = "  "] = /\n([ \t]+)"/.exec(text) ?? [];
  return { text: `${JSON.stringify(parsed, null, indent)}\n`, document };
}

function isOf(document: unknown, ref: string): boolean {
  if (!isRecord(document) || !isRecord(document["metadata"])) return false;
  const { kind, metadata } = document as { kind: unknown; metadata: Record<string, unknown> };
  const { name, namespace = "default" } = metadata;
  return typeof kind === "string" && typeof name === "string" && formatRef({ kind, namespace: String(namespace), name }) === ref;
}

/** The difference of two texts as `git apply` and `patch -p1` take it: one hunk from the first line that differs to the last. */
export function patchOf(file: string, before: string, after: string): string {
  if (before === after) return "";
  const [a, b] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const from = Math.max(0, start - 3);
  const tail = Math.min(3, end);
  const span = (lines: readonly string[]) => {
    const count = lines.length - end + tail - from;
    return `${count === 0 ? from : from + 1},${count}`;
  };
  const line = (mark: string, text: string) => `${mark}${text}${text.endsWith("\n") ? "" : "\n\\ No newline at end of file\n"}`;
  return [
    `--- a/${file}\n+++ b/${file}\n@@ -${span(a)} +${span(b)} @@\n`,
    ...a.slice(from, start).map((text) => line(" ", text)),
    ...a.slice(start, a.length - end).map((text) => line("-", text)),
    ...b.slice(start, b.length - end).map((text) => line("+", text)),
    ...a.slice(a.length - end, a.length - end + tail).map((text) => line(" ", text)),
  ].join("");
}

/** Lines with their ends. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
