import type { Sql } from "@roadbed/core";

import type { Expressions } from "../deps.ts";
import type { Board } from "./board.ts";
import type { Sign } from "./badge.ts";
import type { Evaluator } from "./evaluate.ts";
import type { Measures, Runtimes, Things } from "./things.ts";

/** What the verbs of scorecards are made from. */
export interface ScorecardParts {
  readonly cel: Expressions;
  readonly things: Things;
  readonly runtimes: Runtimes | undefined;
  readonly measures: Measures | undefined;
  readonly evaluator: Evaluator;
  readonly board: (sql: Sql) => Promise<Board>;
  /** The address of the web app. */
  readonly publicUrl: string;
  /** Signs the address of a badge. */
  readonly sign: Sign;
}
