import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";

import { DomainError, InvalidError, UnavailableError } from "@roadbed/core";

import type { ApiChange } from "./diff/change.ts";
import { diffDefinitions } from "./diff/diff-definitions.ts";
import { readApi, type ReadApi } from "./read-api.ts";
import type { ThreadAnswer, ThreadJob } from "./thread.ts";

/** Reads and compares definitions without keeping others waiting. Throws `InvalidError` for a definition that cannot be read. */
export interface ApiReader {
  read(definition: string): Promise<ReadApi>;
  diff(before: string, after: string): Promise<readonly ApiChange[]>;
}

/** Up to this size reading takes a few milliseconds; beyond it, a thread of its own does it. */
const INLINE_CHARACTERS = 100_000;
const THREAD_MS = 60_000;
const THREAD_MB = 768;
/** Definitions that are kept as they were read, the one asked for longest ago goes first. */
const KEPT = 24;

export function createApiReader(): ApiReader {
  const known = new Map<string, Promise<ReadApi>>();
  return {
    read: (definition) => {
      const key = createHash("sha256").update(definition).digest("base64url");
      const reading = known.get(key) ?? run({ kind: "read", definition });
      known.delete(key);
      known.set(key, reading);
      // What failed for want of time or memory may do better next time.
      reading.catch(() => known.delete(key));
      if (known.size > KEPT) known.delete(known.keys().next().value!);
      return reading;
    },
    diff: (before, after) => run({ kind: "diff", before, after }),
  };
}

function run(job: Extract<ThreadJob, { kind: "read" }>): Promise<ReadApi>;
function run(job: Extract<ThreadJob, { kind: "diff" }>): Promise<ApiChange[]>;
async function run(job: ThreadJob): Promise<unknown> {
  if (sizeOf(job) > INLINE_CHARACTERS) return runInThread(job);
  return job.kind === "read" ? readApi(job.definition) : diffDefinitions(job.before, job.after);
}

function sizeOf(job: ThreadJob): number {
  return job.kind === "read" ? job.definition.length : job.before.length + job.after.length;
}

function runInThread(job: ThreadJob): Promise<unknown> {
  const worker = new Worker(new URL("./thread.ts", import.meta.url), {
    workerData: job,
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: THREAD_MB },
  });
  return new Promise<unknown>((resolve, reject) => {
    const late = setTimeout(() => reject(tooMuch("takes too long to read")), THREAD_MS);
    worker.once("message", (answer: ThreadAnswer) => {
      clearTimeout(late);
      if ("value" in answer) resolve(answer.value);
      else
        reject(
          new InvalidError(answer.message, { problems: answer.problems, ...(answer.mend === undefined ? {} : { mend: answer.mend }) }),
        );
    });
    worker.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(late);
      if (error.code === "ERR_WORKER_OUT_OF_MEMORY") reject(tooMuch("needs too much memory to be read"));
      else reject(new UnavailableError("The definition could not be read now.", { mend: "Try again.", cause: error }));
    });
  }).finally(() => void worker.terminate());
}

function tooMuch(reason: string): DomainError {
  return new InvalidError(`The definition ${reason}.`, { mend: "Split it into several APIs.", problems: [{ at: "definition", reason }] });
}
