import type { Cel } from "./cel.ts";
import type { CelFault } from "./fault.ts";
import type { Outcome, Program } from "./program.ts";

/** A true-or-false expression over documents. */
export interface Filter {
  /** In the order of the documents. A document on which the expression fails does not match, and is counted. */
  test(documents: readonly object[]): Promise<FilterAnswer>;
}

export interface FilterAnswer {
  readonly matched: readonly boolean[];
  readonly faults: number;
  /** Of the first document that failed: shown to the author of a filter that matches nothing. */
  readonly firstFault?: CelFault;
}

/** Sends the documents in slices, so that a large catalogue never stands in memory twice. */
export function makeFilter(cel: Pick<Cel, "evaluateBatch">, program: Program, variable: string): Filter {
  return {
    async test(documents) {
      const matched: boolean[] = [];
      const faults: CelFault[] = [];
      for (let from = 0; from < documents.length && !faults.some(isStopped); from += SLICE) {
        const bindings = documents.slice(from, from + SLICE).map((document) => ({ [variable]: document }));
        for (const outcome of await cel.evaluateBatch({ programs: [program], bindings })) {
          const answer = read(outcome);
          matched.push(answer === true);
          if (typeof answer !== "boolean") faults.push(answer);
        }
      }
      const skipped = documents.length - matched.length;
      matched.push(...Array.from({ length: skipped }, () => false));
      return { matched, faults: faults.length + skipped, ...(faults[0] === undefined ? {} : { firstFault: faults[0] }) };
    },
  };
}

const SLICE = 512;

/** One that had to be stopped is not tried on the next slice: it would only be stopped again. */
function isStopped({ code }: CelFault): boolean {
  return code === "deadline" || code === "memory";
}

function read(outcome: Outcome): boolean | CelFault {
  if (outcome.kind === "fault") return outcome.fault;
  const rule = outcome.kind === "rules" ? outcome.rules[0] : undefined;
  if (rule?.kind === "fault") return rule.fault;
  if (typeof rule?.value === "boolean") return rule.value;
  return { code: "not_bool", reason: "a filter must give true or false", mend: "Compare with ==, or ask has(...)." };
}
