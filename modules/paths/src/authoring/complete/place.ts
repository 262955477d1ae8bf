/** Where in a YAML text somebody writes. */
export type Place =
  /** In `${{ … }}`: what stands there before the cursor. */
  | { readonly kind: "expression"; readonly path: readonly (string | number)[]; readonly typed: string }
  /** A key of the map at `path`, or the value of the key that ends `path`. */
  | { readonly kind: "key" | "value"; readonly path: readonly (string | number)[]; readonly typed: string };

interface Level {
  readonly indent: number;
  readonly step: string | number;
}

/** By indentation alone, so that a text that is not whole has places too. `before`: the lines to the cursor, the last one cut there. */
export function placeOf(before: readonly string[]): Place {
  const last = before.at(-1) ?? "";
  const levels: Level[] = [];
  for (const line of before.slice(0, -1)) descend(levels, line);
  const opened = last.lastIndexOf("${{");
  if (opened >= 0 && !last.includes("}}", opened)) {
    descend(levels, last.slice(0, opened));
    return { kind: "expression", path: pathOf(levels), typed: last.slice(opened + 3) };
  }
  const { indent, items, rest } = read(last);
  open(levels, indent, items);
  const [, key = "", typed] = KEY.exec(rest) ?? [];
  const at = indent + 2 * items;
  if (typed === undefined) {
    leave(levels, at);
    return { kind: "key", path: pathOf(levels), typed: rest };
  }
  leave(levels, at);
  return { kind: "value", path: [...pathOf(levels), bare(key)], typed };
}

const KEY = /^("[^"]*"|'[^']*'|[^\s#'"[{][^#]*?):(?:\s+(.*)|)$/;

function descend(levels: Level[], line: string): void {
  if (/^\s*(?:#|$)/.test(line)) return;
  const { indent, items, rest } = read(line);
  open(levels, indent, items);
  const at = indent + 2 * items;
  const [, key] = KEY.exec(rest) ?? [];
  if (key === undefined) return;
  leave(levels, at);
  levels.push({ indent: at, step: bare(key) });
}

/** Each `- ` begins an item of the list there, or goes on with the one after it. */
function open(levels: Level[], indent: number, items: number): void {
  for (let n = 0; n < items; n++) {
    const at = indent + 2 * n;
    while ((levels.at(-1)?.indent ?? -1) > at) levels.pop();
    const before = levels.at(-1);
    if (before?.indent === at && typeof before.step === "number") levels.pop();
    levels.push({ indent: at, step: before?.indent === at && typeof before.step === "number" ? before.step + 1 : 0 });
  }
}

/** Out of all that does not hold what stands at this indentation. */
function leave(levels: Level[], indent: number): void {
  while ((levels.at(-1)?.indent ?? -1) >= indent) levels.pop();
}

function read(line: string): { readonly indent: number; readonly items: number; readonly rest: string } {
  const [, space = "", dashes = "", rest = ""] = /^(\s*)((?:- +|-$)*)(.*)$/.exec(line) ?? [];
  return { indent: space.length, items: dashes === "" ? 0 : Math.max(1, dashes.split("-").length - 1), rest };
}

function bare(key: string): string {
  return key.replace(/^(["'])(.*)\1$/, "$2");
}

function pathOf(levels: readonly Level[]): (string | number)[] {
  return levels.map(({ step }) => step);
}
