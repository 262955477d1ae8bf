import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";

export interface PathsServer {
  call<T = unknown>(operation: string, input: unknown): Promise<T>;
  /** By SIGKILL; ends when it is gone. */
  kill(): Promise<void>;
}

/** Starts paths-server.ts in a process of its own. */
export async function startPathsServer(databaseUrl: string, dataDir: string, goldenPathsDir: string): Promise<PathsServer> {
  const child: ChildProcess = fork(new URL("./paths-server.ts", import.meta.url), [databaseUrl, dataDir, goldenPathsDir], {
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const ready = Promise.withResolvers<void>();
  child.on(
    "message",
    ({ ready: isReady, n, value, error }: { ready?: boolean; n?: number; value?: unknown; error?: { message: string } }) => {
      if (isReady === true) return ready.resolve();
      const asked = waiting.get(n ?? -1);
      waiting.delete(n ?? -1);
      if (error === undefined) asked?.resolve(value);
      else asked?.reject(Object.assign(new Error(error.message), error));
    },
  );
  child.once("exit", (code, signal) => {
    ready.reject(new Error(`the server ended: ${code ?? signal}`));
    for (const asked of waiting.values()) asked.reject(new Error("the server is gone"));
  });
  await ready.promise;
  let last = 0;
  return {
    call: (operation, input) => {
      const asked = Promise.withResolvers<unknown>();
      waiting.set(++last, asked);
      child.send({ n: last, operation, input });
      return asked.promise as Promise<never>;
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}
