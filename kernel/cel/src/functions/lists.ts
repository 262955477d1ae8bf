import { EvaluationError, type Environment } from "@marcbachmann/cel-js";

/** Kubernetes' list library (`indexOf`, `lastIndexOf`, `isSorted`, `sum`, `min`, `max`) and the set functions. */
export function registerLists(environment: Environment): void {
  const add = (signature: string, run: (...args: any[]) => unknown): void => void environment.registerFunction(signature, run, SYNC);
  add("list.indexOf(dyn): int", (list: unknown[], wanted: unknown) => BigInt(list.findIndex((item) => isSame(item, wanted))));
  add("list.lastIndexOf(dyn): int", (list: unknown[], wanted: unknown) => BigInt(list.findLastIndex((item) => isSame(item, wanted))));
  add("list.isSorted(): bool", (list: unknown[]) => list.every((item, i) => i === 0 || compare(list[i - 1], item) <= 0));
  add("list.sum(): dyn", sum);
  add("list.min(): dyn", (list: unknown[]) => pick(list, "min", (a, b) => compare(b, a) < 0));
  add("list.max(): dyn", (list: unknown[]) => pick(list, "max", (a, b) => compare(b, a) > 0));
  registerSets(environment);
}

const SYNC = { async: false } as never;

class Sets {}

function registerSets(environment: Environment): void {
  const within = (list: unknown[], other: unknown[]): boolean => other.every((item) => list.some((one) => isSame(one, item)));
  environment.registerType("SetsNamespace", Sets).registerConstant("sets", "SetsNamespace", new Sets());
  environment.registerFunction("SetsNamespace.contains(list, list): bool", (_: Sets, a: unknown[], b: unknown[]) => within(a, b), SYNC);
  environment.registerFunction(
    "SetsNamespace.equivalent(list, list): bool",
    (_: Sets, a: unknown[], b: unknown[]) => within(a, b) && within(b, a),
    SYNC,
  );
  environment.registerFunction(
    "SetsNamespace.intersects(list, list): bool",
    (_: Sets, a: unknown[], b: unknown[]) => a.some((item) => within(b, [item])),
    SYNC,
  );
}

function sum(list: unknown[]): unknown {
  if (list.length === 0) return 0n;
  if (list.every((item) => typeof item === "bigint")) return list.reduce((total, item) => total + item, 0n);
  if (list.every(isNumber)) return list.map(Number).reduce((total, item) => total + item, 0);
  throw new EvaluationError({ code: "no_matching_overload", message: "sum() needs a list of numbers" });
}

function pick(list: unknown[], name: string, better: (best: unknown, item: unknown) => boolean): unknown {
  if (list.length === 0) throw new EvaluationError({ code: "index_out_of_bounds", message: `${name}() of an empty list` });
  return list.reduce((best, item) => (better(best, item) ? item : best));
}

/** Below, at or above zero; throws where two values have no order. */
export function compare(a: unknown, b: unknown): number {
  const numbers = isNumber(a) && isNumber(b);
  if (!numbers && typeof a !== typeof b) throw unordered(a, b);
  if (!numbers && typeof a !== "string" && typeof a !== "boolean" && !(a instanceof Date && b instanceof Date)) throw unordered(a, b);
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint";
}

function unordered(a: unknown, b: unknown): EvaluationError {
  return new EvaluationError({ code: "no_matching_overload", message: `${typeof a} and ${typeof b} have no order` });
}

/** Equal as CEL means it: numbers across types, lists and maps by content. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  // oxlint-disable-next-line eqeqeq -- 1n == 1 is what CEL asks for
  if (isNumber(a) && isNumber(b)) return (a as number) == (b as number);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => isSame(item, b[i]));
  if (!isPlain(a) || !isPlain(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
