import { readdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";

import { ConflictError, type Logger } from "@roadbed/core";
import pg from "pg";

import { layOut, urlOf } from "../server/layout.ts";
import { writeTar, type TarWriter } from "./tar.ts";

export interface BackupReport {
  readonly file: string;
  /** Files of the database that were stored. */
  readonly files: number;
  /** The log position at which the restored database will stand. */
  readonly position: string;
  readonly postgresVersion: string;
  readonly seconds: number;
}

/** Made anew by every start, private to the running server, or of no use in another place. */
const LEFT_OUT = new Set(["postmaster.pid", "postmaster.opts", "backup_label.old", "current_logfiles"]);
const LEFT_OUT_FOLDERS = new Set([
  "pg_wal",
  "pg_replslot",
  "pg_dynshmem",
  "pg_notify",
  "pg_serial",
  "pg_snapshots",
  "pg_stat_tmp",
  "pg_subtrans",
]);

/**
 * Copies the whole embedded server (every database in it) into one gzipped tar while it works: its data files between
 * `pg_backup_start` and `pg_backup_stop`, and the write-ahead log of that time, held by a temporary replication slot. What
 * is restored is exactly the state at `pg_backup_stop`. The file appears under its name only when it is whole.
 * Throws `ConflictError` when the file is there already.
 */
export async function backupPostgres(o: { readonly dataDir: string; readonly file: string; readonly log: Logger }): Promise<BackupReport> {
  const began = Date.now();
  const layout = layOut(o.dataDir);
  const client = new pg.Client({ connectionString: urlOf(layout, "postgres"), application_name: "roadbed-backup" });
  client.on("error", () => {});
  await client.connect();
  const part = `${o.file}.part`;
  try {
    const postgresVersion = await one(client, "select current_setting('server_version')");
    const tar = writeTar(part);
    await tar.addText(MANIFEST, JSON.stringify({ format: 1, postgresVersion, arch: process.arch, at: new Date().toISOString() }));
    const { files, position } = await copyCluster(client, layout.cluster, tar);
    await tar.close();
    publish(part, o.file);
    const report = { file: o.file, files, position, postgresVersion, seconds: (Date.now() - began) / 1000 };
    o.log.info("backed up the database", report);
    return report;
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  } finally {
    await client.end();
  }
}

/** The first entry of the file: what it is and which server it needs. */
export const MANIFEST = "roadbed-backup.json";

async function copyCluster(client: pg.Client, cluster: string, tar: TarWriter): Promise<{ files: number; position: string }> {
  // Temporary: it goes with this connection, whatever happens. From here on no segment of the log is recycled.
  await client.query("select pg_create_physical_replication_slot($1, true, true)", [`roadbed_backup_${process.pid}`]);
  const start = await one(client, "select pg_walfile_name(pg_backup_start('roadbed', true))");
  let files = 0;
  for (const folder of LEFT_OUT_FOLDERS) await tar.addFolder(`cluster/${folder}`);
  for (const entry of readdirSync(cluster, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(cluster.length + 1);
    if (isLeftOut(name)) continue;
    if (entry.isDirectory()) await tar.addFolder(`cluster/${name}`);
    else if (name !== CONTROL && entry.isFile() && (await tar.addFile(`cluster/${name}`, path))) files++;
  }
  // Last, as the server's own tool does: it must not be older than the files.
  await tar.addFile(`cluster/${CONTROL}`, join(cluster, CONTROL));
  const { rows } = await client.query<{ lsn: string; labelfile: string; last: string }>(
    "select lsn::text as lsn, labelfile, pg_walfile_name(lsn) as last from pg_backup_stop(false)",
  );
  const stop = rows[0];
  if (stop === undefined) throw new Error("pg_backup_stop answered nothing");
  await tar.addText("cluster/backup_label", stop.labelfile);
  await copyLog(client, cluster, tar, start, stop.last);
  return { files: files + 1, position: stop.lsn };
}

const CONTROL = "global/pg_control";

/** The segments from the first to the last; the last is still being written to, and its tail is of no matter. */
async function copyLog(client: pg.Client, cluster: string, tar: TarWriter, first: string, last: string): Promise<void> {
  await client.query("checkpoint");
  const segments = readdirSync(join(cluster, "pg_wal")).filter((name) => /^[0-9A-F]{24}$/.test(name) && name >= first && name <= last);
  if (!segments.includes(first) || !segments.includes(last)) throw new Error("a part of the write-ahead log is gone");
  for (const segment of segments.sort()) await tar.addFile(`cluster/pg_wal/${segment}`, join(cluster, "pg_wal", segment));
}

function isLeftOut(name: string): boolean {
  const [top = ""] = name.split("/");
  return LEFT_OUT_FOLDERS.has(top) || LEFT_OUT.has(name) || /^(pgsql_tmp.*|pg_internal\.init.*)$/.test(basename(name));
}

function publish(part: string, file: string): void {
  try {
    renameSync(part, file);
  } catch (cause) {
    throw new ConflictError(`The backup could not be put at ${file}.`, { cause });
  }
}

async function one(client: pg.Client, sql: string): Promise<string> {
  const { rows } = await client.query<{ value: string }>(`select (${sql.replace(/^select /, "")})::text as value`);
  return rows[0]?.value ?? "";
}
