/** Starts Roadbed's server process: reads what it was told, starts, prints where it is, and stops when asked. */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";

import { DomainError } from "@roadbed/core";

import { readOptions, USAGE } from "./options.ts";
import { createProgress } from "./progress.ts";
import { startServer, type RunningServer } from "./start-server.ts";

const root = join(dirname(import.meta.dirname), "../..");
const progress = createProgress((line) => process.stdout.write(`${line}\n`));

try {
  const options = readOptions(process.argv.slice(2), process.env, root);
  if (options === "help") process.stdout.write(USAGE);
  else {
    const server = await startServer({ root, options, progress });
    stopOnSignals(server);
    tellAddress(server);
    if (options.open) openBrowser(server.signInUrl ?? server.url);
  }
} catch (error) {
  tellFailure(error);
  process.exit(1);
}

function stopOnSignals(server: RunningServer): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(130);
    stopping = true;
    progress.say("\nStopping …");
    server.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        tellFailure(error);
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  process.on("SIGHUP", stop);
}

function tellAddress({ url, signInUrl, sampleSaid }: RunningServer): void {
  progress.say(`\nRoadbed is at ${url}`);
  if (signInUrl !== undefined) progress.say(`Sign in with this link, once: ${signInUrl}`);
  if (sampleSaid !== undefined) progress.say(sampleSaid);
  progress.say("Ctrl-C stops it.");
}

/** Only where a person sits in front of it; a failure to open is no failure to start. */
function openBrowser(url: string): void {
  if (!process.stdout.isTTY || process.env["CI"] !== undefined) return;
  if (process.platform === "linux" && process.env["DISPLAY"] === undefined && process.env["WAYLAND_DISPLAY"] === undefined) return;
  const command = process.platform === "darwin" ? "open" : process.platform === "win32" ? "explorer" : "xdg-open";
  spawn(command, [url], { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}

function tellFailure(error: unknown): void {
  if (error instanceof DomainError) process.stderr.write(`\n${error.message}\n${error.mend === undefined ? "" : `→ ${error.mend}\n`}`);
  else process.stderr.write(`\n${error instanceof Error ? error.stack : String(error)}\n`);
}
