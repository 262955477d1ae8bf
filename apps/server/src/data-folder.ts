import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

import { ConflictError, UnavailableError } from "@roadbed/core";

export interface DataFolder {
  readonly path: string;
  /** Tells where we listen, for the next start's message and for the command line. */
  announce(url: string): void;
  release(): void;
}

/** Makes the data folder ours; throws `ConflictError` when another Roadbed that is alive holds it. */
export function claimDataFolder(path: string): DataFolder {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new UnavailableError(`The data folder ${path} cannot be made: ${(error as Error).message}`, {
      mend: "Choose another one with --data.",
    });
  }
  const file = join(path, "server.json");
  takeLock(file, path);
  return {
    path,
    announce: (url) => writeFileSync(file, JSON.stringify({ pid: process.pid, url })),
    release: () => rmSync(file, { force: true }),
  };
}

function takeLock(file: string, path: string): void {
  for (let tries = 0; tries < 5; tries++) {
    try {
      const handle = openSync(file, "wx", 0o600);
      writeSync(handle, JSON.stringify({ pid: process.pid }));
      closeSync(handle);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOSPC") throw new UnavailableError("The disk is full.", { mend: "Free some space and start again." });
      if (code !== "EEXIST")
        throw new UnavailableError(`The data folder ${path} cannot be written: ${(error as Error).message}`, {
          mend: "Own it, or choose another one with --data.",
        });
      const owner = readOwner(file);
      if (owner && isServer(owner.pid)) {
        throw new ConflictError(
          `Another Roadbed (process ${owner.pid}) uses the data folder ${path}${owner.url ? ` and answers at ${owner.url}` : ""}.`,
          {
            mend: "Use that one, stop it first, or start with another folder: npm start -- --data DIR.",
          },
        );
      }
      rmSync(file, { force: true });
    }
  }
  throw new ConflictError(`The data folder ${path} is being taken by another start.`, { mend: "Try again in a moment." });
}

function readOwner(file: string): { pid: number; url?: string } | undefined {
  try {
    const owner = JSON.parse(readFileSync(file, "utf8")) as { pid?: unknown; url?: string };
    return typeof owner.pid === "number" ? { pid: owner.pid, ...(owner.url === undefined ? {} : { url: owner.url }) } : undefined;
  } catch {
    return undefined;
  }
}

/** Process ids are used again: an owner counts only when it still is a Roadbed server. */
function isServer(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("apps/server/src/main.ts");
  } catch {
    return true; // no /proc here: believe the file
  }
}
