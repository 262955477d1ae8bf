import { existsSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";

import type { Preview, Run } from "@roadbed/contracts/paths";
import type { ProvisionedResource, ResourceDetail, ResourcePlan } from "@roadbed/contracts/paths/resources";
import { openDatabase, type Database } from "@roadbed/postgres";
import { createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";

import { migrations } from "../index.ts";
import { folderOf, template } from "../testing/preview.ts";
import { kill, startRunServer, type Server } from "../testing/start-run-server.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";

const PATH = template(
  `
parameters:
  properties: { name: { type: string }, class: { type: string, default: small } }
steps:
  - id: db
    action: "resource:request"
    input: { type: postgres, class: "\${{ parameters.class }}", name: "\${{ parameters.name }}-db", owner: "group:default/team-a", consumer: "component:default/\${{ parameters.name }}" }
output:
  entityRef: "\${{ steps.db.output.entityRef }}"
  database: "\${{ steps.db.output.facts.database }}"
  cost: "\${{ steps.db.output.monthlyCost.amount }}"
`,
  "with-database",
);
const entity = (kind: string, name: string, spec: object) => ({ apiVersion: "backstage.io/v1alpha1", kind, metadata: { name }, spec });

let database: TestDatabase;
let dataDir: string;
let goldenPathsDir: string;
let server: Server;

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  await database.db.query(`
    create schema test;
    create table test.die (place text);
    create table test.entity (ref text primary key, entity jsonb);
    create table test.repository (name text primary key, key text, files jsonb);
    create table test.call (what text);
    create table test.decision (id serial, verdict text, subject text);
    create table test.unhealthy (ref text)`);
  for (const [ref, one] of Object.entries({
    "group:default/team-a": entity("Group", "team-a", { type: "team", children: [] }),
    "component:default/orders": entity("Component", "orders", { type: "service", lifecycle: "production", owner: "group:default/team-a" }),
  })) {
    await database.db.query("insert into test.entity (ref, entity) values ($1, $2)", [ref, JSON.stringify(one)]);
  }
  dataDir = await temporaryFolder();
  goldenPathsDir = await folderOf({ "with-database/template.yaml": stringify(PATH) });
  server = await startServer();
});
afterAll(async () => {
  if (server.child.exitCode !== null || server.child.signalCode !== null) server = await startServer();
  const gone = once(server.child, "exit");
  server.child.kill("SIGTERM");
  await gone;
  await database.drop();
});
beforeEach(() => database.db.query("delete from test.die"));

const startServer = (): Promise<Server> => startRunServer([database.url, dataDir, goldenPathsDir]);
const request = (input: object): Promise<ProvisionedResource> =>
  server.call("paths.resource.request", { type: "postgres", class: "small", owner: "group:default/team-a", ...input });
const show = (resource: string): Promise<ResourceDetail> => server.call("paths.resource.show", { resource });
const settled = (id: string): Promise<ResourceDetail> =>
  eventually(async () => {
    const found = await show(id);
    expect(["ready", "failed", "destroyed"]).toContain(found.state);
    return found;
  }, 60_000);

async function credentials(resource: string): Promise<Record<string, string>> {
  const { variables } = await server.call<{ variables: { name: string; value: string }[] }>("paths.resource.reveal", { resource });
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}

/** Opens an address, asks one thing, closes it. */
async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const db = openDatabase({ url, log: quietLog, max: 1, patienceMs: 0 });
  try {
    return (await db.query(sql)).rows;
  } finally {
    await db.close();
  }
}

/** As the superuser of the server for made databases. */
async function asAdmin<T>(work: (db: Database) => Promise<T>): Promise<T> {
  const home = join(dataDir, "resources/databases");
  const note = join(home, "socket-dir");
  const socket = existsSync(note) ? readFileSync(note, "utf8").trim() : join(home, "run");
  const port = readFileSync(join(home, "port"), "utf8").trim();
  const db = openDatabase({
    url: `postgresql://postgres@localhost:${port}/postgres?host=${encodeURIComponent(socket)}`,
    log: quietLog,
    max: 1,
  });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}
