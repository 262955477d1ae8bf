import { rm } from "node:fs/promises";
import { join } from "node:path";

import {
  deleteEntity,
  entityHistory,
  getEntity,
  getSource,
  importSource,
  listEntities,
  syncSource,
  type Source,
} from "@roadbed/contracts/catalog";
import {
  approveHold,
  createSource,
  dismissQuarantine,
  listConnectors,
  listQuarantine,
  listRuns,
  listSamples,
  pauseSource,
  rejectHold,
  resumeSource,
  retryQuarantine,
  rotateHook,
  testSource,
  undoSync,
  updateSource,
} from "@roadbed/contracts/catalog/connections";
import { ConflictError, InvalidError, TooManyError, UnauthenticatedError, UnavailableError } from "@roadbed/core";
import { eventually } from "@roadbed/testkit";
import { beforeEach, describe, expect, test } from "vitest";

import { defines, scriptedConnector, signed, type Script } from "../testing/scripted-connector.ts";
import { component, entityOf, useWorld } from "../world.suite.ts";

const world = useWorld();
const { ask, put, refs, events, forgetEvents } = world;

let script: Script;
beforeEach(async () => {
  script = { readings: [], reads: [] };
  await world.catalog.stop();
  world.catalog = world.open({ connectors: [scriptedConnector(script)], outbound: () => fetch, tickMs: 50 });
});

const names = (count: number, prefix = "e"): string[] => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
const say = (...said: string[]): void => void (script.readings = said.map((name) => defines(entityOf(name))));
const ref = (name: string): string => `component:default/${name}`;

async function connect(over: object = {}): Promise<Source> {
  const { source } = await ask(createSource, { connector: "scripted", settings: { org: "acme", token: "s3cret-token" }, ...over });
  return source;
}

