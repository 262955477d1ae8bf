import { createServer } from "node:net";

import { ConflictError, InvalidError, UnavailableError } from "@roadbed/core";

/** `port` if it is free; else, unless it was asked for, the next free one. Throws `ConflictError` that offers one. */
export async function findPort(port: number, host: string, chosen: boolean): Promise<number> {
  if (port === 0 || (await isFree(port, host))) return port;
  const free = await nextFree(port + 1, host);
  if (!chosen) return free;
  throw new ConflictError(`Port ${port} is taken.`, { mend: `Port ${free} is free: npm start -- --port ${free}` });
}

/** The first free port from `port` on. */
export async function nextFree(port: number, host: string): Promise<number> {
  const last = Math.min(port + 199, 65_535);
  for (let candidate = port; candidate <= last; candidate++) if (await isFree(candidate, host)) return candidate;
  throw new ConflictError(`No port from ${port} to ${last} is free.`, { mend: "Choose one: npm start -- --port N" });
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
      .once("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "EADDRINUSE") resolve(false);
        else reject(explain(error, port, host));
      })
      .once("listening", () => probe.close(() => resolve(true)))
      .listen(port, host);
  });
}

function explain(error: NodeJS.ErrnoException, port: number, host: string): Error {
  if (error.code === "EACCES")
    return new UnavailableError(`Port ${port} is not for this user.`, { mend: "Choose one above 1023: npm start -- --port 4400" });
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND")
    return new InvalidError(`This machine has no address ${host}.`, {
      mend: "--host 127.0.0.1 listens for this machine, --host 0.0.0.0 for all.",
    });
  return error;
}
