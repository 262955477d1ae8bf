import { DomainError, parseInput, type InputOf, type Operation } from "@roadbed/core";

/** What is wrong with each field of a form, in the server's words; `""` holds what is about no field. */
export type FieldProblems = Readonly<Record<string, string>>;

/** Checks values by the contract that the server checks them by: the words are the same before and after sending. */
export function checkInput<O extends Operation>(operation: O, values: Partial<InputOf<O>>): FieldProblems {
  try {
    parseInput(operation.input, values);
    return {};
  } catch (error) {
    return problemsOfError(error);
  }
}

/** The fields that an answer finds fault with; nothing when it is about the whole. */
export function problemsOfError(error: unknown): FieldProblems {
  if (!(error instanceof DomainError)) return {};
  const byField: Record<string, string> = {};
  const [, second] = error.problems;
  for (const { at, reason, mend } of error.problems) {
    const field = at.split(".")[0] ?? "";
    // What mends the whole mends its only problem.
    const help = mend ?? (second === undefined ? error.mend : undefined);
    byField[field] ??= help === undefined ? reason : `${reason}. ${help}`;
  }
  return byField;
}
