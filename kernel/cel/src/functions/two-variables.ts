import { EvaluationError, type Environment } from "@marcbachmann/cel-js";

import { charge, CostExceeded } from "../budget.ts";
import { worse } from "../unknown.ts";

/**
 * CEL's comprehensions of two variables: position and item of a list, key and value of a map.
 * `all`, `exists`, `existsOne`, `transformList`, `transformMap`, `transformMapEntry`.
 */
export function registerTwoVariables(environment: Environment): void {
  const add = (signature: string, form: Form): void => void environment.registerFunction(signature, makeMacro(form) as never);
  add("list.all(ast, ast, ast): bool", ALL);
  add("list.exists(ast, ast, ast): bool", EXISTS);
  add("list.existsOne(ast, ast, ast): bool", EXISTS_ONE);
  add("list.exists_one(ast, ast, ast): bool", EXISTS_ONE);
  for (const filter of ["", ", ast"]) {
    add(`list.transformList(ast, ast${filter}, ast): list<dyn>`, TRANSFORM_LIST);
    add(`list.transformMap(ast, ast${filter}, ast): map<dyn, dyn>`, TRANSFORM_MAP);
    add(`list.transformMapEntry(ast, ast${filter}, ast): map<dyn, dyn>`, TRANSFORM_ENTRY);
  }
}

interface Form {
  readonly name: string;
  /** What the expression gives, as the checker names it. */
  readonly type: string;
  /** `test`: the body must give true or false. */
  readonly body: "test" | "value";
  run(turns: Iterable<Turn>): unknown;
}

/** One pair, with its body's value or error computed when it is asked for. */
interface Turn {
  readonly key: unknown;
  readonly value: () => unknown;
}

const ALL: Form = { name: "all", type: "bool", body: "test", run: (turns) => quantify(turns, false) };
const EXISTS: Form = { name: "exists", type: "bool", body: "test", run: (turns) => quantify(turns, true) };
const EXISTS_ONE: Form = {
  name: "existsOne",
  type: "bool",
  body: "test",
  run(turns) {
    let found = 0;
    for (const { value } of turns) if (value() === true) found++;
    return found === 1;
  },
};
const TRANSFORM_LIST: Form = {
  name: "transformList",
  type: "list",
  body: "value",
  run: (turns) => Array.from(turns, ({ value }) => value()),
};
const TRANSFORM_MAP: Form = {
  name: "transformMap",
  type: "map",
  body: "value",
  run: (turns) => toMap(Array.from(turns, ({ key, value }) => [key, value()])),
};
const TRANSFORM_ENTRY: Form = {
  name: "transformMapEntry",
  type: "map",
  body: "value",
  run: (turns) => toMap(Array.from(turns, ({ value }) => entriesOf(value())).flat()),
};

/** As `all` and `exists` of one variable: an error counts only where no other turn decides. */
function quantify(turns: Iterable<Turn>, decisive: boolean): boolean {
  let error: unknown;
  for (const { value } of turns) {
    try {
      if (value() === decisive) return decisive;
    } catch (thrown) {
      if (thrown instanceof CostExceeded) throw thrown;
      error = worse(error, thrown);
    }
  }
  if (error !== undefined) throw error;
  return !decisive;
}

function toMap(entries: readonly (readonly [unknown, unknown])[]): Map<unknown, unknown> {
  const made = new Map<unknown, unknown>();
  for (const [key, value] of entries) {
    if (made.has(key))
      throw new EvaluationError({ code: "duplicate_key", message: `transformMapEntry() makes the key ${String(key)} twice` });
    made.set(key, value);
  }
  return made;
}

function entriesOf(value: unknown): [unknown, unknown][] {
  if (value instanceof Map) return [...value];
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw new EvaluationError({ code: "no_matching_overload", message: "transformMapEntry() needs a map of one entry" });
}

function makeMacro(form: Form) {
  return ({ args, receiver }: { args: any[]; receiver: any }): object => {
    const [first, second] = args;
    const body = args.at(-1);
    const filter = args.length === 4 ? args[2] : undefined;
    for (const name of [first, second]) {
      if (name.op !== "id") throw new EvaluationError({ code: "invalid_macro_argument", message: `${form.name}() needs two names first` });
    }
    let [outer, inner]: any[] = [];

    return {
      async: false,
      typeCheck(checker: any, _macro: unknown, ctx: any): unknown {
        const type = checker.check(receiver, ctx);
        if (!["dyn", "list", "map"].includes(type.kind)) {
          throw checker.createError("invalid_comprehension_range", `${form.name}() needs a list or a map`, receiver);
        }
        const key = type.kind === "list" ? checker.getType("int") : type.kind === "map" ? type.keyType : type;
        outer = ctx.forkWithVariable(first.args, key);
        inner = outer.forkWithVariable(second.args, type.kind === "dyn" ? type : type.valueType);
        for (const test of [filter, form.body === "test" ? body : undefined]) {
          if (test !== undefined && !checker.check(test, inner).isDynOrBool()) {
            throw checker.createError("invalid_condition_type", `${form.name}() needs an expression that gives true or false`, test);
          }
        }
        const made = checker.check(body, inner);
        return form.type === "list" ? checker.registry.getListType(made) : checker.getType(form.type);
      },
      evaluate(evaluator: any, _macro: unknown, ctx: any): unknown {
        const over: unknown = evaluator.run(receiver, ctx);
        const pairs = pairsOf(over);
        if (pairs === undefined)
          throw evaluator.createError("invalid_comprehension_range", `${form.name}() needs a list or a map`, receiver);
        return form.run(turns(evaluator, ctx, pairs));
      },
    };

    function* turns(evaluator: any, ctx: any, pairs: Iterable<readonly [unknown, unknown]>): Generator<Turn> {
      for (const [key, item] of pairs) {
        charge(1);
        const scope = inner.reuse(outer.reuse(ctx).setIterValue(key, evaluator)).setIterValue(item, evaluator);
        if (filter !== undefined && isTrue(evaluator, filter, scope, form.name) === false) continue;
        const value = (): unknown => (form.body === "test" ? isTrue(evaluator, body, scope, form.name) : evaluator.run(body, scope));
        yield { key, value };
      }
    }
  };
}

function isTrue(evaluator: any, test: any, scope: unknown, name: string): boolean {
  const value: unknown = evaluator.run(test, scope);
  if (typeof value === "boolean") return value;
  throw evaluator.createError("invalid_condition_type", `${name}() needs true or false`, test);
}

function pairsOf(over: unknown): Iterable<readonly [unknown, unknown]> | undefined {
  if (Array.isArray(over)) return over.map((item, i) => [BigInt(i), item] as const);
  if (over instanceof Map) return over;
  if (typeof over === "object" && over !== null && [Object.prototype, null].includes(Object.getPrototypeOf(over)))
    return Object.entries(over);
  return undefined;
}
