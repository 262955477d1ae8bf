import { EvaluationError, ParseError, TypeError as CelTypeError } from "@marcbachmann/cel-js";

import { UnknownRead } from "./unknown.ts";

/** Why an expression gave no value, and where. */
export interface CelFault {
  /** A stable word, e.g. `no_such_key`, `unknown_variable`, `deadline`. */
  readonly code: string;
  readonly reason: string;
  readonly mend?: string;
  /** Position in the expression, from 1. */
  readonly line?: number;
  readonly column?: number;
  /** Of code `unknown_value`: what is not known, as an expression reads it. */
  readonly unknown?: readonly string[];
  /** The line of the expression that is meant. */
  readonly excerpt?: string;
}

/** Any thrown thing as a fault: position and a hint for the errors of the language, the bare message for others. */
export function toFault(error: unknown, expression: string): CelFault {
  if (!isCelError(error)) {
    const reason = error instanceof RangeError ? "is nested too deeply" : error instanceof Error ? error.message : String(error);
    return { code: "evaluation_error", reason };
  }
  const mend = MENDS[error.code];
  if (error instanceof UnknownRead) return { code: error.code, reason: error.summary, unknown: error.names };
  return { code: error.code, reason: error.summary, ...(mend === undefined ? {} : { mend }), ...positionOf(error, expression) };
}

/** One line for people: `line 1, column 5: No such key: labels`. */
export function formatFault(fault: CelFault): string {
  return fault.line === undefined ? fault.reason : `line ${fault.line}, column ${fault.column}: ${fault.reason}`;
}

const MENDS: Record<string, string> = {
  no_such_key: "Ask first whether the field is there: `has(a.b) && a.b == ...`, or read it as `a.?b.orValue(default)`.",
  no_such_field: "Write a field that this kind of object has.",
  unknown_variable: "Use one of the variables that this expression may see.",
  no_such_overload: "Compare values of one type; convert with int(), double() or string() where they differ.",
  no_matching_overload: "Check the function's name, the number of its arguments and their types.",
  index_out_of_bounds: "Ask for size() first.",
  invalid_condition_type: "Make it an expression that gives true or false.",
  invalid_logical_operand: "Put expressions that give true or false on both sides.",
  invalid_regular_expression: "Use RE2 syntax: no look-around and no back references.",
  cost_exceeded: "Make the expression cheaper: fewer loops inside loops, shorter lists, shorter texts for regular expressions.",
  invalid_quantity: 'Write a Kubernetes quantity such as "500m", "2" or "128Mi".',
};

type CelError = ParseError | EvaluationError | CelTypeError;

function isCelError(error: unknown): error is CelError {
  return error instanceof ParseError || error instanceof EvaluationError || error instanceof CelTypeError;
}

function positionOf(error: CelError, expression: string): Pick<CelFault, "line" | "column" | "excerpt"> {
  const start = error.range?.start;
  if (start === undefined) return {};
  const before = expression.slice(0, start).split("\n");
  const line = before.length;
  return { line, column: (before.at(-1) ?? "").length + 1, excerpt: expression.split("\n")[line - 1] ?? "" };
}
