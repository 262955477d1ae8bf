/**
 * A quick parser for the plain part of YAML that nearly all descriptors keep to: nested maps and lists by indentation, plain and
 * quoted texts on one line, blocks of text (`|`), empty `[]` and `{}`. Answers `undefined` for anything else, however slightly
 * unusual: then the real parser has to decide. What it does answer is what the real parser would, and the line (from 1) on which
 * it begins.
 */
export function parseSimpleYaml(text: string): { readonly value: unknown; readonly line: number } | undefined {
  if (UNUSUAL.test(text)) return undefined;
  const lines = text.split("\n");
  const reader: Reader = { lines, at: lines[0]?.startsWith("---") ? 1 : 0, depth: 0 };
  if (reader.at === 1 && lines[0]!.trimEnd() !== "---") return undefined;
  try {
    skipBlank(reader);
    if (reader.at >= lines.length) return undefined;
    const first = reader.at;
    const value = readNode(reader, indentOf(lines[first]!));
    skipBlank(reader);
    return reader.at >= lines.length ? { value, line: first + 1 } : undefined;
  } catch (error) {
    if (error === GIVE_UP) return undefined;
    throw error;
  }
}

interface Reader {
  readonly lines: readonly string[];
  at: number;
  depth: number;
}

const GIVE_UP = Symbol("not simple");
const MAX_DEPTH = 60;

/** White space other than blanks and line ends, control characters and byte order marks are for the real parser. */
// eslint-disable-next-line no-control-regex
const UNUSUAL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff]|[^\S \n]|[\ud800-\udfff]/;

function giveUp(): never {
  throw GIVE_UP;
}

function indentOf(line: string): number {
  let indent = 0;
  while (line.charCodeAt(indent) === 32) indent++;
  return indent;
}

function skipBlank(reader: Reader): void {
  const { lines } = reader;
  while (reader.at < lines.length) {
    const line = lines[reader.at]!;
    const indent = indentOf(line);
    if (indent < line.length && line.charCodeAt(indent) !== 35) return;
    reader.at++;
  }
}

function readNode(reader: Reader, indent: number): unknown {
  if (++reader.depth > MAX_DEPTH) giveUp();
  const line = reader.lines[reader.at]!;
  const value = isItem(line, indent) ? readList(reader, indent) : readMap(reader, indent);
  reader.depth--;
  return value;
}

function isItem(line: string, indent: number): boolean {
  return line.charCodeAt(indent) === 45 && (line.length === indent + 1 || line.charCodeAt(indent + 1) === 32);
}

function readMap(reader: Reader, indent: number): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  for (;;) {
    skipBlank(reader);
    const line = reader.lines[reader.at];
    if (line === undefined) return map;
    const found = indentOf(line);
    if (found < indent) return map;
    if (found > indent || isItem(line, indent)) giveUp();
    reader.at++;
    readPair(reader, map, line.slice(indent), indent);
  }
}

/** `key: value`, or `key:` with the value on the lines that follow. */
function readPair(reader: Reader, map: Record<string, unknown>, text: string, indent: number): void {
  const colon = KEY.exec(text)?.[0].length ?? giveUp();
  const key = text.slice(0, colon);
  if (!isPlainText(key) || key === "__proto__" || Object.hasOwn(map, key)) giveUp();
  const rest = text.slice(colon + 1);
  if (rest !== "" && rest.charCodeAt(0) !== 32) giveUp();
  map[key] = readValue(reader, rest.trim(), indent, true);
}

/** Letters, digits and a few signs; nothing that could be anything but a text. */
const KEY = /^[A-Za-z$_](?:[\w./$-]*\w)?(?=:)/;

function readList(reader: Reader, indent: number): unknown[] {
  const list: unknown[] = [];
  for (;;) {
    skipBlank(reader);
    const line = reader.lines[reader.at];
    if (line === undefined || indentOf(line) < indent) return list;
    if (indentOf(line) > indent) giveUp();
    if (!isItem(line, indent)) return list;
    const rest = line.slice(indent + 1);
    const inner = indent + 1 + indentOf(rest);
    const text = rest.trim();
    reader.at++;
    if (isItem(line, inner)) giveUp();
    if (KEY_THEN_VALUE.test(text)) list.push(readItemMap(reader, text, inner));
    else list.push(readValue(reader, text, indent, false));
  }
}

