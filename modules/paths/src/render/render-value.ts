import { createEngine, TemplateFault, type Context } from "./engine.ts";

export interface Rendered {
  /** Undefined where the whole value is one expression without a value. */
  readonly value: unknown;
  /** One sentence for each expression that could not be evaluated; its text was left as it is. */
  readonly warnings: readonly string[];
}

/**
 * Renders every string inside a value, however deep. A string that is exactly one expression keeps the type of its value;
 * in an object such a string without a value takes its key away.
 */
export function renderValue(value: unknown, context: Context, failed = false): Rendered {
  const engine = createEngine({}, failed);
  const warnings: string[] = [];
  return { value: render(value), warnings };

  function render(part: unknown): unknown {
    if (typeof part === "string") return part.includes("${{") || part.includes("{%") ? renderString(part) : part;
    if (Array.isArray(part)) return part.map((item) => render(item) ?? null);
    if (typeof part !== "object" || part === null) return part;
    const entries = Object.entries(part).map(([key, item]) => [key, render(item)] as const);
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  }

  function renderString(text: string): unknown {
    try {
      const single = engine.evaluateSingle(text, context);
      return single === undefined ? engine.renderText(text, context) : single.value;
    } catch (error) {
      if (!(error instanceof TemplateFault)) throw error;
      warnings.push(
        `${JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text)} could not be evaluated and is left as it is: ${error.message}`,
      );
      return text;
    }
  }
}

/** What `if` takes for no. */
export function isFalsy(value: unknown): boolean {
  return (
    value === undefined || value === null || value === false || value === "" || value === 0 || (Array.isArray(value) && value.length === 0)
  );
}
