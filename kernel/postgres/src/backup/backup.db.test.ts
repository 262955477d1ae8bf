import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { quietLog } from "@roadbed/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { migrate } from "../database/migrate.ts";
import { openDatabase, type Database } from "../database/open-database.ts";
import { append } from "../runtime/append.ts";
import { verifyAudit } from "../audit/verify-audit.ts";
import { startPostgres, type EmbeddedPostgres } from "../server/start-postgres.ts";
import { backupPostgres } from "./backup-postgres.ts";
import { restorePostgres } from "./restore-postgres.ts";

const root = mkdtempSync(join(tmpdir(), "roadbed-backup-"));
const file = join(root, "backup.tar.gz");
let server: EmbeddedPostgres;
let db: Database;

beforeAll(async () => {
  server = await startPostgres({ dataDir: join(root, "one"), log: quietLog, settings: { max_wal_size: "64MB" } });
  db = openDatabase({ url: server.url, log: quietLog });
  await migrate(db, [], quietLog);
  await db.query("create table ledger (n bigserial primary key, text text, at timestamptz default clock_timestamp())");
  await db.query("create index on ledger (text)");
  await db.query("insert into ledger (text) select repeat(md5(i::text), 20) from generate_series(1, 30000) i");
  await db.query("create database another");
});
afterAll(async () => {
  await db.close();
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

const entry = { actor: "user:ada", face: "cli", operation: "ledger.write", outcome: "done", inputDigest: "0", requestId: "r" } as const;

describe("backup and restore", () => {
  test("taken while it is written to: every commit before it is there, none is half there", async () => {
    const committed: number[] = [];
    let writing = true;
    const writer = async (): Promise<void> => {
      while (writing) {
        // Two rows in one transaction: a state that holds one of them was never true.
        const n = await db.transaction(async (sql) => {
          const { rows } = await sql.query<{ n: string }>("insert into ledger (text) values ('left') returning n");
          await sql.query("insert into ledger (text) values ($1)", [`right of ${rows[0]?.n}`]);
          await sql.query("update ledger set text = text || '.' where n = $1", [Math.ceil(Math.random() * 30_000)]);
          await append(sql, entry, [], new Date());
          return Number(rows[0]?.n);
        });
        committed.push(n);
      }
    };
    const writers = [writer(), writer(), writer()];
    while (committed.length < 100) await new Promise((resolve) => setTimeout(resolve, 10));
    const before = committed.slice();
    const report = await backupPostgres({ dataDir: server.dataDir, file, log: quietLog });
    expect(report).toMatchObject({ file, postgresVersion: expect.stringMatching(/^18\./) });
    expect(committed.length).toBeGreaterThan(before.length);
    writing = false;
    await Promise.all(writers);

    await restorePostgres({ file, dataDir: join(root, "two"), log: quietLog });
    const second = await startPostgres({ dataDir: join(root, "two"), log: quietLog });
    const restored = openDatabase({ url: second.url, log: quietLog });
    try {
      const { rows } = await restored.query<{ n: string; text: string }>(
        "select n, text from ledger where text like 'left%' or text like 'right%'",
      );
      const left = rows.filter(({ text }) => text.startsWith("left")).map(({ n }) => Number(n));
      const right = rows.filter(({ text }) => text.startsWith("right")).map(({ text }) => Number(text.split(" ")[2]));
      expect(new Set(left)).toEqual(new Set(right));
      expect(before.filter((n) => !left.includes(n))).toEqual([]);
      expect(await verifyAudit(restored)).toMatchObject({ ok: true, rows: left.length });
      expect((await restored.query("select 1 from pg_database where datname = 'another'")).rowCount).toBe(1);
      // The sequence goes on behind what is there, and the indexes fit the table.
      const next = await restored.query<{ n: string }>("insert into ledger (text) values ('new') returning n");
      expect(Number(next.rows[0]?.n)).toBeGreaterThan(Math.max(...left));
      await restored.query(
        "create extension amcheck; select bt_index_check(indexrelid, true) from pg_index where indrelid = 'ledger'::regclass",
      );
    } finally {
      await restored.close();
      await second.stop();
    }
  });

  test("a quiet database comes back as it was, row for row, and the copy's life does not touch the original", async () => {
    const quiet = join(root, "quiet.tar.gz");
    const sum = async (of: Database): Promise<unknown> =>
      (
        await of.query(
          "select count(*)::int as n, md5(string_agg(t::text, '|' order by t.n)) as sum, (select last_value from ledger_n_seq)::int as seq from ledger t",
        )
      ).rows;
    const expected = await sum(db);
    await backupPostgres({ dataDir: server.dataDir, file: quiet, log: quietLog });
    await restorePostgres({ file: quiet, dataDir: join(root, "three"), log: quietLog });
    const third = await startPostgres({ dataDir: join(root, "three"), log: quietLog });
    const restored = openDatabase({ url: third.url, log: quietLog });
    expect(await sum(restored)).toEqual(expected);
    await restored.query("delete from ledger");
    expect(await sum(db)).toEqual(expected);
    await restored.close();
    await third.stop();
  });

  test("leaves no slot and no half file behind", async () => {
    expect((await db.query("select 1 from pg_replication_slots")).rowCount).toBe(0);
    expect(readdirSync(root).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("never writes over a database, and tells a damaged file from a whole one", async () => {
    await expect(restorePostgres({ file, dataDir: server.dataDir, log: quietLog })).rejects.toMatchObject({ code: "CONFLICT" });
    const empty = join(root, "empty");
    const whole = readFileSync(file);
    const bad: [string, Buffer][] = [
      ["cut.tar.gz", whole.subarray(0, whole.length / 2)],
      ["other.tar.gz", Buffer.from("not a backup")],
    ];
    for (const [name, bytes] of bad) {
      writeFileSync(join(root, name), bytes);
      await expect(restorePostgres({ file: join(root, name), dataDir: empty, log: quietLog })).rejects.toMatchObject({ code: "INVALID" });
      expect(readdirSync(empty)).toEqual([]);
    }
    await expect(restorePostgres({ file: join(root, "nowhere"), dataDir: empty, log: quietLog })).rejects.toMatchObject({
      code: "INVALID",
    });
    expect(existsSync(join(empty, "cluster"))).toBe(false);
  });
});
