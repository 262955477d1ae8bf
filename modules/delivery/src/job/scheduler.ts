import { executionFinished, type Execution, type ExecutionStatus } from "@roadbed/contracts/delivery/executions";
import { newId, type Ctx } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { recordExecution } from "../internal-operations.ts";
import type { Observation, WorkloadKey, WorkloadSpec } from "../runtime/local-runtime.ts";
import type { LogFile } from "../runtime/log-file.ts";
import type { ProcessLedger } from "../runtime/process-ledger.ts";
import { nextTime, parseCron, timesBetween } from "./cron.ts";
import {
  beginExecution,
  endExecution,
  findExecution,
  insertExecution,
  listUnended,
  readFollowed,
  writeFollowed,
  type NewExecution,
} from "./execution-store.ts";
import { runJob, type EndedBecause } from "./run-job.ts";

/** Runs jobs when they are due, and when somebody asks for it. */
export interface Scheduler {
  /** Something changed about a workload: its schedule is followed from here on, or no longer. */
  follow(key: WorkloadKey): void;
  /** Runs one that somebody asked for. */
  begin(executionId: string): Promise<void>;
  /** When a job is due next; undefined while its schedule is not followed. */
  nextOf(key: WorkloadKey): Date | undefined;
  /** Says of what a server that is gone has left running that it is lost. */
  mournLost(): Promise<void>;
  endAll(): Promise<void>;
}

export interface SchedulerOptions extends Pick<DeliveryDeps, "log" | "db" | "runtime"> {
  readonly ledger: ProcessLedger;
  readonly graceMs: number;
  running(key: WorkloadKey): WorkloadSpec | undefined;
  logOf(key: WorkloadKey): Promise<LogFile>;
  homeOf(key: WorkloadKey): string;
  environmentOf(spec: WorkloadSpec): Promise<{ readonly env: Record<string, string>; readonly secrets: readonly string[] }>;
  /** What is seen of the job after it ran. */
  see(key: WorkloadKey, seen: Observation): void;
}

interface Job {
  readonly key: WorkloadKey;
  spec: WorkloadSpec;
  due: Date | undefined;
  timer: NodeJS.Timeout | undefined;
  current: { readonly id: string; readonly end: AbortController; readonly done: Promise<void> } | undefined;
  /** One thing at a time is decided about a job. */
  queue: Promise<unknown>;
}

