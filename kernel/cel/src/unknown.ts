import { EvaluationError, Optional } from "@marcbachmann/cel-js";

import { CostExceeded } from "./budget.ts";

/** Stands where a value is that is not known yet. Reading it is neither true nor false, and no error either. */
export class Unknown {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** Thrown by whoever reads such a value; taken in by `||` and `&&` where the other side decides. */
export class UnknownRead extends EvaluationError {
  readonly names: readonly string[];
  constructor(names: readonly string[]) {
    super({ code: "unknown_value", message: `${names.join(", ")} ${names.length === 1 ? "is" : "are"} not known yet` });
    this.names = names;
  }
}

/** Of two things that went wrong the one that says more: what is not known comes before an error, and is told together. */
export function worse(first: unknown, second: unknown): unknown {
  if (first === undefined) return second;
  if (!(second instanceof UnknownRead)) return first;
  return first instanceof UnknownRead ? new UnknownRead([...new Set([...first.names, ...second.names])]) : second;
}

type Node = any;
type Evaluate = (ev: any, ast: Node, ctx: any) => unknown;

/** Functions that say something of a list or a map without reading what is in it. */
const SHALLOW = new Set(["size", "type"]);
const STRICT = new Set(["==", "!=", "in", "+", "-", "*", "/", "%", "<", "<=", ">", ">=", "call", "rcall"]);

/**
 * Gives a checked expression the logic of three values, node by node: no value that is unknown gets past the node that reads it, and
 * what compares or counts whole lists and maps looks for one inside them. Slower, so only for what is asked with unknown values.
 */
export function partially(nodes: ReadonlySet<Node>): void {
  const whole = new Set<Node>([...nodes].flatMap(operandsOf));
  for (const node of nodes) {
    const own = threeValued(node) ?? usualWay(node);
    const inside = whole.has(node);
    node.evaluate = (ev: any, ast: Node, ctx: any): unknown => {
      const value = own.call(node, ev, ast, ctx);
      const names = inside ? namesIn(value) : nameOf(value);
      if (names !== undefined) throw new UnknownRead(names);
      return value;
    };
  }
}

/** The engine's nodes exchange their `evaluate` when first asked, which would undo ours: what they would exchange it for is taken at once. */
function usualWay(node: Node): Evaluate {
  if (Object.hasOwn(node, "evaluate")) return node.evaluate;
  const { alternate, macro, evaluate } = node.meta;
  if (alternate) return (ev, _ast, ctx) => alternate.evaluate(ev, alternate, ctx);
  if (macro) return (ev, _ast, ctx) => macro.evaluate(ev, macro, ctx);
  return evaluate;
}

/** Operands whose insides are read, too. */
function operandsOf(node: Node): Node[] {
  if (!STRICT.has(node.op) || node.meta.macro || node.meta.alternate) return [];
  if (node.op === "call") return SHALLOW.has(node.args[0]) ? [] : node.args[1];
  if (node.op === "rcall") return SHALLOW.has(node.args[0]) ? [] : [node.args[1], ...node.args[2]];
  if (node.op === "in") return [node.args[0]];
  return Array.isArray(node.args) ? node.args : [node.args];
}

function threeValued(node: Node): Evaluate | undefined {
  if (node.meta.macro?.macroHasProps) return has(node);
  if (node.meta.macro || node.meta.alternate) return undefined;
  if (node.op === "||") return logical(node, true);
  if (node.op === "&&") return logical(node, false);
  if (node.op === "[]" || node.op === "[?]") return index(node);
  return node.op === "in" ? membership(node) : undefined;
}

/** Either side may decide, whatever the other is. */
function logical(node: Node, decisive: boolean): Evaluate {
  return (ev, ast, ctx) => {
    const problems: unknown[] = [];
    for (const side of node.args as readonly Node[]) {
      try {
        const value: unknown = side.evaluate(ev, side, ctx);
        if (value === decisive) return decisive;
        if (typeof value !== "boolean") {
          problems.push(
            new EvaluationError({ code: "invalid_logical_operand", message: "Logical operator requires bool operands", node: ast }),
          );
        }
      } catch (thrown) {
        if (thrown instanceof CostExceeded) throw thrown;
        problems.push(thrown);
      }
    }
    if (problems.length > 0) throw problems.reduce(worse);
    return !decisive;
  };
}

/** Found among what is known, it is there; not found, it may be what is not known. */
function membership(node: Node): Evaluate {
  const [left, right] = node.args as [Node, Node];
  return (ev, ast, ctx) => {
    const wanted: unknown = left.evaluate(ev, left, ctx);
    const among: unknown = right.evaluate(ev, right, ctx);
    if (Array.isArray(among)) {
      const names = namesIn(among);
      if (names === undefined) return ast.handle(wanted, among, ast, ev);
      const known = among.filter((one) => namesIn(one) === undefined);
      if (ast.handle(wanted, known, ast, ev) === true) return true;
      throw new UnknownRead(names);
    }
    if (isPlain(among) && typeof wanted === "string" && Object.hasOwn(among, wanted) && among[wanted] instanceof Unknown) {
      throw new UnknownRead([among[wanted].name]);
    }
    return ast.handle(wanted, among, ast, ev);
  };
}

function index(node: Node): Evaluate {
  const usual = usualWay(node);
  const [left, key] = node.args as [Node, Node];
  return (ev, ast, ctx) => {
    const found: unknown = left.evaluate(ev, left, ctx);
    const holder: unknown = found instanceof Optional && found.hasValue() ? found.value() : found;
    const at: unknown = key.evaluate(ev, key, ctx);
    const there: unknown = Array.isArray(holder)
      ? holder[Number(at)]
      : isPlain(holder) && Object.hasOwn(holder, String(at))
        ? holder[String(at)]
        : undefined;
    if (there instanceof Unknown) throw new UnknownRead([there.name]);
    return usual.call(node, ev, ast, ctx);
  };
}

/** What is not known may turn out not to be there. */
function has(node: Node): Evaluate {
  const macro = node.meta.macro;
  const [root, ...steps] = (macro.macroHasProps as readonly Node[]).toReversed() as [Node, ...Node[]];
  return (ev, _ast, ctx) => {
    let at: unknown = root.evaluate(ev, root, ctx);
    for (const { args } of steps) {
      if (!isPlain(at) || !Object.hasOwn(at, args[1])) break;
      at = at[args[1]];
      if (at instanceof Unknown) throw new UnknownRead([at.name]);
    }
    return macro.evaluate(ev, macro, ctx);
  };
}

function nameOf(value: unknown): readonly string[] | undefined {
  if (value instanceof Unknown) return [value.name];
  if (!(value instanceof Optional) || !value.hasValue()) return undefined;
  const inner: unknown = value.value();
  return inner instanceof Unknown ? [inner.name] : undefined;
}

/** The names of all unknown values in a value; undefined where there are none. */
function namesIn(value: unknown): readonly string[] | undefined {
  const names: string[] = [];
  const open: unknown[] = [value];
  const seen = new Set<unknown>();
  while (open.length > 0) {
    const at = open.pop();
    if (at instanceof Unknown) names.push(at.name);
    else if (at instanceof Optional) open.push(at.hasValue() ? at.value() : undefined);
    else if (at instanceof Map) open.push(...at.values());
    else if ((Array.isArray(at) || isPlain(at)) && !seen.has(at)) {
      seen.add(at);
      open.push(...(Array.isArray(at) ? at : Object.values(at)));
    }
  }
  return names.length === 0 ? undefined : names;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && value.constructor === Object;
}
