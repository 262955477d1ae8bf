import type { Entity } from "@roadbed/contracts/catalog";
import { listTasks, readEvents, readTask, type Task, type TaskEvent, type TaskStatus } from "@roadbed/contracts/paths/scaffolder";
import { handle, InvalidError, type Handler, type Sql } from "@roadbed/core";

import { readLog, type LogBell, type LogRow } from "../run/run-log.ts";
import type { Catalog } from "../deps.ts";
import { readSeenRun, runViewerOf } from "../run/run-viewer.ts";
import { seenBy } from "../run/seen-by.ts";
import { isFinal, readSteps, type RunRow, type Status, type StepRow } from "../run/run-store.ts";

const STATUS: Readonly<Record<Status, TaskStatus>> = {
  queued: "open",
  running: "processing",
  waiting: "processing",
  succeeded: "completed",
  failed: "failed",
  cancelled: "cancelled",
};
/** Their names of what can be sorted by, and our columns. */
const COLUMNS: Readonly<Record<string, string>> = {
  id: "id",
  status: "status",
  created_at: "created_at",
  createdAt: "created_at",
  created_by: "user_ref",
  createdBy: "user_ref",
  last_heartbeat_at: "coalesce(ended_at, started_at, created_at)",
};

/** Runs as tasks of Backstage's scaffolder, and what happens to them. */
export function makeTaskHandlers({ bell, catalog }: { readonly bell: LogBell; readonly catalog: Pick<Catalog, "hiddenFrom"> }): Handler[] {
  return [
    handle(listTasks, async (ctx, { createdBy, status, order, limit, offset }) => {
      const statuses = Object.entries(STATUS).flatMap(([ours, theirs]) => (status.length === 0 || status.includes(theirs) ? [ours] : []));
      const { sql } = ctx;
      const viewer = await runViewerOf(catalog, ctx);
      const where = `status = any($1) and ($2::text[] is null or user_ref = any($2)) and ${seenBy("$3", "$4")}`;
      const values = [statuses, createdBy.length === 0 ? null : createdBy.map((ref) => ref.toLowerCase()), viewer.actor, viewer.hidden];
      const [rows, count] = await Promise.all([
        sql.query<RunRow>(`select * from paths.run where ${where} order by ${orderOf(order)}, id desc limit $5 offset $6`, [
          ...values,
          limit,
          offset,
        ]),
        sql.query<{ count: number }>(`select count(*)::int as count from paths.run where ${where}`, values),
      ]);
      return { tasks: rows.rows.map(toTask), totalTasks: count.rows[0]?.count ?? 0 };
    }),
    handle(readTask, async (ctx, { id }) => toTask(await readSeenRun(catalog, ctx, id))),
    handle(readEvents, async (ctx, { id, after, waitMs }) => {
      const { signal } = ctx;
      const until = Date.now() + waitMs;
      for (;;) {
        const looked = new AbortController();
        const news = bell.wait(id, Math.max(0, until - Date.now()), AbortSignal.any([signal, looked.signal]));
        const found = await eventsSince(ctx.sql, await readSeenRun(catalog, ctx, id), after);
        if (found.events.length > 0 || Date.now() >= until || signal.aborted) {
          looked.abort();
          return found;
        }
        await news;
      }
    }),
  ];
}

function orderOf(order: readonly { readonly field: string; readonly order: "asc" | "desc" }[]): string {
  const parts = order.map(({ field, order: direction }) => {
    const column = COLUMNS[field];
    if (column !== undefined) return `${column} ${direction}`;
    throw new InvalidError(`Invalid order parameter "${field}", expected one of ${Object.keys(COLUMNS).join(", ")}`);
  });
  return parts.length === 0 ? "created_at desc" : parts.join(", ");
}

