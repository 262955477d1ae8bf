import { createEnvironment, EXPRESSION_LIMIT, type VariableType } from "./environment.ts";
import { toFault, type CelFault } from "./fault.ts";

export type CheckResult = { readonly ok: true; readonly type: string } | { readonly ok: false; readonly fault: CelFault };

/**
 * Parses and type-checks without evaluating; never throws. Declare `{ fields: [...] }` for an object whose
 * fields are known, so that a misspelt one is found here and not when it is read. Runs in the calling thread:
 * parsing is linear in the text, and the text is limited.
 */
export function checkExpression(expression: string, variables: Readonly<Record<string, VariableType>>): CheckResult {
  const size = checkSize(expression);
  if (size) return { ok: false, fault: size };
  try {
    const { valid, type = "dyn", error } = createEnvironment(variables).check(expression);
    return valid ? { ok: true, type } : { ok: false, fault: toFault(error, expression) };
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
