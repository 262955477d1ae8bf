import type { Batch, CheckResult, Outcome, Program, ProgramSource, VariableType } from "@roadbed/cel";
import type { Logger } from "@roadbed/core";

import type { ScorecardDeps } from "./scorecard/create-scorecards.ts";

/** What the standards need to live. */
export interface StandardsDeps {
  readonly log: Logger;
  readonly cel: Expressions;
  /** Folders with `*.yaml` policies; files named `*.test.yaml` are left out. Read once, when the module is made. */
  readonly policies: readonly (string | URL)[];
  /** Names of policies that are listed but not asked. */
  readonly disabled?: readonly string[];
  /** Without it there are policies only. */
  readonly scorecards?: ScorecardDeps;
}

/** The expression language, as much of it as policies need. */
export interface Expressions {
  check(expression: string, variables: Readonly<Record<string, VariableType>>): CheckResult;
  createProgram(source: ProgramSource): Program;
  evaluateBatch(batch: Batch): Promise<Outcome[]>;
}
