import { fork, type ChildProcess } from "node:child_process";
import { openSync, closeSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { FromFace, ToFace } from "../face/messages.ts";

/** One life of the child process. */
export interface Child {
  readonly pid: number;
  send(message: ToFace): void;
  kill(): void;
  /** Resolves when the process is gone. */
  readonly gone: Promise<string>;
}

const MAIN = fileURLToPath(new URL("../face/main.ts", import.meta.url));
const MAX_LOG_BYTES = 5_000_000;

/** Starts the child, detached so that a Ctrl-C in the terminal reaches only its parent. */
export function forkChild(logFile: string, onMessage: (message: FromFace) => void): Child {
  const log = openSync(logFile, sizeOf(logFile) > MAX_LOG_BYTES ? "w" : "a", 0o600);
  const child = fork(MAIN, [], {
    detached: true,
    stdio: ["ignore", log, log, "ipc"],
    // Small young generation and one helper thread: the process mostly moves bytes between sockets and the engine.
    execArgv: ["--max-semi-space-size=4", "--v8-pool-size=1", "--disable-warning=ExperimentalWarning"],
    // Each running statement holds one thread of this pool; the rest is for files and compression.
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], TZ: "UTC", UV_THREADPOOL_SIZE: "24", MALLOC_ARENA_MAX: "2" },
  });
  closeSync(log);
  child.on("message", (message) => onMessage(message as FromFace));
  return {
    pid: child.pid ?? -1,
    send: (message) => void (child.connected && child.send(message, () => {})),
    kill: () => void child.kill("SIGKILL"),
    gone: goneOf(child),
  };
}

function goneOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