function toTask(run: RunRow): Task {
  const { spec, apiVersion, metadata } = run.path.entity as Entity & { spec: Record<string, unknown> };
  return {
    id: run.id,
    spec: {
      apiVersion,
      steps: run.path.steps,
      output: spec["output"] ?? {},
      parameters: run.shown_values,
      user: run.actor_detail.user,
      templateInfo: { entityRef: run.path_ref, entity: { metadata } },
    },
    status: STATUS[run.status],
    createdBy: run.user_ref,
    createdAt: run.created_at.toISOString(),
    lastHeartbeatAt: (run.ended_at ?? run.started_at ?? run.created_at).toISOString(),
  };
}

/** The line with which a run ends. It is written a moment before the run is marked as ended, and told together with that. */
const LAST_WORDS = /^The run (?:succeeded|failed|cancelled)\.$/;

async function eventsSince(sql: Sql, run: RunRow, after: number): Promise<{ events: TaskEvent[]; done: boolean }> {
  const { id } = run;
  const rows = [...(await readLog(sql, id, after))];
  const steps = await readSteps(sql, [id]);
  const whole = rows.length < 1_000;
  if (!isFinal(run.status)) {
    if (LAST_WORDS.test(rows.at(-1)?.message ?? "")) rows.pop();
    // Whether a fault is the end of its step is known a moment later, and told then.
    const fault = rows.at(-1);
    if (fault?.level === "error" && steps.find(({ id: step }) => step === fault.step_id)?.status === "processing") rows.pop();
    return { events: rows.map((row, index) => toEvent(run, steps, row, rows.slice(index + 1))), done: false };
  }
  // The last line of a run that has ended is its completion; whoever has it already gets none.
  const last = whole ? rows.pop() : undefined;
  const events = rows.map((row, index) => toEvent(run, steps, row, rows.slice(index + 1)));
  return { events: last === undefined ? events : [...events, completion(run, steps, last)], done: whole };
}

function toEvent(run: RunRow, steps: readonly StepRow[], row: LogRow, later: readonly LogRow[]): TaskEvent {
  const status = statusIn(row, steps, later);
  const colour = { info: "\u001b[32minfo\u001b[39m", warn: "\u001b[33mwarn\u001b[39m", error: "\u001b[31merror\u001b[39m" }[row.level];
  return {
    id: Number(row.seq),
    isTaskRecoverable: true,
    taskId: run.id,
    body: {
      message: status === undefined && row.step_id !== null ? `${colour}: ${row.message}` : row.message,
      ...(row.step_id === null ? {} : { stepId: row.step_id }),
      ...(status === undefined ? {} : { status }),
    },
    type: "log",
    createdAt: row.at.toISOString(),
  };
}

/** A step begins and ends with a line of its own. */
function statusIn({ message, step_id, level }: LogRow, steps: readonly StepRow[], later: readonly LogRow[]): TaskStatus | undefined {
  if (step_id === null) return undefined;
  if (message.startsWith("Beginning step ")) return "processing";
  if (message.startsWith("Finished step ")) return "completed";
  if (message.startsWith("Skipping step ")) return "skipped";
  const isLastFault = level === "error" && !later.some((row) => row.step_id === step_id && row.level === "error");
  return isLastFault && steps.find(({ id }) => id === step_id)?.status === "failed" ? "failed" : undefined;
}

function completion(run: RunRow, steps: readonly StepRow[], { seq, at, message }: LogRow): TaskEvent {
  const status = STATUS[run.status];
  const fault = run.error ?? steps.find((step) => step.error !== null)?.error ?? (run.status === "failed" ? message : undefined);
  const { text, ...free } = run.outputs;
  return {
    id: Number(seq),
    // A retry goes on with a run that failed, so whoever listens may go on listening.
    isTaskRecoverable: false,
    taskId: run.id,
    body: {
      message: `Run completed with status: ${status}`,
      ...(run.status === "succeeded" ? { output: { ...free, links: run.links, ...(text === undefined ? {} : { text }) } } : {}),
      ...(run.status === "failed" && fault !== undefined && fault !== null ? { error: { name: "Error", message: fault } } : {}),
    },
    type: "completion",
    createdAt: at.toISOString(),
  };
}
