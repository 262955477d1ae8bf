import { Duration, UnsignedInt } from "@marcbachmann/cel-js/evaluator";
import { Optional } from "@marcbachmann/cel-js";

/**
 * Turns JSON numbers into CEL's types, in place: whole numbers become `int` (bigint), others stay `double`.
 * The data is ours (it was copied when it was posted), and shared or circular parts are visited once.
 */
export function convertNumbers(root: unknown): unknown {
  if (typeof root === "number") return toCelNumber(root);
  if (!isObject(root)) return root;
  if (convertPlainly(root, { left: PLAIN_NODES }, 0)) return root;
  const seen = new Set<object>([root]);
  const open: Record<string, unknown>[] = [root];
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    for (const key of Object.keys(holder)) {
      const value = holder[key];
      if (typeof value === "number") holder[key] = toCelNumber(value);
      else if (value === undefined) delete holder[key];
      else if (isObject(value) && !seen.has(value)) {
        seen.add(value);
        open.push(value);
      }
    }
  }
  return root;
}

/** More nodes, or more levels, than a document of usual size has: it may be one whose parts are shared, or go in a circle. */
const PLAIN_NODES = 20_000;
const PLAIN_LEVELS = 100;

/** The same without remembering what was seen; false where there is too much of it, and then nothing is wrong: doing it again changes nothing. */
function convertPlainly(holder: Record<string, unknown>, budget: { left: number }, level: number): boolean {
  if (level > PLAIN_LEVELS) return false;
  if (Array.isArray(holder)) {
    if ((budget.left -= holder.length) < 0) return false;
    for (let i = 0; i < holder.length; i++) {
      const value: unknown = holder[i];
      if (typeof value === "number") holder[i] = toCelNumber(value);
      else if (isObject(value) && !convertPlainly(value, budget, level + 1)) return false;
    }
    return true;
  }
  for (const key of Object.keys(holder)) {
    if (--budget.left < 0) return false;
    const value = holder[key];
    if (typeof value === "number") holder[key] = toCelNumber(value);
    else if (value === undefined) delete holder[key];
    else if (isObject(value) && !convertPlainly(value, budget, level + 1)) return false;
  }
  return true;
}

/** A CEL value as JSON data: integers beyond 2^53 as text, an absent optional as null. */
export function toJson(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value === undefined || typeof value === "function") return null;
  if (!isObject(value)) return value;
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Set) return [...value].map(toJson);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), toJson(item)]));
  return toJsonObject(value);
}

function toJsonObject(value: object): unknown {
  if (value instanceof Optional) return value.hasValue() ? toJson(value.value()) : null;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Duration || value instanceof UnsignedInt) return String(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  // A type, a quantity or a URL: shown by its name or its class, never by its insides.
  if (prototype !== Object.prototype && prototype !== null) return nameOf(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
}

function nameOf(value: object): string {
  return "name" in value && typeof value.name === "string" ? value.name : value.constructor.name;
}

function toCelNumber(value: number): number | bigint {
  return Number.isSafeInteger(value) ? BigInt(value) : value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
