import { TooManyError, UnauthenticatedError } from "@roadbed/core";
import { listAudit } from "@roadbed/postgres";
import { createTestDatabase, type TestDatabase } from "@roadbed/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createWorld, PASSWORD, type World } from "../fixtures/world.ts";
import { migrations } from "../index.ts";
import { IDLE_MS } from "./session-store.ts";

const DAY = 86_400_000;
let t: TestDatabase;
let world: World;

beforeEach(async () => {
  t = await createTestDatabase([migrations]);
  world = createWorld(t.db);
});
afterEach(() => t.drop());

const enter = (username: string, password: string, address = "10.0.0.1"): Promise<{ cookie: string }> =>
  world.identity.signIn.withPassword({ username, password, address });

/** Every byte of the tables that could hold a secret. */
async function stored(): Promise<string> {
  const tables = ["user_account", "session", "access_token", "sign_in_link", "failed_sign_in"].map((name) => `identity.${name}`);
  const all = [...tables, "kernel.audit", "kernel.event", "kernel.idempotency"];
  const texts = await Promise.all(all.map(async (table) => JSON.stringify((await t.db.query(`select t::text from ${table} t`)).rows)));
  return texts.join("");
}

describe("the first administrator's link", () => {
  test("signs in once, asks for a password, and is kept as a hash only", async () => {
    const link = (await world.identity.signIn.createLink()) ?? "";
    expect(await stored()).not.toContain(link);
    const entered = await world.identity.signIn.withLink(link);
    const { cookie } = entered as { cookie: string };
    const call = await world.callOf({ cookie });
    expect(await world.run("identity.me.get", call, {})).toMatchObject({
      username: "admin",
      role: "admin",
      scopes: ["*"],
      mustSetPassword: true,
    });
    expect(await world.identity.signIn.withLink(link)).toEqual({ failure: "link-used" });
    expect(await stored()).not.toContain(cookie);
  });

  test("ends after a day, and a made-up one never worked", async () => {
    const link = (await world.identity.signIn.createLink()) ?? "";
    world.pass(DAY + 1_000);
    expect(await world.identity.signIn.withLink(link)).toEqual({ failure: "link-expired" });
    expect(await world.identity.signIn.withLink("x".repeat(43))).toEqual({ failure: "link-invalid" });
  });

  test("two that use it at the same moment: one gets in", async () => {
    const link = (await world.identity.signIn.createLink()) ?? "";
    const entered = await Promise.all([world.identity.signIn.withLink(link), world.other.signIn.withLink(link)]);
    expect(entered.filter((one) => "cookie" in one)).toHaveLength(1);
  });

  test("is made anew at each start and ends the one before, until an administrator can sign in otherwise", async () => {
    const first = (await world.identity.signIn.createLink()) ?? "";
    const second = await world.identity.signIn.createLink();
    expect(second).not.toBe(first);
    expect(await world.identity.signIn.withLink(first)).toEqual({ failure: "link-invalid" });
    await world.person("grace", "developer");
    expect(await world.identity.signIn.createLink()).toBeDefined();
    await world.admin();
    expect(await world.identity.signIn.createLink()).toBeUndefined();
  });
});

