import type { Sql } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";
import type { Logger } from "@roadbed/core";
import { setTimeout as sleep } from "node:timers/promises";

export interface LogRow extends Record<string, unknown> {
  readonly seq: string;
  readonly at: Date;
  readonly step_id: string | null;
  readonly level: "info" | "warn" | "error";
  readonly message: string;
}

const CHANNEL = "paths_run";
const LONGEST = 10_000;

/** Adds a line that is already free of secrets and wakes those who wait for it. */
export async function appendLog(
  sql: Sql,
  runId: string,
  line: { readonly stepId?: string | undefined; readonly level: "info" | "warn" | "error"; readonly message: string },
): Promise<void> {
  const message = line.message.replaceAll("\0", "\u{fffd}");
  await sql.query(
    `with next as (update paths.run set log_seq = log_seq + 1 where id = $1 returning log_seq)
     insert into paths.run_log (run_id, seq, at, step_id, level, message) select $1, log_seq, clock_timestamp(), $2, $3, $4 from next`,
    [runId, line.stepId ?? null, line.level, message.length > LONGEST ? `${message.slice(0, LONGEST)}…` : message],
  );
  await wakeReaders(sql, runId);
}

/** Tells those who wait for this run, in any process, to look again. */
export async function wakeReaders(sql: Sql, runId: string): Promise<void> {
  await sql.query("select pg_notify($1, $2)", [CHANNEL, runId]);
}

/** Lines after `after`, in order, a thousand at most. */
export async function readLog(sql: Sql, runId: string, after: number): Promise<LogRow[]> {
  const { rows } = await sql.query<LogRow>(
    "select seq, at, step_id, level, message from paths.run_log where run_id = $1 and seq > $2 order by seq limit 1000",
    [runId, after],
  );
  return rows;
}

/** Hears of new lines. */
export interface LogBell {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when the run has news, after `ms`, or when the signal is aborted. */
  wait(runId: string, ms: number, signal: AbortSignal): Promise<void>;
}

/** One connection that listens, for all who wait. While it is away, waiting ends once a second, so that nobody waits in vain. */
export function createLogBell({ db, log }: { readonly db: Database; readonly log: Logger }): LogBell {
  const waiting = new Map<string, Set<() => void>>();
  const stopping = new AbortController();
  let listening = false;
  let loop: Promise<void> | undefined;

  function ring(runId: string | undefined): void {
    for (const wake of waiting.get(runId ?? "") ?? []) wake();
  }

  async function listen(): Promise<void> {
    const client = await db.pool.connect();
    try {
      const lost = new Promise<void>((resolve) => {
        client.once("error", () => resolve());
        client.once("end", () => resolve());
        stopping.signal.addEventListener("abort", () => resolve(), { once: true });
      });
      client.on("notification", ({ payload }) => ring(payload));
      await client.query(`listen ${CHANNEL}`);
      listening = true;
      await lost;
    } finally {
      listening = false;
      client.release(true);
    }
  }

  async function keepListening(): Promise<void> {
    while (!stopping.signal.aborted) {
      await listen().catch((error: unknown) => log.debug("not listening for run logs yet", { error: String(error) }));
      await sleep(500, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    }
  }

  return {
    async start() {
      loop ??= keepListening();
    },
    async stop() {
      stopping.abort();
      for (const runId of waiting.keys()) ring(runId);
      await loop;
    },
    async wait(runId, ms, signal) {
      const woken = Promise.withResolvers<void>();
      const all = waiting.get(runId) ?? new Set();
      waiting.set(runId, all.add(woken.resolve));
      const timer = setTimeout(woken.resolve, listening ? ms : Math.min(ms, 1_000));
      signal.addEventListener("abort", () => woken.resolve(), { once: true });
      try {
        if (!signal.aborted && !stopping.signal.aborted) await woken.promise;
      } finally {
        clearTimeout(timer);
        all.delete(woken.resolve);
        if (all.size === 0) waiting.delete(runId);
      }
    },
  };
}
