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

function startServer(node) {
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", join(root, "apps/server/src/main.ts"), ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...environmentFor(node), NODE_COMPILE_CACHE: join(root, ".roadbed", "compile-cache") },
  });
  // Ctrl-C reaches the child by itself (same terminal); a supervisor's SIGTERM comes only to us.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.on("SIGHUP", () => child.kill("SIGHUP"));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGKILL" ? 137 : 1);
  });
}
