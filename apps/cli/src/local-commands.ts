import { spawn } from "node:child_process";
import { join } from "node:path";

import type { LocalCommand } from "@roadbed/face-cli";

const DATA_COMMAND = join(import.meta.dirname, "../../server/src/data-command.ts");

/** Commands that work on this machine's data folder, whether or not the server runs. */
export const localCommands: readonly LocalCommand[] = [
  {
    words: "backup",
    summary: "Copy the embedded database and repositories into a new folder, while the server works.",
    usage: "<folder> [--data <dir>]",
    run: ({ argv }) => runDataCommand("backup", argv),
  },
  {
    words: "restore",
    summary: "Bring a back-up into a data folder that has no database yet.",
    usage: "<folder> --data <dir>",
    run: ({ argv }) => runDataCommand("restore", argv),
  },
];

/** It is the server's code: the command line itself knows no store. */
function runDataCommand(verb: string, argv: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    spawn(process.execPath, ["--disable-warning=ExperimentalWarning", DATA_COMMAND, verb, ...argv], { stdio: "inherit" })
      .once("error", reject)
      .once("exit", (code) => resolve(code ?? 1));
  });
}
