import { examine, InvalidError, toProblem, type Fault, type Operation, type Problem } from "@roadbed/core";

import type { Field } from "../command/fields.ts";

/** Refuses, before anything is sent, what the server would refuse: names flags and places instead of fields. */
export function checkInput(
  operation: Operation,
  fields: readonly Field[],
  positional: readonly string[],
  values: Readonly<Record<string, unknown>>,
): void {
  const { faults } = examine(operation.input, values);
  if (faults === undefined) return;
  throw new InvalidError("The command line does not fit.", {
    problems: faults.map((fault) => toFlagProblem(fault, fields, positional, values)),
  });
}

function toFlagProblem(
  fault: Fault,
  fields: readonly Field[],
  positional: readonly string[],
  values: Readonly<Record<string, unknown>>,
): Problem {
  const problem = toProblem(fault);
  const name = String(fault.path[0]);
  const field = fields.find((each) => each.name === name);
  if (field === undefined || values[name] !== undefined) return nameFlags(problem, fields, positional);
  const isPlace = positional.includes(name);
  const place = isPlace ? `<${field.flag}>` : `--${field.flag}`;
  const what = field.description?.replace(/\.$/, "") ?? problem.mend?.replace(/^Give (.*)\.$/, "$1");
  return {
    at: place,
    reason: "is missing",
    mend: `Add ${place}${isPlace ? "" : ` <${field.kind}>`}${what === undefined ? "" : `: ${what}`}.`,
  };
}

/** A problem as the command line names its parts: `--owner` where the server says `owner`. */
export function nameFlags(problem: Problem, fields: readonly Field[], positional: readonly string[]): Problem {
  const [name = "", ...rest] = problem.at.split(".");
  const field = fields.find((each) => each.name === name);
  if (field === undefined) return problem;
  return { ...problem, at: [positional.includes(name) ? `<${field.flag}>` : `--${field.flag}`, ...rest].join(".") };
}
