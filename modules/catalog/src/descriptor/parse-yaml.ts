import { isAlias, isCollection, isMap, isScalar, LineCounter, parseDocument, visit, type Document as YamlDocument, type Node } from "yaml";

import { looksTemplated, TEMPLATED_MEND } from "../entity/validate-spec.ts";
import type { Fault } from "../entity/fault.ts";
import { MAX_DOCUMENT_BYTES, tooLarge, type Document, type Parsed } from "./document.ts";
import { parseSimpleYaml } from "./parse-simple-yaml.ts";

/** Parses every document of a YAML file on its own, so that a broken one spoils no other. Empty documents are left out. */
export function* parseYaml(text: string): Generator<Parsed> {
  for (const piece of splitDocuments(text.startsWith("\uFEFF") ? text.slice(1) : text)) {
    if (piece.text.length > MAX_DOCUMENT_BYTES) yield tooLarge(piece.line, piece.text.length);
    else yield* parsePiece(piece);
  }
}

interface Piece {
  readonly text: string;
  /** Line of the file on which the piece begins, from 1. */
  readonly line: number;
}

/** Cuts at the lines that begin with `---`: YAML allows them nowhere inside a document, not even in a block of text. */
export function* splitDocuments(text: string): Generator<Piece> {
  const marker = /^---(?=[ \t\r\n]|$)/gm;
  let [start, line, directives] = [0, 1, ""];
  for (;;) {
    const end = marker.exec(text)?.index ?? text.length;
    const piece = text.slice(start, end);
    // `%YAML 1.2` stands before the marker of the document it speaks of.
    if (/^%/m.test(piece) && !/^[^%#\s]/m.test(piece)) directives = piece;
    else {
      if (/^[ \t]*[^#\s]/m.test(piece.replace(/^---/, ""))) yield { text: directives + piece, line: line - countLines(directives) };
      directives = "";
    }
    if (end === text.length) return;
    line += countLines(piece);
    start = end;
  }
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

function* parsePiece(piece: Piece): Generator<Parsed> {
  const simple = parseSimpleYaml(piece.text);
  if (!simple) return yield* parseFully(piece);
  const { value, line } = simple;
  // Only what is wrong needs its line: then the real parser, which knows it, looks once more.
  let real: Document | undefined;
  const locate = (path: Fault["path"]): number => {
    const [parsed] = real ? [{ document: real }] : parseFully(piece);
    if (!parsed || "unreadable" in parsed) return piece.line;
    real = parsed.document;
    return real.lineOf(path);
  };
  yield { document: { value, line: piece.line - 1 + line, lineOf: locate } };
}

/** Hundreds of levels opened in a row: nobody writes that, and the parser takes seconds to give up. */
const TOO_DEEP = /(?:[[{]\s?){300}|(?:[-?] ){300}/;

function* parseFully(piece: Piece): Generator<Parsed> {
  if (TOO_DEEP.test(piece.text)) return yield unreadable(piece.line, NESTED, "DEPTH", piece.text);
  const counter = new LineCounter();
  const lineAt = (offset: number): number => piece.line - 1 + counter.linePos(offset).line;
  try {
    // Duplicate keys are looked for below: the parser compares every key with every other, which a hostile file can abuse.
    const parsed = parseDocument(piece.text, { lineCounter: counter, prettyErrors: false, uniqueKeys: false, logLevel: "silent" });
    const [error] = parsed.errors;
    if (error?.message.includes("call stack")) return yield unreadable(piece.line, NESTED, "DEPTH", piece.text);
    if (error) return yield unreadable(lineAt(error.pos[0]), error.message, error.code, piece.text);
    const twice = findTwice(parsed);
    if (twice) return yield unreadable(lineAt(twice.offset), `the key "${twice.key}" is there twice`, "DUPLICATE_KEY", piece.text);
    const value = parsed.toJS({ maxAliasCount: 100 }) as unknown;
    if (value === null || value === undefined) return;
    const line = lineAt(parsed.contents?.range?.[0] ?? 0);
    yield { document: { value, line, lineOf: (path) => lineAt(offsetOf(parsed, path)) } };
  } catch (error) {
    yield unreadable(piece.line, ...reasonOf(error), piece.text);
  }
}

const NESTED = "the document is nested too deeply";

function reasonOf(error: unknown): [reason: string, code: string] {
  if (error instanceof RangeError) return [NESTED, "DEPTH"];
  const message = error instanceof Error ? error.message : String(error);
  return message.includes("alias count") ? ["its aliases (*name) unfold to far more than is written", "ALIASES"] : [message, "OTHER"];
}

function unreadable(line: number, message: string, code: string, text: string): Parsed {
  const reason = message.split("\n", 1)[0]!.trim();
  return {
    unreadable: { line, reason: `not YAML: ${reason}`, mend: looksTemplated(text) ? TEMPLATED_MEND : (MENDS[code] ?? DEFAULT_MEND) },
  };
}

const DEFAULT_MEND = "Correct the line; an editor that knows YAML marks the place.";

const MENDS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "Indent with spaces, not with tabs.",
  BAD_INDENT: "Give all keys of one object the same indentation.",
  DUPLICATE_KEY: "Keep one of the two.",
  ALIASES: "Write the values out instead of repeating anchors (&name, *name).",
  DEPTH: "Flatten it: no descriptor needs that many levels.",
  BLOCK_AS_IMPLICIT_KEY: 'Put a value that holds ": " in quotes.',
  MULTILINE_IMPLICIT_KEY: "Is a colon missing, or the indentation wrong, on this line?",
  MISSING_CHAR: "Close the bracket or the quote.",
  UNEXPECTED_TOKEN: "Check the indentation, and put a value with special characters in quotes.",
  MULTIPLE_DOCS: "Put --- on a line of its own between two documents.",
};

/** The first key that an object holds twice. */
function findTwice(parsed: YamlDocument): { key: string; offset: number } | undefined {
  let found: { key: string; offset: number } | undefined;
  visit(parsed as YamlDocument.Parsed, {
    Map(_, map) {
      const keys = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (keys.has(name)) {
          found = { key: name.slice(0, 60), offset: key.range?.[0] ?? 0 };
          return visit.BREAK;
        }
        keys.add(name);
      }
      return undefined;
    },
  });
  return found;
}

/** Where a field stands; where it is missing, the object that should hold it. */
function offsetOf(parsed: YamlDocument, path: readonly (string | number)[]): number {
  let node: Node | null = parsed.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(parsed) ?? null;
    if (!isCollection(node)) break;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (!pair) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else {
      node = (node.items[Number(step)] as Node | undefined) ?? null;
      offset = node?.range?.[0] ?? offset;
    }
  }
  return offset;
}
