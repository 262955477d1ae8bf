import type { WorkloadHealth } from "@roadbed/contracts/delivery";
import { CancelledError } from "@roadbed/core";
import type { z } from "zod";

import type { Timing } from "../deps.ts";
import { checkHealth } from "./check-health.ts";
import { healthPathOf, type Instance } from "./launch.ts";
import type { LogFile } from "./log-file.ts";
import { nextRestart } from "./restart-rule.ts";
import { describeExit, residentMb } from "./run-process.ts";

/** What can be seen of one process of a workload. */
export interface ReplicaSight {
  readonly health: z.infer<typeof WorkloadHealth>;
  readonly detail?: string | undefined;
  readonly pid?: number | undefined;
  readonly startedAt?: Date | undefined;
  readonly restarts: number;
  /** It crashes again and again. */
  readonly looping: boolean;
}

/** One process of a workload, which is started again when it crashes, until its end is wanted. */
export interface Replica {
  see(): ReplicaSight;
  /** Undefined while it does not run. */
  instance(): Instance | undefined;
  /** One try. Rejects when it does not become healthy. */
  start(signal: AbortSignal | undefined): Promise<void>;
  /** Tries until it runs. */
  keep(): Promise<void>;
  /** Answers what it was asked, then ends. */
  retire(): Promise<void>;
  /** Ends at once, also when it is being started. */
  end(): Promise<void>;
}

export interface ReplicaOptions {
  readonly timing: Timing;
  readonly log: LogFile;
  readonly launch: (signal: AbortSignal) => Promise<Instance>;
  readonly drained: (port: number) => Promise<void>;
  /** Something can be seen that could not before. */
  readonly onChange: () => void;
}

const UNHEALTHY_AFTER = 3;
const KILL_AFTER = 6;
const NODE_ITSELF_MB = 64;

export function createReplica({ timing, log, launch, drained, onChange }: ReplicaOptions): Replica {
  let current: Instance | undefined;
  let sight: ReplicaSight = { health: "starting", restarts: 0, looping: false };
  let crashes: number[] = [];
  let over = false;
  let launching: { readonly controller: AbortController; readonly done: Promise<unknown> } | undefined;
  let timers: { restart?: NodeJS.Timeout; health?: NodeJS.Timeout } = {};

  function tell(seen: Partial<ReplicaSight>): void {
    if (over) return;
    sight = { health: sight.health, restarts: sight.restarts, looping: sight.looping, ...seen };
    onChange();
  }

  async function start(signal: AbortSignal | undefined): Promise<void> {
    if (over) throw new CancelledError("The start was given up.");
    const controller = new AbortController();
    const begun = launch(signal === undefined ? controller.signal : AbortSignal.any([controller.signal, signal]));
    launching = { controller, done: begun.catch(() => {}) };
    try {
      const fresh = await begun;
      if (over) {
        await fresh.process?.stop(timing.graceMs);
        throw new CancelledError("The start was given up.");
      }
      current = fresh;
      tell({ health: "healthy", pid: fresh.process?.pid, startedAt: fresh.process?.startedAt ?? new Date(), looping: false });
      watch(fresh);
    } finally {
      launching = undefined;
    }
  }

  function watch(instance: Instance): void {
    const { process } = instance;
    if (process === undefined) return;
    void process.exited.then((exit) => {
      if (!over && current === instance) onCrash(instance.endedBecause ?? describeExit(exit));
    });
    let failures = 0;
    const look = async (): Promise<void> => {
      const [reason, excess] = await Promise.all([askHealth(instance), findExcess(instance)]);
      if (over || current !== instance || process.hasExited()) return;
      failures = reason === undefined ? 0 : failures + 1;
      tellHealth(instance, failures >= UNHEALTHY_AFTER ? reason : undefined);
      if (excess === undefined && failures < KILL_AFTER) return again();
      instance.endedBecause = `was ended because ${excess ?? `it was not healthy for long (${reason})`}`;
      await process.stop(timing.graceMs);
    };
    const again = (): void => {
      timers.health = setTimeout(() => void look(), timing.healthEveryMs).unref();
    };
    again();
  }

  function tellHealth(instance: Instance, reason: string | undefined): void {
    if ((instance.ailing === undefined) === (reason === undefined)) return;
    instance.ailing = reason;
    const { pid, startedAt } = instance.process ?? {};
    tell({ health: reason === undefined ? "healthy" : "unhealthy", detail: reason, pid, startedAt });
  }

  function onCrash(how: string): void {
    current = undefined;
    clear();
    crashes = [...crashes.slice(-20), Date.now()];
    const { pauseMs, looping, count } = nextRestart(crashes, Date.now(), timing.firstRestartMs);
    const words = looping ? `Crash loop: it crashed ${count} times within five minutes. It ${how}.` : `It ${how}.`;
    log.write("roadbed", `the process ${how}; it is started again in ${pauseMs / 1_000} s`);
    tell({ health: "crashed", detail: [words, ...log.tail(10)].join("\n"), looping });
    timers.restart = setTimeout(() => void revive(looping), pauseMs).unref();
  }

  async function revive(looping: boolean): Promise<void> {
    if (over) return;
    const restarts = sight.restarts + 1;
    tell(looping ? { restarts, health: "crashed", detail: sight.detail } : { restarts, health: "starting" });
    await tryTo("did not start again");
  }

  async function tryTo(words: string): Promise<void> {
    try {
      await start(undefined);
    } catch (error) {
      if (!over) onCrash(`${words}: ${firstLine(error)}`);
    }
  }

  function clear(): void {
    clearTimeout(timers.restart);
    clearTimeout(timers.health);
    timers = {};
  }

  async function end(): Promise<void> {
    over = true;
    clear();
    launching?.controller.abort();
    await launching?.done;
    await current?.process?.stop(timing.graceMs);
  }

  return {
    see: () => sight,
    instance: () => current,
    start,
    keep: () => tryTo("did not start"),
    end,
    async retire() {
      const { process, port, spec } = current ?? {};
      over = true;
      clear();
      if (port !== undefined && process?.hasExited() === false) await drained(port);
      await end();
      if (process !== undefined)
        log.write("roadbed", `the process ${process.pid} of ${spec?.commit.slice(0, 7)} was replaced and has ended`);
    },
  };
}

async function askHealth({ port, spec }: Instance): Promise<string | undefined> {
  const path = healthPathOf(spec.manifest);
  return port === undefined || path === undefined ? undefined : checkHealth(port, path);
}

/** The heap is kept below the limit by Node itself; the rest is what Node needs even when it does nothing. */
async function findExcess({ process, spec }: Instance): Promise<string | undefined> {
  const { memoryMb } = spec.manifest.limits;
  const used = process === undefined ? undefined : await residentMb(process.pid);
  return used === undefined || used <= memoryMb * 1.25 + NODE_ITSELF_MB
    ? undefined
    : `it used ${used} MB, more than its limit of ${memoryMb} MB`;
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split("\n", 1)[0] ?? "";
}