const KEY_THEN_VALUE = /^[A-Za-z$_](?:[\w./$-]*\w)?:(?: |$)/;

/** The first pair of a map that begins on the line of its dash; the others stand below it. */
function readItemMap(reader: Reader, first: string, indent: number): Record<string, unknown> {
  if (++reader.depth > MAX_DEPTH) giveUp();
  const map: Record<string, unknown> = {};
  readPair(reader, map, first, indent);
  const more = readMap(reader, indent);
  for (const key of Object.keys(more)) {
    if (Object.hasOwn(map, key)) giveUp();
    map[key] = more[key];
  }
  reader.depth--;
  return map;
}

function readValue(reader: Reader, text: string, indent: number, inMap: boolean): unknown {
  if (text === "" || text.charCodeAt(0) === 35) {
    if (text !== "") giveUp();
    return readBelow(reader, indent, inMap);
  }
  if (text === "|" || text === "|-") return readBlock(reader, indent, text === "|");
  const value = readScalar(text);
  // A plain text may go on, indented, on the next line.
  skipBlank(reader);
  const next = reader.lines[reader.at];
  if (next !== undefined && indentOf(next) > indent) giveUp();
  return value;
}

function readBelow(reader: Reader, indent: number, inMap: boolean): unknown {
  skipBlank(reader);
  const next = reader.lines[reader.at];
  if (next === undefined) return null;
  const below = indentOf(next);
  if (below > indent) return readNode(reader, below);
  // A list may stand at the indentation of the key that it belongs to.
  return inMap && below === indent && isItem(next, indent) ? readNode(reader, below) : null;
}

function readBlock(reader: Reader, indent: number, keepEnd: boolean): string {
  const { lines } = reader;
  const block: string[] = [];
  const inner = lines[reader.at] === undefined ? 0 : indentOf(lines[reader.at]!);
  if (inner <= indent || inner === lines[reader.at]!.length) giveUp();
  for (; reader.at < lines.length; reader.at++) {
    const line = lines[reader.at]!;
    const found = indentOf(line);
    if (found === line.length) block.push(line.slice(inner));
    else if (found < inner) break;
    else block.push(line.slice(inner));
  }
  // Lines of blanks at the end are a matter of their own.
  if (block.some((line) => line !== "" && line.trim() === "")) giveUp();
  const next = lines[reader.at];
  if (next !== undefined && indentOf(next) > indent) giveUp();
  while (block.at(-1) === "") block.pop();
  return block.join("\n") + (keepEnd ? "\n" : "");
}

function readScalar(text: string): unknown {
  const first = text.charCodeAt(0);
  if (first === 34) return readDoubleQuoted(text);
  if (first === 39) return readSingleQuoted(text);
  if (text === "[]") return [];
  if (text === "{}") return {};
  if (text === "true") return true;
  if (text === "false") return false;
  if (text === "null") return null;
  if (/^(?:0|-?[1-9]\d{0,14})$/.test(text)) return Number(text);
  return isPlainText(text) ? text : giveUp();
}

/** Begins with a letter, or with a sign that means nothing; holds no comment and no key; is no other word for true, null or a number. */
function isPlainText(text: string): boolean {
  return (
    /^[A-Za-z$_/.(\u00a1-\ud7ff]/.test(text) &&
    !/: | #|:$/.test(text) &&
    !/^(?:true|false|null|\.(?:inf|nan)|[.\d]+|[.\d]+e[+-]?\d+)$/i.test(text)
  );
}

function readDoubleQuoted(text: string): string {
  const inner = text.slice(1, -1);
  if (text.length < 2 || !text.endsWith('"') || /["\\]/.test(inner)) giveUp();
  return inner;
}

function readSingleQuoted(text: string): string {
  const inner = text.slice(1, -1);
  if (text.length < 2 || !text.endsWith("'") || /'/.test(inner.replaceAll("''", ""))) giveUp();
  return inner.replaceAll("''", "'");
}
