/** Keeps the server running: forwards requests to stop, and starts it again when it asks for that. Node 18. */
import { spawn } from "node:child_process";

import { SIGNAL_CODES } from "./refusal.mjs";
import { listenToSignals } from "./run-child.mjs";

/** A server that lost its place in the database (a crashed or restarted Postgres) ends with this code, to be started again. */
export const START_AGAIN = 75;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
const STEADY_MS = 60_000;
/** Two signals closer than this are one wish. */
const TWICE_MS = 300;

/** How long to wait before the next start: twice as long each time, from the beginning after a steady minute. */
export function nextPause(pause, livedMs) {
  if (pause === undefined || livedMs > STEADY_MS) return FIRST_PAUSE_MS;
  return Math.min(pause * 2, LONGEST_PAUSE_MS);
}

/**
 * Runs `command ...args` until it ends for good; answers the exit code for us. `again`: variables for each start but
 * the first. `say`: where a restart is told.
 */
export async function supervise(command, args, { env, again = {}, say }) {
  let asked;
  let askedAt;
  let child;
  let wake = () => {};
  const forget = listenToSignals((signal) => {
    // A second Ctrl-C forces. The first may come twice, from the terminal and from npm, and to the child as well,
    // so it is passed on as a SIGTERM: the child heeds only the first request.
    const again = asked !== undefined && Date.now() - askedAt > TWICE_MS;
    asked ??= signal;
    askedAt ??= Date.now();
    wake();
    child?.kill(signal === "SIGINT" && again ? "SIGINT" : "SIGTERM");
  });
  try {
    for (let pause, start = 0; ; start++) {
      const began = Date.now();
      child = spawn(command, args, { stdio: "inherit", env: start === 0 ? env : { ...env, ...again } });
      const { code, signal } = await endOf(child);
      child = undefined;
      if (code !== START_AGAIN || asked) return exitCodeFor({ code, signal, asked });
      pause = nextPause(pause, Date.now() - began);
      say(`\nThe database was lost; starting again in ${pause / 1000} s …`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, pause);
        wake = () => (clearTimeout(timer), resolve());
      });
      if (asked) return 0;
    }
  } finally {
    forget();
  }
}

/** A server that was asked to stop before it could listen to that ends by the signal, and well. */
function exitCodeFor({ code, signal, asked }) {
  if (code !== null) return asked && code === START_AGAIN ? 0 : code;
  return asked && signal === "SIGTERM" ? 0 : (SIGNAL_CODES[signal] ?? 1);
}

function endOf(child) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
}
