import { InvalidError, UnavailableError } from "@roadbed/core";

import { EXPRESSION_COST } from "./budget.ts";
import { checkExpression, type CheckResult } from "./check.ts";
import type { VariableType } from "./environment.ts";
import { evaluateRows, type RowCell } from "./evaluate-rows.ts";
import { linearRegExp } from "./functions/regex.ts";
import { formatFault, type CelFault } from "./fault.ts";
import { makeFilter, type Filter } from "./filter.ts";
import type { Batch, Outcome, Program, ProgramSource } from "./program.ts";
import { runBatch, type BatchLimits } from "./run-batch.ts";
import { createThread, type Thread } from "./thread.ts";

export interface CelOptions {
  /** Worker threads, each started when first needed. Default 1. */
  readonly workers?: number;
  /** Longest one evaluation may take; a guilty one is stopped between once and twice this. Default 1000. */
  readonly deadlineMs?: number;
  /** Longest one batch may take in all. Default 20 deadlines. */
  readonly batchMs?: number;
  /** Heap of one worker. Default 128. */
  readonly memoryMb?: number;
  /** What one expression may cost, in the units of Kubernetes: about one per step. Default 1 000 000; a program ten times that. */
  readonly expressionCost?: number;
  /** A worker that is not asked for this long is stopped. Default 60 000. */
  readonly idleMs?: number;
}

/** The expression language, evaluated in worker threads so that no expression can stop the process. */
export interface Cel {
  /** Parses and type-checks, without evaluating; never throws. */
  check(expression: string, variables: Readonly<Record<string, VariableType>>): CheckResult;
  /** The value as JSON data; throws `InvalidError` with the position where there is none. */
  evaluate(expression: string, variables: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Interns a program; parts that do not compile show as faults when it runs. Ask `check` first to tell the author. */
  createProgram(source: ProgramSource): Program;
  /** One outcome per evaluation, in order. Never throws for what an expression does. */
  evaluateBatch(batch: Batch): Promise<Outcome[]>;
  /** A true-or-false expression over one document under the name `variable`; throws `InvalidError` where it does not compile. */
  createFilter(expression: string, variable?: string): Filter;
  /** `createFilter(expression).test(entities)`, short of what failed: one answer per entity. */
  matches(expression: string, entities: readonly Readonly<Record<string, unknown>>[]): Promise<readonly boolean[]>;
  /** Several expressions over the given names, on each of the bindings; what cannot be computed is a cell that says why. */
  evaluateRows(
    names: readonly string[],
    expressions: readonly string[],
    bindings: readonly Readonly<Record<string, unknown>>[],
  ): Promise<readonly (readonly RowCell[])[]>;
  /** A regular expression of the language: RE2's syntax, time linear to the text. Throws `InvalidError` for one that it does not know. */
  regExp(pattern: string): { test(text: string): boolean };
  /** Stops the workers; what is under way rejects with `UnavailableError`. */
  close(): Promise<void>;
}

export function createCel(options: CelOptions = {}): Cel {
  const { workers = 1, deadlineMs = 1_000, memoryMb = 128, expressionCost = EXPRESSION_COST, idleMs = 60_000 } = options;
  const limits: BatchLimits = { deadlineMs, memoryMb, batchMs: options.batchMs ?? 20 * deadlineMs };
  const free: Thread[] = Array.from({ length: Math.max(1, workers) }, () => createThread({ deadlineMs, memoryMb, expressionCost, idleMs }));
  const all = [...free];
  const waiting: ((thread: Thread) => void)[] = [];
  const programs = new Map<string, Program>();
  let ids = 0;
  let closed = false;

  const cel: Cel = {
    check: checkExpression,
    async evaluate(expression, variables) {
      const program = intern({ names: Object.keys(variables), rules: [{ expression }] });
      const [outcome] = await cel.evaluateBatch({ programs: [program], bindings: [variables] });
      return valueOf(outcome, expression);
    },
    createProgram: (source) => ({ id: ++ids, source }),
    async evaluateBatch(batch) {
      if (closed) throw new UnavailableError("The policy engine is stopped.");
      const thread = await take();
      try {
        return await runBatch(thread, batch, limits);
      } finally {
        giveBack(thread);
      }
    },
    createFilter(expression, variable = "entity") {
      const checked = checkExpression(expression, { [variable]: "dyn" });
      if (!checked.ok) throw toError(checked.fault, expression);
      return makeFilter(cel, intern({ names: [variable], rules: [{ expression }] }), variable);
    },
    async matches(expression, entities) {
      return (await cel.createFilter(expression).test(entities)).matched;
    },
    evaluateRows(names, expressions, bindings) {
      const program = intern({ names, rules: expressions.map((expression) => ({ expression })) });
      return evaluateRows(cel, program, bindings);
    },
    regExp: linearRegExp,
    async close() {
      closed = true;
      await Promise.all(all.map((thread) => thread.close()));
    },
  };
  return cel;

  function take(): Promise<Thread> {
    const thread = free.pop();
    return thread ? Promise.resolve(thread) : new Promise((resolve) => void waiting.push(resolve));
  }

  function giveBack(thread: Thread): void {
    const next = waiting.shift();
    if (next) next(thread);
    else free.push(thread);
  }

  /** Programs made on the fly are kept by their text, so that a repeated one is compiled once. */
  function intern(source: ProgramSource): Program {
    const key = JSON.stringify(source);
    const known = programs.get(key);
    if (known) return known;
    if (programs.size >= INTERNED_LIMIT) programs.clear();
    const program = cel.createProgram(source);
    programs.set(key, program);
    return program;
  }
}

const INTERNED_LIMIT = 500;

function valueOf(outcome: Outcome | undefined, expression: string): unknown {
  const rule = outcome?.kind === "rules" ? outcome.rules[0] : undefined;
  if (rule?.kind === "value") return rule.value;
  const fault = rule?.fault ?? (outcome?.kind === "fault" ? outcome.fault : undefined);
  throw toError(fault ?? { code: "no_value", reason: "gave no value" }, expression);
}

function toError(fault: CelFault, expression: string): InvalidError {
  const problem = { at: expression, reason: formatFault(fault), ...(fault.mend === undefined ? {} : { mend: fault.mend }) };
  return new InvalidError(`The expression ${fault.line === undefined ? "" : "is wrong at "}${formatFault(fault)}`, {
    problems: [problem],
    ...(fault.mend === undefined ? {} : { mend: fault.mend }),
  });
}
