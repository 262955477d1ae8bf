import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { CancelledError, InvalidError, UnavailableError } from "@roadbed/core";

import { isConfigured } from "../configuration/configuration-text.ts";
import type { Timing } from "../deps.ts";
import type { RouteState } from "../router/table.ts";
import type { Manifest } from "../workload/manifest.ts";
import { checkHealth } from "./check-health.ts";
import type { WorkloadSpec } from "./local-runtime.ts";
import type { LogFile } from "./log-file.ts";
import type { ProcessLedger } from "./process-ledger.ts";
import { describeExit, runProcess, type RunningProcess } from "./run-process.ts";

/** A commit that serves, or is about to. */
export interface Instance {
  readonly spec: WorkloadSpec;
  readonly route: RouteState;
  /** Absent for a site and for a job. */
  readonly process: RunningProcess | undefined;
  /** Absent when it listens on nothing. */
  readonly port: number | undefined;
  /** Its end is wanted: no crash. */
  retired: boolean;
  /** Why it is not healthy, while it runs. */
  ailing: string | undefined;
  /** Why the platform ended it, in words that follow "It". */
  endedBecause: string | undefined;
}

export interface LaunchOptions {
  readonly spec: WorkloadSpec;
  readonly env: Readonly<Record<string, string>>;
  readonly log: LogFile;
  readonly ledger: ProcessLedger;
  readonly timing: Timing;
  readonly signal: AbortSignal;
  /** What leads to it where it is data without a process. */
  readonly served?: RouteState | undefined;
  /** Default: one that the system says is free. */
  readonly findPort?: () => Promise<number>;
}

const WORKER_PROOF_MS = 2_000;
const LAST_LINES = 20;
const PORT_TRIES = 3;

/** Where its health is asked; undefined when it is not asked. */
export function healthPathOf({ kind, health }: Manifest): string | undefined {
  return kind === "service" ? (health ?? "/healthz") : kind === "worker" ? health : undefined;
}

/** Starts it and waits until it is healthy. Throws `InvalidError` with the log's last lines when it does not become so; nothing is left running then. */
export async function launch(options: LaunchOptions): Promise<Instance> {
  const { spec } = options;
  if (spec.manifest.kind === "site") return withoutProcess(spec, { kind: "site", dir: join(spec.dir, spec.manifest.site.dir) });
  if (isConfigured(spec.manifest.kind)) return withoutProcess(spec, options.served ?? { kind: "absent", why: "starting" });
  // It runs when it is due: see ../job.
  if (spec.manifest.kind === "job") return withoutProcess(spec, { kind: "absent", why: "job" });
  for (let attempt = 1; ; attempt++) {
    // The version before may still be running and writing: what this one prints must tell why it fails.
    const log = options.log.part();
    try {
      return await launchProcess({ ...options, log });
    } catch (error) {
      // Between being found free and being listened to a port belongs to nobody: another program was sooner.
      const isTaken = log.tail(LAST_LINES).some((line) => /EADDRINUSE|address already in use/i.test(line));
      if (!isTaken || attempt === PORT_TRIES || options.signal.aborted) throw error;
      log.write("roadbed", "the port was taken by another program; it is started again with another one");
    }
  }
}

async function launchProcess(options: LaunchOptions): Promise<Instance> {
  const { spec, log } = options;
  const port = await (options.findPort ?? freePort)();
  const { start = [], limits } = spec.manifest;
  const process = await runProcess({
    command: start,
    cwd: spec.dir,
    env: { ...options.env, PORT: String(port) },
    memoryMb: limits.memoryMb,
    log,
    ledger: options.ledger,
    what: `${spec.key.environment}/${spec.key.name}`,
  });
  log.write("roadbed", `started ${start.join(" ")} of ${spec.commit.slice(0, 7)} as process ${process.pid} on port ${port}`);
  try {
    await untilHealthy(options, process, port);
  } catch (error) {
    await process.stop(Math.min(options.timing.graceMs, 2_000));
    throw error;
  }
  log.write("roadbed", `healthy after ${Date.now() - process.startedAt.getTime()} ms`);
  return {
    spec,
    process,
    port,
    route: { kind: "process", backends: [{ port, weight: 1 }], rules: { answerMs: (limits.answerSeconds ?? 60) * 1_000 } },
    retired: false,
    ailing: undefined,
    endedBecause: undefined,
  };
}

function withoutProcess(spec: WorkloadSpec, route: RouteState): Instance {
  return {
    spec,
    process: undefined,
    port: undefined,
    route,
    retired: false,
    ailing: undefined,
    endedBecause: undefined,
  };
}

async function untilHealthy({ spec, timing, signal, log }: LaunchOptions, process: RunningProcess, port: number): Promise<void> {
  const path = healthPathOf(spec.manifest);
  const began = Date.now();
  let reason: string | undefined = "it was not asked yet";
  for (let wait = 50; ; wait = Math.min(wait * 1.5, 500)) {
    await Promise.race([delay(wait, undefined, { signal }).catch(() => {}), process.exited]);
    if (signal.aborted) throw new CancelledError("The start was given up.");
    if (process.hasExited()) throw failure(`The process ${describeExit(await process.exited)} before it was healthy.`, log);
    if (path === undefined && Date.now() - began >= WORKER_PROOF_MS) return;
    if (path !== undefined) reason = await checkHealth(port, path);
    if (path !== undefined && reason === undefined) return;
    if (Date.now() - began >= timing.startMs) throw failure(`It was not healthy within ${timing.startMs / 1_000} s: ${reason}.`, log);
  }
}

function failure(message: string, log: LogFile): InvalidError {
  return new InvalidError([message, ...log.tail(LAST_LINES)].join("\n"), { mend: "Mend it and push again; what ran before goes on." });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        new UnavailableError(`This machine has no free port for another process (${error.code ?? error.message}).`, {
          cause: error,
          mend: "Stop workloads that nobody needs, or look for a program that holds ports or connections without end.",
        }),
      ),
    );
  });
}
