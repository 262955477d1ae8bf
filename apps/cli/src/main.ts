import { join } from "node:path";

import { allOperations } from "@roadbed/contracts/all";
import { runCli } from "@roadbed/face-cli";

import { localCommands } from "./local-commands.ts";

const root = join(import.meta.dirname, "../../..");
const interrupted = new AbortController();
process.once("SIGINT", () => {
  interrupted.abort();
  // What hangs all the same is ended by the second Ctrl-C, or after a moment.
  setTimeout(() => process.exit(130), 1_000).unref();
});
// `roadbed ... | head` closes the pipe early: nothing is wrong with that.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  operations: allOperations,
  localCommands,
  localTokenFiles: [join(process.env["ROADBED_DATA"] ?? join(root, ".roadbed"), "cli-token")],
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  signal: interrupted.signal,
  version: "0.1.0",
  parseYaml: async (text) => (await import("yaml")).parse(text, { maxAliasCount: 100 }) as unknown,
});
