import { rm } from "node:fs/promises";
import { join } from "node:path";

import { getEntity, getSource, importSource, syncSource, type Entity } from "@roadbed/contracts/catalog";
import { createSource, rotateHook } from "@roadbed/contracts/catalog/connections";
import { listFacts, setTrustRules } from "@roadbed/contracts/catalog/facts";
import type { Connector } from "@roadbed/contracts/connector";
import { beforeEach, expect, test } from "vitest";
import { z } from "zod";

import { scriptedConnector, type Script } from "../testing/scripted-connector.ts";
import { component, entityOf, useWorld } from "../world.suite.ts";

const world = useWorld();
const { ask, put } = world;
const ref = "component:default/a";

let script: Script;
/** Its messages name one tag each: none says all. */
const tagging: Connector = {
  ...scriptedConnector({ readings: [], reads: [] }),
  kind: "tagging",
  settings: z.object({}),
  targetOf: () => "tagging.example",
  async *read() {
    yield { type: "unchanged", locationPrefix: "" };
  },
  receive: async (_, { body }) => {
    const tag = new TextDecoder().decode(body);
    const apply = (known: ReadonlyMap<string, Entity>) => {
      const before = known.get(ref) ?? entityOf("a");
      const tags = [...new Set([...(before.metadata.tags ?? []), tag])].sort();
      return {
        readings: [
          {
            type: "entity" as const,
            mode: "define" as const,
            entity: { ...before, metadata: { ...before.metadata, tags } },
            location: "x",
          },
        ],
      };
    };
    return { deliveryId: tag, amend: { refs: [ref], apply } };
  },
};

beforeEach(async () => {
  script = { readings: [], reads: [] };
  await world.catalog.stop();
  world.catalog = world.open({ connectors: [scriptedConnector(script), tagging], outbound: () => fetch, tickMs: 50 });
});

function discovers(replicas: number): Script["readings"] {
  const entity = entityOf("a");
  const otherwise: Entity = { ...entity, metadata: { name: "a" }, spec: { replicas } };
  return [
    {
      type: "entity",
      mode: "define",
      entity: { ...entity, spec: { ...entity.spec, replicas } },
      otherwise,
      location: "https://scripted.example/a",
    },
  ];
}

const shown = () => ask(getEntity, { ref });

test("what was discovered is there by itself, gives way to who describes it, and comes back when that goes", async () => {
  script.readings = discovers(2);
  const { source } = await ask(createSource, { connector: "scripted", settings: { org: "acme" } });
  expect((await shown()).entity).toMatchObject({
    metadata: { annotations: { "roadbed.dev/discovered-by": "scripted" } },
    spec: { replicas: 2, owner: "team-a" },
  });
  await put("a.yaml", component("a").replace("owner: team-a", "owner: team-b"));
  const files = await ask(importSource, { target: world.folder, name: "files", watch: false });
  expect(files.source).toMatchObject({ state: "ok", entities: 1 });
  expect((await shown()).entity.spec).toMatchObject({ owner: "team-b" });

  script.readings = discovers(3);
  const again = await ask(syncSource, { id: source.id });
  expect(again).toMatchObject({ problems: [], source: { state: "ok" }, counts: { conflicts: 0, removed: 0 } });
  const { entity } = await shown();
  expect(entity.spec).toMatchObject({ owner: "team-b", replicas: 3 });
  expect(entity.metadata.annotations ?? {}).not.toHaveProperty("roadbed.dev/discovered-by");
  const { items } = await ask(listFacts, { ref, property: "spec.owner" });
  expect(items[0]?.losing).toEqual([]);

  await put("b.yaml", component("b"));
  await rm(join(world.folder, "a.yaml"));
  await ask(syncSource, { id: files.source.id });
  await ask(syncSource, { id: source.id });
  expect((await shown()).entity.spec).toMatchObject({ owner: "team-a", replicas: 3 });
  expect((await ask(getSource, { id: source.id })).source.entities).toBe(1);
});

test("facts of a connector are trusted as the connector says, until somebody declares otherwise", async () => {
  script.readings = discovers(2);
  const { source } = await ask(createSource, { connector: "scripted", settings: { org: "acme" } });
  const winner = async () => (await ask(listFacts, { ref, property: "spec.owner" })).items[0]?.winner;
  expect(await winner()).toMatchObject({ confidence: 0.9, halfLifeDays: 30 });

  await world.catalog.stop();
  const changed = { ...scriptedConnector(script), defaults: { everyMinutes: 15, halfLifeDays: 2, confidence: 0.6 } };
  world.catalog = world.open({ connectors: [changed], outbound: () => fetch, tickMs: 0 });
  await world.catalog.start();
  expect(await winner()).toMatchObject({ confidence: 0.6, halfLifeDays: 2 });
  await world.sql("update catalog.entity set observed_at = observed_at - interval '2 days'");
  await world.sql("update catalog.source set last_sync_at = last_sync_at - interval '2 days'");
  expect((await winner())?.trust).toBeCloseTo(0.3, 2);

  await ask(setTrustRules, { source: source.id, confidence: 1 });
  expect(await winner()).toMatchObject({ confidence: 1, halfLifeDays: 2 });
});

test("messages that say a part each are added up, also when they come at once", async () => {
  const { source } = await ask(createSource, { connector: "tagging", settings: {} });
  await ask(rotateHook, { id: source.id });
  const tags = ["a", "b", "c", "d"];
  const say = (tag: string) => world.catalog.receiveHook(source.id, { headers: {}, body: new TextEncoder().encode(tag) });
  expect((await Promise.all(tags.map(say))).map(({ outcome }) => outcome)).toEqual(tags.map(() => "applied"));
  expect((await say("b")).outcome).toBe("duplicate");
  await world.catalog.settled();
  expect((await shown()).entity.metadata.tags).toEqual(tags);
});
