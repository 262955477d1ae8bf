/** One after the other: a lock file that says who holds it, and which children work for him. Node 18. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

import { birthOf, isAlive } from "./process-birth.mjs";

const LOOK_AGAIN_MS = 250;

/**
 * Does `work` while no other process does the same under the lock file `file`. `work` gets `noteChildren(pids)`: the
 * children it started, so that the next one to come can end them if we are killed before they are.
 * A lock of a process that is gone is taken over. `waiting(pid)` is told once, when somebody else is at it.
 */
export async function takeTurns(file, { waiting }, work) {
  const self = { pid: process.pid, birth: birthOf(process.pid), children: [] };
  await take(file, self, waiting);
  try {
    return await work((pids) => replace(file, { ...self, children: pids.map((pid) => ({ pid, birth: birthOf(pid) })) }));
  } finally {
    rmSync(file, { force: true });
  }
}

async function take(file, self, waiting) {
  for (let told = false; ;) {
    if (create(file, self)) return;
    const seen = read(file);
    const holder = parse(seen);
    if (seen === undefined) continue;
    if (holder !== undefined && isAlive(holder)) {
      if (!told) waiting(holder.pid);
      told = true;
      await pause(LOOK_AGAIN_MS);
    } else {
      await endOrphans(holder?.children ?? []);
      takeAway(file, seen);
    }
  }
}

/** The file with its text, at once: nobody may find it empty. False when it is there already. */
function create(file, text) {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(text));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    return createWithoutLinks(file, text, error);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Some file systems (exFAT, some shared folders) know no hard links. */
function createWithoutLinks(file, text, cause) {
  if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EACCES"].includes(cause.code)) throw cause;
  try {
    writeFileSync(file, JSON.stringify(text), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function replace(file, text) {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(text));
  renameSync(draft, file);
}

/** Removes a lock whose holder is gone, unless another one was quicker and the file is now his. */
function takeAway(file, seen) {
  const aside = `${file}.${process.pid}.old`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (error.code === "ENOENT") return;
    throw error;
  }
  if (read(aside) !== seen) {
    try {
      linkSync(aside, file);
    } catch {
      // a third one holds it meanwhile
    }
  }
  rmSync(aside, { force: true });
}

/** A start that was killed leaves its npm behind, which would work on the same folder as ours. */
async function endOrphans(children) {
  for (const child of children.filter(isAlive)) {
    try {
      process.kill(child.pid, "SIGKILL");
    } catch {
      continue; // gone meanwhile, or not ours to end
    }
    for (let tries = 0; tries < 40 && isAlive(child); tries++) await pause(50);
  }
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function parse(text) {
  try {
    const holder = JSON.parse(text ?? "");
    return Number.isInteger(holder?.pid) ? { ...holder, children: Array.isArray(holder.children) ? holder.children : [] } : undefined;
  } catch {
    return undefined;
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
