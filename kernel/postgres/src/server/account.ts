import { chmodSync, chownSync, lchownSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

import type { Logger } from "@roadbed/core";

/** The account the server runs under. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  /** False for a user id without a line in /etc/passwd, which `initdb` refuses. */
  readonly named: boolean;
  /** True when we are root and step down: then files must be handed over. */
  readonly stepsDown: boolean;
}

/**
 * Postgres refuses to run as root, so root steps down: to the owner of an existing data folder, else to `postgres`,
 * else to `nobody`. Everybody else runs it as themselves. Undefined on Windows, which has no such ids.
 */
export function chooseAccount(existingCluster: string | undefined): Account | undefined {
  const own = process.getuid?.();
  if (own === undefined) return undefined;
  const passwd = readPasswd();
  if (own !== 0) return { uid: own, gid: process.getgid?.() ?? own, named: passwd.some((line) => line.uid === own), stepsDown: false };
  const owner = existingCluster === undefined ? undefined : statSync(existingCluster);
  if (owner !== undefined && owner.uid !== 0) {
    return { uid: owner.uid, gid: owner.gid, named: passwd.some((line) => line.uid === owner.uid), stepsDown: true };
  }
  const found = passwd.find((line) => line.name === "postgres") ?? passwd.find((line) => line.name === "nobody");
  return { uid: found?.uid ?? 65_534, gid: found?.gid ?? 65_534, named: found !== undefined, stepsDown: true };
}

/** Lets the account pass through every folder above `path`: the right to pass only, not to list or read. */
export function letPass(account: Account | undefined, path: string, log: Logger): void {
  if (account?.stepsDown !== true) return;
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const { mode, uid, gid } = statSync(folder);
    const passes = uid === account.uid ? mode & 0o100 : gid === account.gid ? mode & 0o010 : mode & 0o001;
    if (passes) continue;
    chmodSync(folder, (mode & 0o7777) | 0o001);
    log.warn("let the database's account pass through a folder (chmod o+x)", { folder, uid: account.uid });
  }
}

/** Lets the account read and run the server's files, where a strict umask at install time forbade it. */
export function letRead(account: Account | undefined, binary: string, native: string): void {
  if (account?.stepsDown !== true || statSync(binary).mode & 0o001) return;
  for (const entry of readdirSync(native, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const { mode } = statSync(path);
    chmodSync(path, (mode & 0o7777) | (mode & 0o100 ? 0o005 : 0o004));
  }
  chmodSync(native, (statSync(native).mode & 0o7777) | 0o005);
}

/** Gives a folder, or with `deep` all in it too, to the account. */
export function handOver(account: Account | undefined, path: string, deep = false): void {
  if (account?.stepsDown !== true) return;
  chownSync(path, account.uid, account.gid);
  if (!deep) return;
  for (const entry of readdirSync(path, { recursive: true }) as string[]) lchownSync(join(path, entry), account.uid, account.gid);
}

function readPasswd(): { name: string; uid: number; gid: number }[] {
  try {
    const lines = readFileSync("/etc/passwd", "utf8").split("\n");
    return lines.filter(Boolean).map((line) => {
      const [name = "", , uid, gid] = line.split(":");
      return { name, uid: Number(uid), gid: Number(gid) };
    });
  } catch {
    return [];
  }
}
