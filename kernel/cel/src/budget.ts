import { EvaluationError } from "@marcbachmann/cel-js";

/**
 * What evaluating may cost, in the units of Kubernetes: about one per step of an expression, more for what grows with
 * the length of a text. A million per expression and ten million per program, as the API server allows.
 * The deadline of the thread stays behind it, for what costs no steps.
 */
export const EXPRESSION_COST = 1_000_000;
const EXPRESSIONS_PER_PROGRAM = 10;

let perExpression = EXPRESSION_COST;
let spent = 0;
let limit = Number.POSITIVE_INFINITY;
let programEnd = Number.POSITIVE_INFINITY;

/** The error of whoever spent too much; thrown through every loop, never taken for an ordinary error. */
export class CostExceeded extends EvaluationError {
  constructor() {
    super({ code: "cost_exceeded", message: "costs more than an expression may" });
  }
}

/** Counts; throws `CostExceeded` once the expression or its program has no more. */
export function charge(cost: number): void {
  spent += cost;
  if (spent > limit) throw new CostExceeded();
}

/** Sets what one expression may cost in this thread; a program may cost ten times that. */
export function setExpressionCost(cost: number): void {
  perExpression = cost;
}

/** Begins a program anew: what was spent before counts no more. */
export function openProgram(): void {
  spent = 0;
  programEnd = perExpression * EXPRESSIONS_PER_PROGRAM;
  limit = programEnd;
}

/** Runs one expression under its own limit; what it spends does not count for the expression that asked for it. */
export function withBudget<I, O>(run: (input: I) => O, input: I): O {
  const [outer, began] = [limit, spent];
  limit = Math.min(programEnd, spent + perExpression);
  try {
    const value = run(input);
    // One that was caught on the way, e.g. by `||`, is still one.
    if (spent > limit) throw new CostExceeded();
    return value;
  } finally {
    limit = Math.min(programEnd, outer + spent - began);
  }
}

/** As Kubernetes estimates a match: a tenth of the text times a quarter of the pattern. */
export function chargeMatch(text: string, pattern: string): void {
  charge(Math.ceil(text.length * 0.1) * Math.ceil(pattern.length * 0.25));
}
