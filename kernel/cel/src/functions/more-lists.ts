import { EvaluationError, Optional, type Environment } from "@marcbachmann/cel-js";

import { charge } from "../budget.ts";
import { compare, isSame } from "./lists.ts";

/** CEL's list extension as Kubernetes takes it (`slice`, `flatten`, `distinct`, `sort` …), and optionals of lists. */
export function registerMoreLists(environment: Environment): void {
  const add = (signature: string, run: (...args: any[]) => unknown): void => void environment.registerFunction(signature, run, SYNC);
  environment.registerType("ListsNamespace", Lists).registerConstant("lists", "ListsNamespace", new Lists());
  add("ListsNamespace.range(int): list<int>", (_: Lists, size: bigint) => range(size));
  add("list.slice(int, int): list<dyn>", slice);
  add("list.flatten(): list<dyn>", (list: unknown[]) => flatten(list, 1));
  add("list.flatten(int): list<dyn>", (list: unknown[], depth: bigint) => flatten(list, Number(depth)));
  add("list.distinct(): list<dyn>", distinct);
  add("list.reverse(): list<dyn>", (list: unknown[]) => list.toReversed());
  add("list.sort(): list<dyn>", (list: unknown[]) => sorted(list, list));
  add("list.first(): optional<dyn>", (list: unknown[]) => Optional.of(list[0]));
  add("list.last(): optional<dyn>", (list: unknown[]) => Optional.of(list.at(-1)));
  add("list.unwrapOpt(): list<dyn>", unwrap);
  add("OptionalNamespace.unwrap(list): list<dyn>", (_: unknown, list: unknown[]) => unwrap(list));
  add("OptionalNamespace.ofNonZeroValue(dyn): optional<dyn>", (_: unknown, value: unknown) =>
    isZero(value) ? Optional.none() : Optional.of(value),
  );
  environment.registerFunction("list.sortBy(ast, ast): list<dyn>", sortByMacro as never);
}

const SYNC = { async: false } as never;
const RANGE_LIMIT = 100_000n;

class Lists {}

function range(size: bigint): bigint[] {
  if (size > RANGE_LIMIT) throw new EvaluationError({ code: "too_many", message: `lists.range() makes at most ${RANGE_LIMIT} numbers` });
  charge(Number(size > 0n ? size : 0n));
  return Array.from({ length: Number(size > 0n ? size : 0n) }, (_, i) => BigInt(i));
}

function slice(list: unknown[], from: bigint, to: bigint): unknown[] {
  if (from < 0n || to < from || to > BigInt(list.length)) {
    throw new EvaluationError({ code: "index_out_of_bounds", message: `slice(${from}, ${to}) of a list of ${list.length}` });
  }
  return list.slice(Number(from), Number(to));
}

function flatten(list: unknown[], depth: number): unknown[] {
  if (depth < 0) throw new EvaluationError({ code: "invalid_argument", message: "flatten() takes no negative depth" });
  charge(list.length);
  return list.flatMap((item) => (Array.isArray(item) && depth > 0 ? flatten(item, depth - 1) : [item]));
}

/** Each value once, the first of its like: plain values by a set, others by comparing. */
function distinct(list: unknown[]): unknown[] {
  const [seen, kept]: [Set<unknown>, unknown[]] = [new Set(), []];
  for (const item of list) {
    const plain = typeof item === "string" || typeof item === "boolean";
    charge(plain ? 1 : kept.length + 1);
    if (plain ? seen.has(item) : kept.some((one) => isSame(one, item))) continue;
    seen.add(item);
    kept.push(item);
  }
  return kept;
}

function sorted(list: readonly unknown[], keys: readonly unknown[]): unknown[] {
  charge(list.length * Math.ceil(Math.log2(list.length + 2)));
  const order = list.map((_, i) => i).toSorted((a, b) => compare(keys[a], keys[b]));
  return order.map((i) => list[i]);
}

function unwrap(list: unknown[]): unknown[] {
  return list.flatMap((item) => {
    if (!(item instanceof Optional))
      throw new EvaluationError({ code: "optional_expected", message: "unwrap() needs a list of optionals" });
    return item.hasValue() ? [item.value()] : [];
  });
}

function isZero(value: unknown): boolean {
  if (value === null || value === "" || value === false || value === 0 || value === 0n) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype && Object.keys(value as object).length === 0;
}

/** `list.sortBy(item, key)`. */
function sortByMacro({ args, receiver }: { args: any[]; receiver: any }): object {
  if (args[0].op !== "id") throw new EvaluationError({ code: "invalid_macro_argument", message: "sortBy() needs a name first" });
  let scope: any;
  return {
    async: false,
    typeCheck(checker: any, _macro: unknown, ctx: any): unknown {
      const type = checker.check(receiver, ctx);
      if (type.kind !== "dyn" && type.kind !== "list") throw checker.createError("no_matching_overload", "sortBy() needs a list", receiver);
      scope = ctx.forkWithVariable(args[0].args, type.kind === "list" ? type.valueType : type);
      checker.check(args[1], scope);
      return type;
    },
    evaluate(evaluator: any, _macro: unknown, ctx: any): unknown[] {
      const list: unknown = evaluator.run(receiver, ctx);
      if (!Array.isArray(list)) throw evaluator.createError("no_matching_overload", "sortBy() needs a list", receiver);
      const inner = scope.reuse(ctx);
      const keys = list.map((item) => (charge(1), evaluator.run(args[1], inner.setIterValue(item, evaluator))));
      return sorted(list, keys);
    },
  };
}
