import { checkFields, type Shape, type TypeTable } from "./check-fields.ts";
import { createEnvironment, EXPRESSION_LIMIT, type VariableType } from "./environment.ts";
import { toFault, type CelFault } from "./fault.ts";

export type CheckResult =
  /** `shape`: the named types that the value may be of, where that is known. */
  { readonly ok: true; readonly type: string; readonly shape?: readonly string[] } | { readonly ok: false; readonly fault: CelFault };

/**
 * Parses and type-checks without evaluating; never throws. Declare `{ fields: [...] }` for an object whose
 * fields are known, or `{ type, types }` for one whose fields' types are known too, so that a misspelt one is found here and not
 * when it is read. Runs in the calling thread: parsing is linear in the text, and the text is limited.
 */
export function checkExpression(expression: string, variables: Readonly<Record<string, VariableType>>): CheckResult {
  const size = checkSize(expression);
  if (size) return { ok: false, fault: size };
  try {
    const parsed = createEnvironment(variables).parse(expression);
    const { valid, type = "dyn", error } = parsed.check();
    if (!valid) return { ok: false, fault: toFault(error, expression) };
    const { shape, error: misspelt } = checkFields(parsed.ast, shapesOf(variables), tableOf(variables));
    if (misspelt) return { ok: false, fault: toFault(misspelt, expression) };
    return { ok: true, type, ...(shape === undefined ? {} : { shape }) };
  } catch (error) {
    return { ok: false, fault: toFault(error, expression) };
  }
}

/** A fault where the text is empty or too long to be looked at. */
export function checkSize(expression: string): CelFault | undefined {
  if (expression.trim() === "") return { code: "empty", reason: "is empty", mend: "Write an expression that gives a value." };
  if (expression.length <= EXPRESSION_LIMIT) return undefined;
  return { code: "too_long", reason: `is longer than ${EXPRESSION_LIMIT} characters`, mend: "Split it into variables." };
}

function shapesOf(variables: Readonly<Record<string, VariableType>>): Map<string, Shape> {
  return new Map(
    Object.entries(variables).map(([name, type]) => {
      if (typeof type === "string") return [name, undefined];
      if ("fields" in type) return [name, type.shapes === undefined ? undefined : [recordName(name)]];
      return [name, typeof type.type === "string" ? [type.type] : type.type];
    }),
  );
}

function tableOf(variables: Readonly<Record<string, VariableType>>): TypeTable {
  let table: TypeTable = {};
  for (const [name, type] of Object.entries(variables)) {
    if (typeof type === "string") continue;
    if ("types" in type) table = { ...table, ...type.types };
    else if (type.shapes !== undefined) {
      const one = (field: string): string => type.shapes?.[field]?.join("|") || "dyn";
      table = { ...table, [recordName(name)]: Object.fromEntries(type.fields.map((field) => [field, one(field)])) };
    }
  }
  return table;
}

function recordName(variable: string): string {
  return `$${variable}`;
}
