import type { Cel } from "./cel.ts";
import { formatFault } from "./fault.ts";
import type { Outcome, Program } from "./program.ts";

/** The value of an expression, or why it has none. */
export type RowCell = { readonly value: unknown } | { readonly fault: string };

/** Bindings that go to the engine at once: few enough that others get their turn. */
const AT_ONCE = 500;

/** Several expressions on each of several bindings; a fault is a cell like any other. */
export async function evaluateRows(
  cel: Pick<Cel, "evaluateBatch">,
  program: Program,
  bindings: readonly Readonly<Record<string, unknown>>[],
): Promise<readonly (readonly RowCell[])[]> {
  const rows: (readonly RowCell[])[] = [];
  const width = program.source.rules.length;
  for (let start = 0; start < bindings.length; start += AT_ONCE) {
    const outcomes = await cel.evaluateBatch({ programs: [program], bindings: bindings.slice(start, start + AT_ONCE) });
    for (const outcome of outcomes) rows.push(cellsOf(outcome, width));
  }
  return rows;
}

function cellsOf(outcome: Outcome, width: number): readonly RowCell[] {
  if (outcome.kind !== "rules") {
    const fault = outcome.kind === "fault" ? formatFault(outcome.fault) : "was not evaluated";
    return Array.from({ length: width }, () => ({ fault }));
  }
  return outcome.rules.map((rule) => (rule.kind === "value" ? { value: rule.value } : { fault: formatFault(rule.fault) }));
}
