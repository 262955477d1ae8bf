import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";

import type { Run } from "@roadbed/contracts/paths";

/** A server with nothing but golden paths, in a process of its own that tests may kill (run-server.ts). */
export interface Server {
  readonly child: ChildProcess;
  /** `actor`: an account; default `ada`. */
  call<T = Run>(operation: string, input: unknown, actor?: string): Promise<T>;
}

/** `args`: database, data folder, golden paths and, if steps are to reach one, the address of a Git host's double. */
export async function startRunServer(args: readonly string[]): Promise<Server> {
  const child = fork(new URL("./run-server.ts", import.meta.url), args, { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const ready = Promise.withResolvers<void>();
  child.on("message", (message: { ready?: boolean; n?: number; value?: unknown; error?: unknown }) => {
    if (message.ready === true) return ready.resolve();
    const asked = waiting.get(message.n ?? -1);
    if (message.error === undefined) asked?.resolve(message.value);
    else asked?.reject(message.error);
  });
  child.once("exit", (code, signal) => {
    ready.reject(new Error(`the server ended: ${code ?? signal}`));
    for (const asked of waiting.values()) asked.reject(new Error("the server is gone"));
  });
  await ready.promise;
  let last = 0;
  return {
    child,
    call: (operation, input, actor) => {
      const asked = Promise.withResolvers<unknown>();
      waiting.set(++last, asked);
      child.send({ n: last, operation, input, ...(actor === undefined ? {} : { actor }) });
      return asked.promise as Promise<never>;
    },
  };
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
