import type { Batch, CheckResult, Outcome, Program, ProgramSource, VariableType } from "@roadbed/cel";
import type { Call, Ctx, Logger, Runtime } from "@roadbed/core";

import type { OpaEngine } from "./opa/engine.ts";
import type { RenderScore } from "./files/expand.ts";
import type { ScorecardDeps } from "./scorecard/create-scorecards.ts";
import type { WaiverParts } from "./waiver/parts.ts";

/** What the standards need to live. */
export interface StandardsDeps {
  readonly log: Logger;
  readonly cel: Expressions;
  /** Folders with `*.yaml` policies; files named `*.test.yaml` are left out. Read once, when the module is made. */
  readonly policies: readonly (string | URL)[];
  /** Names of policies that are listed but not asked. */
  readonly disabled?: readonly string[];
  /** What is asked of the catalogue; without it waivers are taken for whatever they name. */
  readonly entities?: WaiverParts["entities"];
  /** Without it, waivers that are over are only shown as over, and nobody is reminded. */
  readonly runtime?: Runtime & { system(job: string): Call };
  /** Renders workloads of Score. Without it they are said to be unread. */
  readonly renderScore?: RenderScore;
  /** Whether the caller may know of a repository of the embedded host. */
  readonly seesRepository?: (ctx: Ctx, repository: string) => Promise<boolean>;
  /** Without it there are policies only. */
  readonly scorecards?: ScorecardDeps;
}

/** The expression language, as much of it as policies need. */
export interface Expressions {
  check(expression: string, variables: Readonly<Record<string, VariableType>>): CheckResult;
  createProgram(source: ProgramSource): Program;
  evaluateBatch(batch: Batch): Promise<Outcome[]>;
  /** Runs compiled policies. Without it such are told as unread. */
  readonly opa?: Pick<OpaEngine, "load" | "ask">;
}
