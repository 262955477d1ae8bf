import { InvalidError } from "@roadbed/core";

import { asText } from "./as-text.ts";
import type { CelFault } from "./fault.ts";
import type { Batch, Evaluation, Outcome } from "./program.ts";
import type { BatchEnd, Thread } from "./thread.ts";

export interface BatchLimits {
  readonly deadlineMs: number;
  readonly memoryMb: number;
  /** Time for the whole batch, restarts included. */
  readonly batchMs: number;
}

/**
 * Runs a batch to its end: an evaluation that overruns is blamed and left out, with the rest of its program,
 * and the others run again in a fresh worker. One bad program never spoils its neighbours.
 */
export async function runBatch(thread: Thread, batch: Batch, limits: BatchLimits): Promise<Outcome[]> {
  const evaluations = batch.evaluations ?? everyPair(batch);
  const outcomes: (Outcome | undefined)[] = evaluations.map(() => undefined);
  const started = Date.now();
  for (let open = indexesOf(outcomes); open.length > 0; open = indexesOf(outcomes)) {
    const remaining = limits.batchMs - (Date.now() - started);
    const end: BatchEnd =
      remaining > 0 ? await send(thread, batch, evaluations, open, remaining) : { kind: "stopped", at: undefined, why: "deadline" };
    settle(end, open, evaluations, outcomes, limits);
  }
  return outcomes as Outcome[];
}

function everyPair({ programs, bindings }: Batch): Evaluation[] {
  return bindings.flatMap((_, binding) => programs.map((__, program) => ({ program, binding })));
}

function indexesOf(outcomes: readonly (Outcome | undefined)[]): number[] {
  return outcomes.flatMap((outcome, i) => (outcome === undefined ? [i] : []));
}

async function send(
  thread: Thread,
  batch: Batch,
  evaluations: readonly Evaluation[],
  open: readonly number[],
  ms: number,
): Promise<BatchEnd> {
  const pairs = new Int32Array(open.length * 2);
  const needed = new Set<number>();
  for (const [i, index] of open.entries()) {
    const { program, binding } = evaluations[index] as Evaluation;
    pairs[i * 2] = batch.programs[program]?.id ?? -1;
    pairs[i * 2 + 1] = binding;
    needed.add(program);
  }
  const programs = [...needed].flatMap((program) => batch.programs[program] ?? []);
  try {
    return await thread.run({ bindings: asText(batch.bindings) ?? batch.bindings, veils: batch.veils, pairs }, programs, ms);
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "DataCloneError") throw error;
    throw new InvalidError("Only plain data can be evaluated.", {
      cause: error,
      mend: "Pass JSON: objects, lists, text, numbers, true, false, null.",
    });
  }
}

function settle(
  end: BatchEnd,
  open: readonly number[],
  evaluations: readonly Evaluation[],
  outcomes: (Outcome | undefined)[],
  limits: BatchLimits,
): void {
  if (end.kind === "answered") {
    for (const [i, index] of open.entries()) outcomes[index] = end.outcomes[i];
    return;
  }
  const guilty = end.at === undefined ? undefined : open[end.at];
  if (guilty === undefined) {
    for (const index of open) outcomes[index] = { kind: "fault", fault: batchFault(end.why, limits) };
    return;
  }
  const { program } = evaluations[guilty] as Evaluation;
  for (const index of open) {
    if (evaluations[index]?.program === program) outcomes[index] = { kind: "fault", fault: ownFault(end.why, limits, index === guilty) };
  }
}

function ownFault(why: "deadline" | "memory", { deadlineMs, memoryMb }: BatchLimits, itself: boolean): CelFault {
  const limit = why === "deadline" ? `took longer than ${deadlineMs} ms` : `used more than ${memoryMb} MB`;
  return {
    code: why,
    reason: itself ? limit : `was not evaluated: it ${limit} on another object`,
    mend: "Make the expression cheaper: fewer loops inside loops, shorter lists.",
  };
}

function batchFault(why: "deadline" | "memory", { batchMs, memoryMb }: BatchLimits): CelFault {
  const reason =
    why === "deadline"
      ? `was not evaluated: the batch took longer than ${batchMs} ms`
      : `was not evaluated: the batch used more than ${memoryMb} MB`;
  return { code: why, reason, mend: "Pass fewer or smaller objects at a time." };
}
