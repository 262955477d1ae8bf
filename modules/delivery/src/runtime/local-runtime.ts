import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { Logger } from "@roadbed/core";
import type { WorkloadHealth } from "@roadbed/contracts/delivery";
import type { z } from "zod";

import type { Timing } from "../deps.ts";
import type { Router } from "../router/router.ts";
import type { Manifest } from "../workload/manifest.ts";
import { checkHealth } from "./check-health.ts";
import { healthPathOf, launch, type Instance } from "./launch.ts";
import { openLogFile, type LogFile } from "./log-file.ts";
import type { ProcessLedger } from "./process-ledger.ts";
import { nextRestart } from "./restart-rule.ts";
import { describeExit, residentMb } from "./run-process.ts";
import type { Toolchain } from "./toolchain.ts";

export interface WorkloadKey {
  readonly entityRef: string;
  readonly environment: string;
  /** How the router and the folders call it. */
  readonly name: string;
}

/** One commit of a workload, built and ready to run. */
export interface WorkloadSpec {
  readonly key: WorkloadKey;
  readonly commit: string;
  readonly deploymentId: string;
  readonly manifest: Manifest;
  /** The commit's files. */
  readonly dir: string;
}

export interface Observation {
  readonly health: z.infer<typeof WorkloadHealth>;
  readonly detail?: string | undefined;
  readonly pid?: number | undefined;
  readonly startedAt?: Date | undefined;
  readonly restarts: number;
}

export interface LocalRuntimeOptions {
  readonly log: Logger;
  /** `workloads/` in the data folder. */
  readonly dir: string;
  readonly router: Router;
  readonly toolchain: Toolchain;
  readonly ledger: ProcessLedger;
  readonly timing: Timing;
  /** The whole environment of a process, without `PORT`; `secrets` are values that must not stand in its log. */
  environmentOf(spec: WorkloadSpec): Promise<{ readonly env: Record<string, string>; readonly secrets: readonly string[] }>;
  /** Called at each change of what can be seen of a workload. */
  onChange(key: WorkloadKey, seen: Observation): void;
}

/** Runs workloads as processes on this machine, and keeps them running. */
export interface LocalRuntime {
  logOf(key: WorkloadKey): Promise<LogFile>;
  homeOf(key: WorkloadKey): string;
  /**
   * Starts the new process beside the old one, and when it is healthy leads requests to it and lets the old one end.
   * Rejects when it does not become healthy: then the old one goes on as if nothing had been.
   */
  replace(spec: WorkloadSpec, signal?: AbortSignal): Promise<void>;
  /** Starts it unless it runs already, and keeps trying if it does not become healthy. */
  ensure(spec: WorkloadSpec): Promise<void>;
  /** Ends the process, and gives up one that is starting. */
  stop(key: WorkloadKey): Promise<void>;
  /** What runs or is being kept running; undefined when it is stopped or unknown here. */
  running(key: WorkloadKey): WorkloadSpec | undefined;
  /** For shutting down: ends everything, without a word to `onChange`. */
  endAll(): Promise<void>;
}

interface Slot {
  readonly key: WorkloadKey;
  spec: WorkloadSpec | undefined;
  current: Instance | undefined;
  restarts: number;
  crashes: number[];
  restartTimer: NodeJS.Timeout | undefined;
  healthTimer: NodeJS.Timeout | undefined;
  /** Ends a launch that is under way. */
  launching: AbortController | undefined;
  /** One thing at a time is done to a workload. */
  queue: Promise<unknown>;
  secrets: Set<string>;
  log: Promise<LogFile> | undefined;
}

const UNHEALTHY_AFTER = 3;
const KILL_AFTER = 6;
const DRAIN_MS = 10_000;
const NODE_ITSELF_MB = 64;

