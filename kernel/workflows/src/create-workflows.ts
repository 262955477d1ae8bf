import { setTimeout as delay } from "node:timers/promises";

import { DBOS } from "@dbos-inc/dbos-sdk";
import { NotFoundError, type Logger } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";
import pg from "pg";

import { dbosLogger, openQueueBell, outside, recoverExecutor, registerQueues, slowIdlePolling, stopTelemetry } from "./engine.ts";
import { acquireLease, NOTIFY, takeOver, type Lease, TTL_MS } from "./lease.ts";
import { createCtx, type Gate } from "./step.ts";
import { retryWorkflow, toDbosFilter, toStartError, toStatus, toStep } from "./status.ts";
import type { Flow, Workflows } from "./workflows.ts";

export interface WorkflowsOptions {
  readonly databaseUrl: string;
  readonly db: Database;
  readonly log: Logger;
  /** Name to how many workflows run at once in this process. There is always `default` with 20. */
  readonly queues?: Readonly<Record<string, { readonly concurrency: number }>>;
  /** Called when another process may believe this one dead. It must end at once, and does, with code 75, by default. */
  readonly onLeaseLost?: (reason: string) => void;
  /** Milliseconds of silence after which this process counts as dead; default 10 000. */
  readonly leaseTtlMs?: number;
}

/** The generation of the workflow engine, not of the product: a change strands all running workflows. Code changes use `changed`. */
const ENGINE_VERSION = "1";
const PREFIX = "slot-";
/** A queue's place is free a moment after the workflow's code has ended, when DBOS has written down its outcome. */
const PLACE_FREE_MS = 100;

type Registered = (input: never, context?: unknown) => Promise<unknown>;

