import { ConflictError, ForbiddenError, InvalidError, NotFoundError, UnauthenticatedError, type Call } from "@roadbed/core";
import { createTestDatabase, type TestDatabase } from "@roadbed/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createWorld, PASSWORD, type World } from "../fixtures/world.ts";
import { migrations } from "../index.ts";

let t: TestDatabase;
let world: World;
let admin: Call;

beforeEach(async () => {
  t = await createTestDatabase([migrations]);
  world = createWorld(t.db);
  admin = await world.admin();
});
afterEach(() => t.drop());

describe("accounts", () => {
  test("are an administrator's to make, list and change", async () => {
    const ada = await world.person("ada", "developer");
    for (const [name, input] of [
      ["identity.user.list", {}],
      ["identity.user.create", { username: "x", displayName: "X" }],
      ["identity.user.update", { username: "ada", role: "admin" }],
      ["identity.audit.list", {}],
    ] as const) {
      await expect(world.run(name, ada, input)).rejects.toBeInstanceOf(ForbiddenError);
    }
    expect((await world.run("identity.user.list", admin, {})).items.map(({ username }: { username: string }) => username)).toEqual([
      "ada",
      "admin",
    ]);
  });

  test("have a name of their own, in the form that names have, and never show their hash", async () => {
    const made = await world.run("identity.user.create", admin, { username: "grace", displayName: "<b>Grace</b>", password: PASSWORD });
    expect(made).toMatchObject({ username: "grace", displayName: "<b>Grace</b>", role: "developer", disabled: false });
    expect(JSON.stringify(made)).not.toContain("argon2");
    await expect(world.run("identity.user.create", admin, { username: "grace", displayName: "G" })).rejects.toBeInstanceOf(ConflictError);
    for (const username of ["Grace", "gr ace", "", "a".repeat(64), "grâce"]) {
      await expect(world.run("identity.user.create", admin, { username, displayName: "G" })).rejects.toBeInstanceOf(InvalidError);
    }
    await expect(
      world.run("identity.user.create", admin, { username: "short", displayName: "S", password: "elevenchars" }),
    ).rejects.toThrow(/12/);
    await expect(world.run("identity.user.update", admin, { username: "nobody", role: "viewer" })).rejects.toBeInstanceOf(NotFoundError);
  });

  test("a changed role counts from the next request on", async () => {
    const ada = await world.person("ada", "developer");
    const { cookie } = await world.identity.signIn.withPassword({ username: "ada", password: PASSWORD, address: "a" });
    expect((await world.callOf({ cookie })).scopes).toContain("catalog:write");
    await world.run("identity.user.update", admin, { username: "ada", role: "viewer" });
    expect((await world.callOf({ cookie })).scopes).not.toContain("catalog:write");
    expect(ada.actor.kind).toBe("user");
  });

  test("an administrator cannot lock themselves out", async () => {
    await expect(world.run("identity.user.update", admin, { username: "admin", disabled: true })).rejects.toBeInstanceOf(ForbiddenError);
    await expect(world.run("identity.user.update", admin, { username: "admin", role: "viewer" })).rejects.toBeInstanceOf(ForbiddenError);
  });
});

describe("one's own password", () => {
  test("is changed with the old one, and only then", async () => {
    const ada = await world.person("ada", "developer");
    const password = "a quite different one";
    for (const current of [undefined, "wrong"]) {
      await expect(world.run("identity.me.set-password", ada, { password, current })).rejects.toBeInstanceOf(InvalidError);
    }
    const { cookie: stolen } = await world.identity.signIn.withPassword({ username: "ada", password: PASSWORD, address: "a" });
    await world.callOf({ cookie: stolen });
    await world.run("identity.me.set-password", ada, { password, current: PASSWORD });
    await expect(world.callOf({ cookie: stolen })).rejects.toBeInstanceOf(UnauthenticatedError);
    await expect(world.identity.signIn.withPassword({ username: "ada", password: PASSWORD, address: "a" })).rejects.toBeInstanceOf(
      UnauthenticatedError,
    );
    expect(await world.identity.signIn.withPassword({ username: "ada", password, address: "a" })).toHaveProperty("cookie");
  });
});

describe("me", () => {
  test("tells the groups of the linked person", async () => {
    const ada = await world.person("ada", "developer");
    expect(await world.run("identity.me.get", ada, {})).toMatchObject({
      username: "ada",
      entityRef: "user:default/ada",
      groups: ["group:default/platform"],
      mustSetPassword: false,
    });
  });

  test("an account is linked to a person of the catalogue, each person to one account", async () => {
    const grace = await world.person("grace", "developer");
    await world.person("ada", "developer");
    const link = (entityRef: string | null) => world.run("identity.user.update", admin, { username: "grace", entityRef });
    await expect(link("user:default/ada")).rejects.toMatchObject({ code: "CONFLICT", problems: [{ at: "entityRef" }] });
    await expect(link("group:default/platform")).rejects.toMatchObject({ code: "INVALID" });
    await expect(world.run("identity.user.update", grace, { username: "grace", entityRef: "user:default/x" })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    await world.run("identity.user.update", admin, { username: "ada", entityRef: null });
    expect(await link("user:default/ada")).toMatchObject({ entityRef: "user:default/ada" });
    expect(await world.run("identity.me.get", grace, {})).toMatchObject({ groups: ["group:default/platform"] });
    await world.run("identity.user.update", admin, { username: "grace", displayName: "Grace H" });
    expect(await world.run("identity.me.get", grace, {})).toMatchObject({ entityRef: "user:default/ada" });
  });

  test("is nobody without a sign-in", async () => {
    await expect(world.run("identity.me.get", { ...admin, actor: { kind: "anonymous" }, scopes: new Set() }, {})).rejects.toBeInstanceOf(
      UnauthenticatedError,
    );
  });
});

describe("the audit log", () => {
  test("is read page by page and verified", async () => {
    await world.person("ada", "developer");
    const first = await world.run("identity.audit.list", admin, { limit: 2 });
    const second = await world.run("identity.audit.list", admin, { limit: 2, cursor: first.nextCursor });
    const seqs = [...first.items, ...second.items].map(({ seq }: { seq: string }) => Number(seq));
    expect(seqs).toEqual([...seqs].sort((a, b) => b - a));
    expect(new Set(seqs).size).toBe(4);
    expect((await world.run("identity.audit.list", admin, { operation: "identity.user.create" })).items).toHaveLength(1);
    expect(await world.run("identity.audit.verify", admin, {})).toMatchObject({ ok: true });
    await t.db.query("alter table kernel.audit disable trigger all");
    await t.db.query("update kernel.audit set actor = 'user:somebody-else' where seq = 2");
    expect(await world.run("identity.audit.verify", admin, {})).toMatchObject({ ok: false, brokenAt: "2" });
  });
});
