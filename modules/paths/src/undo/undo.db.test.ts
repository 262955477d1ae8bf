import type { Run } from "@roadbed/contracts/paths";
import type { Lifetime } from "@roadbed/contracts/paths/lifetimes";
import type { Call } from "@roadbed/core";
import { createTestDatabase, eventually, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { stringify } from "yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { migrations } from "../index.ts";
import { endWhenOver, tryEndAgain, warn } from "../lifetime/end-lifetimes.ts";
import { createBench, type Bench } from "../testing/bench.suite.ts";
import { folderOf, template } from "../testing/preview.ts";
import { kill, startRunServer, type Server } from "../testing/start-run-server.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { Comparison } from "./compare-runs.ts";

const PATH = `
parameters:
  required: [name]
  properties:
    name: { type: string }
    size: { type: string, default: small }
    pauseMs: { type: number, default: 0 }
    ttl: { type: string }
    pin: { type: string, ui:widget: password }
steps:
  - { id: fetch, action: "fetch:template", input: { url: ./skeleton, values: "\${{ parameters }}" } }
  - { id: publish, action: "publish:git", input: { name: "\${{ parameters.name }}" } }
  - { id: register, action: "catalog:register", input: { repoContentsUrl: "\${{ steps.publish.output.repoContentsUrl }}" } }
  - { id: pause, action: "debug:wait", input: { milliseconds: "\${{ parameters.pauseMs }}" } }
`;
/** What ends a guest: refused while that is not in the catalogue. */
const FAREWELL = `
parameters:
  required: [entity, note]
  properties: { entity: { type: string, ui:field: EntityPicker }, note: { type: string } }
steps: [{ id: say, action: "debug:log", input: { message: "\${{ parameters.note }}" } }]
`;
const DEPLOYS = `${PATH}  - { id: deploy, action: "roadbed:deploy:wait", input: { entityRef: "\${{ steps.register.output.entityRef }}" } }\n`;
const SKELETON = {
  "service/skeleton/catalog-info.yaml":
    "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: ${{ values.name }} }\nspec: { type: service, owner: payments }\n",
  "service/skeleton/README.md": "# ${{ values.size }}\n",
};

let bench: Bench;
beforeAll(async () => {
  bench = await createBench(
    await folderOf({
      "service/template.yaml": stringify(template(PATH, "service")),
      "sandbox/template.yaml": stringify(
        template(
          `lifetime: { after: 2d, warnBefore: 1d, extendBy: 1d, atMost: 4d, parameter: ttl }\n${PATH.replace("./skeleton", "../service/skeleton")}`,
          "sandbox",
        ),
      ),
      "guest/template.yaml": stringify(
        template(
          `lifetime: { after: 2d, end: { path: farewell, values: { entity: "\${{ outputs.entityRef }}", note: "Bye, \${{ parameters.name }}" } } }\n${PATH.replace("./skeleton", "../service/skeleton")}output: { entityRef: "\${{ steps.register.output.entityRef }}" }\n`,
          "guest",
        ),
      ),
      "farewell/template.yaml": stringify(template(FAREWELL, "farewell")),
      ...SKELETON,
    }),
  );
});
afterAll(() => bench.close());

const show = (id: string): Promise<Run> => bench.call("paths.run.get", { id });
const undone = (id: string): Promise<Run> =>
  eventually(async () => {
    const run = await show(id);
    if (run.undo?.state !== "done" && run.undo?.state !== "partly") throw new Error(run.undo?.state ?? run.status);
    return run;
  }, 30_000);
const bob: Partial<Call> = { actor: { kind: "user", id: "bob", name: "Bob" }, scopes: new Set(["paths:read", "paths:write"]) };

describe("taken back", () => {
  test("is what a run made, the last first, by who asked for it and not by anybody", async () => {
    const { id } = await bench.run("service", { name: "orders", pin: "1234" });
    await expect(bench.call("paths.run.undo", { id, reason: "Not needed." }, bob)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await bench.call("paths.run.undo", { id, reason: "Not needed." });
    const run = await undone(id);
    expect(run.undo).toMatchObject({
      state: "done",
      why: "Not needed.",
      items: [
        { step: "register", state: "done", words: "component:default/orders is out of the catalogue." },
        { step: "publish", state: "done", words: "The repository orders is removed." },
      ],
    });
    expect(await bench.repositories.exists("orders")).toBe(false);
    expect(bench.world.entities.has("component:default/orders")).toBe(false);
    await bench.heard();
    expect(await bench.call<{ items: unknown[] }>("paths.ledger.list", { q: "orders" })).toMatchObject({ items: [{ state: "gone" }] });
    await expect(bench.call("paths.run.undo", { id, reason: "Again." })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("is not what somebody has worked in since: it is archived and listed as what remains", async () => {
    const { id } = await bench.run("service", { name: "worked-in" });
    await bench.push("worked-in", [{ path: "own.txt", content: Buffer.from("mine"), executable: false }]);
    await bench.call("paths.run.undo", { id, reason: "Not needed." });
    expect((await undone(id)).undo).toMatchObject({
      state: "partly",
      items: [
        { step: "register", state: "done" },
        { step: "publish", state: "remains", words: expect.stringContaining("archived, not removed") },
      ],
    });
    expect(await bench.repositories.exists("worked-in")).toBe(true);
  });

  test("follows a cancel that asks for it, and the run does not go on", async () => {
    const { id } = await bench.call<Run>("paths.path.run", { path: "service", values: { name: "cancelled", pauseMs: 60_000 } });
    await eventually(async () => (await show(id)).steps[3]?.status === "processing");
    await bench.call("paths.run.cancel", { id, undo: true, reason: "Wrong name." });
    expect(await undone(id)).toMatchObject({ status: "cancelled", undo: { state: "done", why: "Wrong name." } });
    expect(await bench.repositories.exists("cancelled")).toBe(false);
    await expect(bench.call("paths.run.retry", { id })).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

test("a path is followed again with the same answers, and two runs are compared", async () => {
  const first = await bench.run("service", { name: "first", pin: "1234" });
  const { id } = await bench.call<Run>("paths.run.again", { id: first.id, values: { name: "second", size: "large" } });
  const second = await eventually(async () => {
    const run = await show(id);
    if (run.endedAt === undefined) throw new Error(run.status);
    return run;
  }, 30_000);
  // Secrets are not kept, so they are not given again by themselves.
  expect(second).toMatchObject({ status: "succeeded", values: { name: "second", size: "large", pauseMs: 0 } });
  const compared = await bench.call<Comparison>("paths.run.compare", { id: first.id, other: id });
  expect(compared).toMatchObject({
    samePath: true,
    answers: [
      { at: "name", a: "first", b: "second" },
      { at: "pin", a: "***" },
      { at: "size", a: "small", b: "large" },
    ],
    files: [
      { path: "README.md", change: "differs" },
      { path: "catalog-info.yaml", change: "differs" },
    ],
    steps: [],
  });
  expect(compared.durationMs.a).toBeGreaterThan(0);
});

describe("time to live", () => {
  const of = (run: Run): Promise<Lifetime> => bench.call("paths.lifetime.show", { id: run.id });
  const told = async (name: string, id: string): Promise<number> =>
    (await bench.database.db.query("select 1 from kernel.event where name = $1 and payload->>'lifetime' = $2", [name, id])).rowCount;
  const move = (id: string, hours: number): Promise<unknown> =>
    bench.database.db.query(
      "update paths.lifetime set ends_at = ends_at - interval '1 hour' * $2, at_most = at_most - interval '1 hour' * $2 where id = $1",
      [id, hours],
    );

  test("begins with the run's end, is warned of once, extended with a reason up to what the path allows", async () => {
    const run = await bench.run("sandbox", { name: "box" });
    const lifetime = await of(run);
    expect(Date.parse(lifetime.endsAt) - Date.parse(lifetime.beganAt)).toBe(48 * 3_600_000);
    expect(lifetime).toMatchObject({
      state: "active",
      name: "box",
      soon: false,
      extendByHours: 24,
      mayExtend: true,
      entityRef: "component:default/box",
    });
    const extend = (input: object, as?: Partial<Call>): Promise<Lifetime> =>
      bench.call("paths.lifetime.extend", { id: lifetime.id, ...input }, as);
    await bench.write((ctx) => warn({}, ctx));
    expect(await told("paths.lifetime.ending", lifetime.id)).toBe(0);
    await move(lifetime.id, 30);
    for (let n = 0; n < 2; n++) await bench.write((ctx) => warn({}, ctx));
    expect(await told("paths.lifetime.ending", lifetime.id)).toBe(1);
    expect(await bench.call("paths.lifetime.list", { withinDays: 1 })).toMatchObject({ items: [{ id: lifetime.id, soon: true }] });
    await expect(extend({ reason: "Mine." }, bob)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(extend({ reason: "Long demo.", hours: 500 })).rejects.toMatchObject({ code: "INVALID" });
    expect(await extend({ reason: "The demo is on Friday." })).toMatchObject({
      extensions: [{ by: "user:ada", reason: "The demo is on Friday." }],
    });
    const full = await extend({ reason: "And Saturday." });
    expect(full).toMatchObject({ endsAt: full.atMost, mayExtend: false });
    await expect(extend({ reason: "And Sunday." })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("ends by itself: what the run made is taken back, once; an answer may say how long", async () => {
    const run = await bench.run("sandbox", { name: "brief", ttl: "3h" });
    const lifetime = await of(run);
    expect(Date.parse(lifetime.endsAt) - Date.parse(lifetime.beganAt)).toBe(3 * 3_600_000);
    await bench.write((ctx) => endWhenOver({ start: bench.start }, ctx, lifetime.id));
    expect(await of(run)).toMatchObject({ state: "active" });
    await move(lifetime.id, 4);
    for (let n = 0; n < 2; n++) await bench.write((ctx) => endWhenOver({ start: bench.start }, ctx, lifetime.id));
    expect((await undone(run.id)).undo?.why).toContain("Its time to live was over");
    expect(await told("paths.lifetime.ended", lifetime.id)).toBe(1);
    expect(await bench.repositories.exists("brief")).toBe(false);
    await bench.heard();
    expect(await of(run)).toMatchObject({ state: "ended", mayExtend: false });
    await expect(bench.call("paths.lifetime.extend", { id: lifetime.id, reason: "Too late." })).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

describe("time to live that names a path", () => {
  const of = (run: Run): Promise<Lifetime> => bench.call("paths.lifetime.show", { id: run.id });

  test("follows it at its end, in the name of who asked; nothing is taken back by itself", async () => {
    const run = await bench.run("guest", { name: "eve" });
    expect(await of(run)).toMatchObject({ state: "active", endPath: "farewell" });
    await bench.call("paths.lifetime.end", { id: run.id, reason: "She left." });
    const { endRunId } = await of(run);
    const end = await eventually(async () => {
      const found = await show(endRunId!);
      expect(found.status).toBe("succeeded");
      return found;
    }, 30_000);
    expect(end).toMatchObject({
      path: "template:default/farewell",
      actor: run.actor,
      values: { entity: "component:default/eve", note: "Bye, eve" },
    });
    await bench.heard();
    expect(await of(run)).toMatchObject({ state: "ended", mayExtend: false });
    expect((await show(run.id)).undo).toBeUndefined();
    expect(await bench.repositories.exists("eve")).toBe(true);
  });

  test("says why it could not be followed, and tries again", async () => {
    const run = await bench.run("guest", { name: "stay" });
    const known = bench.world.entities.get("component:default/stay")!;
    bench.world.entities.delete("component:default/stay");
    const { id } = await bench.call<Lifetime>("paths.lifetime.end", { id: run.id, reason: "He leaves." });
    const refused = await of(run);
    expect(refused).toMatchObject({ state: "ending", endError: expect.stringContaining("component:default/stay") });
    expect(refused.endRunId).toBeUndefined();
    bench.world.entities.set("component:default/stay", known);
    // Twice at once is once.
    for (let n = 0; n < 2; n++) await bench.write((ctx) => tryEndAgain({ start: bench.start }, ctx, id));
    await eventually(async () => expect(await of(run)).toMatchObject({ state: "ended" }), 30_000);
    const { rowCount } = await bench.database.db.query("select 1 from paths.run where path_ref = 'template:default/farewell'");
    expect(rowCount).toBe(2);
  });
});

describe("killed while it takes back, a server goes on: nothing twice, nothing forgotten", () => {
  let database: TestDatabase;
  let args: string[];
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
    args = [
      database.url,
      await temporaryFolder(),
      await folderOf({ "service/template.yaml": stringify(template(DEPLOYS, "service")), ...SKELETON }),
    ];
  });
  afterAll(() => database.drop());

  test("at each place, one after the other", async () => {
    let server: Server = await startRunServer(args);
    const { id } = await server.call("paths.path.run", { path: "service", values: { name: "orders" } });
    await eventually(async () => (await server.call("paths.run.get", { id })).status === "succeeded", 40_000);
    for (const place of ["undo-deploy", "undo-register:before", "undo-register:after", "undo-publish:after"])
      await database.db.query("insert into test.die values ($1)", [place]);
    await server.call("paths.run.undo", { id, reason: "Not needed." });
    for (let n = 0; n < 4; n++) {
      if (server.child.exitCode === null && server.child.signalCode === null) await new Promise((done) => server.child.once("exit", done));
      server = await startRunServer(args);
    }
    const run = await eventually(async () => {
      const now = await server.call("paths.run.get", { id });
      if (now.undo?.state !== "done") throw new Error(now.undo?.state);
      return now;
    }, 60_000);
    expect(run.undo?.items.map(({ step, state }) => `${step} ${state}`)).toEqual(["deploy done", "register done", "publish done"]);
    const { rows } = await database.db.query<{ what: string; n: number }>(
      "select what, count(*)::int n from test.call where what like '%removed' group by 1 order by 1",
    );
    expect(rows).toEqual([
      { what: "entity removed", n: 1 },
      { what: "repository removed", n: 1 },
    ]);
    expect((await database.db.query("select 1 from kernel.event where name = 'paths.run.undone'")).rowCount).toBe(1);
    await kill(server.child);
  }, 240_000);
});
