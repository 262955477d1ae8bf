import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve, sep } from "node:path";

import { CancelledError, InvalidError, UnavailableError } from "@roadbed/core";
import type { Repositories } from "@roadbed/git";

import { isConfigured } from "../configuration/configuration-text.ts";
import { contentAt } from "../configuration/content-at.ts";
import type { Manifest } from "../workload/manifest.ts";
import { endInTime } from "./end-in-time.ts";
import type { LogFile } from "./log-file.ts";
import { privateEnvironment } from "./private-environment.ts";
import type { ProcessLedger } from "./process-ledger.ts";
import { describeExit, runProcess } from "./run-process.ts";
import { hasRequirements, readDependencies, VENV, type Toolchain } from "./toolchain.ts";

export interface BuildJob {
  readonly repositories: Repositories;
  readonly repository: string;
  readonly commit: string;
  readonly manifest: Manifest;
  /** Where the commit's files go; `<dir>.built` says that they are ready. */
  readonly dir: string;
  /** `HOME` and `TMPDIR` of the commands. */
  readonly home: string;
  readonly log: LogFile;
  readonly ledger: ProcessLedger;
  readonly toolchain: Toolchain;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

const LAST_LINES = 20;

/** Exports the commit and builds it, unless that was done before. Throws `InvalidError` with the log's last lines when a command fails. */
export async function buildWorkload(job: BuildJob): Promise<void> {
  const mark = `${job.dir}.built`;
  if (await exists(mark)) return job.log.write("roadbed", `${short(job)} is built already`);
  const lacking = await job.toolchain.lacking(job.manifest);
  if (lacking.length > 0) throw lacks(lacking);
  await rm(job.dir, { recursive: true, force: true });
  await job.repositories.exportTree(job.repository, job.commit, job.dir, { symlinks: true });
  const until = Date.now() + job.deadlineMs;
  for (const command of [...(await installCommands(job)), ...job.manifest.build]) await runCommand(job, command, until);
  await checkOutcome(job);
  await writeFile(mark, new Date().toISOString());
  job.log.write("roadbed", `${short(job)} is built`);
}

async function installCommands(job: BuildJob): Promise<string[][]> {
  return [...(await npmCommands(job)), ...((await hasRequirements(job.dir)) ? PIP_COMMANDS : [])];
}

/** The packages lie beside the commit's files, so that another commit may have others. */
const PIP_COMMANDS = [
  ["python3", "-m", "venv", VENV],
  [`${VENV}/bin/python3`, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", "requirements.txt"],
];

async function npmCommands({ dir, manifest, toolchain }: BuildJob): Promise<string[][]> {
  const { runtime, development, locked } = await readDependencies(dir);
  const building = manifest.build.length > 0;
  if (!runtime && !(development && building)) return [];
  if (!(await toolchain.hasNpm()))
    throw new UnavailableError("npm was not found on this machine.", { mend: "Install npm, or remove the dependencies." });
  const scope = building ? ["--include=dev"] : ["--omit=dev"];
  return [["npm", locked ? "ci" : "install", ...scope, "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=warn"]];
}

async function runCommand(job: BuildJob, command: readonly string[], until: number): Promise<void> {
  const { home, log, signal } = job;
  const text = command.join(" ");
  if (signal.aborted) throw new CancelledError("The build was cancelled.");
  log.write("roadbed", `$ ${text}`);
  await mkdir(join(home, "tmp"), { recursive: true });
  const child = await runProcess({
    command,
    cwd: job.dir,
    env: await buildEnvironment(job),
    log,
    ledger: job.ledger,
    what: `build of ${job.repository}`,
  });
  const { exit, late } = await endInTime(child, { ms: until - Date.now(), graceMs: 2_000, signal });
  if (signal.aborted) throw new CancelledError("The build was cancelled.");
  if (late) throw failure(`The build took longer than ${Math.round(job.deadlineMs / 1_000)} s; \`${text}\` was stopped.`, log);
  if (exit.code !== 0) throw failure(`The build failed: \`${text}\` ${describeExit(exit)}.`, log);
}

async function buildEnvironment(job: BuildJob): Promise<Record<string, string>> {
  const { home, toolchain, manifest } = job;
  return {
    ...(await toolchain.buildVariables()),
    ...manifest.env,
    ...privateEnvironment({ tree: job.dir, home, path: await toolchain.path() }),
    CI: "true",
    npm_config_update_notifier: "false",
  };
}

async function checkOutcome({ dir, manifest, repositories, repository, commit }: BuildJob): Promise<void> {
  // A file that is missing is told now, not to those who read it.
  if (isConfigured(manifest.kind)) await contentAt(repositories, repository, commit, manifest);
  if (manifest.kind !== "site") return;
  const folder = resolve(dir, manifest.site.dir);
  if (!`${folder}${sep}`.startsWith(`${resolve(dir)}${sep}`) || !(await exists(join(folder, "index.html")))) {
    throw new InvalidError(`After the build there is no ${manifest.site.dir}/index.html to serve.`, {
      mend: "Correct site.dir in roadbed.yaml, or let the build write there.",
    });
  }
}

/** Says which programs are missing on this machine; nothing was built then. */
export function lacks(programs: readonly string[]): UnavailableError {
  const words = programs.join(" and ");
  return new UnavailableError(`needs ${words}, which this machine has not`, {
    mend: `Install ${words} on the machine that runs Roadbed, then deploy again; or deploy it elsewhere.`,
  });
}

function failure(message: string, log: LogFile): InvalidError {
  const lines = log.tail(LAST_LINES);
  return new InvalidError([message, ...lines].join("\n"), { mend: "Mend it and push again; what ran before goes on." });
}

function short({ commit }: BuildJob): string {
  return commit.slice(0, 7);
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
