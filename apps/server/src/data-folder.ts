import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
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
    announce: (url) => replace(file, { ...self(), url }),
    release: () => rmSync(file, { force: true }),
  };
}

interface Owner {
  readonly pid: number;
  /** When the process began: numbers of processes are used again. */
  readonly birth?: string;
  readonly url?: string;
}

function takeLock(file: string, path: string): void {
  // Written first and then linked, so that nobody ever finds it empty and takes it for a leftover.
  const draft = `${file}.${process.pid}`;
  for (let tries = 0; tries < 5; tries++) {
    try {
      writeFileSync(draft, JSON.stringify(self()), { mode: 0o600 });
      linkOrCreate(draft, file);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOSPC") throw new UnavailableError("The disk is full.", { mend: "Free some space and start again." });
      if (code !== "EEXIST")
        throw new UnavailableError(`The data folder ${path} cannot be written: ${(error as Error).message}`, {
          mend: "Own it, or choose another one with --data.",
        });
      const seen = readText(file);
      const owner = parseOwner(seen);
      if (owner && isServer(owner)) {
        throw new ConflictError(
          `Another Roadbed (process ${owner.pid}) uses the data folder ${path}${owner.url ? ` and answers at ${owner.url}` : ""}.`,
          {
            mend: "Use that one, stop it first, or start with another folder: npm start -- --data DIR.",
          },
        );
      }
      if (seen !== undefined) takeAway(file, seen);
    } finally {
      rmSync(draft, { force: true });
    }
  }
  throw new ConflictError(`The data folder ${path} is being taken by another start.`, { mend: "Try again in a moment." });
}

/** Some file systems know no hard links. */
function linkOrCreate(draft: string, file: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(code)) throw error;
    writeFileSync(file, readFileSync(draft), { flag: "wx", mode: 0o600 });
  }
}

function replace(file: string, owner: Owner): void {
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(owner), { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
}

function self(): Owner {
  const birth = birthOf(process.pid);
  return { pid: process.pid, ...(birth === undefined ? {} : { birth }) };
}

/** Removes what a dead owner left, unless another start was quicker and the file is now its own. */
function takeAway(file: string, seen: string): void {
  const aside = `${file}.${process.pid}.old`;
  try {
    renameSync(file, aside);
    if (readText(aside) !== seen) linkSync(aside, file);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function parseOwner(text: string | undefined): Owner | undefined {
  try {
    const owner = JSON.parse(text ?? "") as { pid?: unknown; birth?: string; url?: string };
    if (typeof owner.pid !== "number") return undefined;
    return {
      pid: owner.pid,
      ...(owner.birth === undefined ? {} : { birth: owner.birth }),
      ...(owner.url === undefined ? {} : { url: owner.url }),
    };
  } catch {
    return undefined;
  }
}

/** An owner counts only when it still is the Roadbed server that took the folder. */
function isServer({ pid, birth }: Owner): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  if (birth !== undefined && birthOf(pid) !== birth) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("apps/server/src/main.ts");
  } catch {
    return true; // no /proc here: believe the file
  }
}

/** The start time of a process, in ticks since the machine began; undefined where there is no /proc. */
function birthOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
