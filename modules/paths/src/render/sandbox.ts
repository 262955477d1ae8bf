/**
 * What an expression may reach. Nunjucks compiles to JavaScript, so `x.constructor.constructor("…")()` would run code:
 * these three replace its own lookups and show own data and a list of harmless methods, nothing else.
 */

interface Frame {
  lookup(name: string): unknown;
}
interface EngineContext {
  readonly ctx: object;
  readonly env: { readonly globals: object };
}

/** `object.key` and `object[key]`. */
export function lookUpMember(object: unknown, key: unknown): unknown {
  if (object === undefined || object === null || typeof object === "function") return undefined;
  const name = String(key);
  if (FORBIDDEN.has(name)) return undefined;
  const subject = object instanceof String ? object.toString() : object;
  if (typeof subject === "string") return memberOf(subject, name, STRING_METHODS);
  if (typeof subject === "number") return memberOf(subject, name, NUMBER_METHODS);
  if (Array.isArray(subject)) return memberOf(subject, name, ARRAY_METHODS);
  if (typeof subject !== "object" || !Object.hasOwn(subject, name)) return undefined;
  const value = (subject as Record<string, unknown>)[name];
  return typeof value === "function" ? value.bind(subject) : value;
}

/** A bare name: a loop variable or `set`, then what the template was given, then the engine's own functions. */
export function lookUpName(context: EngineContext, frame: Frame, name: string): unknown {
  const local = frame.lookup(name);
  if (local !== undefined) return local;
  if (Object.hasOwn(context.ctx, name)) return (context.ctx as Record<string, unknown>)[name];
  return (context.env.globals as Record<string, unknown>)[name];
}

/** A call; the error says which name is not a function. */
export function callSafely(callee: unknown, name: string, context: unknown, args: readonly unknown[]): unknown {
  if (typeof callee !== "function") throw new Error(`\`${name}\` is ${callee === undefined ? "not defined" : "not a function"}`);
  return Reflect.apply(callee, context, args);
}

const FORBIDDEN = new Set([
  "constructor",
  "prototype",
  "__proto__",
  "__defineGetter__",
  "__defineSetter__",
  "__lookupGetter__",
  "__lookupSetter__",
]);
const STRING_METHODS = new Set(
  (
    "at charAt charCodeAt codePointAt concat endsWith includes indexOf lastIndexOf localeCompare normalize padEnd padStart repeat replace " +
    "replaceAll slice split startsWith substring substr toLowerCase toUpperCase toString trim trimEnd trimStart"
  ).split(" "),
);
const ARRAY_METHODS = new Set(
  "at concat flat includes indexOf join lastIndexOf push pop reverse shift slice sort toString unshift".split(" "),
);
const NUMBER_METHODS = new Set(["toFixed", "toPrecision", "toString"]);

function memberOf(subject: string | number | readonly unknown[], name: string, methods: ReadonlySet<string>): unknown {
  const boxed = Object(subject) as Record<string, unknown>;
  const value = boxed[name];
  if (methods.has(name) && typeof value === "function") return (...args: unknown[]): unknown => Reflect.apply(value, subject, args);
  return Object.hasOwn(boxed, name) ? value : undefined;
}
