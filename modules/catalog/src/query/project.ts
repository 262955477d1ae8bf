import { InvalidError } from "@roadbed/core";

/** Keeps some fields of an entity. Undefined when all are wanted. Throws `InvalidError` for a field inside a list. */
export function makeProjection(fields: readonly string[]): ((entity: Record<string, unknown>) => Record<string, unknown>) | undefined {
  const wanted = fields
    .flatMap((field) => field.split(","))
    .map((field) => field.trim())
    .filter(Boolean);
  if (wanted.length === 0) return undefined;
  const wrong = wanted.find((field) => field.includes("["));
  if (wrong !== undefined) {
    throw new InvalidError("invalid fields, array type fields are not supported", {
      problems: [{ at: "fields", reason: `${wrong} names an item of a list`, mend: "Name the list: it is answered whole." }],
    });
  }
  return (entity) => {
    const kept: Record<string, unknown> = {};
    for (const field of wanted) {
      const path = pathOf(entity, field);
      if (path) put(kept, path, entity);
    }
    return kept;
  };
}

/** The names on the way to a field: those of annotations hold dots themselves. */
function pathOf(object: unknown, field: string): string[] | undefined {
  if (typeof object !== "object" || object === null || Array.isArray(object)) return undefined;
  if (Object.hasOwn(object, field)) return [field];
  for (let dot = field.indexOf("."); dot >= 0; dot = field.indexOf(".", dot + 1)) {
    const name = field.slice(0, dot);
    if (!Object.hasOwn(object, name)) continue;
    const rest = pathOf((object as Record<string, unknown>)[name], field.slice(dot + 1));
    if (rest) return [name, ...rest];
  }
  return undefined;
}

function put(into: Record<string, unknown>, path: readonly string[], from: Record<string, unknown>): void {
  let [target, source] = [into, from];
  for (const name of path.slice(0, -1)) {
    source = source[name] as Record<string, unknown>;
    // Already there whole, by a shorter field.
    if (target[name] === source) return;
    if (!Object.hasOwn(target, name)) define(target, name, {});
    target = target[name] as Record<string, unknown>;
  }
  const last = path.at(-1)!;
  define(target, last, source[last]);
}

/** A document may have a field of any name, `__proto__` too. */
function define(object: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
}
