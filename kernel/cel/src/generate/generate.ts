import { Optional } from "@marcbachmann/cel-js";

import { charge, CostExceeded } from "../budget.ts";
import { isPlain, iterableOf, joinLists, plainly } from "../quicken.ts";
import { writeNode } from "./write-node.ts";
import { createWriter } from "./writer.ts";

/**
 * Turns a checked expression into one JavaScript function, so that each place in it learns the shapes of what passes there; through
 * nodes that ask nodes every place shares what any of them has learnt. It says exactly what the nodes say: what it does not write itself
 * (rare functions, macros with names of their own, values that JSON does not have, every error) it asks of the node.
 *
 * No text of the expression reaches the code but through JSON.stringify. Undefined where it could not be written: the nodes do it then.
 */
export function generate(parsed: { readonly ast: unknown } & ((values: Values) => unknown)): Generated | undefined {
  const writer = createWriter();
  try {
    const ev = evaluatorOf(parsed);
    const value = writeNode(writer, parsed.ast);
    const text = `"use strict"; ${writer.constants()} return (values) => {\n${writer.text()}\nreturn ${value};\n};`;
    // oxlint-disable-next-line typescript/no-implied-eval -- the text is ours, see above
    const make = new Function("N", "H", "ev", text) as (nodes: readonly unknown[], helpers: typeof HELPERS, ev: unknown) => Generated;
    return make(writer.nodes, HELPERS, ev);
  } catch (error) {
    // Nested more deeply than the stack, or than the parser of JavaScript, has room for.
    if (error instanceof RangeError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

type Values = Readonly<Record<string, unknown>>;
export type Generated = (values: Values) => unknown;

/** The evaluator of the engine, which it gives to nodes only. */
function evaluatorOf(parsed: { readonly ast: any } & ((values: Values) => unknown)): unknown {
  const { ast } = parsed;
  const before: PropertyDescriptor | undefined = Object.getOwnPropertyDescriptor(ast, "evaluate");
  let found: unknown;
  ast.evaluate = (ev: unknown) => void (found = ev);
  parsed({});
  if (before) Object.defineProperty(ast, "evaluate", before);
  else delete ast.evaluate;
  return found;
}

/** The variables of an expression, for the nodes that are asked: what the engine would have handed them. */
class Context {
  readonly #values: Values;
  constructor(values: Values) {
    this.#values = values;
  }

  getValue(name: string): unknown {
    return this.#values[name];
  }

  getCheckedValue(ev: any, node: any): unknown {
    const value = this.#values[node.args];
    if (value === undefined) throw ev.createError("unknown_variable", `Unknown variable: ${node.args}`, node);
    if (node.checkedType.matchesValueType(value, ev)) return value;
    const problem = `Variable '${node.args}' is not of type '${node.checkedType}', got '${ev.debugType(value)}'`;
    throw ev.createError("variable_type_mismatch", problem, node);
  }
}

const HELPERS = {
  Context,
  Optional,
  CostExceeded,
  NONE: Optional.none(),
  charge,
  isPlain,
  hasOwn: Object.hasOwn,
  enter,
  iterableOf,
  joinLists,
  logical,
  textCall,
  textMethod,
};

/** The names of a loop, for the nodes below it that are asked. */
function enter(scope: any, parent: unknown, item: unknown, ev: unknown): unknown {
  return scope.reuse(parent).setIterValue(item, ev);
}

/** `||` and `&&` where one side is neither true nor false: the left one may have thrown, then it is its error. */
function logical(decisive: boolean, ev: any, node: any, left: unknown, right: unknown): boolean {
  if (right === decisive) return decisive;
  if (right !== !decisive) throw operandError(ev, right, node.left);
  if (left === right) return right;
  throw left instanceof Error ? left : operandError(ev, left, node.left);
}

function operandError(ev: any, value: unknown, node: unknown): unknown {
  return ev.createError("invalid_logical_operand", `Logical operator requires bool operands, got '${ev.debugRuntimeType(value)}'`, node);
}

/** A function of one text: which overload it is stays the same, so it is looked up once per place. */
function textCall(node: any, ev: any, value: string): unknown {
  const handler = (node.textHandler ??= node.candidates.findFunction([ev.stringType])?.handler ?? null);
  return handler === null ? node.handle([value], node, ev) : plainly(handler, ev, [value], () => node.handle([value], node, ev));
}

function textMethod(node: any, ev: any, over: string, other: string): unknown {
  const handler = (node.textHandler ??= node.candidates.findFunction([ev.stringType], ev.stringType)?.handler ?? null);
  const again = (): unknown => node.handle([over, other], ev, node);
  return handler === null ? again() : plainly(handler, ev, [over, other], again);
}
