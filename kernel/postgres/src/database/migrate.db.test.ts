import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { createTestDatabase, quietLog, type TestDatabase } from "@roadbed/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { migrate, type MigrationSet } from "./migrate.ts";

let t: TestDatabase;
let folder: string;
let set: MigrationSet;

beforeEach(async () => {
  t = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), "roadbed-migrate-"));
  set = { module: "shelf", dir: pathToFileURL(`${folder}/`) };
  put("0001-shelf.sql", "create schema shelf; create table shelf.item (n int);");
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await t.drop();
});

const put = (name: string, sql: string): void => writeFileSync(join(folder, name), sql);
const run = (): Promise<void> => migrate(t.db, [set], quietLog);

describe("migrate", () => {
  test("runs each file once, and new files later", async () => {
    await run();
    await run();
    put("0002-colour.sql", "alter table shelf.item add colour text");
    await run();
    const { rows } = await t.db.query("select name from kernel.migration where module = 'shelf' order by name");
    expect(rows.map(({ name }) => name)).toEqual(["0001-shelf.sql", "0002-colour.sql"]);
    expect((await t.db.query("select colour from shelf.item")).rowCount).toBe(0);
  });

  test("lets one of several processes work while the others wait", async () => {
    put("0002-slow.sql", "select pg_sleep(0.2); insert into shelf.item values (1)");
    await Promise.all([run(), run(), run()]);
    expect((await t.db.query("select n from shelf.item")).rows).toEqual([{ n: 1 }]);
  });

  test("refuses an edited, a removed and a squeezed-in file, and names it", async () => {
    put("0003-more.sql", "create table shelf.more (n int)");
    await run();
    put("0001-shelf.sql", "create schema shelf;");
    await expect(run()).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("shelf/0001-shelf.sql was edited"),
      mend: expect.stringContaining("new"),
    });
    put("0001-shelf.sql", "create schema shelf; create table shelf.item (n int);");
    put("0002-between.sql", "select 1");
    await expect(run()).rejects.toThrow(/shelf\/0003-more.sql, but 0002-between.sql/);
    rmSync(join(folder, "0002-between.sql"));
    rmSync(join(folder, "0003-more.sql"));
    await expect(run()).rejects.toThrow(/0003-more.sql, but no file/);
  });

  test("takes a file that fails back whole, and the lock with it", async () => {
    put("0002-broken.sql", "insert into shelf.item values (1); select nonsense;");
    await expect(run()).rejects.toThrow(/shelf\/0002-broken.sql failed: .*nonsense/);
    expect((await t.db.query("select n from shelf.item")).rowCount).toBe(0);
    put("0002-broken.sql", "insert into shelf.item values (2)");
    await run();
    expect((await t.db.query("select n from shelf.item")).rows).toEqual([{ n: 2 }]);
  });

  test("refuses a name that would sort by chance", async () => {
    put("2-short.sql", "select 1");
    await expect(run()).rejects.toMatchObject({ code: "INVALID" });
  });
});
