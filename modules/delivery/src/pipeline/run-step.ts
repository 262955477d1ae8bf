import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { FailedTest, PipelineArtefact, PipelineStep, TestCounts } from "@roadbed/contracts/delivery/pipelines";

import { endInTime } from "../runtime/end-in-time.ts";
import type { LogFile } from "../runtime/log-file.ts";
import { privateEnvironment } from "../runtime/private-environment.ts";
import type { ProcessLedger } from "../runtime/process-ledger.ts";
import { describeExit, runProcess, type Exit } from "../runtime/run-process.ts";
import type { Toolchain } from "../runtime/toolchain.ts";
import { commandsOf, shownCommands, type StepText } from "./describe-pipeline.ts";
import { keepArtefacts, readTests } from "./keep-artefacts.ts";
import { cacheKey, restoreCache, saveCache, type CachePlace } from "./step-cache.ts";

export interface StepJob {
  readonly step: StepText;
  readonly runId: string;
  readonly repository: string;
  readonly commit: string;
  readonly branch: string;
  /** Of the whole pipeline, before the step's own. */
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly cache: CachePlace;
  readonly artefactsTo: string;
  readonly log: LogFile;
  readonly ledger: ProcessLedger;
  readonly toolchain: Toolchain;
  readonly graceMs: number;
  readonly signal: AbortSignal;
}

export interface StepEnd {
  readonly state: Extract<PipelineStep["state"], "succeeded" | "failed" | "timed-out" | "cancelled">;
  readonly error?: string;
  readonly exitCode?: number;
  readonly cache?: PipelineStep["cache"];
  readonly tests?: TestCounts | undefined;
  readonly failures: readonly FailedTest[];
  readonly artefacts: readonly PipelineArtefact[];
}

const LAST_LINES = 20;

/** Runs one step in the work tree, to its end or its time limit, and keeps what it is to keep. Never rejects. */
export async function runStep(job: StepJob): Promise<StepEnd> {
  const { step, cache: place, log } = job;
  const say = (message: string): void => log.write("roadbed", message);
  try {
    const missing = step.secrets.filter((name) => job.secrets[name] === undefined);
    if (missing.length > 0)
      return failed(
        `The secret ${missing.join(", ")} is not kept for ${job.repository}. Set it: roadbed pipeline-secret set ${job.repository} ${missing[0]} --value …`,
      );
    const key = step.cache && (await cacheKey(place.tree, step.cache));
    let cache: PipelineStep["cache"] =
      key === undefined
        ? undefined
        : await restoreCache(place, key).catch(
            (error: unknown) => (say(`the cache cannot be read: ${messageOf(error)}`), "unusable" as const),
          );
    if (cache !== undefined) say(CACHE_WORDS[cache as keyof typeof CACHE_WORDS]);
    const outcome = await runCommands(job);
    // A report tells most of a step that failed, and its artefacts why.
    const { tests, failures } = await readTests({ tree: place.tree, globs: step.tests }, say);
    const artefacts =
      outcome.state === "cancelled"
        ? []
        : await keepArtefacts({ tree: place.tree, to: job.artefactsTo, step: step.name, globs: step.artefacts }, say);
    if (outcome.state === "succeeded" && step.cache && key !== undefined && cache !== "found") {
      const why = await saveCache(place, key, step.cache).catch(messageOf);
      say(why === undefined ? "the cache is kept for the next run" : `the cache is not kept: ${why}`);
      if (why === undefined) cache = "saved";
    }
    return { ...outcome, ...(cache === undefined ? {} : { cache }), tests, failures, artefacts };
  } catch (error) {
    say(messageOf(error));
    return failed(messageOf(error));
  }
}

const CACHE_WORDS = {
  found: "the cache of the same key is put back",
  missed: "no cache is kept for this key yet",
  unusable: "the cache was changed since it was kept, and is not used",
};

type Outcome = Pick<StepEnd, "state" | "error" | "exitCode">;

async function runCommands(job: StepJob): Promise<Outcome> {
  const { step, log, signal } = job;
  const until = Date.now() + step.timeoutSeconds * 1_000;
  const shown = shownCommands(step);
  for (const [n, command] of commandsOf(step).entries()) {
    const text = step.run === undefined ? shown.join("\n") : shown[n]!;
    for (const line of text.split("\n")) log.write("roadbed", `$ ${line}`);
    const { exit, late } = await runCommand(job, command, until);
    const code = exit.code === null ? {} : { exitCode: exit.code };
    if (signal.aborted) return { state: "cancelled", error: "It was ended." };
    const what = step.run === undefined ? "its script" : `\`${text}\``;
    if (late)
      return {
        state: "timed-out",
        error: lines(`It took longer than ${step.timeoutSeconds} s; ${what} was ended with everything that it started.`, log),
        ...code,
      };
    if (exit.code !== 0) return { state: "failed", error: lines(`${what} ${describeExit(exit)}.`, log), ...code };
  }
  return { state: "succeeded", exitCode: 0 };
}

async function runCommand(job: StepJob, command: readonly string[], until: number): Promise<{ exit: Exit; late: boolean }> {
  const { signal, graceMs, cache, log, ledger } = job;
  if (signal.aborted) return { exit: { code: null, signal: "SIGTERM" }, late: false };
  const child = await runProcess({
    command,
    cwd: cache.tree,
    env: await environmentOf(job),
    log,
    ledger,
    what: `pipeline of ${job.repository}, step ${job.step.name}`,
  });
  return endInTime(child, { ms: until - Date.now(), graceMs, signal });
}

/** As of builds, and nothing of the server's own. Where packages are kept is in the run's own home: no repository reaches another's. */
async function environmentOf({
  step,
  env,
  secrets,
  cache,
  toolchain,
  runId,
  repository,
  commit,
  branch,
}: StepJob): Promise<Record<string, string>> {
  const { home, tree } = cache;
  await mkdir(join(home, "tmp"), { recursive: true });
  const named = Object.fromEntries(step.secrets.map((name) => [name, secrets[name]!]));
  return {
    ...(await toolchain.buildVariables()),
    npm_config_cache: join(home, ".npm"),
    ...env,
    ...step.env,
    ...named,
    ...privateEnvironment({ tree, home, path: await toolchain.path() }),
    CI: "true",
    npm_config_update_notifier: "false",
    ROADBED_PIPELINE_RUN: runId,
    ROADBED_REPOSITORY: repository,
    ROADBED_BRANCH: branch,
    ROADBED_COMMIT: commit,
  };
}

function failed(error: string): StepEnd {
  return { state: "failed", error, failures: [], artefacts: [] };
}

function lines(message: string, log: LogFile): string {
  return [message, ...log.tail(LAST_LINES)].join("\n").slice(0, 8_000);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
