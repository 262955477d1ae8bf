import { setTimeout as delay } from "node:timers/promises";

import { workloadChanged } from "@roadbed/contracts/delivery";
import { DomainError } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { findEnvironment } from "../environment/environment-store.ts";
import { observeWorkload } from "../internal-operations.ts";
import type { LocalRuntime, Observation, WorkloadKey, WorkloadSpec } from "../runtime/local-runtime.ts";
import { findWorkload, listStopped, listWanted, setSeen, type WorkloadRecord } from "./workload-store.ts";

export interface WorkloadControl {
  /** Makes a workload what its row says; `restart` makes a running one new. Never rejects: what went wrong is seen in the row. */
  apply(entityRef: string, environment: string, restart: boolean): Promise<void>;
  /** Has a cluster's engine apply what Git says. Never rejects: what did not help is seen at the next look. */
  heal(entityRef: string, environment: string): Promise<void>;
  /** After a start of the server: everything that is wanted, a few at a time. */
  startAll(): Promise<void>;
  /** Resolves when what ran of it before a start of the server was asked to run again. Never rejects. */
  restored(entityRef: string, environment: string): Promise<void>;
  /** Writes down what is seen; the newest sight counts. */
  record(key: WorkloadKey, seen: Observation): void;
  /** Resolves when everything that was seen is written. */
  recorded(): Promise<void>;
}

const AT_ONCE = 2;
const TRIES = 10;

export function createControl(
  { log, db, runtime, router }: DeliveryDeps,
  local: () => LocalRuntime,
  /** Sees to it that the commit's files are there and built. */
  specOf: (record: WorkloadRecord) => Promise<WorkloadSpec>,
  /** Restarts what runs in a cluster, or has its engine apply it once more. */
  cluster: { restart(key: WorkloadKey): Promise<void>; sync(key: WorkloadKey): Promise<void> },
): WorkloadControl {
  const unwritten = new Map<string, { readonly key: WorkloadKey; readonly seen: Observation }>();
  let writing: Promise<void> | undefined;
  /** What ran before this server started and was not asked to run again yet. */
  const unrestored = new Set<string>();
  const listed = Promise.withResolvers<void>();

  async function bringUp(record: WorkloadRecord, restart: boolean): Promise<void> {
    const runs = local().running(record.key) !== undefined;
    if (runs && !restart) return;
    const spec = await specOf(record);
    await (runs ? local().replace(spec) : local().ensure(spec));
  }

  async function apply(entityRef: string, environment: string, restart: boolean): Promise<void> {
    try {
      const found = await findWorkload(db, entityRef, environment);
      if (found === undefined) return;
      if ((await findEnvironment(db, environment))?.runtime === "kubernetes") {
        if (restart) await cluster.restart(found.key);
        return;
      }
      if (found.desired === "stopped") await local().stop(found.key);
      else if (found.commit !== undefined) await bringUp(found, restart);
    } catch (error) {
      // A restart that fails leaves the old process in place; why it failed stands in the workload's log.
      log.warn("a workload could not be brought to what is wanted", { entityRef, environment, error: String(error) });
      const failed = await findWorkload(db, entityRef, environment).catch(() => undefined);
      if (failed !== undefined) (await local().logOf(failed.key)).write("roadbed", `restart failed: ${(error as Error).message}`);
    }
  }

  async function write(): Promise<void> {
    for (const [id, { key, seen }] of unwritten) {
      unwritten.delete(id);
      await writeOne(key, seen, () => unwritten.has(id));
    }
    writing = undefined;
  }

  async function writeOne(key: WorkloadKey, seen: Observation, outdated: () => boolean): Promise<void> {
    const { entityRef, environment } = key;
    const input = { entityRef, environment, health: seen.health };
    for (let attempt = 1; !outdated(); attempt++) {
      try {
        await runtime.write(runtime.system("delivery.runtime"), observeWorkload, input, { kind: "entity", id: entityRef }, async (ctx) => {
          if (await setSeen(ctx.sql, key, seen)) ctx.emit(workloadChanged, entityRef, input);
        });
        return;
      } catch (error) {
        log.warn("what is seen of a workload could not be written", { entityRef, environment, attempt, error: String(error) });
        if (attempt >= TRIES || (error instanceof DomainError && error.code !== "UNAVAILABLE")) return;
        await delay(500 * attempt, undefined, { ref: false });
      }
    }
  }

  return {
    apply,
    async heal(entityRef, environment) {
      const found = await findWorkload(db, entityRef, environment);
      if (found === undefined) return;
      await cluster
        .sync(found.key)
        .catch((error: unknown) =>
          log.warn("an engine could not be told to apply what Git says", { entityRef, environment, error: String(error) }),
        );
    },
    async startAll() {
      for (const { key, commit } of await listStopped(db))
        router.set(key, { kind: "absent", why: commit === undefined ? "failed" : "stopped" });
      const waiting = await listWanted(db);
      for (const { key } of waiting) unrestored.add(`${key.environment}/${key.entityRef}`);
      listed.resolve();
      for (const { key } of waiting) {
        if (local().running(key) !== undefined) continue;
        router.set(key, { kind: "absent", why: "starting" });
        await db.query(
          "update delivery.workload set health = 'starting', detail = null, pid = null where entity_ref = $1 and environment = $2",
          [key.entityRef, key.environment],
        );
      }
      const next = async (): Promise<void> => {
        for (let record = waiting.shift(); record !== undefined; record = waiting.shift()) {
          const { entityRef, environment } = record.key;
          await apply(entityRef, environment, false);
          unrestored.delete(`${environment}/${entityRef}`);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, next));
    },
    async restored(entityRef, environment) {
      await listed.promise;
      if (unrestored.has(`${environment}/${entityRef}`)) await apply(entityRef, environment, false);
    },
    record(key, seen) {
      unwritten.set(`${key.environment}/${key.name}`, { key, seen });
      writing ??= Promise.resolve().then(write);
    },
    async recorded() {
      while (writing !== undefined) await writing;
    },
  };
}