/** At most one per process at a time: DBOS keeps its state in the module. */
export function createWorkflows(options: WorkflowsOptions): Workflows {
  const { db, log } = options;
  const queues = { default: { concurrency: 20 }, ...options.queues };
  const [draining, stopping] = [new AbortController(), new AbortController()];
  const gate: Gate = { db, log, running: new Set(), draining: draining.signal, stopping: stopping.signal };
  const flows = new Map<string, { readonly queue: string; readonly code: Registered }>();
  const schedules = new Map<string, { cron: string; flow: Flow<Date, unknown> }>();
  let ring: (queue: string) => void = () => {};
  let lease: Lease | undefined;
  let pool: pg.Pool | undefined;

  /** Every process that works on this queue looks at it at once, this one too. */
  async function tell(queue: string): Promise<void> {
    await db.query(NOTIFY, [queue]);
  }

  async function recoverDead(query: (text: string, values: unknown[]) => Promise<pg.QueryResult>): Promise<void> {
    const { rows } = await query(
      "select distinct executor_id from dbos.workflow_status where status = 'PENDING' and executor_id like $1 and executor_id <> $2",
      [`${PREFIX}%`, PREFIX + lease?.slot],
    );
    for (const { executor_id: executorId } of rows as { executor_id: string }[]) {
      const slot = Number(executorId.slice(PREFIX.length));
      const recover = async (): Promise<void> => {
        const count = await recoverExecutor(executorId);
        if (count > 0) log.info("took over the workflows of a process that died", { executor: executorId, count });
      };
      if (await takeOver(slot, recover, () => db.pool.connect())) for (const queue of Object.keys(queues)) await tell(queue);
    }
  }

  async function launch(): Promise<void> {
    let launched = false;
    lease = await acquireLease({
      url: options.databaseUrl,
      log,
      ttlMs: options.leaseTtlMs,
      onMessage: (queue) => ring(queue),
      onBeat: async (query) => void (launched ? await recoverDead(query) : await query("select 1", [])),
      onLost: (reason) => {
        log.error("the workflow lease was lost, the process ends so that another can go on", { reason });
        (options.onLeaseLost ?? (() => process.exit(75)))(reason);
      },
    });
    // Of its own, so that neither a flood of requests nor a flood of workflows starves the other.
    pool = new pg.Pool({
      connectionString: options.databaseUrl,
      max: 10,
      idleTimeoutMillis: 30_000,
      application_name: "roadbed:workflows",
      // A transaction left open, by a process that was paused in it, would keep its workflow's row from whoever takes over.
      idle_in_transaction_session_timeout: Math.max(5_000, 3 * (options.leaseTtlMs ?? TTL_MS)),
    });
    pool.on("error", (error) => log.warn("a connection of the workflow engine was lost", { error: error.message }));
    slowIdlePolling();
    registerQueues(queues);
    ring = openQueueBell();
    DBOS.setConfig({
      name: "roadbed",
      // Only looked at: connections come from the pool, whose address may be a socket that DBOS could not parse.
      systemDatabaseUrl: "postgresql://roadbed@localhost/roadbed",
      systemDatabasePool: pool,
      executorID: PREFIX + lease.slot,
      applicationVersion: ENGINE_VERSION,
      enablePatching: true,
      logger: dbosLogger(log),
      enableOTLP: false,
      tracingEnabled: false,
      notificationCoalesceMs: 10_000,
    });
    await oneAtATime(db, () => DBOS.launch());
    stopTelemetry();
    await applySchedules();
    launched = true;
    for (const queue of Object.keys(queues)) ring(queue);
  }

  async function applySchedules(): Promise<void> {
    if (schedules.size === 0) return;
    await DBOS.applySchedules(
      [...schedules].map(([scheduleName, { cron, flow }]) => ({
        scheduleName,
        schedule: cron,
        cronTimezone: "UTC",
        queueName: flow.queue,
        workflowFn: codeOf(flow) as never,
      })),
    );
  }

  function codeOf(flow: Flow<any, unknown>): Registered {
    const code = flows.get(flow.name)?.code;
    if (code === undefined) throw new Error(`the workflow ${flow.name} was not defined here`);
    return code;
  }

  async function drain(ms: number): Promise<void> {
    draining.abort();
    const until = Date.now() + ms;
    while (gate.running.size > 0 && Date.now() < until) await delay(20);
    stopping.abort();
    if (pool === undefined) return;
    await DBOS.shutdown({ deregister: true });
    await pool.end();
    pool = undefined;
    await lease?.release();
  }

  return {
    define(name, run, o = {}) {
      const queue = o.queue ?? "default";
      if (!(queue in queues)) throw new Error(`the workflow ${name} wants the queue ${queue}, which is not there`);
      const code = async (input: never): Promise<unknown> => {
        try {
          return await run(createCtx(gate), input);
        } finally {
          setTimeout(() => ring(queue), PLACE_FREE_MS).unref();
        }
      };
      const wrapped = DBOS.registerWorkflow(code, { name, maxRecoveryAttempts: o.maxAttempts ?? 100 }) as Registered;
      flows.set(name, { queue, code: wrapped });
      return { name, queue };
    },
    start: (flow, input, o) =>
      outside(async () => {
        const queueName = o.queue ?? flow.queue;
        const enqueueOptions = o.dedupe === undefined ? {} : { deduplicationID: o.dedupe };
        try {
          await DBOS.startWorkflow(codeOf(flow), { workflowID: o.id, queueName, enqueueOptions })(input as never);
        } catch (error) {
          throw toStartError(error, flow.name, o);
        }
        await tell(queueName);
      }),
    signal: (id, topic, data, key) =>
      outside(async () => {
        if ((await DBOS.getWorkflowStatus(id)) === null) throw new NotFoundError("workflow", id);
        await DBOS.send(id, data, topic, key);
      }),
    get: (id) => outside(async () => toStatus(await DBOS.getWorkflowStatus(id))),
    list: (filter) => outside(async () => (await DBOS.listWorkflows(toDbosFilter(filter))).flatMap((found) => toStatus(found) ?? [])),
    steps: (id) => outside(async () => ((await DBOS.listWorkflowSteps(id)) ?? []).map(toStep)),
    cancel: (id) => outside(() => DBOS.cancelWorkflow(id)),
    retry: (id) =>
      outside(async () => {
        const status = await DBOS.getWorkflowStatus(id);
        if (status === null) throw new NotFoundError("workflow", id);
        const queue = flows.get(status.workflowName)?.queue ?? "default";
        await retryWorkflow(status, queue);
        await tell(queue);
      }),
    async schedule(name, cron, flow) {
      schedules.set(name, { cron, flow });
      if (DBOS.isInitialized()) await applySchedules();
    },
    launch,
    drain,
    health: async () =>
      pool === undefined ? { ok: false, detail: "not launched" } : { ok: true, detail: `executor ${PREFIX}${lease?.slot}` },
  };
}

/**
 * In a new database the engine makes its tables at its launch, which processes that start together must not do at once. Asked
 * for again and again, not waited for: the engine builds indexes concurrently, and those wait for every statement that waits.
 */
async function oneAtATime(db: Database, launch: () => Promise<void>): Promise<void> {
  const client = await db.pool.connect();
  try {
    for (;;) {
      const { rows } = await client.query<{ taken: boolean }>("select pg_try_advisory_lock(hashtext($1)) as taken", [LAUNCH_LOCK]);
      if (rows[0]?.taken === true) break;
      await delay(LAUNCH_POLL_MS);
    }
    await launch();
  } finally {
    // With the connection goes the lock, whatever happened.
    client.release(true);
  }
}

const LAUNCH_LOCK = "roadbed.workflows.launch";
const LAUNCH_POLL_MS = 50;
