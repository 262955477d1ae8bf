/**
 * The only file that knows what is inside of DBOS. Its public API is imported here and in `create-workflows.ts`; what is not
 * public (recovery of another executor, the owner's token, the queue runner) is imported here and nowhere else, and
 * `engine.test.ts` fails when an upgrade has moved it.
 */
import { DBOS } from "@dbos-inc/dbos-sdk";
import { currentOwnerXid, runWithTopContext } from "@dbos-inc/dbos-sdk/internal/context";
import { DBOSExecutor } from "@dbos-inc/dbos-sdk/internal/dbos-executor";
import { DBOSWorkflowCancelledError, DBOSWorkflowConflictError } from "@dbos-inc/dbos-sdk/internal/error";
import { registerInternalQueue, wfQueueRunner } from "@dbos-inc/dbos-sdk/internal/wfqueue";
import { workflowTimeoutConfig } from "@dbos-inc/dbos-sdk/internal/workflow_management";
import { INTERNAL_QUEUE_NAME } from "@dbos-inc/dbos-sdk/internal/utils";
import type { Logger, Sql } from "@roadbed/core";

/** How often queues are looked at when nobody has told that there is something in them. */
const IDLE_POLL_MS = 5_000;
/** DBOS's own upkeep, for features that are not used here: queues kept in the database, delayed workflows, deadlines. */
const UPKEEP_MS = 60_000;

/** What is used of the queue runner, which DBOS keeps to itself. */
interface Runner {
  readonly states: Map<string, { nextPollAt: number }>;
  scheduleDueQueues(exec: unknown, now: number, lanes: number, inFlight: Map<string, unknown>, wake: () => void): void;
}

/** Queues live in this process only, so that opening them costs no round trip and two versions never fight over their settings. */
export function registerQueues(queues: Readonly<Record<string, { readonly concurrency: number }>>): void {
  registerInternalQueue(INTERNAL_QUEUE_NAME, { minPollingIntervalMs: UPKEEP_MS });
  for (const [name, { concurrency }] of Object.entries(queues)) {
    registerInternalQueue(name, { workerConcurrency: concurrency, minPollingIntervalMs: IDLE_POLL_MS });
  }
}

/** Before launch: an idle product must cost next to nothing, and whatever happens is told by `NOTIFY`. */
export function slowIdlePolling(): void {
  workflowTimeoutConfig.pollingIntervalMs = UPKEEP_MS;
  Object.assign(wfQueueRunner.constructor, { reconcileIntervalMs: UPKEEP_MS, transitionIntervalMs: UPKEEP_MS });
}

/** After launch: DBOS looks ten times a second for telemetry to send, which it has none of. */
export function stopTelemetry(): void {
  const { telemetryCollector } = executor().tracer as unknown as { telemetryCollector: { signalBufferID: NodeJS.Timeout } };
  clearInterval(telemetryCollector.signalBufferID);
}

/**
 * Answers a function that makes the runner look at a queue at once. The runner's own loop does the looking, so that limits
 * hold; a call that comes while it looks at that queue makes it look again afterwards.
 */
export function openQueueBell(): (queue: string) => void {
  const runner = wfQueueRunner as unknown as Runner;
  const wanted = new Set<string>();
  let wake = (): void => {};
  const original = Object.getPrototypeOf(runner).scheduleDueQueues as Runner["scheduleDueQueues"];
  runner.scheduleDueQueues = function scheduleWanted(exec, now, lanes, inFlight, wakeRunner) {
    wake = wakeRunner;
    for (const queue of wanted) {
      const state = runner.states.get(queue);
      if (inFlight.has(queue) || state === undefined) continue;
      wanted.delete(queue);
      state.nextPollAt = 0;
    }
    original.call(runner, exec, now, lanes, inFlight, wakeRunner);
  };
  return (queue) => {
    if (!runner.states.has(queue)) return;
    wanted.add(queue);
    wake();
  };
}

/** Puts back on their queues what an executor, surely dead, was running. */
export async function recoverExecutor(executorId: string): Promise<number> {
  return (await executor().recoverPendingWorkflows([executorId])).length;
}

/** The running step's proof of ownership, to be compared in the step's own transaction. */
export function ownerToken(workflowId: string): string {
  const token = currentOwnerXid(workflowId);
  if (token === undefined) throw new Error("a fenced transaction belongs inside a step");
  return token;
}

/** Throws what makes DBOS stop this execution without recording anything, unless it still owns the workflow. Locks the row until the end of the transaction. */
export async function assertOwner(sql: Sql, workflowId: string, token: string): Promise<void> {
  const { rows } = await sql.query("select owner_xid from dbos.workflow_status where workflow_uuid = $1 for no key update", [workflowId]);
  if (rows[0]?.["owner_xid"] !== token) throw new DBOSWorkflowConflictError(workflowId);
}

/** Errors by which DBOS steers an execution: they must pass through untouched. */
export function isSteering(error: unknown): boolean {
  return error instanceof DBOSWorkflowConflictError || error instanceof DBOSWorkflowCancelledError;
}

/** Runs `work` as if from outside of any workflow: a step may start, signal or look at workflows like anybody else. */
export function outside<T>(work: () => Promise<T>): Promise<T> {
  return DBOS.isWithinWorkflow() ? runWithTopContext({}, work) : work();
}

/** DBOS talks much; what it calls information is debugging to us, and a failed workflow is recorded, not an error of the server. */
export function dbosLogger(log: Logger): { [level in "debug" | "info" | "warn" | "error"]: (entry: unknown) => void } {
  return {
    debug: () => {},
    info: (entry) => log.debug(`workflows: ${String(entry)}`),
    warn: (entry) => log.debug(`workflows: ${String(entry)}`),
    error: (entry) => log.info(`workflows: ${String(entry)}`),
  };
}

function executor(): DBOSExecutor {
  if (DBOSExecutor.globalInstance === undefined) throw new Error("workflows were not launched");
  return DBOSExecutor.globalInstance;
}
