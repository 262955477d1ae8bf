import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { ExecutionStatus } from "@roadbed/contracts/delivery/executions";

import type { WorkloadSpec } from "../runtime/local-runtime.ts";
import { endInTime } from "../runtime/end-in-time.ts";
import type { LogFile } from "../runtime/log-file.ts";
import type { ProcessLedger } from "../runtime/process-ledger.ts";
import { describeExit, runProcess } from "../runtime/run-process.ts";

export interface JobOptions {
  readonly spec: WorkloadSpec;
  readonly executionId: string;
  readonly env: Readonly<Record<string, string>>;
  readonly home: string;
  readonly log: LogFile;
  readonly ledger: ProcessLedger;
  readonly graceMs: number;
  /** Why it must end now. */
  readonly signal: AbortSignal;
}

export interface JobEnd {
  readonly status: ExecutionStatus;
  readonly exitCode?: number;
  readonly detail?: string;
}

const LAST_LINES = 10;

/** Why a job is ended before it has come to its end. */
export type EndedBecause = "replaced" | "stopped" | "lost";

/** Runs a job once, to its end or its deadline. Never rejects. */
export async function runJob({ spec, executionId, env, home, log, ledger, graceMs, signal }: JobOptions): Promise<JobEnd> {
  const { start = [], limits, schedule } = spec.manifest;
  const own = log.part();
  const seconds = schedule?.deadlineSeconds ?? 3_600;
  try {
    await mkdir(join(home, "tmp"), { recursive: true });
    const process = await runProcess({
      command: start,
      cwd: spec.dir,
      env: { ...env, ROADBED_EXECUTION_ID: executionId },
      memoryMb: limits.memoryMb,
      log: own,
      ledger,
      what: `${spec.key.environment}/${spec.key.name} ${executionId}`,
    });
    own.write("roadbed", `started ${start.join(" ")} of ${spec.commit.slice(0, 7)} as process ${process.pid} (${executionId})`);
    const { exit, late } = await endInTime(process, { ms: seconds * 1_000, graceMs, signal });
    own.write(
      "roadbed",
      `${executionId} ${describeExit(exit)} after ${Math.round((Date.now() - process.startedAt.getTime()) / 100) / 10} s`,
    );
    const code = exit.code === null ? {} : { exitCode: exit.code };
    if (signal.aborted) return { status: signal.reason as EndedBecause, ...code, detail: WORDS[signal.reason as EndedBecause] };
    if (late) return { status: "timed-out", ...code, detail: `It took longer than ${seconds} s and was ended.` };
    if (exit.code === 0) return { status: "succeeded", exitCode: 0 };
    return { status: "failed", ...code, detail: [`It ${describeExit(exit)}.`, ...own.tail(LAST_LINES)].join("\n") };
  } catch (error) {
    own.write("roadbed", `${executionId} could not be started: ${(error as Error).message}`);
    return { status: "failed", detail: (error as Error).message };
  }
}

const WORDS: Record<EndedBecause, string> = {
  replaced: "The next one began while it still ran, and its schedule lets the next one take its place.",
  stopped: "The job was stopped while it ran.",
  lost: "Roadbed stopped while it ran.",
};
