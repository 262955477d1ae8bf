import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { ClusterSight, WorkloadHealth } from "@roadbed/contracts/delivery";
import { ConflictError, type Logger } from "@roadbed/core";
import type { z } from "zod";

import type { Timing } from "../deps.ts";
import type { Router } from "../router/router.ts";
import type { RouteRules, RouteState } from "../router/table.ts";
import type { Manifest } from "../workload/manifest.ts";
import { launch } from "./launch.ts";
import { openLogFile, type LogFile } from "./log-file.ts";
import type { ProcessLedger } from "./process-ledger.ts";
import type { ReplicaSight } from "./replica.ts";
import { createReplicaSet, type ReplicaSet } from "./replica-set.ts";
import { routeOf, summarise } from "./route-of.ts";
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
  /** Each process of the stable release; each pod of every release. */
  readonly replicas?: readonly (ReplicaSight & { readonly name?: string; readonly release?: number | undefined })[];
  /** Where it is reached, where that is not the platform's own router. */
  readonly url?: string;
  /** What its cluster says, where it runs in one. */
  readonly cluster?: ClusterSight;
}

/** A release that runs beside the stable one while it is decided about. */
export type Guest = "candidate" | "baseline";

export interface Invited {
  readonly guest: Guest;
  readonly spec: WorkloadSpec;
}

/** How requests are split while a release is decided about: what is left of 100 goes to the stable one. */
export interface Split {
  readonly candidate: number;
  readonly baseline: number;
  readonly rules?: RouteRules | undefined;
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
  /** What leads to a prompt, model or agent, which have no process. */
  servedAt?(key: WorkloadKey): RouteState;
  /** Called at each change of what can be seen of a workload. */
  onChange(key: WorkloadKey, seen: Observation): void;
}

/** Runs workloads as processes on this machine, and keeps them running. */
export interface LocalRuntime {
  logOf(key: WorkloadKey): Promise<LogFile>;
  homeOf(key: WorkloadKey): string;
  /**
   * Starts new processes beside the old ones, and when they are healthy leads requests to them and lets the old ones end: all at once, or
   * one after the other. Rejects when they do not become healthy: then the old ones go on as if nothing had been.
   */
  replace(spec: WorkloadSpec, o?: { readonly rolling?: boolean; readonly signal?: AbortSignal }): Promise<void>;
  /** Starts it unless it runs already, and keeps trying if it does not become healthy. */
  ensure(spec: WorkloadSpec): Promise<void>;
  /** Ends the processes, and gives up those that are starting. */
  stop(key: WorkloadKey): Promise<void>;
  /** What runs or is being kept running; undefined when it is stopped or unknown here. */
  running(key: WorkloadKey): WorkloadSpec | undefined;
  /** Starts releases beside the stable one, all at the same time, each with its processes. No request goes there before `split` says so. */
  invite(guests: readonly Invited[], signal?: AbortSignal): Promise<void>;
  split(key: WorkloadKey, split: Split): void;
  /** All requests go to the stable release from this moment, and the guests end when they have answered theirs. */
  dismiss(key: WorkloadKey): void;
  /** The candidate is the stable release from this moment; the one before ends when it has answered what it was asked. */
  promote(key: WorkloadKey): void;
  /** What can be seen of a guest; empty when it is not there. */
  guest(key: WorkloadKey, guest: Guest): readonly ReplicaSight[];
  /** For shutting down: ends everything, without a word to `onChange`. */
  endAll(): Promise<void>;
}

/** What is there of a workload. */
export interface Slot {
  readonly key: WorkloadKey;
  /** What runs or is being kept running. */
  stable: ReplicaSet | undefined;
  /** What replaces it, process by process. */
  incoming: ReplicaSet | undefined;
  readonly guests: Map<Guest, ReplicaSet>;
  split: Split;
  /** What is said while nothing can be asked. */
  absent: "starting" | "failed" | "stopped";
  /** Ends the launches that are under way. */
  readonly launching: Set<AbortController>;
  /** One thing at a time is done to a workload. */
  queue: Promise<unknown>;
  readonly secrets: Set<string>;
  log: Promise<LogFile> | undefined;
}

