import { spawn, type ChildProcess } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import type { Logger } from "@roadbed/core";

export interface Simulator {
  start(): void;
  stop(): Promise<void>;
  /** Stops it and forgets what it has told, so that a later sample begins anew. */
  forget(): Promise<void>;
}

const RESTART_MS = 5_000;
/** It has told a long history and asks to be started with a fresh heap. */
const START_AFRESH = 64;

/** The sample estate's life, in a process of its own; started again when it falls. */
export function createSimulator(o: { root: string; dataDir: string; url: () => string; token: string; log: Logger }): Simulator {
  const state = join(o.dataDir, "simulator.json");
  let child: ChildProcess | undefined;
  let wanted = false;

  const launch = (): void => {
    child = spawn(
      process.execPath,
      ["--max-old-space-size=96", "--disable-warning=ExperimentalWarning", join(o.root, "apps/simulator/src/main.ts")],
      {
        stdio: ["ignore", "ignore", "pipe", "ipc"],
        env: {
          PATH: process.env["PATH"],
          NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
          SIMULATOR_URL: o.url(),
          SIMULATOR_TOKEN: o.token,
          SIMULATOR_FLOWS: join(o.root, "examples/estate/flows.yaml"),
          SIMULATOR_SLOS: join(o.root, "examples/slos/estate.yaml"),
          SIMULATOR_STATE: state,
        },
      },
    );
    child.stderr?.on("data", (chunk: Buffer) => o.log.warn("simulator", { text: chunk.toString().slice(0, 2_000) }));
    child.once("exit", (code) => {
      child = undefined;
      if (!wanted) return;
      if (code === START_AFRESH) return launch();
      o.log.warn("the simulator ended and is started again", { code });
      setTimeout(() => wanted && launch(), RESTART_MS).unref();
    });
  };

  const stop = async (): Promise<void> => {
    wanted = false;
    const running = child;
    if (!running) return;
    await new Promise<void>((resolve) => {
      running.once("exit", () => resolve());
      running.kill("SIGTERM");
      setTimeout(() => running.kill("SIGKILL"), 2_000).unref();
    });
  };

  return {
    start() {
      if (wanted) return;
      wanted = true;
      launch();
    },
    stop,
    async forget() {
      await stop();
      await rm(state, { force: true });
    },
  };
}
