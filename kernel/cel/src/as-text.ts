/**
 * Bindings as one text of JSON, where they are plain JSON of usual size: writing and reading such a text costs a third of what copying the same
 * objects between threads does. Undefined where a copy must be made instead: for dates and the like, for what is shared or goes in a circle
 * (a text would repeat it), and for what is large.
 */
export function asText(bindings: readonly unknown[]): string | undefined {
  return isSmallJson(bindings, { left: MOST }, 0) ? JSON.stringify(bindings) : undefined;
}

/** Parts, and characters of texts by the sixteen. */
const MOST = 60_000;
const DEEPEST = 100;

function isSmallJson(value: unknown, budget: { left: number }, level: number): boolean {
  switch (typeof value) {
    case "string":
      return (budget.left -= 1 + (value.length >> 4)) >= 0;
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      return value === null || isSmallHolder(value, budget, level);
    default:
      return false;
  }
}

function isSmallHolder(holder: object, budget: { left: number }, level: number): boolean {
  if (level > DEEPEST || --budget.left < 0) return false;
  if (Array.isArray(holder)) {
    for (let i = 0; i < holder.length; i++) if (!isSmallJson(holder[i], budget, level + 1)) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(holder);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key of Object.keys(holder)) {
    const value = (holder as Record<string, unknown>)[key];
    // What is undefined is not there: a text leaves it out, and of a copy it is removed later.
    if (value === undefined) continue;
    budget.left -= 1 + (key.length >> 4);
    if (!isSmallJson(value, budget, level + 1)) return false;
  }
  return true;
}