describe("a connector", () => {
  test("is described with a form, and what is secret is sealed and never answered", async () => {
    const { items } = await ask(listConnectors, {});
    expect(items).toMatchObject([{ kind: "scripted", secrets: ["token"], everyMinutes: 15, webhooks: true }]);
    expect(items[0]?.settings).toMatchObject({ type: "object", required: ["org"] });
    say("a");
    const source = await connect();
    expect(script.reads[0]?.settings).toEqual({ org: "acme", token: "s3cret-token" });
    expect(source).toMatchObject({
      kind: "connector",
      connector: "scripted",
      target: "scripted.example/acme",
      state: "ok",
      entities: 1,
      everyMinutes: 15,
    });
    const shown = await ask(getSource, { id: source.id });
    expect(shown).toMatchObject({ settings: { org: "acme" }, secretsSet: ["token"], hookReady: false });
    expect(JSON.stringify(shown)).not.toContain("s3cret");
    const stored = await world.db.query("select s.*, encode(secrets, 'escape') as sealed from catalog.source s");
    expect(JSON.stringify(stored.rows)).not.toContain("s3cret");
    const audited = await world.db.query("select a::text as line from kernel.audit a union all select e::text from kernel.event e");
    expect(JSON.stringify(audited.rows)).not.toContain("s3cret");
  });

  test("keeps a secret that is left out of an update, and reads anew with what was changed", async () => {
    const source = await connect();
    await ask(updateSource, { id: source.id, settings: { org: "other" }, everyMinutes: 60 });
    await eventually(async () => expect(script.reads.at(-1)?.settings).toEqual({ org: "other", token: "s3cret-token" }));
    expect((await ask(getSource, { id: source.id })).source).toMatchObject({ target: "scripted.example/other", everyMinutes: 60 });
    await expect(ask(updateSource, { id: source.id, settings: { org: "" } })).rejects.toMatchObject({
      problems: [{ at: "settings.org" }],
    });
    await expect(ask(createSource, { connector: "none", settings: {} })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("remembers only after a whole reading; one that breaks off removes nothing and is told", async () => {
    script.readings = [defines(entityOf("a")), defines(entityOf("b")), { type: "state", state: { etag: "1" } }];
    const { id } = await connect();
    script.readings = [
      { type: "state", state: { etag: "2" } },
      defines(entityOf("a")),
      () => {
        throw new Error("the connection ended");
      },
    ];
    const { source } = await ask(syncSource, { id });
    expect(source).toMatchObject({ state: "failed", lastError: expect.stringContaining("the connection ended"), entities: 2 });
    expect(await refs()).toEqual([ref("a"), ref("b")]);
    expect(await events()).toContain("catalog.source.failed");
    say("a", "b");
    await ask(syncSource, { id });
    expect(script.reads.map(({ state }) => state)).toEqual([{}, { etag: "1" }, { etag: "1" }]);
  });

  test("that reaches its limit waits until it may ask again, and shows its budget", async () => {
    say("a");
    const { id } = await connect();
    const resetAt = new Date(Date.now() + 3_600_000);
    script.readings = [
      { type: "budget", remaining: 3, limit: 5_000, resetAt },
      () => {
        throw new TooManyError("No more.", 3_600);
      },
    ];
    const { source } = await ask(syncSource, { id });
    expect(source).toMatchObject({ state: "failed", budget: { remaining: 0, limit: 5_000 }, entities: 1 });
    expect(new Date(source.nextRunAt!).getTime()).toBeGreaterThan(resetAt.getTime() - 60_000);
  });

  test("keeps what is unchanged without asking, and what it doubts with its last good state", async () => {
    script.readings = [
      defines(entityOf("a"), "https://scripted.example/part-1/a"),
      defines(entityOf("b"), "https://scripted.example/part-2/b"),
      defines(entityOf("c"), "https://scripted.example/part-2/c"),
    ];
    const { id } = await connect();
    script.readings = [
      { type: "unchanged", locationPrefix: "https://scripted.example/part-1/" },
      { type: "problem", at: "https://scripted.example/part-2/b", reason: "is not YAML" },
      defines({ ...entityOf("c"), spec: { type: "service" } }, "https://scripted.example/part-2/c"),
    ];
    const { source, problems } = await ask(syncSource, { id });
    expect(source).toMatchObject({ state: "partial", entities: 3, quarantined: 2 });
    expect(problems.map(({ reason }) => reason)).toContain("is not YAML");
    expect((await ask(getEntity, { ref: ref("a") })).provenance.orphan).toBe(false);
    expect((await ask(getEntity, { ref: ref("b") })).provenance.orphan).toBe(true);
    const { items } = await ask(listQuarantine, { sourceId: id });
    expect(items).toMatchObject([
      { object: ref("b"), reason: "is not YAML", why: "failed", hasEntity: true },
      { object: ref("c"), reason: expect.stringContaining("spec."), why: "failed", hasEntity: true },
    ]);
  });
});

test("what a connector adds to an entity of a file is in its document, and goes with the source", async () => {
  await put("a.yaml", component("a"));
  await ask(importSource, { target: world.folder });
  const entity = { ...entityOf("a"), metadata: { name: "a", annotations: { "scripted.example/on-call": "ada" } }, spec: {} };
  script.readings = [{ type: "entity", mode: "enrich", entity, location: "https://scripted.example/on-call/a" }];
  const { id, entities } = await connect();
  expect(entities).toBe(0);
  const annotations = async () => (await ask(getEntity, { ref: ref("a") })).entity.metadata.annotations ?? {};
  expect(await annotations()).toMatchObject({ "scripted.example/on-call": "ada" });
  script.readings = [{ type: "unchanged", locationPrefix: "https://scripted.example/" }];
  await ask(syncSource, { id });
  expect(await annotations()).toHaveProperty("scripted.example/on-call");
  script.readings = [];
  await ask(syncSource, { id });
  expect(await annotations()).not.toHaveProperty("scripted.example/on-call");
});

test("a descriptor that a connector brings is read as a file is, and what is wrong in it is told by line", async () => {
  script.readings = [
    {
      type: "descriptor",
      text: `${component("a")}---\n${component("b").replace("owner: team-a", "owner:")}`,
      location: "https://scripted.example/catalog-info.yaml",
    },
  ];
  const { id } = await connect();
  expect(await refs()).toEqual([ref("a")]);
  expect((await ask(getSource, { id })).problems).toMatchObject([
    { file: "https://scripted.example/catalog-info.yaml", line: 19, at: "spec.owner", ref: ref("b") },
  ]);
});

describe("a test of a source", () => {
  test("tells what would be added, changed and removed, and writes nothing", async () => {
    for (const name of ["a", "b", "c"]) await put(`${name}.yaml`, component(name));
    const { source } = await ask(importSource, { target: world.folder });
    await put("b.yaml", component("b").replace("type: service", "type: library"));
    await rm(join(world.folder, "c.yaml"));
    await put("d.yaml", component("d"));
    await forgetEvents();
    const tested = await ask(testSource, { id: source.id });
    expect(tested).toMatchObject({
      counts: { registered: 1, changed: 1, removed: 1, unchanged: 1 },
      added: [{ ref: ref("d") }],
      changed: [{ ref: ref("b"), fields: ["spec.type"] }],
      removed: [{ ref: ref("c") }],
    });
    expect(await refs()).toEqual([ref("a"), ref("b"), ref("c")]);
    expect(await events()).toEqual([]);
  });

  test("works before there is one, for a folder and for a connector with its settings", async () => {
    await put("a.yaml", component("a"));
    expect(await ask(testSource, { target: world.folder })).toMatchObject({ added: [{ ref: ref("a") }] });
    say("x", "y");
    expect((await ask(testSource, { connector: "scripted", settings: { org: "acme" } })).counts.registered).toBe(2);
    expect((await world.db.query("select 1 from catalog.source")).rowCount).toBe(0);
    await expect(ask(testSource, { connector: "scripted", settings: {} })).rejects.toBeInstanceOf(InvalidError);
    await expect(ask(testSource, {})).rejects.toBeInstanceOf(InvalidError);
  });
});

describe("a run that would remove too much", () => {
  test("changes nothing and asks; the same question is asked once; approving does exactly that", async () => {
    say(...names(20));
    const { id } = await connect();
    await forgetEvents();
    say(...names(10), "new");
    const { source } = await ask(syncSource, { id });
    expect(source).toMatchObject({ state: "held", entities: 20 });
    await ask(syncSource, { id });
    expect((await events()).filter((name) => name === "catalog.source.held")).toHaveLength(1);
    const { hold } = await ask(getSource, { id });
    expect(hold).toMatchObject({ owned: 20, added: 1, removed: 10, reason: expect.stringContaining("10 of 20") });
    expect(await ask(testSource, { id })).toMatchObject({ wouldHold: expect.stringContaining("10 of 20") });
    const approved = await ask(approveHold, { id });
    expect(approved).toMatchObject({ source: { state: "ok", entities: 11 }, counts: { removed: 10, registered: 1 } });
    await expect(ask(approveHold, { id })).rejects.toBeInstanceOf(ConflictError);
    expect((await ask(listRuns, { id })).items.map(({ cause, state }) => [cause, state])).toEqual([
      ["approve", "ok"],
      ["asked", "held"],
      ["asked", "held"],
      ["asked", "ok"],
    ]);
  });

  test("is not approved when the source says something else by then", async () => {
    say(...names(20));
    const { id } = await connect();
    say(...names(10));
    await ask(syncSource, { id });
    say(...names(9));
    await expect(ask(approveHold, { id })).rejects.toBeInstanceOf(ConflictError);
    expect(await refs()).toHaveLength(20);
    await eventually(async () => expect((await ask(getSource, { id })).hold).toMatchObject({ removed: 11 }));
  });

  test("is withdrawn when the source is well again", async () => {
    say(...names(20));
    const { id } = await connect();
    say(...names(3));
    await ask(syncSource, { id });
    say(...names(20));
    expect((await ask(syncSource, { id })).source.state).toBe("ok");
    expect((await ask(getSource, { id })).hold).toBeUndefined();
    expect(await events()).toContain("catalog.source.decided");
  });

  test("can be rejected: what it named no more stays, the rest is followed, and it is not asked again", async () => {
    say(...names(20));
    const { id } = await connect();
    say(...names(10), "new");
    await ask(syncSource, { id });
    expect(await ask(rejectHold, { id })).toMatchObject({ kept: 10 });
    await eventually(async () => expect(await refs()).toHaveLength(21));
    expect((await ask(listQuarantine, { sourceId: id })).items).toHaveLength(10);
    expect((await ask(listQuarantine, { sourceId: id })).items[0]).toMatchObject({
      why: "kept",
      reason: expect.stringContaining("user:ada"),
    });
    say(...names(11), "new");
    expect((await ask(syncSource, { id })).source).toMatchObject({ state: "ok", quarantined: 9 });
    await ask(deleteEntity, { ref: ref("e19") });
    expect((await ask(syncSource, { id })).source).toMatchObject({ quarantined: 8, entities: 20 });
  });

  test("is also one that answers nothing, of however few; the threshold is the source's own", async () => {
    say("a", "b");
    const { id } = await connect();
    say();
    expect((await ask(syncSource, { id })).source).toMatchObject({ state: "held", entities: 2 });
    say("c");
    expect((await ask(syncSource, { id })).source).toMatchObject({ state: "ok", entities: 1 });
    await ask(updateSource, { id, thresholdPercent: 60 });
    say(...names(20));
    await ask(syncSource, { id });
    say(...names(10));
    expect((await ask(syncSource, { id })).source).toMatchObject({ state: "ok", entities: 10 });
    say(...names(20, "other"));
    expect((await ask(syncSource, { id })).source).toMatchObject({ state: "held", entities: 10 });
  });
});

describe("quarantine", () => {
  test("knows since when, is left when the object is well, and can be retried and dismissed", async () => {
    for (const name of ["a", "b"]) await put(`${name}.yaml`, component(name));
    const { source } = await ask(importSource, { target: world.folder, watch: false });
    await put("a.yaml", component("a").replace("owner: team-a", "owner:"));
    await ask(syncSource, { id: source.id });
    const [first] = (await ask(listQuarantine, {})).items;
    expect(first).toMatchObject({ sourceId: source.id, ref: ref("a"), reason: expect.stringContaining("spec.owner"), hasEntity: true });
    await put("b.yaml", component("b", "  dependsOn: [component:a]\n"));
    await ask(syncSource, { id: source.id });
    expect((await ask(listQuarantine, {})).items).toEqual([first]);
    const key = { sourceId: source.id, object: first!.object };
    expect(await ask(retryQuarantine, key)).toMatchObject({ released: false, reason: first!.reason });
    await ask(dismissQuarantine, key);
    expect((await ask(listQuarantine, {})).items).toEqual([]);
    await put("a.yaml", component("a").replace("type: service", "type:").replace("owner: team-a", "owner:"));
    await ask(syncSource, { id: source.id });
    expect((await ask(listQuarantine, {})).items).toHaveLength(1);
    await put("a.yaml", component("a"));
    expect(await ask(retryQuarantine, key)).toEqual({ released: true });
    expect((await ask(getEntity, { ref: ref("a") })).provenance.orphan).toBe(false);
    await expect(ask(retryQuarantine, key)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("an undo", () => {
  test("puts back what a run added, changed and removed, names what changed since, and pauses the source", async () => {
    say("a", "b", "c", "d");
    const { id } = await connect();
    script.readings = ["a", "e", "f"].map((name) => defines(entityOf(name))).concat([defines(entityOf("b", { type: "library" }))]);
    script.readings = [...script.readings, defines(entityOf("d"))];
    await ask(syncSource, { id });
    const [run] = (await ask(listRuns, { id })).items;
    expect(run?.counts).toMatchObject({ registered: 2, changed: 1, removed: 1 });
    await ask(deleteEntity, { ref: ref("f") });
    const undone = await ask(undoSync, { id, run: run!.id });
    expect(undone).toMatchObject({
      restored: 1,
      reverted: 1,
      removed: 1,
      conflicts: [{ ref: ref("f") }],
      source: { pausedReason: expect.any(String) },
    });
    expect(await refs()).toEqual([ref("a"), ref("b"), ref("c"), ref("d")]);
    expect((await ask(getEntity, { ref: ref("b") })).entity.spec).toMatchObject({ type: "service" });
    const history = await ask(entityHistory, { ref: ref("b") });
    expect(history.items[0]).toMatchObject({ change: "changed", fields: ["spec.type"], reason: expect.stringContaining(`run ${run!.id}`) });
    expect((await ask(listRuns, { id })).items.slice(0, 2)).toMatchObject([{ cause: "undo", undoes: run!.id }, { state: "undone" }]);
    await expect(ask(undoSync, { id, run: run!.id })).rejects.toBeInstanceOf(ConflictError);
    expect(await events()).toContain("catalog.source.undone");
  });

  test("can itself be taken back", async () => {
    say("a", "b");
    const { id } = await connect();
    say("a", "b", "c");
    await ask(syncSource, { id });
    const [run] = (await ask(listRuns, { id })).items;
    await ask(undoSync, { id, run: run!.id });
    expect(await refs()).toEqual([ref("a"), ref("b")]);
    const [undo] = (await ask(listRuns, { id })).items;
    await ask(undoSync, { id, run: undo!.id });
    expect(await refs()).toEqual([ref("a"), ref("b"), ref("c")]);
  });
});

describe("a schedule", () => {
  test("reads a source when its hour has come, and not while it is paused", async () => {
    say("a");
    const { id } = await connect();
    await world.catalog.start();
    say("a", "b");
    await world.db.query("update catalog.source set next_run_at = now() - interval '1 minute'");
    await eventually(async () => expect(await refs()).toEqual([ref("a"), ref("b")]));
    expect((await ask(listRuns, { id })).items[0]).toMatchObject({ cause: "schedule", actor: "system:catalog.sync" });
    await ask(pauseSource, { id, reason: "maintenance" });
    expect((await ask(getSource, { id })).source).toMatchObject({ pausedReason: "maintenance" });
    const reads = script.reads.length;
    await world.db.query("update catalog.source set next_run_at = now() - interval '1 minute'");
    await new Promise((done) => setTimeout(done, 250));
    expect(script.reads).toHaveLength(reads);
    say("a");
    await ask(resumeSource, { id });
    await eventually(async () => expect(await refs()).toEqual([ref("a")]));
  });

  test("waits longer after each failure", async () => {
    say("a");
    const { id } = await connect({ everyMinutes: 10 });
    script.readings = [
      () => {
        throw new UnavailableError("500");
      },
    ];
    const minutes = async (): Promise<number> => {
      const { source } = await ask(syncSource, { id });
      return Math.round((new Date(source.nextRunAt!).getTime() - Date.now()) / 60_000);
    };
    expect([await minutes(), await minutes(), await minutes()]).toEqual([20, 40, 80]);
  });

  test("lets one of two processes read a source at once; the other waits", async () => {
    let reading = 0;
    let most = 0;
    script.readings = [
      async () => {
        most = Math.max(most, ++reading);
        await new Promise((done) => setTimeout(done, 100));
        reading--;
      },
      defines(entityOf("a")),
    ];
    const { id } = await connect();
    const other = world.open({ connectors: [scriptedConnector(script)], outbound: () => fetch, tickMs: 0 });
    await Promise.all([ask(syncSource, { id }), ask(syncSource, { id }, other), ask(syncSource, { id })]);
    await other.stop();
    expect([most, script.reads.length]).toEqual([1, 4]);
  });
});

describe("a webhook", () => {
  async function connected(): Promise<{
    id: string;
    tell: (message: object, over?: { secret?: string; catalog?: typeof world.catalog }) => ReturnType<typeof world.catalog.receiveHook>;
  }> {
    say("a", "b");
    const { id } = await connect();
    const { secret, path } = await ask(rotateHook, { id });
    expect(path).toBe(`/hooks/sources/${id}`);
    return {
      id,
      tell: (message, over = {}) => {
        const body = new TextEncoder().encode(JSON.stringify(message));
        const headers = { "x-signature": signed(body, over.secret ?? secret) };
        return (over.catalog ?? world.catalog).receiveHook(id, { headers, body });
      },
    };
  }

  test("is seen at once", async () => {
    const { tell } = await connected();
    const received = performance.now();
    expect(await tell({ id: "1", define: [entityOf("c")], remove: [ref("b")] })).toEqual({ outcome: "applied", changed: 2 });
    expect(await refs()).toEqual([ref("a"), ref("c")]);
    console.log(`a webhook was visible after ${(performance.now() - received).toFixed(1)} ms`);
  });

  test("is refused when it is forged, or there is no such source, in the same words", async () => {
    const { id, tell } = await connected();
    await expect(tell({ id: "1", define: [entityOf("c")] }, { secret: "guessed" })).rejects.toBeInstanceOf(UnauthenticatedError);
    const request = { headers: {}, body: new Uint8Array() };
    await expect(world.catalog.receiveHook("src_none", request)).rejects.toBeInstanceOf(UnauthenticatedError);
    await ask(rotateHook, { id });
    await expect(tell({ id: "2", define: [entityOf("c")] })).rejects.toBeInstanceOf(UnauthenticatedError);
    expect(await refs()).toEqual([ref("a"), ref("b")]);
  });

  test("does nothing the second time", async () => {
    const { tell } = await connected();
    await tell({ id: "1", define: [entityOf("c")] });
    await tell({ id: "2", remove: [ref("c")] });
    expect(await tell({ id: "1", define: [entityOf("c")] })).toEqual({ outcome: "duplicate", changed: 0 });
    expect(await refs()).toEqual([ref("a"), ref("b")]);
  });

  test("that comes after a newer one is dropped, entity by entity", async () => {
    const { tell } = await connected();
    await tell({ id: "2", at: "2026-01-02T00:00:00Z", define: [entityOf("a", { type: "library" })] });
    expect(await tell({ id: "1", at: "2026-01-01T00:00:00Z", define: [entityOf("a", { type: "website" })] })).toEqual({
      outcome: "stale",
      changed: 0,
    });
    await tell({ id: "0", at: "2026-01-01T00:00:00Z", define: [entityOf("a", { type: "website" }), entityOf("z")] });
    expect((await ask(getEntity, { ref: ref("a") })).entity.spec).toMatchObject({ type: "library" });
    expect(await refs()).toContain(ref("z"));
    await tell({ id: "4", at: "2026-01-04T00:00:00Z", remove: [ref("z")] });
    await tell({ id: "3", at: "2026-01-03T00:00:00Z", define: [entityOf("z")] });
    expect(await refs()).not.toContain(ref("z"));
  });

  test("is not overwritten by a reading that began before it", async () => {
    const { id, tell } = await connected();
    const told = Promise.withResolvers<void>();
    script.readings = [
      defines(entityOf("a")),
      async () => {
        await tell({ id: "1", define: [entityOf("a", { type: "library" }), entityOf("c")], remove: [ref("b")] });
        told.resolve();
      },
      defines(entityOf("b")),
    ];
    await Promise.all([told.promise, ask(syncSource, { id })]);
    expect(await refs()).toEqual([ref("a"), ref("c")]);
    expect((await ask(getEntity, { ref: ref("a") })).entity.spec).toMatchObject({ type: "library" });
  });

  test("may ask for a reading, is not heard while the source is paused, and leaves a sample without secrets", async () => {
    const { id, tell } = await connected();
    say("a", "b", "c");
    expect(await tell({ id: "1", resync: true, note: "with s3cret-token", password: "x" })).toEqual({ outcome: "scheduled", changed: 0 });
    await eventually(async () => expect(await refs()).toContain(ref("c")));
    await ask(pauseSource, { id });
    expect(await tell({ id: "2", remove: [ref("a")] })).toEqual({ outcome: "paused", changed: 0 });
    const { items } = await ask(listSamples, { id });
    expect(items).toMatchObject([{ origin: "webhook", body: { id: "1", note: "with [hidden]", password: "[hidden]" } }]);
  });

  test("of a Git host starts a reading of files, by signature or by token", async () => {
    await put("a.yaml", component("a"));
    const { source } = await ask(importSource, { target: world.folder, watch: false });
    const { secret } = await ask(rotateHook, { id: source.id });
    await put("b.yaml", component("b"));
    const body = new TextEncoder().encode("{}");
    expect(await world.catalog.receiveHook(source.id, { headers: { "x-gitlab-token": secret }, body })).toMatchObject({
      outcome: "scheduled",
    });
    await eventually(async () => expect(await refs()).toEqual([ref("a"), ref("b")]));
    await put("c.yaml", component("c"));
    await world.catalog.receiveHook(source.id, { headers: { "x-hub-signature-256": `sha256=${signed(body, secret)}` }, body });
    await eventually(async () => expect(await refs()).toHaveLength(3));
    await expect(world.catalog.receiveHook(source.id, { headers: { "x-gitlab-token": "no" }, body })).rejects.toBeInstanceOf(
      UnauthenticatedError,
    );
  });
});

test("lists answer with what they were asked for", async () => {
  say("a");
  const { id } = await connect();
  for (let n = 0; n < 3; n++) await ask(syncSource, { id });
  const first = await ask(listRuns, { id, limit: 3 });
  expect(first.items).toHaveLength(3);
  expect((await ask(listRuns, { id, limit: 3, cursor: first.nextCursor })).items).toHaveLength(1);
  expect((await ask(listEntities, {})).items).toHaveLength(1);
});
