#!/usr/bin/env node
// The command line. Plain JavaScript, because it must start on Node 18: it finds the Node 24 that `npm start`
// put in place and gives it the real program.
import { spawn } from "node:child_process";
import module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const program = join(root, "apps/cli/src/main.ts");

if (Number(process.versions.node.split(".")[0]) >= 24) {
  // Compiled code is kept between calls: halves the time until the first line.
  module.enableCompileCache(join(root, ".roadbed", "compile-cache"));
  await import(pathToFileURL(program).href);
} else {
  const { findNode24 } = await import("./lib/node24.mjs");
  const node = findNode24(root);
  if (node) handOver(node);
  else {
    console.error(
      "Error: Roadbed needs Node 24, and it has not been fetched yet.\nmend: Run npm start once; it fetches Node 24 into this folder.",
    );
    process.exitCode = 6;
  }
}

/** The child shares the terminal; its exit code or signal becomes ours. */
function handOver(node) {
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: "inherit" });
  // Ctrl-C reaches the child by itself, being in the same process group.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("error", (error) => {
    console.error(`Error: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code ?? 1;
  });
}
