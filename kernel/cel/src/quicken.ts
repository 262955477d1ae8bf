import { Optional } from "@marcbachmann/cel-js";

import { charge, CostExceeded } from "./budget.ts";
import { worse } from "./unknown.ts";

/**
 * Makes a checked expression faster and counts its loops. The engine finds the overload of every operator anew for each value
 * of unknown type; for the values that JSON has (text, whole numbers, true and false, lists, objects) the answer is known, and
 * anything else goes the engine's own way. The engine's nodes may be given an `evaluate` of their own; its types do not name it.
 */
export function quicken(root: unknown): void {
  for (const node of nodesOf(root)) {
    const own = ownWay(node);
    if (own) node.evaluate = own;
  }
}

type Node = any;
type Evaluate = (ev: any, ast: Node, ctx: any) => unknown;

/** Every node below, the expansions of macros included, each once. */
export function nodesOf(root: Node): Set<Node> {
  const found = new Set<Node>();
  const open: Node[] = [root];
  while (open.length > 0) {
    const at = open.pop();
    if (Array.isArray(at)) open.push(...at);
    else if (isNode(at) && !found.has(at)) {
      found.add(at);
      open.push(...partsOf(at));
    }
  }
  return found;
}

function partsOf(node: Node): Node[] {
  if (node.meta.alternate) return [node.meta.alternate];
  if (node.op === "comprehension") return [node.args.iterable, node.args.init, node.args.step];
  return Array.isArray(node.args) ? node.args : [node.args];
}

function isNode(value: Node): boolean {
  return typeof value === "object" && value !== null && "op" in value && "meta" in value;
}

function ownWay(node: Node): Evaluate | undefined {
  if (node.meta.alternate) return undefined;
  if (node.meta.macro) {
    if (node.meta.macro.macroHasProps) return has(node);
    return node.op === "rcall" && node.args[0] === "orValue" ? orValue(node) : undefined;
  }
  // The check replaced the evaluation of some nodes, e.g. of an empty list: they are quick already.
  switch (node.op) {
    case "comprehension":
      return comprehension(node);
    case "id":
      return node.checkedType?.kind === "dyn" ? identifier(node) : undefined;
    case ".":
      return node.args[0].checkedType?.kind === "dyn" ? field(node) : undefined;
    case ".?":
      return optionalField(node);
    case "==":
    case "!=":
      return equality(node);
    case "<":
    case "<=":
    case ">":
    case ">=":
      return order(node);
    case "in":
      return membership(node);
    case "+":
      return joining(node);
    case "call":
      return node.args[1].length === 1 ? callOfText(node) : undefined;
    case "rcall":
      return method(node);
    default:
      return undefined;
  }
}

function identifier(node: Node): Evaluate {
  const name: string = node.args;
  return (ev, ast, ctx) => ctx.getValue(name) ?? ctx.getCheckedValue(ev, ast);
}

function field(node: Node): Evaluate {
  const [left, key] = node.args as [Node, string];
  return (ev, ast, ctx) => {
    const holder: unknown = left.evaluate(ev, left, ctx);
    if (isPlain(holder) && Object.hasOwn(holder, key)) {
      const value = holder[key];
      if (value !== undefined) return value;
    }
    return ast.handle(holder, key, ast, ev);
  };
}

function optionalField(node: Node): Evaluate {
  const [left, key] = node.args as [Node, string];
  return (ev, ast, ctx) => {
    const found: unknown = left.evaluate(ev, left, ctx);
    const holder: unknown = found instanceof Optional ? (found.hasValue() ? found.value() : undefined) : found;
    if (holder === undefined) return NONE;
    if (isPlain(holder)) return Object.hasOwn(holder, key) ? Optional.of(holder[key]) : NONE;
    return ast.handle(found, key, ast, ev);
  };
}

const NONE = Optional.none();

