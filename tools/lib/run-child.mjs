/** A child process whose output is kept and which ends when we are asked to end. Node 18. */
import { spawn } from "node:child_process";

import { Interrupted } from "./refusal.mjs";

const KEPT_CHARACTERS = 1_000_000;

/**
 * Runs `command ...args`; answers `{ code, signal, output }`. A signal to us goes to the child too, and then throws
 * `Interrupted` once the child is gone. `onStart(pid)` is told its number.
 */
export function runChild(command, args, { cwd, env, onStart = () => {} }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let asked;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => (output = (output + text).slice(-KEPT_CHARACTERS)));
    }
    const forget = listenToSignals((signal) => {
      asked = signal;
      child.kill("SIGTERM");
    });
    child.once("error", (error) => {
      forget();
      reject(error);
    });
    child.once("close", (code, signal) => {
      forget();
      if (asked) reject(new Interrupted(asked));
      else resolve({ code, signal, output });
    });
    if (child.pid !== undefined) onStart(child.pid);
  });
}

/** Calls `listener` with each request to stop; answers how to listen no more. */
export function listenToSignals(listener) {
  const listeners = ["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => [signal, () => listener(signal)]);
  for (const [signal, each] of listeners) process.on(signal, each);
  return () => {
    for (const [signal, each] of listeners) process.off(signal, each);
  };
}
