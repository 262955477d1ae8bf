import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { Logger } from "@roadbed/core";

import type { FromFace } from "../face/messages.ts";
import { forkChild, type Child } from "./child.ts";
import { removeRecord, writeRecord } from "./leftover.ts";

export interface SuperviseOptions {
  readonly dataDir: string;
  readonly configFile: string;
  readonly key: string;
  readonly log: Logger;
}

export type ChildState = "starting" | "ready" | "restarting" | "stopped";

/** Always one child, except between two. */
export interface Supervisor {
  /** Resolves with the port when a child listens for the first time; every later child takes the same. */
  readonly listening: Promise<number>;
  state(): { readonly state: ChildState; readonly restarts: number; readonly problem: string | undefined };
  pid(): number | undefined;
  stop(): Promise<void>;
}

const STOP_MS = 10_000;
const BEAT_MS = 5_000;
const SILENT_MS = 30_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 10_000;
/** A child that was ready for so long died of something new, so the next one is started at once. */
const STEADY_MS = 30_000;

/** Starts a child and replaces it whenever it ends or says nothing for half a minute; the pause doubles while it keeps dying. */
export function supervise({ dataDir, configFile, key, log }: SuperviseOptions): Supervisor {
  const listening = Promise.withResolvers<number>();
  let state: ChildState = "starting";
  let problem: string | undefined;
  let child: Child | undefined;
  let port = 0;
  let restarts = 0;
  let stopping = false;
  let heardAt = 0;
  let readyAt: number | undefined;

  function hear(message: FromFace): void {
    heardAt = Date.now();
    if (message.type === "alive") {
      const [store, spool] = [join(dataDir, "store"), join(dataDir, "spool")];
      child?.send({ type: "start", dataDir: store, spoolDir: spool, configFile, key, port });
    } else if (message.type === "listening") {
      port = message.port;
      listening.resolve(port);
    } else if (message.type === "ready") {
      [state, problem, readyAt] = ["ready", undefined, Date.now()];
      log.debug("telemetry store is ready", { pid: child?.pid });
    } else if (message.type === "failed") problem = message.reason;
  }

  function beat(): void {
    child?.send({ type: "beat" });
    if (Date.now() - heardAt < SILENT_MS) return;
    problem = `the child said nothing for ${SILENT_MS / 1_000} s`;
    child?.kill();
  }

  /** One life, from start to end; resolves with how it ended. */
  async function live(): Promise<string> {
    [heardAt, readyAt] = [Date.now(), undefined];
    child = forkChild(join(dataDir, "engine.log"), hear);
    writeRecord(dataDir, child.pid);
    const pulse = setInterval(beat, BEAT_MS).unref();
    const end = await child.gone;
    clearInterval(pulse);
    child = undefined;
    removeRecord(dataDir);
    return problem ?? end;
  }

  async function keepAlive(): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; !stopping; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const reason = await live();
      if (stopping) return;
      if (readyAt !== undefined && Date.now() - readyAt > STEADY_MS) pause = FIRST_PAUSE_MS;
      [state, problem] = ["restarting", reason];
      restarts++;
      log.warn("telemetry store ended and is started again", { reason, pauseMs: pause });
      await delay(pause);
    }
  }

  const ended = keepAlive();

  return {
    listening: listening.promise,
    state: () => ({ state, restarts, problem }),
    pid: () => child?.pid,
    async stop() {
      stopping = true;
      child?.send({ type: "stop" });
      const impatient = setTimeout(() => child?.kill(), STOP_MS);
      await ended;
      clearTimeout(impatient);
      state = "stopped";
    },
  };
}