export function createLocalRuntime(options: LocalRuntimeOptions): LocalRuntime {
  const { dir, router, timing } = options;
  const slots = new Map<string, Slot>();
  const retiring = new Set<Promise<unknown>>();
  let closing = false;

  function slotOf(key: WorkloadKey): Slot {
    const id = `${key.environment}/${key.name}`;
    const slot = slots.get(id) ?? emptySlot(key);
    slots.set(id, slot);
    return slot;
  }

  function logOf(key: WorkloadKey): Promise<LogFile> {
    const slot = slotOf(key);
    const redact = (message: string): string => [...slot.secrets].reduce((text, secret) => text.replaceAll(secret, "***"), message);
    return (slot.log ??= openLogFile({ dir: join(folderOf(key), "log"), redact }));
  }

  function folderOf({ environment, name }: WorkloadKey): string {
    return join(dir, environment, name);
  }

  function inTurn<T>(slot: Slot, work: () => Promise<T>): Promise<T> {
    const done = slot.queue.then(work, work);
    slot.queue = done.catch(() => {});
    return done;
  }

  function see(slot: Slot, seen: Omit<Observation, "restarts">): void {
    if (!closing) options.onChange(slot.key, { ...seen, restarts: slot.restarts });
  }

  async function launchIn(slot: Slot, spec: WorkloadSpec, signal: AbortSignal | undefined): Promise<Instance> {
    const own = new AbortController();
    slot.launching = own;
    try {
      const { env, secrets } = await options.environmentOf(spec);
      for (const secret of secrets) slot.secrets.add(secret);
      const home = join(folderOf(slot.key), "home");
      await mkdir(join(home, "tmp"), { recursive: true });
      const signals = signal === undefined ? own.signal : AbortSignal.any([own.signal, signal]);
      return await launch({ spec, env, log: await logOf(slot.key), ledger: options.ledger, timing, signal: signals });
    } finally {
      slot.launching = undefined;
    }
  }

  /** From here on requests go to `fresh`. */
  async function takeOver(slot: Slot, spec: WorkloadSpec, fresh: Instance): Promise<void> {
    const old = slot.current;
    clearTimers(slot);
    slot.spec = spec;
    slot.current = fresh;
    router.set(slot.key, fresh.route);
    see(slot, { health: "healthy", pid: fresh.process?.pid, startedAt: fresh.process?.startedAt ?? new Date() });
    watch(slot, fresh);
    if (old !== undefined) retire(slot, old);
  }

  /** Lets what it is answering come to its end first. */
  function retire(slot: Slot, old: Instance): void {
    if (old.process === undefined || old.process.hasExited()) return;
    const { process, port } = old;
    old.retired = true;
    const done = (port === undefined ? Promise.resolve() : router.drained(port, DRAIN_MS))
      .then(() => process.stop(timing.graceMs))
      .then(async () =>
        (await logOf(slot.key)).write("roadbed", `the process ${process.pid} of ${old.spec.commit.slice(0, 7)} was replaced and has ended`),
      )
      .finally(() => retiring.delete(done));
    retiring.add(done);
  }

  function watch(slot: Slot, instance: Instance): void {
    const { process } = instance;
    if (process === undefined) return;
    void process.exited.then((exit) => {
      if (instance.retired || slot.current !== instance || closing) return;
      void onCrash(slot, instance, instance.endedBecause ?? describeExit(exit));
    });
    let failures = 0;
    const look = async (): Promise<void> => {
      const [reason, excess] = await Promise.all([askHealth(instance), findExcess(instance)]);
      if (slot.current !== instance || process.hasExited() || closing) return;
      failures = reason === undefined ? 0 : failures + 1;
      tellHealth(slot, instance, failures >= UNHEALTHY_AFTER ? reason : undefined);
      if (excess === undefined && failures < KILL_AFTER) return again();
      instance.endedBecause = `was ended because ${excess ?? `it was not healthy for long (${reason})`}`;
      await process.stop(timing.graceMs);
    };
    const again = (): void => {
      slot.healthTimer = setTimeout(() => void look(), timing.healthEveryMs).unref();
    };
    again();
  }

  function tellHealth(slot: Slot, instance: Instance, reason: string | undefined): void {
    if ((instance.ailing === undefined) === (reason === undefined)) return;
    instance.ailing = reason;
    const { pid, startedAt } = instance.process ?? {};
    see(slot, { health: reason === undefined ? "healthy" : "unhealthy", detail: reason, pid, startedAt });
  }

  async function onCrash(slot: Slot, instance: Instance, how: string): Promise<void> {
    clearTimers(slot);
    slot.crashes = [...slot.crashes.slice(-20), Date.now()];
    const { pauseMs, looping, count } = nextRestart(slot.crashes, Date.now(), timing.firstRestartMs);
    const log = await logOf(slot.key);
    const words = looping ? `Crash loop: it crashed ${count} times within five minutes. It ${how}.` : `It ${how}.`;
    log.write("roadbed", `the process ${how}; it is started again in ${pauseMs / 1_000} s`);
    router.set(slot.key, { kind: "absent", why: "crashed", detail: words });
    see(slot, { health: "crashed", detail: [words, ...log.tail(10)].join("\n") });
    slot.restartTimer = setTimeout(() => void inTurn(slot, () => revive(slot, instance, looping)), pauseMs).unref();
  }

  async function revive(slot: Slot, dead: Instance, looping: boolean): Promise<void> {
    if (slot.current !== dead || slot.spec === undefined || closing) return;
    slot.restarts += 1;
    if (!looping) see(slot, { health: "starting" });
    try {
      await takeOver(slot, slot.spec, await launchIn(slot, slot.spec, undefined));
    } catch (error) {
      if (slot.current === dead && !closing) await onCrash(slot, dead, `did not start again: ${firstLine(error)}`);
    }
  }

  async function replace(slot: Slot, spec: WorkloadSpec, signal: AbortSignal | undefined): Promise<void> {
    const first = slot.current === undefined;
    if (first) {
      router.set(slot.key, { kind: "absent", why: "starting" });
      see(slot, { health: "starting" });
    }
    try {
      const fresh = await launchIn(slot, spec, signal);
      slot.crashes = [];
      slot.restarts = 0;
      await takeOver(slot, spec, fresh);
    } catch (error) {
      if (first && slot.current === undefined) {
        router.set(slot.key, { kind: "absent", why: "failed" });
        see(slot, { health: "failed", detail: (error as Error).message });
      }
      throw error;
    }
  }

  async function ensure(slot: Slot, spec: WorkloadSpec): Promise<void> {
    if (slot.current !== undefined) return;
    slot.spec = spec;
    // Stands for the process of the server before this one, as if it had crashed just now.
    const lost: Instance = {
      spec,
      process: undefined,
      port: undefined,
      route: { kind: "absent", why: "starting" },
      retired: false,
      ailing: undefined,
      endedBecause: undefined,
    };
    slot.current = lost;
    router.set(slot.key, lost.route);
    see(slot, { health: "starting" });
    try {
      await takeOver(slot, spec, await launchIn(slot, spec, undefined));
    } catch (error) {
      if (slot.current === lost && !closing) await onCrash(slot, lost, `did not start: ${firstLine(error)}`);
    }
  }

  async function stop(slot: Slot): Promise<void> {
    clearTimers(slot);
    const old = slot.current;
    slot.current = undefined;
    slot.spec = undefined;
    router.set(slot.key, { kind: "absent", why: "stopped" });
    see(slot, { health: "stopped" });
    if (old?.process === undefined) return;
    old.retired = true;
    await old.process.stop(timing.graceMs);
    (await logOf(slot.key)).write("roadbed", "stopped");
  }

  return {
    logOf,
    homeOf: (key) => join(folderOf(key), "home"),
    replace: (spec, signal) => {
      const slot = slotOf(spec.key);
      return inTurn(slot, () => replace(slot, spec, signal));
    },
    ensure: (spec) => {
      const slot = slotOf(spec.key);
      return inTurn(slot, () => ensure(slot, spec));
    },
    stop: (key) => {
      const slot = slotOf(key);
      slot.launching?.abort();
      return inTurn(slot, () => stop(slot));
    },
    running: (key) => slots.get(`${key.environment}/${key.name}`)?.spec,
    endAll: async () => {
      closing = true;
      for (const slot of slots.values()) slot.launching?.abort();
      await Promise.all([...slots.values()].map((slot) => inTurn(slot, () => stop(slot))));
      await Promise.allSettled(retiring);
      await Promise.all([...slots.values()].map(async (slot) => (await slot.log)?.flushed()));
    },
  };
}

function emptySlot(key: WorkloadKey): Slot {
  return {
    key,
    spec: undefined,
    current: undefined,
    restarts: 0,
    crashes: [],
    restartTimer: undefined,
    healthTimer: undefined,
    launching: undefined,
    queue: Promise.resolve(),
    secrets: new Set(),
    log: undefined,
  };
}

function clearTimers(slot: Slot): void {
  clearTimeout(slot.restartTimer);
  clearTimeout(slot.healthTimer);
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
