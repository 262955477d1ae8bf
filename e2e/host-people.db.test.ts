/** Who somebody is here who merged something at a Git host: login there, user of the catalogue, account; and nobody where that is not certain. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createCatalog, migrations as catalogTables, type Catalog } from "@roadbed/catalog";
import { createCel, type Cel } from "@roadbed/cel";
import { saveEntity } from "@roadbed/contracts/catalog/kinds";
import { createUser, updateUser, type Role } from "@roadbed/contracts/identity";
import { perform, type InputOf, type Operation, type OutputOf } from "@roadbed/core";
import { openRepositories } from "@roadbed/git";
import { createIdentity, makeAccountsOf, migrations as identityTables, type Groups, type Identity } from "@roadbed/identity";
import { callAs, createTestDatabase, quietLog, type TestDatabase } from "@roadbed/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { hostsForDelivery } from "../apps/server/src/host-ports.ts";

type Hosts = ReturnType<typeof hostsForDelivery>;

let database: TestDatabase;
let home: string;
let cel: Cel;
let catalog: Catalog;
let identity: Identity;
let hosts: Hosts;

beforeAll(async () => {
  database = await createTestDatabase([catalogTables, identityTables]);
  home = await mkdtemp(join(tmpdir(), "host-people-"));
  cel = createCel();
  const { db, runtime } = database;
  // As the server wires them.
  const groups: Groups = { groupsOf: (ctx, ref) => catalog.groupsOf(ctx as never, ref) };
  identity = createIdentity({ db, runtime, log: quietLog, groups });
  const repositories = openRepositories(join(home, "git"));
  catalog = createCatalog({ db, runtime, log: quietLog, cel, repositories, dataDir: join(home, "data") });
  hosts = hostsForDelivery(catalog, { runtime, db, proxied: false, accountsOf: makeAccountsOf({ groups }) });
});
afterAll(async () => {
  await catalog.stop();
  await cel.close();
  await database.drop();
  await rm(home, { recursive: true, force: true });
});

test.each([
  ["github", "github.com/user-login"],
  ["gitlab", "gitlab.com/user-login"],
] as const)("%s: whoever is known acts as their account, with what its role may do", async (system, annotation) => {
  const account = await accountOf(`known-${system}`, "developer");
  await person(`known-${system}`, { [annotation]: `Known-${system}` });
  const found = await whoIs(`Known-${system}`, system);
  expect(found?.actor).toEqual({ kind: "user", id: account, name: `Known-${system}` });
  expect([found?.scopes.has("delivery:write"), found?.scopes.has("delivery:admin")]).toEqual([true, false]);
  // Hosts take a login in large and small letters for the same.
  expect((await whoIs(`KNOWN-${system}`, system))?.actor).toMatchObject({ id: account });
  // The login of one host is nobody's at the other.
  expect(await whoIs(`Known-${system}`, system === "github" ? "gitlab" : "github")).toBeUndefined();
  // What the role may do is asked each time.
  await ask(updateUser, { username: `known-${system}`, role: "viewer" });
  expect((await whoIs(`Known-${system}`, system))?.scopes.has("delivery:write")).toBe(false);
});

test("nobody: a login that nobody has, a person without an account, an account without a person, and what is no login", async () => {
  await person("unaccounted", { "github.com/user-login": "unaccounted-there" });
  await accountOf("unpersoned", "admin");
  await accountOf("starred", "admin");
  await person("starred", { "github.com/user-login": "starred-there" });
  for (const login of ["stranger", "unaccounted-there", "unpersoned", "", "*", "starred-there,kind=user", "starred-there kind"])
    expect(await whoIs(login)).toBeUndefined();
  // Only people have logins: a component that is annotated with somebody's takes nothing away from them.
  const owned = { type: "service", lifecycle: "production", owner: "user:default/starred" };
  await save("Component", "machine", { "github.com/user-login": "starred-there" }, owned);
  expect((await whoIs("starred-there"))?.actor).toMatchObject({ name: "starred" });
});

test("ambiguous: two people of one login, or two accounts of one person, are nobody until that is settled", async () => {
  await accountOf("one", "admin");
  await accountOf("two", "admin");
  await person("one", { "github.com/user-login": "shared" });
  await person("two", { "github.com/user-login": "shared" });
  expect(await whoIs("shared")).toBeUndefined();
  await person("two", { "github.com/user-login": "own" });
  expect((await whoIs("shared"))?.actor).toMatchObject({ name: "one" });
  expect((await whoIs("own"))?.actor).toMatchObject({ name: "two" });
  // That no two accounts are linked to one person is kept to where they are linked; an older store may hold such a pair.
  await database.db.query("update identity.user_account set entity_ref = 'user:default/one' where username = 'two'");
  expect(await whoIs("shared")).toBeUndefined();
});

test("whoever left is nobody, although the account is still there, and does not stand in the way of who has the login now", async () => {
  await accountOf("leaver", "admin");
  await person("leaver", { "github.com/user-login": "passed-on" });
  expect((await whoIs("passed-on"))?.actor).toMatchObject({ name: "leaver" });
  await person("leaver", { "github.com/user-login": "passed-on", "roadbed.dev/active": "false" });
  expect(await whoIs("passed-on")).toBeUndefined();
  await accountOf("successor", "developer");
  await person("successor", { "github.com/user-login": "passed-on" });
  expect((await whoIs("passed-on"))?.actor).toMatchObject({ name: "successor" });
  // An account that is switched off is nobody's any more, whatever the catalogue says.
  await ask(updateUser, { username: "successor", disabled: true });
  expect(await whoIs("passed-on")).toBeUndefined();
});

function whoIs(login: string, system: "github" | "gitlab" = "github") {
  return database.runtime.read(callAs(), (ctx) => hosts.personAt(ctx, { system, host: `${system}.com`, login }));
}

/** An account; who they are in the catalogue is the user of the same name. */
async function accountOf(username: string, role: Role): Promise<string> {
  const displayName = username.replace("known", "Known");
  await ask(createUser, { username, displayName, role });
  const { rows } = await database.db.query<{ id: string }>("select id from identity.user_account where username = $1", [username]);
  return rows[0]!.id;
}

function person(name: string, annotations: Record<string, string>): Promise<unknown> {
  return save("User", name, annotations, { memberOf: [] });
}

async function save(kind: string, name: string, annotations: Record<string, string>, spec: object): Promise<void> {
  await ask(saveEntity, { entity: { apiVersion: "backstage.io/v1alpha1", kind, metadata: { name, annotations }, spec } });
  await catalog.settled();
}

async function ask<O extends Operation>(operation: O, input: InputOf<O>): Promise<OutputOf<O>> {
  const handler = [...catalog.handlers, ...identity.handlers].find((one) => one.operation.name === operation.name)!;
  return (await perform(database.runtime, handler, callAs(), input)) as OutputOf<O>;
}