const countOf = (name: string): Promise<{ databases: number; roles: number }> =>
  asAdmin(async (db) => {
    const { rows } = await db.query<{ databases: number; roles: number }>(
      "select (select count(*)::int from pg_database where datname = $1) as databases, (select count(*)::int from pg_roles where rolname = $1) as roles",
      [name],
    );
    return rows[0]!;
  });

test("a plan says what would be made, its price and what policies say, and makes nothing", async () => {
  const plan = await server.call<ResourcePlan>("paths.resource.plan", {
    type: "postgres",
    class: "small",
    name: "planned",
    owner: "group:default/team-a",
  });
  expect(plan).toMatchObject({
    provisioner: "embedded-postgres",
    changes: [{ action: "create", kind: "Database", name: "planned__dev" }],
    cost: { amount: "0", currency: "EUR" },
    verdict: "allow",
    unknown: [],
  });
  expect(existsSync(join(dataDir, "resources/databases/cluster"))).toBe(false);
});

describe("a database", () => {
  let orders: ResourceDetail;
  let vars: Record<string, string>;

  beforeAll(async () => {
    orders = await settled((await request({ name: "orders-db", consumer: "component:default/orders" })).id);
    expect(orders).toMatchObject({ state: "ready", seen: "present", drift: [], entityRef: "resource:default/orders-db", yours: true });
    vars = await credentials(orders.id);
  });

  test("is real, and its consumer gets it as variables", async () => {
    expect(orders.variables).toEqual(["DATABASE_URL", "PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD"]);
    await ask(vars["DATABASE_URL"]!, "create table kept (n int); insert into kept values (42)");
    expect(await ask(vars["DATABASE_URL"]!, "select n, current_user::text as who from kept")).toEqual([{ n: 42, who: "orders_db__dev" }]);
    expect(await server.call("variablesFor", { entityRef: "component:default/orders", environment: "dev" })).toEqual(vars);
    expect(await server.call("variablesFor", { entityRef: "component:default/orders", environment: "prod" })).toEqual({});
    const { rows } = await database.db.query("select entity->'spec' as spec from test.entity where ref = 'resource:default/orders-db'");
    expect(rows[0]).toMatchObject({
      spec: { type: "database", owner: "group:default/team-a", dependencyOf: ["component:default/orders"] },
    });
  });

  test("is reached by its own role only, which reaches nothing else", async () => {
    const other = await settled((await request({ name: "other-db" })).id);
    const to = (change: (url: URL) => void): string => {
      const url = new URL(vars["DATABASE_URL"]!);
      change(url);
      return url.href;
    };
    for (const name of ["postgres", "roadbed", "template1", "other_db__dev"]) {
      await expect(
        ask(
          to((url) => (url.pathname = `/${name}`)),
          "select 1",
        ),
        name,
      ).rejects.toThrow(/pg_hba|permission|no entry/i);
    }
    await expect(
      ask(
        to((url) => (url.password = "wrong")),
        "select 1",
      ),
    ).rejects.toThrow(/password/);
    await expect(
      ask(
        to((url) => (url.username = "postgres")),
        "select 1",
      ),
    ).rejects.toThrow(/pg_hba/);
    await expect(ask(vars["DATABASE_URL"]!, "create role more superuser")).rejects.toThrow(/permission denied/);
    await expect(ask(vars["DATABASE_URL"]!, "copy kept to program 'id'")).rejects.toThrow(/permission denied/);
    const clients = Array.from({ length: 11 }, () => openDatabase({ url: vars["DATABASE_URL"]!, log: quietLog, max: 1, patienceMs: 0 }));
    const came = await Promise.allSettled(clients.map((db) => db.query("select pg_sleep(0.5)")));
    await Promise.all(clients.map((db) => db.close()));
    expect(came.filter(({ status }) => status === "fulfilled").length).toBeLessThanOrEqual(10);
    expect(came.some(({ status }) => status === "rejected")).toBe(true);
    await server.call("paths.resource.destroy", { resource: other.id, name: "other-db" });
    expect(await settled(other.id)).toMatchObject({ state: "destroyed", variables: [] });
    expect(await countOf("other_db__dev")).toEqual({ databases: 0, roles: 0 });
  });

  test("its password is nowhere but sealed, and who saw it is written down", async () => {
    const { rows } = await database.db.query<{ all: string }>(
      `select (select string_agg(r::text, ' ') from (select id, facts, drift, params, inputs, error from paths.resource) r)
         || (select string_agg(h::text, ' ') from paths.resource_history h) || (select string_agg(e::text, ' ') from kernel.event e)
         || (select string_agg(a::text, ' ') from kernel.audit a) as all`,
    );
    expect(rows[0]?.all).not.toContain(vars["PGPASSWORD"]);
    expect(JSON.stringify(await show(orders.id))).not.toContain(vars["PGPASSWORD"]);
    expect((await show(orders.id)).history.map(({ words }) => words)).toContain("Its credentials were shown.");
    const { rows: audit } = await database.db.query("select actor from kernel.audit where operation = 'paths.resource.reveal'");
    expect(audit).toContainEqual({ actor: "user:ada" });
  });

  test("becomes one of another class with what is in it", async () => {
    await server.call("paths.resource.change", { resource: orders.id, class: "medium" });
    expect(await settled(orders.id)).toMatchObject({ state: "ready", class: "medium", drift: [] });
    const [role] = await asAdmin(
      async (db) => (await db.query("select rolconnlimit as n from pg_roles where rolname = 'orders_db__dev'")).rows,
    );
    expect(role).toEqual({ n: 40 });
    expect(await ask(vars["DATABASE_URL"]!, "select n from kept")).toEqual([{ n: 42 }]);
  });

  test("what somebody changed by hand is drift, and a retry mends it", async () => {
    await asAdmin((db) => db.query("alter role orders_db__dev connection limit 99 createdb password 'theirs'"));
    const found = await server.call<ProvisionedResource>("paths.resource.check", { resource: orders.id });
    expect(found.drift.map(({ what, found: is }) => `${what}: ${is}`)).toEqual([
      "connections: 99",
      "rights of the role: createdb",
      "password: another one",
    ]);
    expect(
      (await server.call<{ items: ProvisionedResource[] }>("paths.resource.list", { state: "drifted" })).items.map(({ name }) => name),
    ).toEqual(["orders-db"]);
    await server.call("paths.resource.retry", { resource: orders.id });
    expect(await settled(orders.id)).toMatchObject({ state: "ready", drift: [] });
    expect(await ask(vars["DATABASE_URL"]!, "select n from kept")).toEqual([{ n: 42 }]);
  });

  test("stays while somebody uses it, and goes wholly when it is said to go", async () => {
    const destroy = (input: object): Promise<ProvisionedResource> =>
      server.call("paths.resource.destroy", { resource: orders.id, name: "orders-db", ...input });
    await expect(destroy({})).rejects.toMatchObject({ code: "CONFLICT", message: "component:default/orders still uses orders-db." });
    await expect(destroy({ name: "order-db", despite: true })).rejects.toMatchObject({ code: "INVALID" });
    await destroy({ despite: true });
    expect(await settled(orders.id)).toMatchObject({ state: "destroyed" });
    expect(await countOf("orders_db__dev")).toEqual({ databases: 0, roles: 0 });
    expect((await database.db.query("select 1 from test.entity where ref = 'resource:default/orders-db'")).rowCount).toBe(0);
    await expect(credentials(orders.id)).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

describe("a request", () => {
  test("that does not fit is refused in words", async () => {
    const taken = await settled((await request({ name: "taken" })).id);
    await expect(request({ name: "taken" })).rejects.toMatchObject({ code: "CONFLICT", problems: [{ at: "name" }] });
    await expect(request({ name: "x", class: "smal" })).rejects.toMatchObject({ code: "NOT_FOUND", mend: "Did you mean postgres/small?" });
    await expect(request({ name: "x", params: { connections: 90 } })).rejects.toMatchObject({ problems: [{ at: "params.connections" }] });
    await expect(request({ name: "x", owner: "group:default/nobody" })).rejects.toMatchObject({ problems: [{ at: "owner" }] });
    await expect(request({ name: "Not a name" })).rejects.toMatchObject({ code: "INVALID" });
    // A second one of the same type needs names of its own for its variables.
    await settled((await request({ name: "first", consumer: "component:default/orders" })).id);
    await expect(request({ name: "second", consumer: "component:default/orders" })).rejects.toMatchObject({ problems: [{ at: "prefix" }] });
    const second = await settled((await request({ name: "second", consumer: "component:default/orders", prefix: "REPORTS" })).id);
    expect(second.variables).toContain("REPORTS_DATABASE_URL");
    expect(
      Object.keys(await server.call<object>("variablesFor", { entityRef: "component:default/orders", environment: "dev" })),
    ).toHaveLength(12);
    await server.call("paths.resource.destroy", { resource: taken.id, name: "taken" });
  });

  test("that policies deny makes nothing, and a class of one's own counts", async () => {
    const yaml = stringify({
      apiVersion: "roadbed.dev/v1",
      kind: "ResourceClass",
      metadata: { name: "postgres-large", title: "Large" },
      spec: {
        type: "postgres",
        class: "large",
        modules: [
          {
            environments: ["*"],
            provisioner: "embedded-postgres",
            inputs: { connections: 50 },
            cost: { amount: "250.00", currency: "EUR", source: "A list", date: "2026-01-01" },
          },
        ],
      },
    });
    const save = (text: string): Promise<unknown> =>
      server.call("paths.resource-class.save", { folder: [{ path: "class.yaml", base64: Buffer.from(text).toString("base64") }] });
    await save(yaml);
    await expect(save(yaml.replace("connections", "conections"))).rejects.toMatchObject({
      code: "INVALID",
      message: expect.stringContaining("conections"),
    });
    const large = await settled((await request({ name: "dear", class: "large" })).id);
    expect(large).toMatchObject({
      state: "failed",
      error: "Policy says no: It costs more than 100 a month.",
      decisionId: expect.stringMatching(/^dec_/),
    });
    expect(await countOf("dear__dev")).toEqual({ databases: 0, roles: 0 });
    await server.call("paths.resource-class.delete", { type: "postgres", class: "large" });
    await expect(request({ name: "x", class: "large" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

test("a path shows the price, makes it once, and says where it is", async () => {
  const preview = await server.call<Preview>("paths.path.preview", { path: "with-database", values: { name: "shop" } });
  expect(preview).toMatchObject({
    verdict: "allow",
    monthlyCost: { amount: "0", currency: "EUR" },
    costs: [{ resource: "postgres/small shop-db", environment: "dev", cost: { amount: "0" } }],
    resources: [
      { kind: "Resource", name: "shop-db" },
      { kind: "Database", name: "shop_db__dev" },
    ],
  });
  expect(await countOf("shop_db__dev")).toEqual({ databases: 0, roles: 0 });
  const { id } = await server.call("paths.path.run", { path: "with-database", values: { name: "shop" } });
  const run = await eventually(async () => {
    const found = await server.call<Run>("paths.run.get", { id });
    expect(found.status).toBe("succeeded");
    return found;
  }, 60_000);
  expect(run.outputs).toMatchObject({ entityRef: "resource:default/shop-db", database: "shop_db__dev", cost: "0" });
  const { items } = await server.call<{ items: ProvisionedResource[] }>("paths.resource.list", { runId: id });
  // Its page is the packet of evidence: what it requested, and what that costs.
  expect(await server.call<Run>("paths.run.get", { id })).toMatchObject({
    resources: [{ name: "shop-db", state: "ready", cost: { amount: "0" } }],
    monthlyCost: { amount: "0", currency: "EUR" },
  });
  expect(items).toMatchObject([{ name: "shop-db", consumer: "component:default/shop", runId: id }]);

  await server.call("paths.run.undo", { id, reason: "It was only tried" });
  expect(await eventually(async () => ((await show(items[0]!.id)).state === "destroyed" ? "gone" : false), 60_000)).toBe("gone");
  expect(await countOf("shop_db__dev")).toEqual({ databases: 0, roles: 0 });
});

describe("kill -9", () => {
  test("between apply and record: it is made once, and told of", async () => {
    await database.db.query("insert into test.die values ('entity')");
    const asked = await request({ name: "killed" });
    await once(server.child, "exit");
    expect(await countOf("killed__dev")).toEqual({ databases: 1, roles: 1 });
    server = await startServer();
    const found = await settled(asked.id);
    expect(found).toMatchObject({ state: "ready", drift: [] });
    expect(await ask((await credentials(asked.id))["DATABASE_URL"]!, "select 1 as n")).toEqual([{ n: 1 }]);
    expect(found.history.filter(({ words }) => words === "The database killed__dev was made.")).toHaveLength(1);
  }, 90_000);

  test("right after the database was made, before that is known: it is found, with the same password", async () => {
    await database.db.query(`
      create function test.hold() returns trigger language plpgsql as $$
        begin if new.words like 'The database %' then perform pg_sleep(6); end if; return new; end $$;
      create trigger hold before insert on paths.resource_history for each row execute function test.hold()`);
    const asked = await request({ name: "halfway" });
    await eventually(async () => {
      const { rowCount } = await database.db.query(
        "select 1 from pg_stat_activity where datname = current_database() and query like '%resource_history%' and wait_event = 'PgSleep'",
      );
      expect(rowCount).toBeGreaterThan(0);
    }, 60_000);
    await kill(server.child);
    await database.db.query("drop function test.hold() cascade").catch(() => {});
    expect(await countOf("halfway__dev")).toEqual({ databases: 1, roles: 1 });
    server = await startServer();
    expect(await settled(asked.id)).toMatchObject({ state: "ready", drift: [] });
    expect(await ask((await credentials(asked.id))["DATABASE_URL"]!, "select 1 as n")).toEqual([{ n: 1 }]);
  }, 120_000);

  test("while it goes: it is gone", async () => {
    const { items } = await server.call<{ items: ProvisionedResource[] }>("paths.resource.list", { q: "killed" });
    await server.call("paths.resource.destroy", { resource: items[0]!.id, name: "killed" });
    await kill(server.child);
    server = await startServer();
    expect(await settled(items[0]!.id)).toMatchObject({ state: "destroyed" });
    expect(await countOf("killed__dev")).toEqual({ databases: 0, roles: 0 });
  }, 90_000);
});

test("a run that is taken back takes its resource away, once", async () => {
  const { id } = await server.call("paths.path.run", { path: "with-database", values: { name: "taken-back" } });
  const run = await eventually(async () => {
    const now = await server.call("paths.run.get", { id });
    if (now.endedAt === undefined) throw new Error(now.status);
    return now;
  }, 60_000);
  expect(run.status).toBe("succeeded");
  await server.call("paths.run.undo", { id, reason: "Not needed." });
  const undone = await eventually(async () => {
    const now = await server.call("paths.run.get", { id });
    if (now.undo?.state !== "done") throw new Error(JSON.stringify(now.undo));
    return now;
  }, 60_000);
  expect(undone.undo?.items).toMatchObject([{ step: "db", state: "done", words: "postgres/small taken-back-db in dev is taken away." }]);
  const { rows } = await database.db.query("select state from paths.resource where name = 'taken-back-db'");
  expect(rows).toEqual([{ state: "destroyed" }]);
});
