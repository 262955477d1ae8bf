import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { UnavailableError, type Logger } from "@roadbed/core";
import pg from "pg";

import type { Account } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { serverEnvironment } from "./server-environment.ts";
import { urlOf, type Layout } from "./layout.ts";
import { isAlive, worksIn } from "./process-identity.ts";

/** Small memory, honest commits, reachable only through a socket that only its account can open. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "",
  unix_socket_permissions: "0700",
  max_connections: "50",
  shared_buffers: "96MB",
  work_mem: "8MB",
  maintenance_work_mem: "64MB",
  max_wal_size: "512MB",
  min_wal_size: "64MB",
  wal_compression: "on",
  max_parallel_workers_per_gather: "1",
  autovacuum_max_workers: "2",
  io_method: "sync",
  jit: "off",
  synchronous_commit: "on",
  // A process that was stopped (not ended) in the middle of a transaction must not hold its locks for ever.
  idle_in_transaction_session_timeout: "10min",
  // Statements may hold secrets, and their errors reach the caller anyway.
  log_min_messages: "log",
  log_min_error_statement: "panic",
  log_checkpoints: "off",
  log_line_prefix: "%m [%p] ",
};

/** The id in the lock file, or undefined when there is none. */
export function readPid(layout: Layout): number | undefined {
  const file = join(layout.cluster, "postmaster.pid");
  if (!existsSync(file)) return undefined;
  const pid = Number.parseInt(readFileSync(file, "utf8"), 10);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/** The postmaster of this cluster if one lives, by its lock file and by what the system says about that process. */
export function livePostmaster(layout: Layout): number | undefined {
  const pid = readPid(layout);
  if (pid === undefined || !isAlive(pid)) return undefined;
  return worksIn(pid, layout.cluster) ? pid : undefined;
}

/**
 * A lock file left by a server that died, whose number a stranger now bears, would stop the start for ever.
 * One that names a dead process is left to Postgres, which also looks for orphans of the dead server.
 */
export function removeStaleLock(layout: Layout, log: Logger): void {
  const pid = readPid(layout);
  if (pid === undefined || !isAlive(pid) || worksIn(pid, layout.cluster)) return;
  log.warn("removed a stale postmaster.pid: its number now belongs to another process", { pid });
  rmSync(join(layout.cluster, "postmaster.pid"), { force: true });
}

/** Starts a server that outlives us (its own process group, its log in a file) and waits until it answers. */
export async function launch(o: {
  readonly layout: Layout;
  readonly binaries: Binaries;
  readonly account: Account | undefined;
  readonly settings: Readonly<Record<string, string>>;
  /** Which database is asked whether it is there. */
  readonly database?: string;
}): Promise<number> {
  const { layout, binaries, account } = o;
  rotateLog(layout);
  const settings = { ...SETTINGS, unix_socket_directories: layout.socketDir, ...o.settings };
  const log = openSync(layout.logFile, "a", 0o600);
  const child = spawn(
    binaries.postgres,
    ["-D", layout.cluster, ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`])],
    {
      detached: true,
      stdio: ["ignore", log, log],
      env: serverEnvironment(),
      cwd: "/",
      ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
    },
  );
  closeSync(log);
  child.unref();
  const exit = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`it ended with ${signal ?? `code ${code}`}`));
  });
  await waitUntilReady(layout, exit, o.database);
  return child.pid ?? 0;
}

/** Resolves when the server answers; rejects when it ended, or after two minutes (a long recovery after a crash is possible). */
export async function waitUntilReady(layout: Layout, ended: Promise<string>, database?: string): Promise<void> {
  let end: string | undefined;
  void ended.then((how) => (end = how));
  const until = Date.now() + 120_000;
  while (!(await answers(layout, database))) {
    if (end !== undefined) throw notStarted(layout, end);
    if (Date.now() > until) throw notStarted(layout, "it did not answer within 2 minutes");
    await delay(20);
  }
}

/** True when a query on the socket is answered. */
export async function answers(layout: Layout, database = "postgres"): Promise<boolean> {
  const client = new pg.Client({ connectionString: urlOf(layout, database), connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Fast shutdown: open transactions are rolled back, everything committed is flushed. False when it still lives after `ms`. */
export async function shutDown(pid: number, ms = 30_000): Promise<boolean> {
  process.kill(pid, "SIGINT");
  for (const until = Date.now() + ms; isAlive(pid);) {
    if (Date.now() > until) return false;
    await delay(20);
  }
  return true;
}

function notStarted(layout: Layout, how: string): UnavailableError {
  const said = existsSync(layout.logFile) ? readFileSync(layout.logFile, "utf8").trim().split("\n").slice(-5).join("\n") : "";
  const full = /No space left on device/.test(said);
  return new UnavailableError(`The database did not start: ${how}.\n${said}`, {
    mend: full ? "Free space on the disk of the data folder." : `The whole log is in ${layout.logFile}.`,
  });
}

function rotateLog(layout: Layout): void {
  if (existsSync(layout.logFile) && statSync(layout.logFile).size > 5_000_000) renameSync(layout.logFile, `${layout.logFile}.1`);
}
