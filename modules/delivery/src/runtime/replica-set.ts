import { CancelledError } from "@roadbed/core";

import { createReplica, type Replica, type ReplicaOptions, type ReplicaSight } from "./replica.ts";
import type { WorkloadSpec } from "./local-runtime.ts";
import type { Instance } from "./launch.ts";

/** All processes of one release of a workload. */
export interface ReplicaSet {
  readonly spec: WorkloadSpec;
  /**
   * More: resolves when all are healthy; rejects when one of the new ones did not become so, and then none of them is left.
   * Fewer: those that go answer what they were asked, and are not waited for.
   */
  scale(count: number, signal?: AbortSignal): Promise<void>;
  /** That many, tried until they run. Resolves when each has had its first try. */
  keep(count: number): Promise<void>;
  /** Those that can be asked: the healthy ones, or what runs at all when none is. */
  serving(): readonly Instance[];
  sights(): readonly ReplicaSight[];
  retire(): void;
  end(): Promise<void>;
}

export interface ReplicaSetOptions extends Omit<ReplicaOptions, "launch"> {
  readonly spec: WorkloadSpec;
  readonly launch: (spec: WorkloadSpec, signal: AbortSignal) => Promise<Instance>;
  /** Told of what goes on after it is not needed any more. */
  readonly retiring: (done: Promise<unknown>) => void;
}

export function createReplicaSet({ spec, launch, retiring, ...options }: ReplicaSetOptions): ReplicaSet {
  let replicas: Replica[] = [];
  const make = (): Replica => createReplica({ ...options, launch: (signal) => launch(spec, signal) });

  async function grow(count: number, signal: AbortSignal | undefined): Promise<void> {
    const fresh = Array.from({ length: count }, make);
    const given = new AbortController();
    const signals = signal === undefined ? given.signal : AbortSignal.any([given.signal, signal]);
    replicas.push(...fresh);
    const outcomes = await Promise.allSettled(
      fresh.map(async (one) => {
        try {
          await one.start(signals);
        } catch (error) {
          // The others are not waited for: without this one the release does not come up.
          given.abort();
          throw error;
        }
      }),
    );
    const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as Error] : []));
    if (failures.length === 0) return;
    replicas = replicas.filter((one) => !fresh.includes(one));
    await Promise.all(fresh.map((one) => one.end()));
    throw failures.find((one) => !(one instanceof CancelledError)) ?? failures[0]!;
  }

  function shrink(count: number): void {
    const gone = replicas.splice(count);
    // First they are asked no more, then they end.
    options.onChange();
    for (const one of gone) retiring(one.retire());
  }

  return {
    spec,
    async scale(count, signal) {
      if (count < replicas.length) shrink(count);
      else if (count > replicas.length) await grow(count - replicas.length, signal);
    },
    async keep(count) {
      replicas = Array.from({ length: count }, make);
      await Promise.all(replicas.map((one) => one.keep()));
    },
    serving() {
      const running = replicas.flatMap((one) => one.instance() ?? []);
      const healthy = running.filter(({ ailing }) => ailing === undefined);
      return healthy.length > 0 ? healthy : running;
    },
    sights: () => replicas.map((one) => one.see()),
    retire: () => shrink(0),
    async end() {
      await Promise.all(replicas.map((one) => one.end()));
    },
  };
}