export const UNDIVIDED: Split = { candidate: 0, baseline: 0 };
const DRAIN_MS = 10_000;

export function replicasOf({ manifest }: WorkloadSpec): number {
  return manifest.scale?.replicas ?? 1;
}

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

  /** What leads where follows from what runs, at every change. */
  function lead(slot: Slot): void {
    if (!closing) router.set(slot.key, routeOf(slot));
  }

  function see(slot: Slot, seen?: Observation): void {
    lead(slot);
    if (closing) return;
    const told = seen ?? (slot.stable && summarise(slot.stable));
    if (told !== undefined) options.onChange(slot.key, told);
  }

  async function makeSet(slot: Slot, spec: WorkloadSpec): Promise<ReplicaSet> {
    const set: ReplicaSet = createReplicaSet({
      spec,
      timing,
      log: await logOf(slot.key),
      launch: (one, signal) => launchIn(slot, one, signal),
      drained: (port) => router.drained(port, DRAIN_MS),
      // Of what is not stable yet, or not any more, only the routes are to know.
      onChange: () => (set === slot.stable ? see(slot) : lead(slot)),
      retiring: later,
    });
    return set;
  }

  function later(done: Promise<unknown>): void {
    const settled = done.catch(() => {}).finally(() => retiring.delete(settled));
    retiring.add(settled);
  }

  async function launchIn(slot: Slot, spec: WorkloadSpec, signal: AbortSignal): ReturnType<typeof launch> {
    const own = new AbortController();
    slot.launching.add(own);
    try {
      const { env, secrets } = await options.environmentOf(spec);
      for (const secret of secrets) slot.secrets.add(secret);
      const home = join(folderOf(slot.key), "home");
      await mkdir(join(home, "tmp"), { recursive: true });
      const log = await logOf(slot.key);
      return await launch({
        spec,
        env,
        log,
        ledger: options.ledger,
        timing,
        signal: AbortSignal.any([own.signal, signal]),
        served: options.servedAt?.(slot.key),
      });
    } finally {
      slot.launching.delete(own);
    }
  }

  async function replace(slot: Slot, spec: WorkloadSpec, rolling: boolean, signal: AbortSignal | undefined): Promise<void> {
    const old = slot.stable;
    if (old === undefined) {
      slot.absent = "starting";
      see(slot, { health: "starting", restarts: 0 });
    }
    const fresh = await makeSet(slot, spec);
    try {
      if (rolling && old !== undefined) await roll(slot, old, fresh, signal);
      else await fresh.scale(replicasOf(spec), signal);
    } catch (error) {
      if (old === undefined && slot.stable === undefined) {
        slot.absent = "failed";
        see(slot, { health: "failed", detail: (error as Error).message, restarts: 0 });
      }
      throw error;
    }
    slot.stable = fresh;
    slot.incoming = undefined;
    see(slot);
    old?.retire();
  }

  /** One more of the new, then one fewer of the old, so that there is never less than before. */
  async function roll(slot: Slot, old: ReplicaSet, fresh: ReplicaSet, signal: AbortSignal | undefined): Promise<void> {
    const [before, wanted] = [old.sights().length, replicasOf(fresh.spec)];
    slot.incoming = fresh;
    try {
      for (let count = 1; count <= wanted; count++) {
        await fresh.scale(count, signal);
        lead(slot);
        // The last of the old ones goes when all of the new ones are there.
        await old.scale(count === wanted ? 0 : Math.max(1, before - count));
        (await logOf(slot.key)).write("roadbed", `${count} of ${wanted} processes run ${fresh.spec.commit.slice(0, 7)}`);
      }
    } catch (error) {
      await old.scale(before).catch(() => {});
      await fresh.scale(0);
      slot.incoming = undefined;
      see(slot);
      throw error;
    }
  }

  async function ensure(slot: Slot, spec: WorkloadSpec): Promise<void> {
    if (slot.stable !== undefined) return;
    slot.absent = "starting";
    slot.stable = await makeSet(slot, spec);
    see(slot, { health: "starting", restarts: 0 });
    await slot.stable.keep(replicasOf(spec));
  }

  async function stop(slot: Slot): Promise<void> {
    const sets = [slot.stable, slot.incoming, ...slot.guests.values()];
    slot.stable = undefined;
    slot.incoming = undefined;
    slot.guests.clear();
    slot.split = UNDIVIDED;
    slot.absent = "stopped";
    see(slot, { health: "stopped", restarts: 0 });
    const running = sets.filter((set) => set !== undefined);
    await Promise.all(running.map((set) => set.end()));
    if (running.length > 0) (await logOf(slot.key)).write("roadbed", "stopped");
  }

  async function invite(slot: Slot, guests: readonly Invited[], signal: AbortSignal | undefined): Promise<void> {
    const sets = await Promise.all(guests.map(async ({ guest, spec }) => ({ guest, set: await makeSet(slot, spec) })));
    const given = new AbortController();
    const signals = signal === undefined ? given.signal : AbortSignal.any([given.signal, signal]);
    try {
      await Promise.all(sets.map(({ set }) => set.scale(replicasOf(set.spec), signals)));
      if (slot.stable === undefined) throw new ConflictError(`${slot.key.name} was stopped.`, { mend: "Restart it, then deploy again." });
    } catch (error) {
      given.abort();
      await Promise.all(sets.map(({ set }) => set.end()));
      throw error;
    }
    for (const { guest, set } of sets) {
      slot.guests.get(guest)?.retire();
      slot.guests.set(guest, set);
    }
    lead(slot);
  }

  function dismiss(slot: Slot): void {
    const guests = [...slot.guests.values()];
    slot.guests.clear();
    slot.split = UNDIVIDED;
    lead(slot);
    for (const set of guests) set.retire();
  }

  function promote(slot: Slot): void {
    const [candidate, old] = [slot.guests.get("candidate"), slot.stable];
    if (candidate === undefined) return;
    slot.guests.delete("candidate");
    slot.stable = candidate;
    dismiss(slot);
    see(slot);
    old?.retire();
  }

  return {
    logOf,
    homeOf: (key) => join(folderOf(key), "home"),
    replace: (spec, { rolling = false, signal } = {}) => {
      const slot = slotOf(spec.key);
      return inTurn(slot, () => replace(slot, spec, rolling, signal));
    },
    ensure: (spec) => {
      const slot = slotOf(spec.key);
      return inTurn(slot, () => ensure(slot, spec));
    },
    stop: (key) => {
      const slot = slotOf(key);
      for (const one of slot.launching) one.abort();
      return inTurn(slot, () => stop(slot));
    },
    running: (key) => slots.get(`${key.environment}/${key.name}`)?.stable?.spec,
    invite: async (guests, signal) => {
      const [first] = guests;
      if (first === undefined) return;
      const slot = slotOf(first.spec.key);
      await inTurn(slot, () => invite(slot, guests, signal));
    },
    split: (key, split) => {
      const slot = slotOf(key);
      slot.split = split;
      lead(slot);
    },
    dismiss: (key) => dismiss(slotOf(key)),
    promote: (key) => promote(slotOf(key)),
    guest: (key, guest) => slotOf(key).guests.get(guest)?.sights() ?? [],
    endAll: async () => {
      closing = true;
      for (const slot of slots.values()) for (const one of slot.launching) one.abort();
      await Promise.all([...slots.values()].map((slot) => inTurn(slot, () => stop(slot))));
      await Promise.allSettled(retiring);
      await Promise.all([...slots.values()].map(async (slot) => (await slot.log)?.flushed()));
    },
  };
}

function emptySlot(key: WorkloadKey): Slot {
  return {
    key,
    stable: undefined,
    incoming: undefined,
    guests: new Map(),
    split: UNDIVIDED,
    absent: "starting",
    launching: new Set(),
    queue: Promise.resolve(),
    secrets: new Set(),
    log: undefined,
  };
}
