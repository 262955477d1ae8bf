import { getEntity, getSource, listSources } from "@roadbed/contracts/catalog";
import { importBackstage, importCsv } from "@roadbed/contracts/catalog/imports";
import { afterEach, beforeEach, expect, test } from "vitest";

import { useWorld } from "../../modules/catalog/src/world.suite.ts";
import { connectors } from "../../modules/connectors/src/index.ts";
import { openDouble, type Double, type Question, type Reply } from "../../modules/connectors/src/lib/double.ts";

const world = useWorld();
const { ask, refs } = world;

let double: Double;
beforeEach(async () => {
  await world.catalog.stop();
  world.catalog = world.open({ connectors, outbound: () => fetch });
  double = await openDouble(answerAsBackstage);
});
afterEach(() => double.close());

const component = (name: string, spec: object = {}) => ({
  apiVersion: "backstage.io/v1alpha1",
  kind: "Component",
  metadata: { name, namespace: "default", uid: `u-${name}`, etag: `e-${name}`, annotations: {} },
  spec: { type: "service", lifecycle: "production", owner: "team-a", ...spec },
  relations: [{ type: "ownedBy", targetRef: "group:default/team-a" }],
});
const ENTITIES = [component("orders"), component("bill"), component("broken", { type: 7 })];

/** A double of Backstage's catalogue: entities by query with a cursor, and by references. */
function answerAsBackstage({ url, headers, body }: Question): Reply {
  if (headers["authorization"] !== "Bearer s3cret") return { status: 401, body: { error: { name: "AuthenticationError" } } };
  if (url.pathname === "/api/catalog/entities/by-query") {
    const at = Number(url.searchParams.get("cursor") ?? 0);
    const next = at + 2 < ENTITIES.length ? { nextCursor: String(at + 2) } : {};
    return { body: { items: ENTITIES.slice(at, at + 2), totalItems: ENTITIES.length, pageInfo: next } };
  }
  if (url.pathname !== "/api/catalog/entities/by-refs") return { status: 404, body: {} };
  const { entityRefs } = JSON.parse(body) as { entityRefs: string[] };
  return { body: { items: entityRefs.map((ref) => ENTITIES.find(({ metadata }) => ref.endsWith(`/${metadata.name}`)) ?? null) } };
}

test("Backstage is imported by one command: it becomes a source that is followed, and says what to do next", async () => {
  const imported = await ask(importBackstage, { address: double.url, apiToken: "s3cret" });
  expect(imported).toMatchObject({
    source: { kind: "connector", connector: "backstage", everyMinutes: 10, entities: 2 },
    counts: { read: 3, registered: 2, failed: 1 },
    problems: [{ at: "spec.type" }],
    next: { mend: `roadbed source get ${imported.source.id}`, takeBack: `roadbed source delete ${imported.source.id}` },
  });
  expect(await refs()).toEqual(["component:default/bill", "component:default/orders"]);
  expect((await ask(getEntity, { ref: "component:default/orders" })).provenance).toMatchObject({
    sourceName: expect.stringContaining("Backstage"),
  });
  expect(JSON.stringify([imported, await ask(getSource, { id: imported.source.id })])).not.toContain("s3cret");
  // The same again is the same source.
  expect((await ask(importBackstage, { address: `${double.url}/api/catalog`, apiToken: "s3cret" })).counts).toMatchObject({ unchanged: 2 });
  expect((await ask(listSources, {})).items).toHaveLength(1);
});

test("an import that cannot be read leaves nothing behind, and who may not connect systems may not import one", async () => {
  await expect(ask(importBackstage, { address: double.url, apiToken: "wrong" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await expect(ask(importBackstage, { address: "backstage" })).rejects.toMatchObject({ code: "INVALID" });
  expect((await ask(listSources, {})).items).toEqual([]);
  const who = { scopes: new Set(["catalog:read", "catalog:write"]) };
  await expect(ask(importBackstage, { address: double.url, apiToken: "s3cret" }, world.catalog, who)).rejects.toMatchObject({
    code: "FORBIDDEN",
  });
});

test("a file is imported by the portal's name: looked at first, then brought in", async () => {
  const text = "Service;Team\norders;team-a\n;team-b\n";
  const mapping = { "metadata.name": "Service", "spec.owner": "Team" };
  const seen = await ask(importCsv, { text, mapping, preview: true });
  expect(seen).toMatchObject({ counts: { read: 2, registered: 1, failed: 1 }, mapping, problems: [{ line: 3 }] });
  expect(seen.source).toBeUndefined();
  expect(await refs()).toEqual([]);
  expect(await ask(importCsv, { text, mapping })).toMatchObject({
    source: { kind: "upload", name: "csv" },
    counts: { registered: 1, failed: 1 },
  });
  expect(await refs()).toEqual(["component:default/orders"]);
});