/** Longer pauses are cut: timers hold 24 days at most, and a machine that slept wakes up late. */
const LONGEST_PAUSE_MS = 30_000;
/** A time that is found this late was missed. */
const LATE_MS = 90_000;
const TROUBLE: ReadonlySet<ExecutionStatus> = new Set(["failed", "timed-out", "lost"]);

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { log, db, runtime } = options;
  const jobs = new Map<string, Job>();
  let closing = false;
  const idOf = ({ environment, name }: WorkloadKey): string => `${environment}/${name}`;

  function inTurn(job: Job, work: () => Promise<void>): Promise<void> {
    const done = job.queue
      .then(work)
      .catch((error: unknown) => log.error("a job could not be seen to", { job: idOf(job.key), error: String(error) }));
    job.queue = done;
    return done;
  }

  function write<T>(key: WorkloadKey, id: string, status: ExecutionStatus, work: (ctx: Ctx) => Promise<T>): Promise<T> {
    const input = { executionId: id, entityRef: key.entityRef, environment: key.environment, status };
    return runtime.write(runtime.system("delivery.job"), recordExecution, input, { kind: "entity", id: key.entityRef }, async (ctx) => {
      const answer = await work(ctx);
      if (status !== "queued" && status !== "running") ctx.emit(executionFinished, key.entityRef, input);
      return answer;
    });
  }

  /** Notes one time of the schedule, and that the schedule was followed until then. */
  function note(job: Job, execution: Omit<NewExecution, "id" | "entityRef" | "environment">): Promise<string | undefined> {
    const { entityRef, environment } = job.key;
    const id = newId("exe", Date.now());
    return write(job.key, id, execution.status, async (ctx) => {
      await writeFollowed(ctx.sql, entityRef, environment, followedOf(job.spec, execution.dueAt));
      return (await insertExecution(ctx.sql, { ...execution, id, entityRef, environment })) ? id : undefined;
    });
  }

  /** What was due while nobody followed the schedule. */
  async function catchUp(job: Job): Promise<void> {
    const schedule = job.spec.manifest.schedule!;
    const { entityRef, environment } = job.key;
    const followed = await readFollowed(db, entityRef, environment);
    const now = new Date();
    const same = followed?.cron === schedule.cron && followed.timeZone === schedule.timeZone;
    const missed = same ? timesBetween(parseCron(schedule.cron), new Date(followed.until), now, schedule.timeZone) : { count: 0 };
    if (missed.last === undefined) {
      await writeFollowed(db, entityRef, environment, followedOf(job.spec, now));
      return;
    }
    const times = missed.count === 1 ? "One time was" : `${missed.count === 1_000 ? "More than 999" : missed.count} times were`;
    const then = schedule.catchUp ? "it runs once now instead." : "it was not made up for.";
    await note(job, {
      trigger: "schedule",
      status: "missed",
      dueAt: missed.last,
      missed: missed.count,
      endedAt: now,
      detail: `${times} missed because nothing ran it; ${then}`,
    });
    if (schedule.catchUp) await runDue(job, missed.last, "catch-up");
  }

  function plan(job: Job): void {
    clearTimeout(job.timer);
    const { cron, timeZone } = job.spec.manifest.schedule!;
    job.due = nextTime(parseCron(cron), new Date(), timeZone);
    wait(job);
  }

  function wait(job: Job): void {
    const { due } = job;
    if (due === undefined || closing) return;
    job.timer = setTimeout(
      () => {
        const late = Date.now() - due.getTime();
        if (late < 0) return wait(job);
        void inTurn(job, () => (late > LATE_MS ? catchUp(job) : runDue(job, due, "schedule")));
        plan(job);
      },
      Math.min(Math.max(due.getTime() - Date.now(), 0), LONGEST_PAUSE_MS),
    ).unref();
  }

  async function runDue(job: Job, dueAt: Date, trigger: "schedule" | "catch-up"): Promise<void> {
    if (closing || jobs.get(idOf(job.key)) !== job) return;
    const { concurrency } = job.spec.manifest.schedule!;
    if (job.current !== undefined && concurrency === "forbid") {
      const detail = "The one before still ran, and its schedule forbids two at once.";
      return void (await note(job, { trigger, status: "skipped", dueAt, endedAt: new Date(), detail }));
    }
    await endCurrent(job, "replaced");
    const file = await options.logOf(job.key);
    const began = { commit: job.spec.commit, logAfter: file.position(), startedAt: new Date() };
    const id = await note(job, { trigger, status: "running", dueAt, ...began });
    if (id !== undefined) launch(job, id, file);
  }

  function launch(job: Job, id: string, file: LogFile): void {
    const end = new AbortController();
    const { spec, key } = job;
    const work = async (): Promise<void> => {
      const { env } = await options.environmentOf(spec);
      const ended = await runJob({
        spec,
        executionId: id,
        env,
        home: options.homeOf(key),
        log: file,
        ledger: options.ledger,
        graceMs: options.graceMs,
        signal: end.signal,
      });
      if (job.current?.id === id) job.current = undefined;
      await finish(key, id, { ...ended, logUntil: file.position() });
      if (jobs.get(idOf(key)) === job) options.see(key, seenAfter(ended));
    };
    const done = work().catch((error: unknown) =>
      log.error("a job's end could not be written down", { job: idOf(key), error: String(error) }),
    );
    job.current = { id, end, done };
    if (closing) end.abort("lost" satisfies EndedBecause);
  }

  async function finish(key: WorkloadKey, id: string, o: Omit<Parameters<typeof endExecution>[2], "at">): Promise<void> {
    await write(key, id, o.status, (ctx) => endExecution(ctx.sql, id, { ...o, at: new Date() }));
  }

  async function endCurrent(job: Job, why: EndedBecause): Promise<void> {
    const { current } = job;
    if (current === undefined) return;
    current.end.abort(why);
    await current.done;
  }

  function follow(key: WorkloadKey): void {
    const spec = options.running(key);
    const job = jobs.get(idOf(key));
    if (closing || job?.spec === spec) return;
    if (spec?.manifest.schedule !== undefined && spec.manifest.kind === "job") {
      const next: Job = job ?? { key, spec, due: undefined, timer: undefined, current: undefined, queue: Promise.resolve() };
      const fresh = job === undefined || followedOf(job.spec, new Date(0)).cron !== spec.manifest.schedule.cron;
      next.spec = spec;
      jobs.set(idOf(key), next);
      if (fresh) void inTurn(next, () => catchUp(next));
      plan(next);
    } else if (job !== undefined) {
      clearTimeout(job.timer);
      jobs.delete(idOf(key));
      void inTurn(job, async () => {
        await endCurrent(job, "stopped");
        if (!closing) await writeFollowed(db, key.entityRef, key.environment, null);
      });
    }
  }

  return {
    follow,
    async begin(executionId) {
      const asked = await findExecution(db, executionId);
      const job = [...jobs.values()].find(({ key }) => key.entityRef === asked?.entityRef && key.environment === asked.environment);
      if (asked?.status !== "queued") return;
      const key = job?.key ?? { entityRef: asked.entityRef, environment: asked.environment, name: "" };
      if (job === undefined) return finish(key, executionId, { status: "stopped", detail: "The job was stopped before it could run." });
      await inTurn(job, async () => {
        if (job.current !== undefined && job.spec.manifest.schedule?.concurrency === "forbid") {
          return finish(key, executionId, { status: "skipped", detail: "The one before still ran, and its schedule forbids two at once." });
        }
        await endCurrent(job, "replaced");
        const file = await options.logOf(key);
        const begun = await write(key, executionId, "running", (ctx) =>
          beginExecution(ctx.sql, executionId, { commit: job.spec.commit, logAfter: file.position(), at: new Date() }),
        );
        if (begun !== undefined) launch(job, executionId, file);
      });
    },
    nextOf: (key) => jobs.get(idOf(key))?.due,
    async mournLost() {
      for (const { id, entityRef, environment } of await listUnended(db)) {
        await finish({ entityRef, environment, name: "" }, id, { status: "lost", detail: "Roadbed stopped while it ran." });
      }
    },
    async endAll() {
      closing = true;
      await Promise.all(
        [...jobs.values()].map(async (job) => {
          clearTimeout(job.timer);
          await job.queue;
          await endCurrent(job, "lost");
        }),
      );
    },
  };
}

function followedOf({ manifest }: WorkloadSpec, until: Date): { cron: string; timeZone: string; until: string } {
  return { cron: manifest.schedule?.cron ?? "", timeZone: manifest.schedule?.timeZone ?? "UTC", until: until.toISOString() };
}

function seenAfter({ status, detail }: Pick<Execution, "status" | "detail">): Observation {
  return TROUBLE.has(status) ? { health: "unhealthy", detail: detail ?? status, restarts: 0 } : { health: "healthy", restarts: 0 };
}
