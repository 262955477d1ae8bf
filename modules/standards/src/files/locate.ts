/** A way into a document: keys, and places in lists. */
export type Way = readonly (string | number)[];

/** What a policy computes before its rules, by name. */
export type Definitions = ReadonlyMap<string, string>;

/** Definitions read definitions; what lies deeper is too far from what a rule means. */
const MOST_DEEP = 4;
const MOST_WAYS = 200;

/**
 * Where a person should look who is told that a rule says no: the field it reads of which most is there, by way of what the policy
 * computes; in a list of named things, the first that the message names.
 */
export function locate(o: {
  readonly expression: string;
  readonly definitions: Definitions;
  readonly message: string;
  readonly object: Readonly<Record<string, unknown>>;
}): Way {
  let best: Way = [];
  for (const way of waysIn(o.expression, o.definitions, 0)) {
    const there = partThere(o.object, way);
    if (there.length > best.length) best = there;
  }
  const list = valueAt(o.object, best);
  if (!Array.isArray(list)) return best;
  const named = list.findIndex((item) => isNamedIn(item, o.message));
  return named < 0 ? best : [...best, named];
}

/** All fields that an expression reads, as ways from the object. */
function waysIn(expression: string, definitions: Definitions, depth: number): string[][] {
  const ways: string[][] = [];
  for (const [, root = "", name = "", chain = ""] of expression.matchAll(CHAIN)) {
    const rest = chain.split(/\??\.\??/).filter(Boolean);
    if (root === "object") ways.push([name, ...rest].filter(Boolean));
    else if (depth < MOST_DEEP) {
      for (const way of waysIn(definitions.get(name) ?? "", definitions, depth + 1)) ways.push([...way, ...rest]);
    }
    if (ways.length > MOST_WAYS) break;
  }
  return ways;
}

/** `object.a.?b`, `variables.name.?c`. */
const CHAIN = /\b(object|variables)\s*\??\.\??([A-Za-z_]\w*)((?:\??\.\??[A-Za-z_]\w*)*)/g;

function partThere(object: unknown, way: readonly string[]): readonly string[] {
  let value = object;
  for (const [at, key] of way.entries()) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return way.slice(0, at);
    value = (value as Record<string, unknown>)[key];
  }
  return way;
}

function valueAt(object: unknown, way: Way): unknown {
  return way.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], object);
}

function isNamedIn(item: unknown, message: string): boolean {
  const name = typeof item === "object" && item !== null ? (item as Record<string, unknown>)["name"] : undefined;
  if (typeof name !== "string" || name === "") return false;
  return message.split(/[^\w.-]+/).some((word) => word === name || word.replace(/\.$/, "") === name);
}
