import { afterAll, describe, expect, test } from "vitest";

import { createTestClickHouse } from "./create-test-clickhouse.ts";
import { createTestDatabase } from "./create-test-database.ts";
import { eventually } from "./eventually.ts";

const open: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(open.map((close) => close())));

describe("createTestDatabase", () => {
  test("gives databases that do not see each other", async () => {
    const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    open.push(one.drop, two.drop);
    await one.db.query("create table only_here (id int)");
    await expect(two.db.query("select * from only_here")).rejects.toThrow(/only_here/);
    expect((await two.db.query("select event_seq from kernel.head")).rowCount).toBe(1);
  });
});

describe("createTestClickHouse", () => {
  test("gives an empty database in a real engine", async () => {
    const store = await createTestClickHouse();
    open.push(store.close);
    await store.client.command("create table t (n UInt8) engine = MergeTree order by n");
    await store.client.insertRows("t", [{ n: 7 }]);
    expect(await store.client.query("select n from t")).toEqual([{ n: 7 }]);
  });
});

describe("eventually", () => {
  test("waits for the truth and tells the last reason when it does not come", async () => {
    let calls = 0;
    expect(await eventually(() => ++calls > 2)).toBe(true);
    await expect(
      eventually(() => {
        throw new Error("not yet");
      }, 60),
    ).rejects.toThrow("not yet");
  });
});
