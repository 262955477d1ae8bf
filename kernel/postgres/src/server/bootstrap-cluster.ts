import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import pg from "pg";

import type { Account } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { urlOf, type Layout } from "./layout.ts";
import { launch, shutDown } from "./postmaster.ts";
import { runBinary } from "./run-binary.ts";
import { serverEnvironment } from "./server-environment.ts";

/**
 * What `initdb` does, for a user id that has no name (as containers with random ids have it): `initdb` looks its user up and
 * refuses, the server does not care. Its bootstrap mode loads the catalogue; the rest is SQL that ships with it.
 * Throws an `Error` with what the server said.
 */
export async function bootstrapCluster(layout: Layout, binaries: Binaries, account: Account): Promise<void> {
  makeSkeleton(layout.cluster);
  const loaded = await runBinary({
    file: binaries.postgres,
    args: ["--boot", "-F", "-c", "log_checkpoints=false", "-X", String(WAL_SEGMENT_BYTES), "-k"],
    input: catalogue(binaries),
    env: { ...serverEnvironment(), PGDATA: layout.cluster },
    account,
  });
  if (loaded.status !== 0) throw new Error(loaded.stderr || loaded.error?.message || `ended with ${loaded.status ?? loaded.signal}`);
  const pid = await launch({ layout, binaries, account, settings: { autovacuum: "off" }, database: "template1" });
  try {
    await runScripts(layout, binaries);
  } finally {
    await shutDown(pid);
  }
}

const WAL_SEGMENT_BYTES = 16 * 1024 * 1024;

const FOLDERS = [
  "base/1",
  "global",
  "pg_wal/archive_status",
  "pg_wal/summaries",
  "pg_commit_ts",
  "pg_dynshmem",
  "pg_notify",
  "pg_serial",
  "pg_snapshots",
  "pg_subtrans",
  "pg_twophase",
  "pg_multixact/members",
  "pg_multixact/offsets",
  "pg_replslot",
  "pg_tblspc",
  "pg_stat",
  "pg_stat_tmp",
  "pg_xact",
  "pg_logical/snapshots",
  "pg_logical/mappings",
];

/** Sizes on every 64-bit machine, and the same encoding and locale that `initdb` is told. */
const BOOTSTRAP_WORDS: Readonly<Record<string, string>> = {
  NAMEDATALEN: "64",
  SIZEOF_POINTER: "8",
  ALIGNOF_POINTER: "d",
  FLOAT8PASSBYVAL: "t",
  POSTGRES: "'postgres'",
  ENCODING: "6",
  LOCALE_PROVIDER: "b",
  LC_COLLATE: "'C'",
  LC_CTYPE: "'C'",
  DATLOCALE: "'C.UTF-8'",
  ICU_RULES: "_null_",
};

function makeSkeleton(cluster: string): void {
  for (const folder of FOLDERS) mkdirSync(join(cluster, folder), { recursive: true, mode: 0o700 });
  const files = {
    PG_VERSION: "18\n",
    "base/1/PG_VERSION": "18\n",
    "postgresql.conf": "# Roadbed passes the settings on the command line.\n",
    "pg_hba.conf": "local all all trust\n",
    "pg_ident.conf": "",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cluster, name), text, { mode: 0o600 });
}

function catalogue({ share }: Binaries): string {
  const words = new RegExp(`\\b(${Object.keys(BOOTSTRAP_WORDS).join("|")})\\b`, "g");
  return readFileSync(join(share, "postgres.bki"), "utf8").replace(words, (word) => BOOTSTRAP_WORDS[word] ?? word);
}

async function runScripts(layout: Layout, { share }: Binaries): Promise<void> {
  const file = (name: string): string => readFileSync(join(share, name), "utf8");
  const client = new pg.Client({ connectionString: urlOf(layout, "template1") });
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query("set allow_system_table_mods = on; set search_path = pg_catalog");
    for (const name of ["system_constraints.sql", "system_functions.sql", "system_views.sql"]) await client.query(file(name));
    await client.query("revoke all on pg_authid from public");
    await client.query("select pg_import_system_collations('pg_catalog')");
    await client.query(file("snowball_create.sql"));
    await client.query("grant usage on schema pg_catalog, public to public");
    await client.query(file("information_schema.sql"));
    await client.query("create extension plpgsql");
    await client.query("vacuum (freeze, analyze)");
    await client.query("create database template0 is_template = true allow_connections = false oid = 4 strategy = file_copy");
    await client.query("revoke create, temporary on database template1 from public");
    await client.query("create database postgres oid = 5 strategy = file_copy");
  } finally {
    await client.end();
  }
}
