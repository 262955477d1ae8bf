/**
 * The thread in which expressions run. It takes one batch at a time, notes in shared memory which evaluation is
 * under way, and answers once per batch: whoever watches can name the evaluation that does not end.
 */
import { parentPort, workerData } from "node:worker_threads";

import { setExpressionCost } from "./budget.ts";
import { DONE } from "./progress.ts";
import {
  ALL_TRUE,
  IN_FULL,
  SKIPPED,
  type Outcome,
  type ProgramSource,
  type Veil,
  type WorkerAnswer,
  type WorkerRequest,
} from "./program.ts";
import { compileProgram, TRUE, type Runner } from "./run-program.ts";
import { convertNumbers } from "./values.ts";
import { veil, type Veiled } from "./veil.ts";

const { shared, expressionCost } = workerData as { shared: SharedArrayBuffer; expressionCost: number };
setExpressionCost(expressionCost);
const progress = new Int32Array(shared);
const runners = new Map<number, Runner>();
/** The same programs for bindings of which something is unknown or secret; compiled when first needed. */
const careful = new Map<number, Runner>();
const sources = new Map<number, ProgramSource>();

parentPort?.on("message", (request: WorkerRequest) => {
  const answer: WorkerAnswer = { batch: request.batch, ...runBatch(request) };
  Atomics.store(progress, 0, DONE);
  parentPort?.postMessage(answer);
});
parentPort?.postMessage("ready");

function runBatch({ learn, bindings: given, veils, pairs }: WorkerRequest): Omit<WorkerAnswer, "batch"> {
  for (const { id, source } of learn) {
    runners.set(id, compileProgram(source));
    sources.set(id, source);
  }
  const bindings = typeof given === "string" ? (JSON.parse(given) as Readonly<Record<string, unknown>>[]) : given;
  const veiled: (Veiled | undefined)[] = [];
  const converted: Readonly<Record<string, unknown>>[] = [];
  const codes = new Uint8Array(pairs.length / 2);
  const rest: Outcome[] = [];
  for (let i = 0; i * 2 < pairs.length; i++) {
    Atomics.store(progress, 0, i);
    const [program = -1, binding = -1] = [pairs[i * 2], pairs[i * 2 + 1]];
    const special = veils?.[binding];
    const outcome = special === undefined ? runOne(program, plain(binding)) : runCarefully(program, veilOf(binding, special));
    codes[i] = codeOf(outcome);
    if (codes[i] === IN_FULL) rest.push(outcome);
  }
  return { codes, rest: rest.length === 0 ? "" : JSON.stringify(rest) };

  function plain(binding: number): Readonly<Record<string, unknown>> {
    return (converted[binding] ??= convertNumbers(bindings[binding]) as Readonly<Record<string, unknown>>);
  }

  function veilOf(binding: number, special: Veil): Veiled {
    return (veiled[binding] ??= veil(bindings[binding] ?? {}, special));
  }
}

function runCarefully(program: number, { values, shown }: Veiled): Outcome {
  let runner = careful.get(program);
  if (runner === undefined) {
    const source = sources.get(program);
    if (source === undefined) return runOne(program, values);
    careful.set(program, (runner = compileProgram(source, true)));
  }
  return runner(values, shown);
}

function codeOf(outcome: Outcome): number {
  if (outcome.kind === "skipped") return SKIPPED;
  return outcome.kind === "rules" && outcome.rules.every((rule) => rule === TRUE) ? ALL_TRUE : IN_FULL;
}

function runOne(program: number, values: Readonly<Record<string, unknown>>): Outcome {
  const runner = runners.get(program);
  if (!runner) return { kind: "fault", fault: { code: "unknown_program", reason: `program ${program} is not known here` } };
  return runner(values);
}
