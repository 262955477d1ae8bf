/** A thread that reads or compares one pair of definitions, answers, and ends. */
import { parentPort, workerData } from "node:worker_threads";

import { DomainError, type Problem } from "@roadbed/core";

import { diffDefinitions } from "./diff/diff-definitions.ts";
import { readApi } from "./read-api.ts";

export type ThreadJob =
  | { readonly kind: "read"; readonly definition: string }
  | { readonly kind: "diff"; readonly before: string; readonly after: string };

/** An error loses its class on the way between threads: it travels as its parts. */
export type ThreadAnswer =
  | { readonly value: unknown }
  | { readonly message: string; readonly mend: string | undefined; readonly problems: readonly Problem[] };

parentPort?.postMessage(answer(workerData as ThreadJob));

function answer(job: ThreadJob): ThreadAnswer {
  try {
    return { value: job.kind === "read" ? readApi(job.definition) : diffDefinitions(job.before, job.after) };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { message: error.message, mend: error.mend, problems: error.problems };
  }
}
