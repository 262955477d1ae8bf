import { ForbiddenError, InvalidError, NotFoundError, UnauthenticatedError, type Call } from "@roadbed/core";
import { createTestDatabase, type TestDatabase } from "@roadbed/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createWorld, type World } from "../fixtures/world.ts";
import { migrations } from "../index.ts";

const DAY = 86_400_000;
let t: TestDatabase;
let world: World;
let ada: Call;

beforeEach(async () => {
  t = await createTestDatabase([migrations]);
  world = createWorld(t.db);
  ada = await world.person("ada", "developer");
});
afterEach(() => t.drop());

interface Made {
  readonly secret: string;
  readonly token: { readonly id: string };
}
const make = (call: Call, input: object = {}): Promise<Made> =>
  world.run("identity.token.create", call, { name: "laptop", scopes: ["catalog:read"], ...input });

describe("a token", () => {
  test("is shown once, kept as a hash, and works as bearer and as Git's password", async () => {
    const { secret } = await make({ ...ada, idempotencyKey: "k" });
    expect(secret).toMatch(/^rb_[A-Za-z0-9_-]{43}$/);
    const everything = ["identity.access_token", "kernel.audit", "kernel.event", "kernel.idempotency"];
    for (const table of everything) expect(JSON.stringify((await t.db.query(`select t::text from ${table} t`)).rows)).not.toContain(secret);
    expect(JSON.stringify(await world.run("identity.token.list", ada, {}))).not.toContain(secret);

    const bearer = await world.identity.authenticate({ authorization: `Bearer ${secret}` });
    const basic = await world.identity.authenticate({ authorization: `Basic ${btoa(`ada:${secret}`)}` });
    expect(bearer).toMatchObject({ actor: { kind: "user" }, via: "token" });
    expect(basic).toEqual(bearer);
    expect([...(bearer?.scopes ?? [])]).toEqual(["catalog:read"]);
  });

  test("the same request with the same key shows the same token, and makes one", async () => {
    const one = await make({ ...ada, idempotencyKey: "k" });
    expect(await make({ ...ada, idempotencyKey: "k" })).toEqual(one);
    expect((await t.db.query("select 1 from identity.access_token")).rowCount).toBe(1);
  });

  test("expires", async () => {
    const { secret } = await make(ada, { expiresInDays: 1 });
    await world.callOf({ token: secret });
    world.pass(DAY + 1_000);
    await expect(world.callOf({ token: secret })).rejects.toThrow(/has expired/);
  });

  test("once revoked is no good: at once here, within seconds in another process, also if it was used a moment before", async () => {
    const { secret, token } = await make(ada);
    await world.callOf({ token: secret });
    await world.other.authenticate({ authorization: `Bearer ${secret}` });
    await world.run("identity.token.revoke", ada, { id: token.id });
    await expect(world.callOf({ token: secret })).rejects.toThrow(/was revoked/);
    world.pass(3_001);
    await expect(world.other.authenticate({ authorization: `Bearer ${secret}` })).rejects.toBeInstanceOf(UnauthenticatedError);
  });

  test("is not remembered as good by a request that comes while its revocation is being committed", async () => {
    const { secret, token } = await make(ada);
    await t.db.query(`create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.3); return null; end $$;
      create constraint trigger slow after update on identity.access_token deferrable initially deferred for each row when (new.revoked_at is not null) execute function slow()`);
    const revoked = world.run("identity.token.revoke", ada, { id: token.id });
    await new Promise((resolve) => setTimeout(resolve, 150));
    await world.callOf({ token: secret });
    await revoked;
    await expect(world.callOf({ token: secret })).rejects.toThrow(/was revoked/);
  });

  test("tells when it was last used", async () => {
    const { secret } = await make(ada);
    await world.callOf({ token: secret });
    const { items } = await world.run("identity.token.list", ada, {});
    expect(items[0].lastUsedAt).toBeDefined();
  });

  test.each(["Bearer nonsense", "Bearer rb_", "Basic !!!", "Basic", "Digest x", ""])("%j is nobody's", async (authorization) => {
    await expect(world.identity.authenticate({ authorization })).rejects.toBeInstanceOf(UnauthenticatedError);
  });
});