describe("a password", () => {
  test("opens a session, is audited and told of; a wrong one leaves a denied row without what was typed", async () => {
    await world.person("ada", "developer");
    await expect(enter("ada", "wrong horse battery")).rejects.toBeInstanceOf(UnauthenticatedError);
    await expect(enter("hunter2-typed-as-name", "x")).rejects.toBeInstanceOf(UnauthenticatedError);
    const rows = await listAudit(t.db, { operation: "identity.session.start", limit: 10 });
    expect(rows.map(({ actor, outcome, resource }) => [actor.split(":")[0], outcome, resource])).toEqual([
      ["anonymous", "denied", null],
      ["anonymous", "denied", "user:ada"],
      ["user", "done", "user:ada"],
    ]);
    const { rows: events } = await t.db.query("select name, payload->>'method' as method from kernel.event");
    expect(events).toEqual([{ name: "identity.session.started", method: "password" }]);
    const all = await stored();
    for (const secret of [PASSWORD, "wrong horse", "hunter2"]) {
      // The limit counts under the name that was typed, for a quarter of an hour.
      expect(secret === "hunter2" ? all.replaceAll(/name hunter2/g, "") : all).not.toContain(secret);
    }
  });

  test("is stored as argon2id with a salt of its own", async () => {
    await world.person("ada", "developer");
    await world.person("grace", "developer");
    const { rows } = await t.db.query<{ password_hash: string }>("select password_hash from identity.user_account");
    expect(new Set(rows.map((row) => row.password_hash)).size).toBe(2);
    for (const row of rows) expect(row.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  test("an unknown name takes as long as a known one, and is refused in the same words", async () => {
    await world.person("ada", "developer");
    const median = async (username: string): Promise<number> => {
      const times: number[] = [];
      for (let i = 0; i < 7; i++) {
        const began = performance.now();
        await expect(enter(username, "wrong horse battery", `10.0.1.${i}`)).rejects.toThrow("That name and password do not fit.");
        times.push(performance.now() - began);
      }
      return times.sort((a, b) => a - b)[3] ?? 0;
    };
    const [known, unknown] = [await median("ada"), await median("nobody")];
    // Without the decoy the unknown name would be answered without any hashing: some ten times faster.
    expect(unknown).toBeGreaterThan(known / 3);
    expect(known).toBeGreaterThan(unknown / 3);
  });

  test("of a disabled account does not open it, and its open sessions end at once", async () => {
    const admin = await world.admin();
    await world.person("ada", "developer");
    const { cookie } = await enter("ada", PASSWORD);
    await world.callOf({ cookie });
    await world.run("identity.user.update", admin, { username: "ada", disabled: true });
    await expect(enter("ada", PASSWORD)).rejects.toBeInstanceOf(UnauthenticatedError);
    await expect(world.callOf({ cookie })).rejects.toBeInstanceOf(UnauthenticatedError);
  });
});

describe("the limit on sign-in", () => {
  test("stops a name after eight failures, for all processes, whatever the address; a quarter of an hour later it is over", async () => {
    await world.person("ada", "developer");
    for (let i = 0; i < 8; i++) await expect(enter("ada", "wrong", `10.0.0.${i}`)).rejects.toBeInstanceOf(UnauthenticatedError);
    const refused = await world.other.signIn
      .withPassword({ username: "ada", password: PASSWORD, address: "10.0.9.9" })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TooManyError);
    expect((refused as TooManyError).retryAfterSeconds).toBeGreaterThan(600);
    await enter("admin", "x").catch(() => {});
    world.pass(15 * 60_000 + 1_000);
    expect(await enter("ada", PASSWORD)).toHaveProperty("cookie");
  });

  test("stops an address that tries many names", async () => {
    for (let i = 0; i < 40; i++) await expect(enter(`name${i}`, "wrong", "10.6.6.6")).rejects.toBeInstanceOf(UnauthenticatedError);
    await expect(enter("name99", "wrong", "10.6.6.6")).rejects.toBeInstanceOf(TooManyError);
    await expect(enter("name99", "wrong", "10.6.6.7")).rejects.toBeInstanceOf(UnauthenticatedError);
  }, 60_000);

  test("lets no more through when all come at once", async () => {
    await world.person("ada", "developer");
    const tries = await Promise.allSettled(Array.from({ length: 25 }, (_, i) => enter("ada", "wrong", `10.0.2.${i}`)));
    const tested = tries.filter((one) => one.status === "rejected" && one.reason instanceof UnauthenticatedError);
    expect(tested.length).toBeLessThanOrEqual(8);
  });

  test("starts anew after a success", async () => {
    await world.person("ada", "developer");
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5; i++) await expect(enter("ada", "wrong")).rejects.toBeInstanceOf(UnauthenticatedError);
      await enter("ada", PASSWORD);
    }
  });
});

describe("a session", () => {
  test("lives on while it is used, ends after a week without use, and after a month in any case", async () => {
    await world.person("ada", "developer");
    const { cookie } = await enter("ada", PASSWORD);
    for (let day = 0; day < 4; day++) {
      world.pass(6 * DAY);
      await world.callOf({ cookie });
    }
    world.pass(6 * DAY + 60_000);
    await expect(world.callOf({ cookie })).rejects.toBeInstanceOf(UnauthenticatedError);

    const unused = await enter("ada", PASSWORD);
    world.pass(IDLE_MS + 1_000);
    await expect(world.callOf(unused)).rejects.toBeInstanceOf(UnauthenticatedError);
  });

  test("ends at sign-out: at once here, within seconds in another process", async () => {
    await world.person("ada", "developer");
    const { cookie } = await enter("ada", PASSWORD);
    expect(await world.other.authenticate({ cookie })).toBeDefined();
    await world.identity.signOut(cookie);
    await expect(world.identity.authenticate({ cookie })).rejects.toBeInstanceOf(UnauthenticatedError);
    world.pass(3_001);
    await expect(world.other.authenticate({ cookie })).rejects.toBeInstanceOf(UnauthenticatedError);
  });

  test("that nobody began is nobody's", async () => {
    await expect(world.identity.authenticate({ cookie: "rbs_made-up" })).rejects.toBeInstanceOf(UnauthenticatedError);
    expect(await world.identity.authenticate({})).toBeUndefined();
  });
});
