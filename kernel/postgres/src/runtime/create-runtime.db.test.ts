import { ConflictError, defineEvent, defineOperation, handle, perform, z } from "@roadbed/core";
import { callAs, createTestDatabase, type TestDatabase } from "@roadbed/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { verifyAudit } from "../audit/verify-audit.ts";

const added = defineEvent({ name: "shelf.item.added", summary: "An item was added.", payload: z.object({ name: z.string() }) });
const addItem = defineOperation({
  name: "shelf.item.add",
  summary: "Add an item.",
  scope: "shelf:write",
  risk: "low",
  http: { method: "POST", path: "/items" },
  input: z.object({ name: z.string(), pin: z.string().optional() }),
  output: z.object({ name: z.string(), secret: z.string() }),
  resource: ({ name }) => ({ kind: "item", id: name }),
  secrets: ["pin"],
});

let test_: TestDatabase;
let runs = 0;
const add = handle(addItem, async (ctx, { name }) => {
  runs++;
  await ctx.sql.query("insert into item (name) values ($1)", [name]);
  ctx.emit(added, `item:${name}`, { name });
  return { name, secret: `s3cret-${runs}` };
});

beforeAll(async () => {
  test_ = await createTestDatabase();
  await test_.db.query("create table item (name text primary key)");
});
afterAll(() => test_.drop());

describe("write", () => {
  test("commits state, audit row and event together", async () => {
    await perform(test_.runtime, add, callAs(), { name: "one" });
    const { rows } = await test_.db.query("select operation, resource, outcome, actor from kernel.audit");
    expect(rows).toEqual([{ operation: "shelf.item.add", resource: "item:one", outcome: "done", actor: "user:ada" }]);
    const events = await test_.db.query("select name, subject, payload from kernel.event");
    expect(events.rows).toEqual([{ name: "shelf.item.added", subject: "item:one", payload: { name: "one" } }]);
  });

  test("a key that is already there is a conflict, and leaves only an audit row", async () => {
    await expect(perform(test_.runtime, add, callAs(), { name: "one" })).rejects.toBeInstanceOf(ConflictError);
    const { rows } = await test_.db.query("select outcome from kernel.audit order by seq");
    expect(rows.map(({ outcome }) => outcome)).toEqual(["done", "failed"]);
    expect((await test_.db.query("select 1 from kernel.event")).rowCount).toBe(1);
    expect(await verifyAudit(test_.db)).toMatchObject({ ok: true, rows: 2 });
  });
});
