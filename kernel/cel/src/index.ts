export { createCel, type Cel, type CelOptions } from "./cel.ts";
export type { Shape, TypeSchema, TypeTable } from "./check-fields.ts";
export { checkExpression, type CheckResult } from "./check.ts";
export type { VariableType } from "./environment.ts";
export type { RowCell } from "./evaluate-rows.ts";
export { listFunctions, type FunctionInfo } from "./list-functions.ts";
export { formatFault, type CelFault } from "./fault.ts";
export type { Filter, FilterAnswer } from "./filter.ts";
export type { Batch, Evaluation, Outcome, Program, ProgramSource, RuleOutcome, Veil, Way } from "./program.ts";
