import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";

import { deleteSource, getSource, listEntities, listSources, syncSource } from "@roadbed/contracts/catalog";
import { createSource, rotateHook } from "@roadbed/contracts/catalog/connections";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";

import { defines, scriptedConnector, signed, type Script } from "../testing/scripted-connector.ts";
import { entityOf, useWorld } from "../world.suite.ts";

const world = useWorld();
const { ask } = world;

let script: Script;
beforeEach(async () => {
  script = { readings: [], reads: [] };
  await world.catalog.stop();
  world.catalog = world.open({ connectors: [scriptedConnector(script)], outbound: () => fetch, tickMs: 0 });
});

describe("kill -9 in the middle of a run", () => {
  const COUNT = 3_000;

  test.each([
    ["while it reads", "reading", 0],
    ["while it writes", "reading", 60],
    ["while it writes, later", "reading", 180],
    ["after it wrote", "written", 0],
  ] as const)("%s leaves nothing half, and the source free for the next", async (_, signal, delay) => {
    script.readings = [defines(entityOf("first"))];
    const { source } = await ask(createSource, { connector: "scripted", settings: { org: "acme" } });
    const child = start(source.id, "killed");
    await told(child, signal);
    await pause(delay);
    await kill(child);
    const state = await world.db.query<{ marked: number; first: number; runs: number; history: number }>(
      `select (select count(*) from catalog.entity where document->'metadata'->>'description' = 'killed')::int as marked,
         (select count(*) from catalog.entity where ref = 'component:default/first')::int as first,
         (select count(*) from catalog.source_sync)::int as runs, (select count(*) from catalog.history where change = 'registered')::int as history`,
    );
    const isWritten = state.rows[0]!.marked > 0;
    expect(state.rows[0]).toEqual(
      isWritten ? { marked: COUNT, first: 0, runs: 2, history: COUNT + 1 } : { marked: 0, first: 1, runs: 1, history: 1 },
    );
    if (signal === "written") expect(isWritten).toBe(true);
    script.readings = [...[1, 2, 3].map((n) => defines(entityOf(`e${n}`))), defines(entityOf("first"))];
    await world.db.query("update catalog.source set threshold_percent = 100");
    expect((await ask(syncSource, { id: source.id })).source).toMatchObject({ state: "ok", entities: 4 });
  });

  function start(sourceId: string, mark: string): ChildProcess {
    return fork(new URL("../testing/sync-server.ts", import.meta.url), [world.url, sourceId, String(COUNT), mark], {
      execArgv: [],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
  }
});

async function told(child: ChildProcess, signal: string): Promise<void> {
  for (;;) {
    const [message] = (await once(child, "message")) as [string];
    if (message === signal) return;
  }
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** What may happen to a source between now and its last whole reading. */
type Step =
  | { readonly do: "message"; readonly delivery: number; readonly at: number; readonly name: number; readonly type: number | null }
  | { readonly do: "read"; readonly breakAt: number | null; readonly names: readonly (readonly [number, number])[] };

test("whatever messages and readings come, in any order, repeated and broken off, the last whole reading makes the same catalogue", async () => {
  const name = fc.integer({ min: 0, max: 5 });
  const type = fc.integer({ min: 0, max: 2 });
  const message = fc.record({
    do: fc.constant("message" as const),
    delivery: fc.integer({ min: 0, max: 6 }),
    at: fc.integer({ min: 0, max: 9 }),
    name,
    type: fc.option(type),
  });
  const reading = fc.record({
    do: fc.constant("read" as const),
    breakAt: fc.option(fc.integer({ min: 0, max: 6 })),
    names: fc.uniqueArray(fc.tuple(name, type), { selector: ([one]) => one, minLength: 1, maxLength: 6 }),
  });
  const truth = fc.uniqueArray(fc.tuple(name, type), { selector: ([one]) => one, minLength: 1, maxLength: 6 });

  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(message, reading), { maxLength: 8 }), truth, async (steps: Step[], last) => {
      for (const { id } of (await ask(listSources, {})).items) await ask(deleteSource, { id });
      script.readings = [defines(entityOf("e0", { type: "t0" }))];
      const { source } = await ask(createSource, { connector: "scripted", settings: { org: "acme" }, thresholdPercent: 100 });
      const { secret } = await ask(rotateHook, { id: source.id });
      for (const step of steps) await perform(step, source.id, secret);
      script.readings = last.map(said);
      const { source: after } = await ask(syncSource, { id: source.id });
      expect(after.state).toBe("ok");
      const { items } = await ask(listEntities, { limit: 50 });
      expect(items.map(({ name: one, type: kind }) => `${one} ${kind}`).sort()).toEqual(
        last.map(([one, kind]) => `e${one} t${kind}`).sort(),
      );
      expect((await ask(getSource, { id: source.id })).source.entities).toBe(last.length);
    }),
    { numRuns: 25 },
  );

  function said([one, kind]: readonly [number, number]) {
    return defines(entityOf(`e${one}`, { type: `t${kind}` }));
  }

  async function perform(step: Step, id: string, secret: string): Promise<void> {
    if (step.do === "read") {
      const broken = (): void => {
        throw new Error("broken off");
      };
      const all: Script["readings"] = step.names.map(said);
      script.readings = step.breakAt === null ? all : [...all.slice(0, step.breakAt), broken];
      await ask(syncSource, { id });
      return;
    }
    const entity =
      step.type === null
        ? { remove: [`component:default/e${step.name}`] }
        : { define: [entityOf(`e${step.name}`, { type: `t${step.type}` })] };
    const body = new TextEncoder().encode(
      JSON.stringify({ id: String(step.delivery), at: `2026-01-0${step.at + 1 > 9 ? 9 : step.at + 1}T00:00:00Z`, ...entity }),
    );
    await world.catalog.receiveHook(id, { headers: { "x-signature": signed(body, secret) }, body });
  }
});
