import { createServer } from "node:net";

import { ConflictError } from "@roadbed/core";

/** `port` if it is free; else, unless it was asked for, the next free one. Throws `ConflictError` that offers one. */
export async function findPort(port: number, host: string, chosen: boolean): Promise<number> {
  if (port === 0 || (await isFree(port, host))) return port;
  const free = await nextFree(port + 1, host);
  if (!chosen) return free;
  throw new ConflictError(`Port ${port} is taken.`, { mend: `Port ${free} is free: npm start -- --port ${free}` });
}

/** The first free port from `port` on. */
export async function nextFree(port: number, host: string): Promise<number> {
  for (let candidate = port; candidate < port + 200; candidate++) if (await isFree(candidate, host)) return candidate;
  throw new ConflictError(`No port from ${port} to ${port + 199} is free.`, { mend: "Choose one: npm start -- --port N" });
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
      .once("error", () => resolve(false))
      .once("listening", () => probe.close(() => resolve(true)))
      .listen(port, host);
  });
}
