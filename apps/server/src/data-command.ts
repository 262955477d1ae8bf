/**
 * `roadbed backup FOLDER [--data DIR]` and `roadbed restore FOLDER --data DIR`: what the embedded stores keep that
 * cannot be made again. The database and the repositories, with the keys that open the secrets of runs and sources; telemetry is not
 * part of it. A back-up is made while the server works; a restore needs a data folder without a database.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";

import { ConflictError, DomainError, InvalidError, type Logger } from "@roadbed/core";
import { backupPostgres, restorePostgres } from "@roadbed/postgres";

const log: Logger = {
  debug() {},
  info() {},
  warn: (message) => process.stderr.write(`${message}\n`),
  error: (message) => process.stderr.write(`${message}\n`),
};
const DATABASE = "database.tar.gz";
/** Folders of the data folder that are copied as they are, beside the repositories. */
const KEYS = [
  "paths/run-secrets.key",
  "paths/connections.key",
  "paths/resources.key",
  "catalog/source-secrets.key",
  "delivery/credentials.key",
  "notify-secrets.key",
];
/** What lies in buckets: files that are written once. Copied before and after their index is, so that nothing that it names is missing. */
const BUCKETS = "resources/buckets";
/** The server for databases that golden paths made: its folder below the data folder, and its file in a back-up. */
const MADE = { folder: "resources/databases", file: "made-databases.tar.gz" };

try {
  const { values, positionals } = parseArgs({ args: process.argv.slice(2), allowPositionals: true, options: { data: { type: "string" } } });
  const [verb, folder] = positionals;
  if (folder === undefined || (verb !== "backup" && verb !== "restore")) {
    throw new InvalidError("The folder of the back-up is missing.", {
      mend: "roadbed backup FOLDER [--data DIR], or roadbed restore FOLDER --data DIR",
    });
  }
  const dataDir = resolve(values.data ?? process.env["ROADBED_DATA"] ?? join(import.meta.dirname, "../../../.roadbed"));
  await (verb === "backup" ? backup(dataDir, resolve(folder)) : restore(resolve(folder), dataDir));
} catch (error) {
  process.stderr.write(
    error instanceof DomainError ? `${error.message}\n${error.mend === undefined ? "" : `mend: ${error.mend}\n`}` : `${String(error)}\n`,
  );
  process.exitCode = error instanceof InvalidError ? 2 : 1;
}

async function backup(dataDir: string, target: string): Promise<void> {
  if (existsSync(target) && readdirSync(target).length > 0)
    throw new ConflictError(`${target} is not empty.`, { mend: "Name a new folder." });
  const part = `${target}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(join(part, "git"), { recursive: true, mode: 0o700 });
  // The database first: a repository that is newer than it does no harm, one that is missing would.
  await backupPostgres({ dataDir: join(dataDir, "postgres"), file: join(part, DATABASE), log });
  if (existsSync(join(dataDir, MADE.folder, "cluster"))) {
    copyBuckets(join(dataDir, BUCKETS), join(part, BUCKETS));
    await backupPostgres({ dataDir: join(dataDir, MADE.folder), file: join(part, MADE.file), log });
    copyBuckets(join(dataDir, BUCKETS), join(part, BUCKETS));
  }
  const repositories = repositoriesIn(join(dataDir, "git"));
  for (const name of repositories) mirror(join(dataDir, "git", name), join(part, "git", name));
  for (const key of KEYS) copyIfThere(join(dataDir, key), join(part, key));
  rmSync(target, { recursive: true, force: true });
  renameSync(part, target);
  process.stdout.write(
    `Backed up the database (${megabytes(join(target, DATABASE))} MB) and ${repositories.length} repositories to ${target}.\nTelemetry is not part of a back-up.\n`,
  );
}

async function restore(source: string, dataDir: string): Promise<void> {
  if (!existsSync(join(source, DATABASE))) throw new InvalidError(`${source} is no back-up: it holds no ${DATABASE}.`);
  await restorePostgres({ file: join(source, DATABASE), dataDir: join(dataDir, "postgres"), log });
  if (existsSync(join(source, MADE.file))) {
    await restorePostgres({ file: join(source, MADE.file), dataDir: join(dataDir, MADE.folder), log });
    copyIfThere(join(source, BUCKETS), join(dataDir, BUCKETS));
  }
  const repositories = repositoriesIn(join(source, "git"));
  for (const name of repositories) mirror(join(source, "git", name), join(dataDir, "git", name));
  for (const key of KEYS) copyIfThere(join(source, key), join(dataDir, key));
  process.stdout.write(
    `Restored the database and ${repositories.length} repositories into ${dataDir}.\nStart it: npm start -- --data ${dataDir}\n`,
  );
}

function repositoriesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".git") && !name.startsWith(".")) : [];
}

/** Git copies what is complete, whatever is being pushed meanwhile. */
function mirror(from: string, to: string): void {
  const { status, stderr } = spawnSync("git", ["clone", "--quiet", "--mirror", "--no-hardlinks", "--", from, to], { encoding: "utf8" });
  if (status !== 0) throw new ConflictError(`The repository ${from} could not be copied: ${stderr.trim()}`);
}

function copyIfThere(from: string, to: string): void {
  if (existsSync(from)) cpSync(from, to, { recursive: true });
}

/** What is there already is not copied again, and what goes meanwhile is none of its concern. */
function copyBuckets(from: string, to: string): void {
  if (!existsSync(from)) return;
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    const [source, target] = [join(entry.parentPath, entry.name), join(to, relative(from, entry.parentPath), entry.name)];
    if (!entry.isFile() || existsSync(target)) continue;
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    try {
      copyFileSync(source, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

function megabytes(file: string): string {
  return (statSync(file).size / 1024 / 1024).toFixed(1);
}
