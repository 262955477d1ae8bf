import { perform, type DomainEvent, type Subscription } from "@roadbed/core";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { openDatabase } from "../database/open-database.ts";
import { createShelf, itemAdded } from "../fixtures/shelf.ts";
import { createRelay, type Relay } from "./create-relay.ts";
import { watchEvents } from "./watch-events.ts";

let t: TestDatabase;
const shelf = createShelf();
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  t = await createTestDatabase();
  await t.db.query(
    "create table item (name text primary key); create table heard (who text, event uuid, name text, primary key (who, event))",
  );
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await t.drop();
});

const add = (name: string): Promise<unknown> => perform(t.runtime, shelf.add, callAs(), { name });
const heardBy = async (who: string): Promise<string[]> =>
  (
    await t.db.query<{ name: string }>("select h.name from heard h join kernel.event e on e.id = h.event where who = $1 order by e.seq", [
      who,
    ])
  ).rows.map(({ name }) => name);

/** Writes what it hears into our database. */
function listener(who: string, before: (event: DomainEvent) => void | Promise<void> = () => {}): Subscription {
  return {
    name: who,
    events: [itemAdded.name],
    receive: async (ctx, event) => {
      await ctx.sql.query("insert into heard values ($1, $2, $3)", [who, event.id, (event.payload as { name: string }).name]);
      await before(event);
    },
  };
}

async function relay(
  subscriptions: readonly Subscription[],
  o: { tries?: number; firstMs?: number; db?: TestDatabase["db"] } = {},
): Promise<Relay> {
  const started = createRelay({
    db: o.db ?? t.db,
    log: quietLog,
    subscriptions,
    retry: { tries: o.tries ?? 3, firstMs: o.firstMs ?? 20 },
    pollMs: 300,
  });
  await started.start();
  closing.push(started.stop);
  return started;
}

describe("createRelay", () => {
  test("delivers past and new events in order, each to every subscription", async () => {
    await add("before");
    const running = await relay([listener("a"), listener("b")]);
    for (let i = 0; i < 120; i++) await add(`n${i}`);
    await running.settled();
    const all = ["before", ...Array.from({ length: 120 }, (_, i) => `n${i}`)];
    expect(await heardBy("a")).toEqual(all);
    expect(await heardBy("b")).toEqual(all);
    expect(await running.lag()).toBe(0);
  });

  test("a receiver's events go out with its transaction, under its name", async () => {
    const echo: Subscription = {
      name: "echo",
      events: [itemAdded.name],
      receive: async (ctx, event) => {
        if (event.actor === "user:ada") ctx.emit(itemAdded, event.subject, { name: "echoed" });
      },
    };
    const running = await relay([echo, listener("a")]);
    await add("one");
    await running.settled();
    await eventually(async () => expect(await heardBy("a")).toEqual(["one", "echoed"]));
    expect((await t.db.query("select actor from kernel.event order by seq")).rows).toEqual([
      { actor: "user:ada" },
      { actor: "system:echo" },
    ]);
  });

  test("two processes share the work: nothing is heard twice, nothing is left out", async () => {
    const other = openDatabase({ url: t.url, log: quietLog, max: 3 });
    closing.push(() => other.close());
    const [one, two] = await Promise.all([relay([listener("a")]), relay([listener("a")], { db: other })]);
    await Promise.all(Array.from({ length: 200 }, (_, i) => add(`n${i}`)));
    await Promise.all([one.settled(), two.settled()]);
    const { rows } = await t.db.query<{ payload: { name: string } }>("select payload from kernel.event order by seq");
    expect(await heardBy("a")).toEqual(rows.map(({ payload }) => payload.name));
  });

  test("a receiver that fails is tried again; what it had written is taken back", async () => {
    let failures = 2;
    const running = await relay([
      listener("a", ({ payload }) => {
        if ((payload as { name: string }).name === "n1" && failures-- > 0) throw new Error("not now");
      }),
    ]);
    for (const name of ["n0", "n1", "n2"]) await add(name);
    await running.settled();
    expect(await heardBy("a")).toEqual(["n0", "n1", "n2"]);
    expect((await t.db.query("select 1 from kernel.dead_letter")).rowCount).toBe(0);
  });

  test("what fails every time is put aside after its last try, and the rest goes on", async () => {
    let tries = 0;
    const running = await relay([
      listener("a", ({ payload }) => {
        if ((payload as { name: string }).name !== "bad") return;
        tries++;
        throw new Error("never");
      }),
    ]);
    for (const name of ["good", "bad", "better"]) await add(name);
    await running.settled();
    expect(await heardBy("a")).toEqual(["good", "better"]);
    const { rows } = await t.db.query(
      "select d.subscription, d.error, e.payload from kernel.dead_letter d join kernel.event e on e.id = d.event_id",
    );
    expect(rows).toEqual([{ subscription: "a", error: "never", payload: { name: "bad" } }]);
    // Once in a batch at most, then alone, as often as it may.
    expect(tries).toBeGreaterThanOrEqual(3);
    expect(tries).toBeLessThanOrEqual(4);
  });

  test("goes on when its connections are cut", async () => {
    const running = await relay([listener("a")]);
    await add("one");
    await running.settled();
    await t.db.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
    await add("two");
    await eventually(async () => expect(await heardBy("a")).toEqual(["one", "two"]));
  });

  test("starts again where it stopped", async () => {
    const first = await relay([listener("a")]);
    await add("one");
    await first.settled();
    await first.stop();
    await add("two");
    const second = await relay([listener("a")]);
    await second.settled();
    expect(await heardBy("a")).toEqual(["one", "two"]);
  });
});

test("idempotency keys are forgotten after a week", async () => {
  const put = (key: string, age: string): Promise<unknown> =>
    t.db.query(`insert into kernel.idempotency values (sha256($1::bytea), 'x', 'x', '', now() - $2::interval)`, [key, age]);
  await put("old", "8 days");
  await put("new", "6 days");
  await relay([]);
  await eventually(async () => (await t.db.query("select 1 from kernel.idempotency")).rowCount === 1);
});

describe("watchEvents", () => {
  test("tells every listener of every new event, once and in order, and survives a cut connection", async () => {
    await add("old");
    const watch = watchEvents({ db: t.db, log: quietLog, pollMs: 300 });
    closing.push(watch.close);
    const seen: string[] = [];
    watch.subscribe(() => {
      throw new Error("a listener's fault is its own");
    });
    const end = watch.subscribe(({ payload }) => seen.push((payload as { name: string }).name));
    await watch.ready;
    for (let i = 0; i < 20; i++) await add(`n${i}`);
    await eventually(() => expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => `n${i}`)));
    await t.db.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
    await add("after");
    await eventually(() => expect(seen.at(-1)).toBe("after"));
    end();
    await add("unheard");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen).toHaveLength(21);
  });
});
