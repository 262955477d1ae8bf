import { ConflictError, ForbiddenError, formatActor, InvalidError, perform, type Call } from "@roadbed/core";
import { callAs, createTestDatabase, eventually, type TestDatabase } from "@roadbed/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { listAudit } from "../audit/list-audit.ts";
import { verifyAudit } from "../audit/verify-audit.ts";
import { createShelf } from "../fixtures/shelf.ts";

let t: TestDatabase;
let shelf: ReturnType<typeof createShelf>;

beforeEach(async () => {
  t = await createTestDatabase();
  shelf = createShelf();
  await t.db.query("create table item (name text primary key)");
});
afterEach(() => t.drop());

const add = (call: Call, input: unknown): Promise<unknown> => perform(t.runtime, shelf.add, call, input);
const count = async (table: string): Promise<number> => (await t.db.query(`select 1 from ${table}`)).rowCount;

describe("a write", () => {
  test("commits state, audit row and event together", async () => {
    await add(callAs({ face: "cli", reason: "spring cleaning" }), { name: "one", pin: "1234" });
    const [row] = await listAudit(t.db, { limit: 10 });
    expect(row).toMatchObject({
      operation: "shelf.item.add",
      resource: "item:one",
      outcome: "done",
      actor: "user:ada",
      face: "cli",
      reason: "spring cleaning",
    });
    expect(row?.inputDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(row?.outputDigest).toMatch(/^[0-9a-f]{64}$/);
    const { rows } = await t.db.query("select seq, name, subject, actor, payload from kernel.event");
    expect(rows).toEqual([{ seq: "1", name: "shelf.item.added", subject: "item:one", actor: "user:ada", payload: { name: "one" } }]);
  });

  test("that fails leaves nothing but an audit row that says so", async () => {
    await add(callAs(), { name: "one" });
    await expect(add(callAs(), { name: "one" })).rejects.toBeInstanceOf(ConflictError);
    await expect(add(callAs(), { name: "forbidden" })).rejects.toBeInstanceOf(ForbiddenError);
    await expect(add(callAs(), { name: "missing" })).rejects.toThrow("not found");
    expect((await listAudit(t.db, { limit: 10 })).map(({ outcome }) => outcome)).toEqual(["failed", "denied", "failed", "done"]);
    expect(await count("kernel.event")).toBe(1);
  });

  test("that `may` refuses leaves an audit row too", async () => {
    const strict = await createTestDatabase([], {
      may: async () => {
        throw new ForbiddenError("No.");
      },
    });
    await expect(perform(strict.runtime, shelf.add, callAs(), { name: "one" })).rejects.toThrow("No.");
    expect((await listAudit(strict.db, { limit: 10 })).map(({ outcome, resource }) => [outcome, resource])).toEqual([
      ["denied", "item:one"],
    ]);
    await strict.drop();
  });

  test("for which the scope is not enough leaves one as well; who is not signed in leaves none", async () => {
    await expect(add(callAs({ scopes: new Set(["shelf:read"]) }), { name: "one" })).rejects.toBeInstanceOf(ForbiddenError);
    await expect(add(callAs({ scopes: new Set(), actor: { kind: "anonymous" } }), { name: "one" })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    expect((await listAudit(t.db, { limit: 10 })).map(({ outcome, actor }) => [outcome, actor])).toEqual([["denied", "user:ada"]]);
  });

  test("leaves secrets out of the digest, so that a guess cannot be checked against it", async () => {
    await add(callAs(), { name: "one", pin: "1234" });
    await t.db.query("delete from item");
    await add(callAs(), { name: "one", pin: "9999" });
    const [second, first] = await listAudit(t.db, { limit: 10 });
    expect(second?.inputDigest).toBe(first?.inputDigest);
  });

  test("with a NUL in a text is the caller's fault, not ours", async () => {
    await expect(add(callAs({ reason: "x\u0000\ud800" }), { name: "a\u0000b\ud800" })).rejects.toBeInstanceOf(InvalidError);
    // And it cannot be kept out of the audit log by that.
    expect((await listAudit(t.db, { limit: 10 })).map(({ outcome, resource, reason }) => [outcome, resource, reason])).toEqual([
      ["failed", "item:a\ufffdb\ufffd", "x\ufffd\ufffd"],
    ]);
  });

  test("keeps HTML and SQL as the text they are", async () => {
    const name = `<b onclick="x">'); drop table item; --`;
    await add(callAs({ reason: name }), { name });
    expect((await t.db.query("select name from item")).rows).toEqual([{ name }]);
    expect((await listAudit(t.db, { limit: 1 }))[0]).toMatchObject({ reason: name, resource: `item:${name}` });
  });
});

describe("an idempotency key", () => {
  test("gives the first answer again and does nothing twice, also when both arrive at once", async () => {
    const call = callAs({ idempotencyKey: "k1" });
    const [one, two] = await Promise.all([add(call, { name: "one" }), add(call, { name: "one" })]);
    expect(two).toEqual(one);
    expect(await add(call, { name: "one" })).toEqual(one);
    expect(shelf.runs()).toBe(1);
    expect(await count("kernel.event")).toBe(1);
  });

  test("with another input, or for another operation, is a conflict", async () => {
    const call = callAs({ idempotencyKey: "k1" });
    await add(call, { name: "one", pin: "1" });
    await expect(add(call, { name: "two" })).rejects.toBeInstanceOf(ConflictError);
    await expect(add(call, { name: "one", pin: "2" })).rejects.toThrow(/another request/);
    expect(await count("item")).toBe(1);
  });

  test("belongs to its actor", async () => {
    await add(callAs({ idempotencyKey: "k1" }), { name: "one" });
    await add(callAs({ idempotencyKey: "k1", actor: { kind: "user", id: "grace", name: "Grace" } }), { name: "two" });
    expect(await count("item")).toBe(2);
  });

  test("of a call that failed may be used again", async () => {
    const call = callAs({ idempotencyKey: "k1" });
    await t.db.query("insert into item values ('one')");
    await expect(add(call, { name: "one" })).rejects.toBeInstanceOf(ConflictError);
    await t.db.query("delete from item");
    expect(await add(call, { name: "one" })).toMatchObject({ name: "one" });
  });

  test("keeps neither itself nor the answer in readable form", async () => {
    const { secret } = (await add(callAs({ idempotencyKey: "my-own-key" }), { name: "one", pin: "4711" })) as { secret: string };
    const { rows } = await t.db.query("select key_hash, operation, input_digest, sealed_answer from kernel.idempotency");
    const stored = Buffer.concat(rows.flatMap((row) => Object.values(row).map((value) => Buffer.from(value as string)))).toString("latin1");
    expect(stored).toContain("shelf.item.add");
    for (const hidden of [secret, "my-own-key", "4711"]) expect(stored).not.toContain(hidden);
  });
});

describe("the audit chain", () => {
  const fill = async (): Promise<void> => {
    await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        add(callAs({ requestId: `r-ä-${i}`, ...(i % 2 ? { reason: "why|not" } : {}) }), { name: `n${i}` }),
      ),
    );
  };
  /** As somebody would who owns the database's files: the trigger is no obstacle. */
  const tamper = async (sql: string): Promise<void> => {
    await t.db.query("alter table kernel.audit disable trigger audit_is_append_only");
    await t.db.query(sql);
  };

  test("is linear under concurrent writers, and seq grows in commit order", async () => {
    await fill();
    expect(await verifyAudit(t.db)).toMatchObject({ ok: true, rows: 30, head: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const { rows } = await t.db.query("select seq::int as seq from kernel.event order by seq");
    expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  });

  test("refuses every change", async () => {
    await fill();
    for (const sql of [
      "update kernel.audit set actor = 'x'",
      "delete from kernel.audit",
      "truncate kernel.audit",
      "update kernel.event set payload = '{}'",
    ]) {
      await expect(t.db.query(sql)).rejects.toThrow(/append-only/);
    }
  });

  test.each([
    ["a changed row", "update kernel.audit set outcome = 'denied' where seq = 7", "7", /changed/],
    ["a changed time", "update kernel.audit set at = at + interval '1 ms' where seq = 9", "9", /changed/],
    [
      "words moved between fields",
      "update kernel.audit set face = face || 'x', operation = substr(operation, 2) where seq = 5",
      "5",
      /changed/,
    ],
    ["a removed row", "delete from kernel.audit where seq = 12", "12", /missing/],
    ["rows cut off the end", "delete from kernel.audit where seq > 28", "29", /2 rows are missing/],
    ["everything removed", "delete from kernel.audit", "1", /30 rows are missing/],
    ["an exchanged hash", "update kernel.audit set hash = sha256('x') where seq = 30", "30", /changed/],
  ])("shows %s", async (_, sql, brokenAt, reason) => {
    await fill();
    await tamper(sql);
    const verdict = await verifyAudit(t.db);
    expect(verdict).toMatchObject({ ok: false, brokenAt, rows: Number(brokenAt) - 1 });
    expect(verdict.reason).toMatch(reason);
  });

  test("can be filtered and paged, newest first", async () => {
    await fill();
    const page = await listAudit(t.db, { operation: "shelf.item.add", limit: 10, before: "21" });
    expect(page.map(({ seq }) => seq)).toEqual(Array.from({ length: 10 }, (_, i) => String(20 - i)));
    expect(await listAudit(t.db, { actor: "user:nobody", limit: 10 })).toEqual([]);
    expect(await listAudit(t.db, { resource: "item:n3", limit: 10 })).toHaveLength(1);
  });
});

describe("system", () => {
  test("is a call with every scope under the job's name", async () => {
    const call = t.runtime.system("sweep");
    expect(formatActor(call.actor)).toBe("system:sweep");
    await add(call, { name: "one" });
    await eventually(async () => (await listAudit(t.db, { actor: "system:sweep", limit: 1 })).length === 1);
  });
});
