import { InvalidError } from "@roadbed/core";

import { checkSize } from "./check.ts";
import { createEnvironment } from "./environment.ts";

/** What stands for a name, or for one of its fields; undefined: it stays. */
export type Replace = (name: string, field?: string) => string | undefined;

/**
 * An expression with other texts in place of its own names, e.g. `entity` for `object`. Names of loops are left alone, and may not be
 * those that the texts put in read (`reads`). Throws `InvalidError` for one that does not parse, or that would mean something else.
 */
export function replaceNames(expression: string, replace: Replace, reads: ReadonlySet<string> = new Set()): string {
  const size = checkSize(expression);
  if (size) throw new InvalidError(`The expression ${size.reason}.`);
  const edits: { readonly start: number; readonly end: number; readonly text: string }[] = [];
  walk(createEnvironment({}).parse(expression).ast, new Set());
  let text = expression;
  for (const { start, end, text: put } of edits.toSorted((a, b) => b.start - a.start)) text = text.slice(0, start) + put + text.slice(end);
  return text;

  function walk(node: Node, bound: ReadonlySet<string>): void {
    const { op, args } = node;
    if (op === "id") return put(node, bound.has(args) ? undefined : replace(args));
    if (op === "." && args[0].op === "id" && !bound.has(args[0].args)) {
      const found = replace(args[0].args, args[1]);
      if (found !== undefined) return put(node, found);
    }
    if (op === "rcall") return walkCall(args, bound);
    for (const part of partsOf(args)) walk(part, bound);
  }

  function walkCall([name, receiver, args]: [string, Node, Node[]], bound: ReadonlySet<string>): void {
    const binds = name === "bind" && receiver.op === "id" && receiver.args === "cel";
    if (!binds) walk(receiver, bound);
    if (!binds && !LOOPS.has(name)) return args.forEach((one) => walk(one, bound));
    // The names come first, as many as are plain and followed by something.
    const names = args.slice(0, binds || args.length < 3 ? 1 : 2).filter(({ op }) => op === "id");
    const own = new Set(names.map((one) => one.args as string));
    for (const one of own) {
      if (reads.has(one)) throw new InvalidError(`A loop names its item ${one}.`, { mend: "Give it another name." });
    }
    const inner = new Set([...bound, ...own]);
    // What only might be a name, as in `map(c, test, value)`, is read as both: then it is not replaced.
    for (const one of args.slice(1)) walk(one, inner);
  }

  function put({ start, end }: Node, found: string | undefined): void {
    if (found !== undefined) edits.push({ start, end, text: found });
  }
}

/** The engine's nodes; its types do not name all of them. */
type Node = any;

const LOOPS = new Set(
  "all exists exists_one existsOne filter map sortBy optMap optFlatMap transformList transformMap transformMapEntry".split(" "),
);

function partsOf(args: unknown): Node[] {
  const all: unknown[] = Array.isArray(args) ? (args as unknown[]).flat() : [args];
  return all.filter((one) => typeof one === "object" && one !== null && "op" in one);
}
