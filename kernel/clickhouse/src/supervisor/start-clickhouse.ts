import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { UnavailableError, type Logger } from "@roadbed/core";

import { engineConfig } from "./engine-config.ts";
import { endLeftover } from "./leftover.ts";
import { supervise, type ChildState } from "./supervise.ts";

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
  readonly state: ChildState;
  /** Why it is not ok. */
  readonly detail?: string;
  /** Times the child was replaced. */
  readonly restarts: number;
}

const LISTEN_MS = 20_000;
const HEALTH_MS = 3_000;
const DEFAULT_MEMORY_BYTES = 1_200_000_000;

/**
 * Starts the embedded ClickHouse engine in a child process, and replaces the child whenever it dies. Resolves when
 * the address listens; the engine opens its data meanwhile, and requests wait for it. Throws `UnavailableError`
 * when the engine is not installed or another server uses the folder.
 */
export async function startClickHouse(o: StartClickHouseOptions): Promise<ClickHouseServer> {
  const { dataDir, log, memoryBytes = DEFAULT_MEMORY_BYTES } = o;
  requireEngine();
  mkdirSync(join(dataDir, "store"), { recursive: true, mode: 0o700 });
  const configFile = join(dataDir, "engine.xml");
  writeFileSync(configFile, engineConfig({ memoryBytes }), { mode: 0o600 });
  await endLeftover(dataDir, log);

  const password = randomBytes(24).toString("hex");
  const supervisor = supervise({ dataDir, configFile, key: password, log });
  const port = await Promise.race([supervisor.listening, delay(LISTEN_MS, undefined, { ref: false })]);
  if (port === undefined) {
    const { problem = "no answer" } = supervisor.state();
    await supervisor.stop();
    throw new UnavailableError(`The telemetry store did not start: ${problem}.`, { mend: `See ${join(dataDir, "engine.log")}.` });
  }
  const url = `http://127.0.0.1:${port}`;

  return {
    url,
    password,
    pid: () => supervisor.pid(),
    async health() {
      const { state, restarts, problem } = supervisor.state();
      const detail = state === "ready" ? await askOne(url, password) : (problem ?? `it is ${state}`);
      return { ok: detail === undefined, state, restarts, ...(detail === undefined ? {} : { detail }) };
    },
    stop: () => supervisor.stop(),
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
