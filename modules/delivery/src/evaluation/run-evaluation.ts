import { mkdir, rm, stat, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { CancelledError, InvalidError } from "@roadbed/core";
import type { Repositories } from "@roadbed/git";

import { endInTime } from "../runtime/end-in-time.ts";
import { openLogFile } from "../runtime/log-file.ts";
import { privateEnvironment } from "../runtime/private-environment.ts";
import type { ProcessLedger } from "../runtime/process-ledger.ts";
import { describeExit, runProcess } from "../runtime/run-process.ts";
import type { Toolchain } from "../runtime/toolchain.ts";
import type { EvaluationText } from "./evaluation-text.ts";

export interface EvaluationJob {
  readonly repositories: Repositories;
  readonly repository: string;
  readonly commit: string;
  readonly text: EvaluationText;
  /** The cases as they are to be judged. */
  readonly cases: string;
  /** What is judged, for the program to read. */
  readonly subject: unknown;
  /** Where its files go; removed afterwards. */
  readonly dir: string;
  readonly ledger: ProcessLedger;
  readonly toolchain: Toolchain;
  readonly signal: AbortSignal;
}

const MAX_RESULT_BYTES = 64 * 2 ** 20;
const LAST_LINES = 20;
const GRACE_MS = 2_000;

/** What a run printed last, where it came to nothing. */
export class RunFailed extends InvalidError {
  readonly log: readonly string[];
  constructor(message: string, log: readonly string[]) {
    super(message, { mend: "Mend it, push, and run it again; or record what another grader says: roadbed evaluation record." });
    this.log = log;
  }
}

/** Runs a component's own grader on its commit, alone as a build is, and answers the lines that it wrote. */
export async function runGrader(job: EvaluationJob): Promise<string> {
  const { dir, text, signal } = job;
  const [work, home] = [join(dir, "work"), join(dir, "home")];
  try {
    await rm(dir, { recursive: true, force: true });
    await mkdir(join(home, "tmp"), { recursive: true });
    await job.repositories.exportTree(job.repository, job.commit, work, { symlinks: true });
    const files = { cases: join(dir, "cases.jsonl"), subject: join(dir, "subject.json"), results: join(dir, "results.jsonl") };
    await writeFile(files.cases, job.cases);
    await writeFile(files.subject, JSON.stringify(job.subject));
    const log = await openLogFile({ dir: join(dir, "log") });
    const child = await runProcess({
      command: text.run,
      cwd: work,
      env: {
        ...privateEnvironment({ tree: work, home, path: await job.toolchain.path() }),
        CI: "true",
        ROADBED_EVALUATION_CASES: files.cases,
        ROADBED_EVALUATION_SUBJECT: files.subject,
        ROADBED_EVALUATION_RESULTS: files.results,
      },
      memoryMb: text.memoryMb,
      log,
      ledger: job.ledger,
      what: `evaluation of ${job.repository}`,
    });
    const { exit, late } = await endInTime(child, { ms: text.deadlineSeconds * 1_000, graceMs: GRACE_MS, signal });
    if (signal.aborted) throw new CancelledError("The evaluation was broken off.");
    const words = text.run.join(" ");
    if (late) throw new RunFailed(`\`${words}\` took longer than ${text.deadlineSeconds} s and was stopped.`, log.tail(LAST_LINES));
    if (exit.code !== 0) throw new RunFailed(`\`${words}\` ${describeExit(exit)}.`, log.tail(LAST_LINES));
    return await readResults(files.results, words, log.tail(LAST_LINES));
  } finally {
    await rm(dir, { recursive: true, force: true }).catch(() => {});
  }
}

async function readResults(file: string, words: string, tail: readonly string[]): Promise<string> {
  const info = await stat(file).catch(() => undefined);
  if (info === undefined) throw new RunFailed(`\`${words}\` ended well, but wrote nothing to $ROADBED_EVALUATION_RESULTS.`, tail);
  if (info.size > MAX_RESULT_BYTES) throw new RunFailed(`\`${words}\` wrote ${info.size} bytes, more than ${MAX_RESULT_BYTES}.`, tail);
  return readFile(file, "utf8");
}
