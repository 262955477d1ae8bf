import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import type { Runtime } from "@roadbed/core";
import {
  createRuntime,
  kernelMigrations,
  migrate,
  openDatabase,
  type Database,
  type MigrationSet,
  type PostgresRuntime,
} from "@roadbed/postgres";

import { quietLog } from "./logs.ts";

export interface TestDatabase {
  readonly db: Database;
  /** Everybody may everything, unless `may` was given. */
  readonly runtime: PostgresRuntime;
  readonly url: string;
  /** Closes the pool and removes the database. */
  readonly drop: () => Promise<void>;
}

export interface TestDatabaseOptions {
  readonly may?: Runtime["may"];
  /** A program that is given the template's address and makes in it what no migration makes. */
  readonly prepare?: URL;
}

/** A database of its own for one test file: a copy of a template that was migrated once, made in some ten milliseconds. */
export async function createTestDatabase(sets: readonly MigrationSet[] = [], o: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = process.env["ROADBED_TEST_POSTGRES"];
  if (server === undefined) throw new Error("No test Postgres: name the file *.db.test.ts, so that it runs in the suite that has one.");
  const admin = openDatabase({ url: server, log: quietLog, max: 1 });
  try {
    const template = await ensureTemplate(admin, server, sets, o.prepare);
    const name = `test_${randomBytes(6).toString("hex")}`;
    await admin.query(`create database ${name} template ${template}`);
    return opened(server, name, o.may ?? (async () => {}));
  } finally {
    await admin.close();
  }
}

function opened(server: string, name: string, may: Runtime["may"]): TestDatabase {
  const url = withDatabase(server, name);
  const db = openDatabase({ url, log: quietLog, max: 5 });
  return {
    db,
    url,
    runtime: createRuntime({ db, log: quietLog, may }),
    drop: async () => {
      await db.close();
      const admin = openDatabase({ url: server, log: quietLog, max: 1 });
      await admin.query(`drop database if exists ${name} with (force)`);
      await admin.close();
    },
  };
}

/** Test files run in several processes: one makes the template, the others wait for it. Its name is a hash of all its SQL. */
async function ensureTemplate(admin: Database, server: string, sets: readonly MigrationSet[], prepare: URL | undefined): Promise<string> {
  const name = `template_${hashOf([kernelMigrations, ...sets], prepare)}`;
  const client = await admin.pool.connect();
  try {
    await client.query("select pg_advisory_lock(7623002)");
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [name]);
    if (rowCount === 0) await makeTemplate(client, server, name, { sets, prepare });
    return name;
  } finally {
    await client.query("select pg_advisory_unlock(7623002)");
    client.release();
  }
}

async function makeTemplate(
  client: { query(text: string): Promise<unknown> },
  server: string,
  name: string,
  o: { readonly sets: readonly MigrationSet[]; readonly prepare: URL | undefined },
): Promise<void> {
  const half = `${name}_half`;
  await client.query(`drop database if exists ${half} with (force)`);
  await client.query(`create database ${half}`);
  const db = openDatabase({ url: withDatabase(server, half), log: quietLog, max: 2 });
  try {
    await migrate(db, o.sets, quietLog);
  } finally {
    await db.close();
  }
  if (o.prepare) await run(process.execPath, [fileURLToPath(o.prepare), withDatabase(server, half)]);
  await client.query(`alter database ${half} rename to ${name}`);
}

const run = promisify(execFile);

function hashOf(sets: readonly MigrationSet[], prepare: URL | undefined): string {
  const hash = createHash("sha256").update(prepare?.href ?? "");
  for (const { module, dir } of sets) {
    for (const file of readdirSync(dir).sort()) hash.update(`${module}/${file}\n`).update(readFileSync(new URL(file, dir)));
  }
  return hash.digest("hex").slice(0, 20);
}

function withDatabase(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.toString();
}
