import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createClient, type Client } from "@roadbed/face-client";

const ROOT = join(import.meta.dirname, "../..");

/** A whole Roadbed in a folder of its own. */
export interface RunningRoadbed {
  readonly url: string;
  readonly dataDir: string;
  readonly token: string;
  readonly client: Client;
  /** What it printed so far. */
  output(): string;
  /** The server's own process, not the bootstrap in front of it. */
  serverPid(): number;
  /** `kill -9` of the server process alone. */
  crash(): Promise<void>;
  /** Starts again on the same folder and port. */
  restart(): Promise<void>;
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | null>;
  /** Stops it and removes its folder. */
  dispose(): Promise<void>;
}

/** `through`: by the command that `npm start` runs, or (default) the server itself, when the clone is prepared already. */
export async function startRoadbed(
  o: { args?: readonly string[]; env?: NodeJS.ProcessEnv; through?: "npm start" | "server"; port?: number } = {},
): Promise<RunningRoadbed> {
  const folder = mkdtempSync(join(tmpdir(), "roadbed-e2e-"));
  const dataDir = join(folder, "data");
  const tokenFile = join(folder, "admin-token");
  const port = o.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  let output = "";
  let child = launch();
  await ready();
  const token = readFileSync(tokenFile, "utf8").trim();

  const serverPid = (): number => (JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")) as { pid: number }).pid;
  const stop = async (): Promise<number | null> => {
    if (child.exitCode !== null) return child.exitCode;
    const ended = exitOf(child);
    child.kill("SIGTERM");
    return ended;
  };
  return {
    url,
    dataDir,
    token,
    client: createClient({ url, token }),
    output: () => output,
    serverPid,
    async crash() {
      const ended = exitOf(child);
      process.kill(serverPid(), "SIGKILL");
      await ended;
    },
    async restart() {
      child = launch();
      await ready();
    },
    stop,
    async dispose() {
      await stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };

  function launch(): ChildProcess {
    const started = spawn(
      process.execPath,
      [
        join(ROOT, o.through === "npm start" ? "tools/start.mjs" : "apps/server/src/main.ts"),
        "--port",
        String(port),
        "--data",
        dataDir,
        "--no-open",
        "--admin-token-file",
        tokenFile,
        ...(o.args ?? ["--empty"]),
      ],
      { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...o.env } },
    );
    started.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    started.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    return started;
  }

  async function ready(): Promise<void> {
    const until = Date.now() + 120_000;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`Roadbed ended with ${child.exitCode}:\n${output}`);
      const answer = await fetch(`${url}/readyz`).catch(() => undefined);
      if (answer?.status === 200) return;
      if (Date.now() > until) throw new Error(`Roadbed was not ready in time: ${answer ? await answer.text() : "no answer"}\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Asks again until `probe` answers something other than undefined; throws with its last error after `ms`. */
export async function eventually<T>(probe: () => Promise<T | undefined>, ms = 60_000): Promise<T> {
  const until = Date.now() + ms;
  let last: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > until) throw new Error(`did not happen within ${ms} ms`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once("exit", (code) => resolve(code)));
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
