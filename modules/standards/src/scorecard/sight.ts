/** What of a subject expressions can see: names, and below a name the fields that they say. */
export interface Sight {
  /** Undefined: all of it. */
  readonly fields: ReadonlyMap<string, Sight> | undefined;
}

const ALL: Sight = { fields: undefined };
/** `entity.metadata.labels`: deeper than the names below `entity` there is little to be left out. */
const MOST_DEEP = 3;

/**
 * Reads from the text of expressions what they can see. Moving a subject to the thread of the expressions costs more than evaluating it,
 * and most of one is asked by nobody. Where a name stands for itself (`entity`, and not `entity.spec`) all of it is seen; a name that is
 * also that of a field elsewhere is taken to be seen as well.
 */
export function sightOf(text: string, names: readonly string[]): Sight {
  return { fields: new Map(names.flatMap((name) => (mentions(text, name) ? [[name, below(text, name, 1)] as const] : []))) };
}

function mentions(text: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(text);
}

function below(text: string, way: string, depth: number): Sight {
  if (depth === MOST_DEEP) return ALL;
  const next = new RegExp(`\\b${way}\\b(?:\\s*\\.\\s*\\??\\s*([A-Za-z_]\\w*)\\s*(\\()?)?`, "g");
  const found = new Map<string, Sight>();
  for (const [, field, isCall] of text.matchAll(next)) {
    if (field === undefined || isCall !== undefined) return ALL;
    if (!found.has(field)) found.set(field, below(text, `${way}\\s*\\.\\s*\\??\\s*${field}`, depth + 1));
  }
  return { fields: found };
}

/** A subject with what can be seen of it; parts that are shared stay shared. */
export function showOnly(subject: Readonly<Record<string, unknown>>, { fields }: Sight): Readonly<Record<string, unknown>> {
  if (fields === undefined) return subject;
  const shown: Record<string, unknown> = {};
  for (const [name, sight] of fields) {
    const value = subject[name];
    if (value !== undefined) shown[name] = isPlain(value) ? showOnly(value, sight) : value;
  }
  return shown;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