/** `has(a.b.c)`: through plain objects; where one is missing on the way, the engine words the error. */
function has(node: Node): Evaluate {
  const macro = node.meta.macro;
  const path: readonly Node[] = macro.macroHasProps.toReversed();
  const [root, ...steps] = path;
  return (ev, _ast, ctx) => {
    let at: unknown = root.evaluate(ev, root, ctx);
    for (const [i, { args }] of steps.entries()) {
      if (!isPlain(at)) return macro.evaluate(ev, macro, ctx);
      const next: unknown = Object.hasOwn(at, args[1]) ? at[args[1]] : undefined;
      if (next === undefined) return i === steps.length - 1 ? false : macro.evaluate(ev, macro, ctx);
      at = next;
    }
    return true;
  };
}

function equality(node: Node): Evaluate {
  const same = node.op === "==";
  const [left, right] = node.args as [Node, Node];
  return (ev, ast, ctx) => {
    const [a, b]: [unknown, unknown] = [left.evaluate(ev, left, ctx), right.evaluate(ev, right, ctx)];
    const type = typeof a;
    if (type === typeof b && (type === "string" || type === "bigint" || type === "boolean")) return (a === b) === same;
    if (a === null || b === null) return (a === b) === same;
    return ast.handle(a, b, ast, ev);
  };
}

function order(node: Node): Evaluate {
  const op: string = node.op;
  const [left, right] = node.args as [Node, Node];
  return (ev, ast, ctx) => {
    const a = left.evaluate(ev, left, ctx);
    const b = right.evaluate(ev, right, ctx);
    if (typeof a !== "bigint" || typeof b !== "bigint") return ast.handle(a, b, ast, ev);
    if (op === "<") return a < b;
    if (op === "<=") return a <= b;
    return op === ">" ? a > b : a >= b;
  };
}

/** A text in a list or among the keys of an object. */
function membership(node: Node): Evaluate {
  const [left, right] = node.args as [Node, Node];
  return (ev, ast, ctx) => {
    const wanted: unknown = left.evaluate(ev, left, ctx);
    const among: unknown = right.evaluate(ev, right, ctx);
    if (typeof wanted === "string") {
      if (Array.isArray(among)) {
        charge(among.length >> 4);
        return among.includes(wanted);
      }
      if (isPlain(among)) return Object.hasOwn(among, wanted);
    }
    return ast.handle(wanted, among, ast, ev);
  };
}

/** Texts or lists put together; sums are the engine's, for they may overflow. */
function joining(node: Node): Evaluate {
  const [left, right] = node.args as [Node, Node];
  return (ev, ast, ctx) => {
    const a: unknown = left.evaluate(ev, left, ctx);
    const b: unknown = right.evaluate(ev, right, ctx);
    if (Array.isArray(a) && Array.isArray(b)) return joinLists(a, b);
    if (typeof a !== "string" || typeof b !== "string") return ast.handle(a, b, ast, ev);
    charge((a.length + b.length) >> 8);
    return a + b;
  };
}

/** Nobody changes a list that an expression has read, so one that has nothing added is itself. */
export function joinLists(a: readonly unknown[], b: readonly unknown[]): readonly unknown[] {
  charge((a.length + b.length) >> 4);
  if (a.length === 0) return b;
  return b.length === 0 ? a : [...a, ...b];
}

function orValue(node: Node): Evaluate {
  const [, receiver, [otherwise]] = node.args as [string, Node, [Node]];
  const macro = node.meta.macro;
  return (ev, _ast, ctx) => {
    const found: unknown = receiver.evaluate(ev, receiver, ctx);
    if (!(found instanceof Optional)) return macro.evaluate(ev, macro, ctx);
    return found.hasValue() ? found.value() : otherwise.evaluate(ev, otherwise, ctx);
  };
}

/** A function of one text, e.g. `quantity("1Gi")`: which overload it is stays the same, so it is looked up once. */
function callOfText(node: Node): Evaluate {
  const [only] = node.args[1] as [Node];
  let handler: ((this: unknown, value: unknown) => unknown) | undefined;
  return (ev, ast, ctx) => {
    const value: unknown = only.evaluate(ev, only, ctx);
    if (typeof value !== "string") return ast.handle([value], ast, ev);
    handler ??= ast.candidates.findFunction([ev.stringType])?.handler;
    return handler === undefined ? ast.handle([value], ast, ev) : plainly(handler, ev, [value], () => ast.handle([value], ast, ev));
  };
}

