import { setTimeout as delay } from "node:timers/promises";

import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Logger } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

import { assertOwner, isSteering, ownerToken } from "./engine.ts";
import { isWorthRetrying, reviveError } from "./errors.ts";
import type { Retry, StepContext, WorkflowCtx } from "./workflows.ts";

const MAX_DELAY_MS = 30_000;

/** Steps that run now, and whether new ones may begin. */
export interface Gate {
  readonly db: Database;
  readonly log: Logger;
  readonly running: Set<symbol>;
  /** Aborted when the process begins to drain. */
  readonly draining: AbortSignal;
  /** Aborted when the time to drain is over. */
  readonly stopping: AbortSignal;
}

export function createCtx(gate: Gate): WorkflowCtx {
  const id = DBOS.workflowID ?? "";
  return {
    id,
    step: (name, run, retry) => runStep(gate, id, name, run, retry ?? {}),
    wait: (topic, timeoutMs) => DBOS.recv(topic, { timeoutSeconds: timeoutMs / 1_000 }),
    sleep: (ms) => DBOS.sleepms(ms),
    changed: (patch) => DBOS.patch(patch),
    now: () => DBOS.now(),
  };
}

async function runStep<T>(gate: Gate, id: string, name: string, run: (s: StepContext) => Promise<T>, retry: Retry): Promise<T> {
  if (gate.draining.aborted) await forever();
  const place = Symbol(name);
  // Taken until DBOS has recorded the outcome: a drain that came in between would make the step run twice.
  gate.running.add(place);
  try {
    return await DBOS.runStep(() => attemptStep(gate, id, name, run, retry, place), { name });
  } catch (error) {
    throw reviveError(error);
  } finally {
    gate.running.delete(place);
  }
}

/** The attempts are made here and not by DBOS so that what is recorded is the step's own error, not a list of them. */
async function attemptStep<T>(
  gate: Gate,
  id: string,
  name: string,
  run: (s: StepContext) => Promise<T>,
  retry: Retry,
  place: symbol,
): Promise<T> {
  const shared = shareContext(gate, id);
  const attempts = retry.attempts ?? 5;
  for (let attempt = 1; ; attempt++) {
    try {
      return await run(contextOf(shared, attempt));
    } catch (error) {
      // The time to drain is over and the step was told to stop: that is not its outcome, it runs again after the restart.
      if (gate.stopping.aborted) await park(gate, place);
      if (isSteering(error) || attempt >= attempts || !isWorthRetrying(error) || isAborted(shared)) throw error;
      const pause = Math.min((retry.firstDelayMs ?? 500) * 2 ** (attempt - 1), MAX_DELAY_MS);
      gate.log.warn("a step failed and is tried again", { workflow: id, step: name, attempt, pauseMs: pause, error: String(error) });
      await delay(pause, undefined, { signal: AbortSignal.any([shared.signal, gate.draining]) }).catch(() => {});
      if (gate.draining.aborted) await park(gate, place);
    }
  }
}

interface Shared {
  readonly key: string;
  readonly signal: AbortSignal;
  readonly asked: () => AbortSignal | undefined;
  readonly tx: StepContext["tx"];
}

function shareContext(gate: Gate, id: string): Shared {
  const status = DBOS.stepStatus;
  const token = ownerToken(id);
  let signal: AbortSignal | undefined;
  return {
    key: `${id}:${DBOS.stepID ?? 0}`,
    // DBOS asks the database each second for the sake of this signal, so it is made only for those who look at it.
    get signal() {
      return (signal ??= status === undefined ? gate.stopping : AbortSignal.any([status.cancelSignal, gate.stopping]));
    },
    asked: () => signal,
    tx: (work) =>
      gate.db.transaction(async (sql) => {
        // A process that is paused in here holds its workflow's row: whoever takes over waits no longer than this.
        await sql.query("set local idle_in_transaction_session_timeout = '30s'");
        await assertOwner(sql, id, token);
        return work(sql);
      }),
  };
}

function contextOf(shared: Shared, attempt: number): StepContext {
  return {
    key: shared.key,
    attempt,
    get signal() {
      return shared.signal;
    },
    tx: shared.tx,
  };
}

function isAborted(shared: Shared): boolean {
  return shared.asked()?.aborted === true;
}

function park({ running }: Gate, place: symbol): Promise<never> {
  running.delete(place);
  return forever();
}

/** The process is about to end, and the next one goes on from the last recorded step. */
function forever(): Promise<never> {
  return new Promise(() => {});
}
