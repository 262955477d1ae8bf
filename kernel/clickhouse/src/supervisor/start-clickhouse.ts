import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { UnavailableError, type Logger } from "@roadbed/core";

import type { FromFace } from "../face/messages.ts";
import { forkChild, type Child } from "./child.ts";
import { engineConfig } from "./engine-config.ts";
import { endLeftover, removeRecord, writeRecord } from "./leftover.ts";

export interface StartClickHouseOptions {
  /** Its own folder; two servers cannot share one. */
  readonly dataDir: string;
  readonly log: Logger;
  /** Default 1.2 GB. */
  readonly memoryBytes?: number;
}

export interface ClickHouseServer {
  /** Stays the same for the whole life of this server, also when the child is replaced. */
  readonly url: string;
  /** Made anew at each start. */
  readonly password: string;
  /** The child of this moment; undefined between two. */
  pid(): number | undefined;
  health(): Promise<ClickHouseHealth>;
  /** Lets running statements end (8 s at most), then ends the child. */
  stop(): Promise<void>;
}

export interface ClickHouseHealth {
  readonly ok: boolean;
  readonly state: "starting" | "ready" | "restarting" | "stopped";
  /** Why it is not ok. */
  readonly detail?: string;
  /** Times the child was replaced. */
  readonly restarts: number;
}

const LISTEN_MS = 20_000;
const STOP_MS = 10_000;
const BEAT_MS = 5_000;
const SILENT_MS = 30_000;
const HEALTH_MS = 3_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 10_000;
/** A child that was ready for so long died of something new, so the next one is started at once. */
const STEADY_MS = 30_000;

/**
 * Starts the embedded ClickHouse engine in a child process, and replaces the child whenever it dies. Resolves when
 * the address listens; the engine opens its data meanwhile, and requests wait for it. Throws `UnavailableError`
 * when the engine is not installed or another server uses the folder.
 */
export async function startClickHouse({ dataDir, log, memoryBytes = 1_200_000_000 }: StartClickHouseOptions): Promise<ClickHouseServer> {
  requireEngine();
  const [store, configFile] = [join(dataDir, "store"), join(dataDir, "engine.xml")];
  mkdirSync(store, { recursive: true, mode: 0o700 });
  writeFileSync(configFile, engineConfig({ memoryBytes }), { mode: 0o600 });
  await endLeftover(dataDir, log);

  const password = randomBytes(24).toString("hex");
  let state: ClickHouseHealth["state"] = "starting";
  let problem: string | undefined;
  let child: Child | undefined;
  let port = 0;
  let restarts = 0;
  let stopping = false;

  /** Resolves with the reason when the child is gone. */
  async function live(onListening: () => void): Promise<{ reason: string; steady: boolean }> {
    let readyAt = Number.POSITIVE_INFINITY;
    let lastBeat = Date.now();
    const hear = (message: FromFace) => {
      lastBeat = Date.now();
      if (message.type === "alive") {
        made.send({ type: "start", dataDir: store, spoolDir: join(dataDir, "spool"), configFile, key: password, port });
      } else if (message.type === "listening") {
        port = message.port;
        onListening();
      } else if (message.type === "ready") {
        [state, problem, readyAt] = ["ready", undefined, Date.now()];
        log.debug("telemetry store is ready", { pid: made.pid });
      } else if (message.type === "failed") problem = message.reason;
    };
    const made = forkChild(join(dataDir, "engine.log"), hear);
    child = made;
    writeRecord(dataDir, made.pid);
    const pulse = setInterval(() => {
      made.send({ type: "beat" });
      if (Date.now() - lastBeat < SILENT_MS) return;
      problem = `the child did not answer for ${SILENT_MS / 1_000} s`;
      made.kill();
    }, BEAT_MS).unref();
    const reason = await made.gone;
    clearInterval(pulse);
    child = undefined;
    removeRecord(dataDir);
    return { reason: problem ?? reason, steady: Date.now() - readyAt > STEADY_MS };
  }

  async function keepAlive(onListening: () => void): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const end = await live(onListening);
      if (stopping) return;
      if (end.steady) pause = FIRST_PAUSE_MS;
      [state, problem] = ["restarting", end.reason];
      restarts++;
      log.warn("telemetry store ended and is started again", { reason: end.reason, pauseMs: pause });
      await delay(pause);
      if (stopping) return;
    }
  }

  const life = Promise.withResolvers<void>();
  const ended = keepAlive(life.resolve);
  const listening = await Promise.race([life.promise.then(() => true), delay(LISTEN_MS, false, { ref: false })]);
  const url = `http://127.0.0.1:${port}`;

  async function stop(): Promise<void> {
    stopping = true;
    child?.send({ type: "stop" });
    const impatient = setTimeout(() => child?.kill(), STOP_MS);
    await ended;
    clearTimeout(impatient);
    state = "stopped";
  }

  if (!listening) {
    await stop();
    throw new UnavailableError(`The telemetry store did not start: ${problem ?? "no answer"}.`, {
      mend: `See ${join(dataDir, "engine.log")}.`,
    });
  }

  return {
    url,
    password,
    pid: () => child?.pid,
    async health() {
      const detail = state === "ready" ? await askOne(url, password) : (problem ?? `it is ${state}`);
      return { ok: detail === undefined, state, restarts, ...(detail === undefined ? {} : { detail }) };
    },
    stop,
  };
}

function requireEngine(): void {
  try {
    createRequire(import.meta.url).resolve("chdb");
  } catch {
    throw new UnavailableError("The embedded telemetry store (npm package chdb) is not installed for this machine.", {
      mend: "Set CLICKHOUSE_URL to a ClickHouse server, or run npm install on Linux (glibc) or macOS.",
    });
  }
}

/** What is wrong with the engine behind the address; undefined when it answers a query. */
async function askOne(url: string, password: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/?query=SELECT%201`, {
      headers: { "X-ClickHouse-Key": password },
      signal: AbortSignal.timeout(HEALTH_MS),
    });
    const text = await response.text();
    return response.ok ? undefined : text.trim();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