/** The engine words what goes wrong, with its position: our functions do the same each time. */
export function plainly(handler: (...args: never[]) => unknown, ev: unknown, args: readonly unknown[], again: () => unknown): unknown {
  try {
    return handler.apply(ev, args as never[]);
  } catch (thrown) {
    if (thrown instanceof CostExceeded) throw thrown;
    return again();
  }
}

const TESTS: Record<string, (text: string, other: string) => boolean> = {
  startsWith: (text, other) => text.startsWith(other),
  endsWith: (text, other) => text.endsWith(other),
  contains: (text, other) => text.includes(other),
};

function method(node: Node): Evaluate | undefined {
  const [name, receiver, args] = node.args as [string, Node, Node[]];
  const [only] = args;
  if (args.length === 0) return name === "size" ? sizeOf(receiver) : undefined;
  if (args.length !== 1) return undefined;
  const test = Object.hasOwn(TESTS, name) ? TESTS[name] : undefined;
  let handler: ((this: unknown, ...values: never[]) => unknown) | undefined;
  return (ev, ast, ctx) => {
    const over: unknown = receiver.evaluate(ev, receiver, ctx);
    const other: unknown = only.evaluate(ev, only, ctx);
    const again = (): unknown => ast.handle([over, other], ev, ast);
    if (typeof other !== "string") return again();
    if (typeof over === "string") {
      if (over.length > 256) charge(over.length >> 4);
      if (test) return test(over, other);
      handler ??= ast.candidates.findFunction([ev.stringType], ev.stringType)?.handler;
      return handler === undefined ? again() : plainly(handler, ev, [over, other], again);
    }
    return again();
  };
}

function sizeOf(receiver: Node): Evaluate {
  return (ev, ast, ctx) => {
    const over: unknown = receiver.evaluate(ev, receiver, ctx);
    return Array.isArray(over) ? BigInt(over.length) : ast.handle([over], ev, ast);
  };
}

/** `all`, `exists`, `exists_one`, `map`, `filter`: each turn costs as much as its step has parts. */
function comprehension(node: Node): Evaluate {
  const { args } = node;
  const weight = Math.max(1, weightOf(args.step));
  const lenient = args.errorsAreFatal !== true;
  return (ev, _ast, ctx) => {
    const over: unknown = args.iterable.evaluate(ev, args.iterable, ctx);
    const items = Array.isArray(over) ? over : iterableOf(ev, over, args.iterable);
    const scope = args.iterCtx.reuse(ctx);
    let accu: unknown = (scope.accuValue = args.init.evaluate(ev, args.init, scope));
    let error: unknown;
    for (const item of items) {
      if (args.condition && !args.condition(accu)) return args.result(accu);
      charge(weight);
      try {
        accu = args.step.evaluate(ev, args.step, scope.setIterValue(item, ev));
      } catch (thrown) {
        if (!lenient || thrown instanceof CostExceeded) throw thrown;
        error = worse(error, thrown);
      }
    }
    if (error !== undefined && args.condition(accu)) throw error;
    return args.result(accu);
  };
}

/** How many parts of a loop's step cost something. */
export function weightOf(step: Node): number {
  let count = 0;
  const open: Node[] = [step];
  while (open.length > 0) {
    const at = open.pop();
    if (Array.isArray(at)) open.push(...at);
    // A loop inside counts for itself.
    else if (isNode(at) && !(at.op === "comprehension")) {
      if (!["value", "accuValue", "?:"].includes(at.op)) count++;
      open.push(...partsOf(at));
    }
  }
  return count;
}

/** What a loop goes over: the keys of a map. */
export function iterableOf(ev: any, over: unknown, iterable: Node): unknown[] {
  if (over instanceof Map) return [...over.keys()];
  if (over instanceof Set) return [...over];
  if (typeof over === "object" && over !== null) return Object.keys(over);
  throw ev.createError(
    "invalid_comprehension_range",
    `Expression of type '${ev.debugType(over)}' cannot be range of a comprehension (must be list, map, or dynamic).`,
    iterable,
  );
}

/** An object of JSON: what has a class of its own goes the engine's way. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && value.constructor === Object;
}
