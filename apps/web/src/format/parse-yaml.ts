/**
 * Reads the plain YAML that mappings are written in: block maps and lists, flow collections, quoted and plain
 * scalars, `|` and `>`. No anchors, tags or several documents: for those it throws, and the page shows the text as it is.
 * JSON is YAML too. Throws `SyntaxError` with the line.
 */
export function parseYaml(text: string): unknown {
  if (/^\s*[[{]/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // A flow collection on many lines that is not JSON: not read here.
      throw new SyntaxError("line 1: is neither JSON nor block YAML");
    }
  }
  const lines = toLines(text);
  const reader: Reader = { lines, at: 0 };
  const value = readBlock(reader, lines[0]?.indent ?? 0);
  const left = lines[reader.at];
  if (left !== undefined) throw new SyntaxError(`line ${left.number}: stands outside the structure`);
  return value;
}

interface Line {
  readonly indent: number;
  readonly text: string;
  readonly number: number;
  readonly raw: string;
}
interface Reader {
  lines: Line[];
  at: number;
}

function toLines(text: string): Line[] {
  const out: Line[] = [];
  let blockIndent: number | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const indent = raw.length - raw.trimStart().length;
    const empty = raw.trim() === "";
    // Inside a block scalar every line counts, comments and empty ones too.
    if (blockIndent !== undefined && (empty || indent > blockIndent)) {
      out.push({ indent: empty ? Number.POSITIVE_INFINITY : indent, text: raw.trim(), number: index + 1, raw });
      continue;
    }
    blockIndent = undefined;
    const content = stripComment(raw).trim();
    if (content === "" || content === "---") continue;
    out.push({ indent, text: content, number: index + 1, raw });
    if (/(^|[:-]\s+)[|>][+-]?$/.test(content)) blockIndent = indent;
  }
  return out;
}

function readBlock(reader: Reader, indent: number): unknown {
  const line = reader.lines[reader.at];
  if (line === undefined) return null;
  if (line.text === "-" || line.text.startsWith("- ")) return readList(reader, indent);
  return keyOf(line.text) === undefined ? readScalar(reader, line) : readMap(reader, indent);
}

function readMap(reader: Reader, indent: number): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  for (let line = reader.lines[reader.at]; line !== undefined && line.indent === indent; line = reader.lines[reader.at]) {
    const found = keyOf(line.text);
    if (found === undefined) throw new SyntaxError(`line ${line.number}: expected "key: value"`);
    reader.at++;
    Object.defineProperty(map, found.key, {
      value: readValue(reader, found.rest, line, indent),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return map;
}

function readList(reader: Reader, indent: number): unknown[] {
  const list: unknown[] = [];
  for (
    let line = reader.lines[reader.at];
    line !== undefined && line.indent === indent && /^-(\s|$)/.test(line.text);
    line = reader.lines[reader.at]
  ) {
    const rest = line.text.slice(1).trimStart();
    const inner = indent + (line.text.length - rest.length);
    if (rest !== "" && keyOf(rest) !== undefined && !/^["'[{]/.test(rest)) {
      // `- key: value`: the map goes on at the column of its first key.
      reader.lines[reader.at] = { ...line, indent: inner, text: rest };
      list.push(readMap(reader, inner));
    } else {
      reader.at++;
      list.push(readValue(reader, rest, line, indent));
    }
  }
  return list;
}

function readValue(reader: Reader, rest: string, line: Line, indent: number): unknown {
  if (/^[&*!]/.test(rest)) throw new SyntaxError(`line ${line.number}: anchors and tags are not read here`);
  if (/^[|>][+-]?$/.test(rest)) return readText(reader, rest, indent);
  if (rest !== "") return toScalar(joinFlow(reader, rest), line);
  const next = reader.lines[reader.at];
  if (next === undefined || next.indent < indent) return null;
  if (next.indent > indent) return readBlock(reader, next.indent);
  return /^-(\s|$)/.test(next.text) && !line.text.startsWith("-") ? readList(reader, indent) : null;
}

function readText(reader: Reader, style: string, indent: number): string {
  const taken: Line[] = [];
  for (let line = reader.lines[reader.at]; line !== undefined && line.indent > indent; line = reader.lines[reader.at]) {
    taken.push(line);
    reader.at++;
  }
  const base = Math.min(...taken.map((line) => line.indent));
  const lines = taken.map(({ raw }) => raw.slice(base));
  const body = style.startsWith(">") ? lines.join(" ").trim() : lines.join("\n").trimEnd();
  return style.endsWith("-") ? body : `${body}\n`;
}

function readScalar(reader: Reader, line: Line): unknown {
  reader.at++;
  return toScalar(joinFlow(reader, line.text), line);
}

/** A flow collection may go on over the next lines until its brackets close. */
function joinFlow(reader: Reader, begin: string): string {
  let text = begin;
  if (!/^[[{]/.test(text)) return text;
  while ((text.match(/[[{]/g) ?? []).length > (text.match(/[\]}]/g) ?? []).length && reader.at < reader.lines.length)
    text += ` ${reader.lines[reader.at++]?.text ?? ""}`;
  return text;
}

function toScalar(text: string, line: Line): unknown {
  if (text.startsWith('"')) return JSON.parse(text) as string;
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'");
  if (text.startsWith("[") && text.endsWith("]")) return splitFlow(text.slice(1, -1)).map((item) => toScalar(item, line));
  if (text.startsWith("{") && text.endsWith("}")) {
    return Object.fromEntries(
      splitFlow(text.slice(1, -1)).map((pair) => {
        const found = keyOf(pair);
        if (found === undefined) throw new SyntaxError(`line ${line.number}: expected "key: value" in braces`);
        return [found.key, found.rest === "" ? null : toScalar(found.rest, line)];
      }),
    );
  }
  if (/^(null|~)$/.test(text)) return null;
  if (/^(true|false)$/.test(text)) return text === "true";
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function splitFlow(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = "";
  let begin = 0;
  for (const [index, sign] of text.split("").entries()) {
    if (quote !== "") quote = sign === quote ? "" : quote;
    else if (sign === '"' || sign === "'") quote = sign;
    else if (sign === "[" || sign === "{") depth++;
    else if (sign === "]" || sign === "}") depth--;
    else if (sign === "," && depth === 0) {
      parts.push(text.slice(begin, index).trim());
      begin = index + 1;
    }
  }
  return [...parts, text.slice(begin).trim()].filter((part) => part !== "");
}

function keyOf(text: string): { readonly key: string; readonly rest: string } | undefined {
  const [, double, single, plain, rest] =
    /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s"'[{][^:]*(?::[^\s:][^:]*)*)):(?:\s+(.*))?$/.exec(text) ?? [];
  const key = double ?? single ?? plain?.trim();
  return key === undefined ? undefined : { key, rest: rest ?? "" };
}

function stripComment(line: string): string {
  if (!line.includes("#")) return line;
  const quoted = /^((?:[^#"']|"(?:[^"\\]|\\.)*"|'[^']*'|(?<=\S)#)*)/.exec(line);
  return quoted?.[1] ?? line;
}
