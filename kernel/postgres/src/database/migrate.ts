import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

import { ConflictError, InvalidError, type Logger, type Sql } from "@roadbed/core";

import type { Database } from "./open-database.ts";

/** The migrations of one module: `NNNN-name.sql` files, forward only. */
export interface MigrationSet {
  readonly module: string;
  readonly dir: URL;
}

interface Migration {
  readonly module: string;
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

/** What the kernel itself needs; `migrate` always runs it first. */
export const kernelMigrations: MigrationSet = { module: "kernel", dir: new URL("../../migrations/", import.meta.url) };

/**
 * Brings the database up to the given sets: each file once, in its own transaction, in the order of the sets and then of the names.
 * Several processes may call it together: one works, the others wait. Throws `ConflictError` when a file that ran was edited,
 * removed, or has a new file sorted before it.
 */
export async function migrate(db: Database, sets: readonly MigrationSet[], log: Logger): Promise<void> {
  const wanted = [kernelMigrations, ...sets.filter((set) => set.module !== "kernel")].map(readSet);
  const client = await db.pool.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await client.query(`create schema if not exists kernel;
      create table if not exists kernel.migration (
        module text not null, name text not null, checksum text not null, at timestamptz not null default now(), primary key (module, name))`);
    for (const migrations of wanted) await migrateModule(client as unknown as Sql, migrations, log);
  } finally {
    await client.query("select pg_advisory_unlock($1)", [MIGRATION_LOCK]).catch(() => {});
    client.release();
  }
}

/** Any constant that no other advisory lock of ours uses. */
const MIGRATION_LOCK = 7_623_001;

async function migrateModule(sql: Sql, migrations: readonly Migration[], log: Logger): Promise<void> {
  const module = migrations[0]?.module;
  if (module === undefined) return;
  const { rows: done } = await sql.query<{ name: string; checksum: string }>(
    "select name, checksum from kernel.migration where module = $1 order by name",
    [module],
  );
  checkHistory(module, migrations, done);
  for (const migration of migrations.slice(done.length)) await runMigration(sql, migration, log);
}

/** What ran must be exactly the head of what is there now. */
function checkHistory(module: string, migrations: readonly Migration[], done: readonly { name: string; checksum: string }[]): void {
  for (const [index, { name, checksum }] of done.entries()) {
    const here = migrations[index];
    if (here?.name !== name) {
      throw new ConflictError(`The database has run ${module}/${name}, but ${here?.name ?? "no file"} stands in its place.`, {
        mend: "Run the version of Roadbed that made this database or a newer one; new migrations are numbered after the last.",
      });
    }
    if (here.checksum !== checksum) {
      throw new ConflictError(`The migration ${module}/${name} was edited after it ran.`, {
        mend: "Restore the file as it was and put the change into a new, higher-numbered migration.",
      });
    }
  }
}

async function runMigration(sql: Sql, migration: Migration, log: Logger): Promise<void> {
  await sql.query("begin");
  try {
    await sql.query(migration.text);
    await sql.query("insert into kernel.migration (module, name, checksum) values ($1, $2, $3)", [
      migration.module,
      migration.name,
      migration.checksum,
    ]);
    await sql.query("commit");
    log.info("migrated", { module: migration.module, migration: migration.name });
  } catch (error) {
    await sql.query("rollback");
    throw new Error(`The migration ${migration.module}/${migration.name} failed: ${(error as Error).message}`, { cause: error });
  }
}

function readSet(set: MigrationSet): Migration[] {
  const names = readdirSync(set.dir).filter((name) => name.endsWith(".sql"));
  for (const name of names) {
    if (!/^\d{4}-[a-z0-9-]+\.sql$/.test(name)) {
      throw new InvalidError(`${set.module}/${name} is no migration's name.`, { mend: "Name it NNNN-what-it-does.sql." });
    }
  }
  return names.sort().map((name) => {
    const text = readFileSync(new URL(name, set.dir), "utf8");
    return { module: set.module, name, text, checksum: createHash("sha256").update(text).digest("hex") };
  });
}
