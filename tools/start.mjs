/** `npm start`: from a bare clone to a running Roadbed. Plain JavaScript, because it has to run on Node 18. */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { environmentFor } from "./lib/node24.mjs";
import { prepare, tellFailure } from "./lib/prepare.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
try {
  const node = prepare(root, { dev: false, say: (line) => process.stdout.write(`${line}\n`) });
  startServer(node);
} catch (error) {
  process.exitCode = tellFailure(error);
}

/** A server that lost its place in the database (a crashed or restarted Postgres) ends with this code, to be started again. */
const START_AGAIN = 75;
const LONGEST_PAUSE_MS = 30_000;

function startServer(node, pause = 250) {
  const began = Date.now();
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", join(root, "apps/server/src/main.ts"), ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...environmentFor(node), NODE_COMPILE_CACHE: join(root, ".roadbed", "compile-cache") },
  });
  let asked = false;
  const forward = (signal) => () => {
    asked = true;
    // Ctrl-C reaches the child by itself (same terminal); a supervisor's SIGTERM comes only to us.
    if (signal !== "SIGINT") child.kill(signal);
  };
  const listeners = ["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => [signal, forward(signal)]);
  for (const [signal, listener] of listeners) process.on(signal, listener);
  child.on("exit", (code, signal) => {
    if (code === START_AGAIN && !asked) {
      const steady = Date.now() - began > 60_000;
      process.stdout.write("\nThe database was lost; starting again …\n");
      setTimeout(() => {
        for (const [name, listener] of listeners) process.off(name, listener);
        startServer(node, steady ? 250 : Math.min(pause * 2, LONGEST_PAUSE_MS));
      }, pause);
      return;
    }
    for (const [name, listener] of listeners) process.off(name, listener);
    process.exitCode = code ?? (signal === "SIGKILL" ? 137 : 1);
  });
}
