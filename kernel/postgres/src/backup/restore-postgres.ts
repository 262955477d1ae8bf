import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { ConflictError, InvalidError, type Logger } from "@roadbed/core";

import { chooseAccount, handOver } from "../server/account.ts";
import { MANIFEST } from "./backup-postgres.ts";
import { readTar } from "./tar.ts";

/** What this code can bring up again. */
const MAJOR = "18";

/**
 * Unpacks a backup into an empty data folder. The next `startPostgres` on that folder replays the log in it and stands where
 * the backup ended. Throws `ConflictError` when the folder holds a database, `InvalidError` when the file is no backup, is
 * damaged, or is of another Postgres version or processor. What went wrong leaves the folder as it was.
 */
export async function restorePostgres(o: { readonly file: string; readonly dataDir: string; readonly log: Logger }): Promise<void> {
  const cluster = join(o.dataDir, "cluster");
  if (existsSync(cluster)) {
    throw new ConflictError(`There is a database in ${o.dataDir}.`, {
      mend: "Restore into an empty data folder, then start with --data naming it.",
    });
  }
  if (!existsSync(o.file)) throw new InvalidError(`There is no file ${o.file}.`);
  mkdirSync(o.dataDir, { recursive: true });
  const scratch = mkdtempSync(join(o.dataDir, "restore-"));
  try {
    await unpack(o.file, scratch);
    checkManifest(join(scratch, MANIFEST));
    if (!existsSync(join(scratch, "cluster", "backup_label"))) throw damaged();
    handOver(chooseAccount(undefined), join(scratch, "cluster"), true);
    renameSync(join(scratch, "cluster"), cluster);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  o.log.info("restored the database", { dataDir: o.dataDir, files: readdirSync(cluster, { recursive: true }).length });
}

async function unpack(file: string, folder: string): Promise<void> {
  try {
    await readTar(file, folder, (name) => name === MANIFEST || name.startsWith("cluster/"));
  } catch (error) {
    // zlib's own words for "not gzip" and "cut off".
    if (["Z_DATA_ERROR", "Z_BUF_ERROR"].includes((error as { code?: string }).code ?? "")) throw damaged(error);
    throw error;
  }
}

function checkManifest(path: string): void {
  if (!existsSync(path)) throw damaged();
  const { postgresVersion, arch } = JSON.parse(readFileSync(path, "utf8")) as { postgresVersion: string; arch: string };
  if (postgresVersion.split(".")[0] !== MAJOR) {
    throw new InvalidError(`The backup is of Postgres ${postgresVersion}; this Roadbed runs ${MAJOR}.`, {
      mend: "Restore it with the version of Roadbed that made it.",
    });
  }
  if (arch !== process.arch) {
    throw new InvalidError(`The backup was made on ${arch}; this machine is ${process.arch}.`, {
      mend: `Restore it on a machine with ${arch}.`,
    });
  }
}

function damaged(cause?: unknown): InvalidError {
  return new InvalidError("The file is no backup of Roadbed, or it is damaged.", { mend: "Use a whole copy of the file.", cause });
}
