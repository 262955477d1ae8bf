/** Starts Roadbed's server process: reads what it was told, starts, prints where it is, and stops when asked. */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";

import { DomainError, InvalidError } from "@roadbed/core";

import { readOptions, USAGE } from "./options.ts";
import { createProgress } from "./progress.ts";
import type { RunningServer } from "./start-server.ts";

const root = join(dirname(import.meta.dirname), "../..");
// A terminal or pipe that went away must not end the server in the middle of its work, nor while it stops in order.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
const progress = createProgress((line) => process.stdout.write(`${line}\n`));

try {
  const options = readOptions(process.argv.slice(2), process.env, root);
  if (options === "help") process.stdout.write(USAGE);
  else {
    const stopWhenAsked = listenToSignals();
    const { startServer } = await import("./start-server.ts");
    const server = await startServer({ root, options, progress });
    if (stopWhenAsked(server)) {
      tellAddress(server);
      if (options.open) openBrowser(server.signInUrl ?? server.url);
    }
  }
} catch (error) {
  tellFailure(error);
  process.exit(error instanceof InvalidError ? 2 : 1);
}

/**
 * Ctrl-C, SIGTERM and SIGHUP stop the server, also while it starts: then as soon as it stands, since what is half
 * started cannot be stopped cleanly. A second Ctrl-C forces; a second SIGTERM does not, because supervisors send it to
 * every process of a group and the bootstrap passes its own on. Answers what to call with the server: false when it is
 * being stopped already.
 */
function listenToSignals(): (server: RunningServer) => boolean {
  let running: RunningServer | undefined;
  let askedAt: number | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    if (askedAt !== undefined) {
      // One Ctrl-C may arrive twice: from the terminal, and passed on.
      if (signal === "SIGINT" && Date.now() - askedAt > 300) process.exit(130);
      return;
    }
    askedAt = Date.now();
    progress.say("\nStopping …");
    if (running) stopServer(running);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  return (server) => {
    running = server;
    if (askedAt !== undefined) stopServer(server);
    return askedAt === undefined;
  };
}

function stopServer(server: RunningServer): void {
  server.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      tellFailure(error);
      process.exit(1);
    },
  );
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
