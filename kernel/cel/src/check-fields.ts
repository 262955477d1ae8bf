import { TypeError as CelTypeError } from "@marcbachmann/cel-js";

/** Fields of named types, e.g. `{ Container: { image: "string", ports: "list<ContainerPort>" } }`; `dyn` is anything, `A|B` one of two. */
export type TypeTable = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A variable of a named type, or of one of several; `types` holds all that its fields name. */
export interface TypeSchema {
  readonly type: string | readonly string[];
  readonly types: TypeTable;
}

/** The alternatives that a value may be of; undefined where nothing is known. */
export type Shape = readonly string[] | undefined;

/** The engine's nodes; its types do not name all of them. */
type Node = any;
type Scope = ReadonlyMap<string, Shape>;

/**
 * Follows the types of fields through an expression that compiles, and finds the first field that none of the alternatives has.
 * It reads loops, definitions and both sides of a choice; where it does not know a type it asks nothing more.
 */
export function checkFields(root: unknown, variables: Scope, types: TypeTable): { readonly shape: Shape; readonly error?: CelTypeError } {
  const errors: { readonly at: number; readonly error: CelTypeError }[] = [];
  const shape = shapeOf(root, variables);
  const [first] = errors.toSorted((a, b) => a.at - b.at);
  return { shape, ...(first === undefined ? {} : { error: first.error }) };

  function shapeOf(node: Node, scope: Scope): Shape {
    const { op, args } = node;
    switch (op) {
      case "value":
        return typeof args === "string" ? ["string"] : undefined;
      case "id":
        return scope.get(args);
      case ".":
      case ".?":
        return select(node, shapeOf(args[0], scope), args[1]);
      case "[]":
      case "[?]":
        return index(node, shapeOf(args[0], scope), args[1], scope);
      case "?:":
        shapeOf(args[0], scope);
        return either(shapeOf(args[1], scope), shapeOf(args[2], scope));
      case "call":
        return call(args[0], args[1], scope);
      case "rcall":
        return method(args[0], args[1], args[2], scope);
      case "+": {
        const [left, right] = [shapeOf(args[0], scope), shapeOf(args[1], scope)];
        return left?.every((one) => one.startsWith("list<")) ? either(left, right) : left?.[0] === "string" ? left : undefined;
      }
      case "list": {
        const shapes = (args as Node[]).map((one) => shapeOf(one, scope));
        // An empty list fits every other.
        return shapes.length === 0 ? [] : shapes.every((one) => one !== undefined) ? shapes.flat().map((one) => `list<${one}>`) : undefined;
      }
      default:
        for (const part of (Array.isArray(args) ? args.flat() : [args]) as Node[]) if (part?.op !== undefined) shapeOf(part, scope);
        return undefined;
    }
  }

  function select(node: Node, holder: Shape, key: string): Shape {
    if (holder === undefined || holder.length === 0) return undefined;
    const found: string[] = [];
    for (const one of holder) {
      if (one.startsWith("map<")) found.push(valueTypeOf(one));
      const fields = Object.hasOwn(types, one) ? types[one] : undefined;
      if (fields && Object.hasOwn(fields, key)) found.push(fields[key] as string);
      // What is not in the table is of no type that is known here.
      if (!fields && !one.startsWith("map<") && !one.startsWith("list<") && !PLAIN.has(one)) return undefined;
    }
    if (found.length > 0) return known(found);
    const near = nearest(
      key,
      holder.flatMap((one) => Object.keys(types[one] ?? {})),
    );
    const message = `No such key: ${key}${near === undefined ? "" : `; did you mean ${near}?`}`;
    errors.push({ at: node.start, error: new CelTypeError({ code: "no_such_field", message, node }) });
    return undefined;
  }

  function index(node: Node, holder: Shape, key: Node, scope: Scope): Shape {
    shapeOf(key, scope);
    if (holder === undefined) return undefined;
    if (holder.every((one) => one.startsWith("list<"))) return known(holder.map(itemTypeOf));
    if (holder.every((one) => one.startsWith("map<"))) return known(holder.map(valueTypeOf));
    return key.op === "value" && typeof key.args === "string" ? select(node, holder, key.args) : undefined;
  }

  function call(_name: string, args: readonly Node[], scope: Scope): Shape {
    for (const one of args) shapeOf(one, scope);
    return undefined;
  }

  function method(name: string, receiver: Node, args: readonly Node[], scope: Scope): Shape {
    const over = shapeOf(receiver, scope);
    const [first, second] = args;
    if (name === "orValue" || name === "or") return either(over, shapeOf(first, scope));
    if (name === "value" && args.length === 0) return over;
    if (!BINDING.has(name) || first?.op !== "id") {
      for (const one of args) shapeOf(one, scope);
      return SAME_LIST.has(name) ? over : undefined;
    }
    const optional = name === "optMap" || name === "optFlatMap";
    const item = optional ? over : items(over);
    const pair = PAIRS.has(name) && second?.op === "id" && (args.length > 3 || !["map", "filter"].includes(name)) && args.length > 2;
    const inner = new Map(scope).set(first.args, pair ? undefined : item);
    if (pair) inner.set(second.args, pairValue(over));
    const bodies = args.slice(pair ? 2 : 1).map((one) => shapeOf(one, inner));
    const last = bodies.at(-1);
    if (name === "filter" || name === "sortBy") return over;
    if (optional) return last;
    return name === "map" && last !== undefined ? last.map((one) => `list<${one}>`) : undefined;
  }

  function known(found: readonly string[]): Shape {
    const each = found.flatMap((one) => one.split("|"));
    return each.includes("dyn") ? undefined : [...new Set(each)];
  }
}

const PLAIN = new Set(["string", "bool", "int", "double"]);
const BINDING = new Set(
  "all exists exists_one existsOne filter map sortBy optMap optFlatMap transformList transformMap transformMapEntry".split(" "),
);
const PAIRS = new Set("all exists exists_one existsOne transformList transformMap transformMapEntry".split(" "));
const SAME_LIST = new Set("reverse sort distinct slice".split(" "));

function either(a: Shape, b: Shape): Shape {
  return a === undefined || b === undefined ? undefined : [...new Set([...a, ...b])];
}

function itemTypeOf(list: string): string {
  return list.slice("list<".length, -1);
}

function valueTypeOf(map: string): string {
  return map.slice(map.indexOf(",") + 1, -1).trim();
}

/** What a loop of one variable goes over: items of a list, keys of a map. */
function items(over: Shape): Shape {
  if (over === undefined || over.length === 0) return undefined;
  const found = over.map((one) => (one.startsWith("list<") ? itemTypeOf(one) : one.startsWith("map<") ? "string" : "dyn"));
  return found.includes("dyn") ? undefined : found;
}

function pairValue(over: Shape): Shape {
  if (over === undefined || over.length === 0) return undefined;
  const found = over.map((one) => (one.startsWith("list<") ? itemTypeOf(one) : one.startsWith("map<") ? valueTypeOf(one) : "dyn"));
  return found.includes("dyn") ? undefined : found;
}

/** The field that was meant, where one is at most two letters away. */
function nearest(key: string, fields: readonly string[]): string | undefined {
  const ranked = [...new Set(fields)].map((field) => ({ field, distance: distance(key.toLowerCase(), field.toLowerCase()) }));
  const [best] = ranked.toSorted((a, b) => a.distance - b.distance);
  return best && best.distance <= Math.min(2, Math.floor(key.length / 2)) ? best.field : undefined;
}

function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2 || a.length > 64) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
