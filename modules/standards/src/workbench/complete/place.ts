/** Where the cursor stands in the text of a policy: in an expression, at a key, or at a value of the file. */
export type Place = {
  /** The keys that lead there, the innermost last; `[]` for an item of a list. */
  readonly path: readonly string[];
  /** What stands before the cursor: of the expression, or of the word. */
  readonly typed: string;
  readonly kind: "expression" | "key" | "value";
};

const EXPRESSIONS = new Set(["expression", "messageExpression", "valueExpression"]);
const BLOCK = /^(\s*(?:-\s+)*)([\w./-]+):\s*[>|][+-]?\d?[+-]?\s*$/;
const KEY = /^(\s*)((?:-\s+)*)("?[\w./-]+"?):(?:\s|$)/;

/**
 * Reads it off the indentation, for what is being written is seldom whole YAML. `lines`: those of the document up to the cursor, the
 * last one cut there.
 */
export function placeOf(lines: readonly string[]): Place | undefined {
  const current = lines.at(-1) ?? "";
  const inside = scalarAround(lines);
  if (inside !== undefined) {
    return inside.expression ? { kind: "expression", path: inside.path, typed: inside.text } : undefined;
  }
  const inline = /^(.*?(?:^|[\s{,]))(expression|messageExpression|valueExpression):\s+(.*)$/.exec(current);
  if (inline) {
    const [, before = "", key = "", rest = ""] = inline;
    return { kind: "expression", path: [...pathOf(lines, columnOf(before)), key], typed: rest.replace(/^["']/, "") };
  }
  const key = /^(\s*(?:-\s+)*)([\w./-]*)$/.exec(current);
  if (key) return { kind: "key", path: pathOf(lines, columnOf(key[1] ?? "")), typed: key[2] ?? "" };
  const value = /([\w./-]+):\s*(?:\[(?:[^\]]*,)?\s*)?["']?([\w./*-]*)$/.exec(current);
  if (!value) return undefined;
  return { kind: "value", path: [...pathOf(lines, columnOf(current.slice(0, value.index))), value[1] ?? ""], typed: value[2] ?? "" };
}

/** The text of several lines in which the cursor stands: after `key: >-`, or one that goes on below its key. */
function scalarAround(
  lines: readonly string[],
): { readonly expression: boolean; readonly path: readonly string[]; readonly text: string } | undefined {
  const current = lines.at(-1) ?? "";
  let own = indentOf(current);
  for (let i = lines.length - 2; i >= 0; i--) {
    const line = lines[i] ?? "";
    if (line.trim() === "") continue;
    if (indentOf(line) >= own) continue;
    const block = BLOCK.exec(line);
    const flowing = /^(\s*(?:-\s+)*)(expression|messageExpression|valueExpression):\s+([^>|\s].*)$/.exec(line);
    const found = block ?? flowing;
    if (!found) {
      if (KEY.test(line) || line.trimStart().startsWith("- ")) return undefined;
      // A line of the same text that stands further out.
      own = indentOf(line);
      continue;
    }
    if (columnOf(found[1] ?? "") >= own) return undefined;
    const key = found[2] ?? "";
    const text = [...(block ? [] : [found[3] ?? ""]), ...lines.slice(i + 1)].join("\n");
    return { expression: EXPRESSIONS.has(key), path: [...pathOf(lines.slice(0, i + 1), columnOf(found[1] ?? "")), key], text };
  }
  return undefined;
}

/** The keys above what stands at this column of the last line. */
function pathOf(lines: readonly string[], column: number): string[] {
  const path: string[] = [];
  let at = column;
  // The line itself may begin an item of a list.
  let inList = enter(lines.at(-1) ?? "");
  for (let i = lines.length - 2; i >= 0 && at >= 0; i--) {
    const found = KEY.exec(lines[i] ?? "");
    if (!found) continue;
    const [, indent = "", dashes = "", key = ""] = found;
    const own = indent.length + dashes.length;
    if (dashes !== "" && own === at && !inList) {
      path.unshift("[]");
      at = indent.length;
      inList = true;
    } else if (own < at || (inList && own === at && dashes === "")) {
      path.unshift(key.replaceAll('"', ""));
      at = own;
      inList = false;
      if (dashes !== "") {
        path.unshift("[]");
        at = indent.length;
        inList = true;
      }
    }
  }
  return path;

  function enter(line: string): boolean {
    const dashes = /^(\s*)(?:-\s+)+/.exec(line);
    if (!dashes || columnOf(dashes[0]) !== column) return false;
    path.unshift("[]");
    at = dashes[1]?.length ?? 0;
    return true;
  }
}

function columnOf(before: string): number {
  return before.length;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