describe("a token's scopes", () => {
  test.each([["identity:admin"], ["*"], ["catalog:admin"], ["identity:audit"]])("never go beyond the maker's: %s", async (scope) => {
    const error = await make(ada, { scopes: ["catalog:read", scope] }).catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(ForbiddenError);
    expect((error as ForbiddenError).problems).toEqual([{ at: "scopes", reason: expect.stringContaining(scope) }]);
  });

  test("never go beyond those of the token that makes them", async () => {
    const { secret } = await make(ada, { scopes: ["identity:self", "catalog:read"] });
    const narrow = await world.callOf({ token: secret });
    await expect(make(narrow, { scopes: ["catalog:write"] })).rejects.toBeInstanceOf(ForbiddenError);
    expect(await make(narrow, { scopes: ["catalog:read"] })).toHaveProperty("secret");
  });

  test("shrink with their owner's role, and end with the account", async () => {
    const admin = await world.admin();
    const { secret } = await make(ada, { scopes: ["catalog:read", "catalog:write", "git:write"] });
    expect([...(await world.callOf({ token: secret })).scopes].sort()).toEqual(["catalog:read", "catalog:write", "git:write"]);
    await world.run("identity.user.update", admin, { username: "ada", role: "viewer" });
    expect([...(await world.callOf({ token: secret })).scopes]).toEqual(["catalog:read"]);
    await world.run("identity.user.update", admin, { username: "ada", disabled: true });
    await expect(world.callOf({ token: secret })).rejects.toThrow(/switched off/);
  });

  test("must be known and at least one", async () => {
    await expect(make(ada, { scopes: ["everything"] })).rejects.toBeInstanceOf(InvalidError);
    await expect(make(ada, { scopes: [] })).rejects.toBeInstanceOf(InvalidError);
  });
});

describe("who", () => {
  test("service tokens are an administrator's to make, and act under their own name", async () => {
    await expect(make(ada, { kind: "service" })).rejects.toBeInstanceOf(ForbiddenError);
    const admin = await world.admin();
    const { secret, token } = await make(admin, { kind: "service", name: "ci", scopes: ["catalog:write"] });
    expect((await world.callOf({ token: secret })).actor).toEqual({ kind: "service", id: token.id, name: "ci" });
  });

  test("an agent acts for its person and cannot make or end tokens of others", async () => {
    const { secret } = await make(ada, { kind: "agent", scopes: ["identity:self", "catalog:read"] });
    const agent = await world.callOf({ token: secret });
    expect(agent.actor).toMatchObject({ kind: "agent", onBehalfOf: (ada.actor as { id: string }).id });
    await expect(make(agent)).rejects.toThrow(/Only a person/);
    const own = await world.identity.makeOwnToken("simulator", ["otlp:write"]);
    const { rows } = await t.db.query<{ id: string }>("select id from identity.access_token where owner_id is null");
    await expect(world.run("identity.token.revoke", agent, { id: rows[0]?.id })).rejects.toBeInstanceOf(NotFoundError);
    expect((await world.callOf({ token: own })).scopes).toEqual(new Set(["otlp:write"]));
  });

  test("people see and end their own; administrators all", async () => {
    const grace = await world.person("grace", "developer");
    const { token } = await make(ada);
    expect((await world.run("identity.token.list", grace, {})).items).toEqual([]);
    await expect(world.run("identity.token.revoke", grace, { id: token.id })).rejects.toBeInstanceOf(NotFoundError);
    const admin = await world.admin();
    expect((await world.run("identity.token.list", admin, {})).items).toHaveLength(1);
    expect(await world.run("identity.token.revoke", admin, { id: token.id })).toHaveProperty("revokedAt");
  });

  test("lists are paged, newest first", async () => {
    for (let i = 0; i < 5; i++) await make(ada, { name: `t${i}` });
    const first = await world.run("identity.token.list", ada, { limit: 3 });
    const second = await world.run("identity.token.list", ada, { limit: 3, cursor: first.nextCursor });
    const names = [...first.items, ...second.items].map(({ name }: { name: string }) => name);
    expect(new Set(names)).toEqual(new Set(["t0", "t1", "t2", "t3", "t4"]));
    expect(second.nextCursor).toBeUndefined();
  });

  test("the server's own token replaces the one before under its name", async () => {
    const first = await world.identity.makeOwnToken("admin", ["*"]);
    const second = await world.identity.makeOwnToken("admin", ["*"]);
    await expect(world.callOf({ token: first })).rejects.toThrow(/was revoked/);
    expect((await world.callOf({ token: second })).scopes).toEqual(new Set(["*"]));
  });
});
