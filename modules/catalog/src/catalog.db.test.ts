import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { getEntity, importSource, listEntities } from "@roadbed/contracts/catalog";
import { perform, type Handler, type Operation, type OutputOf } from "@roadbed/core";
import { callAs, createTestDatabase, quietLog, type TestDatabase } from "@roadbed/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createCatalog, migrations, type Catalog } from "./index.ts";

let database: TestDatabase;
let catalog: Catalog;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase([migrations]);
  catalog = createCatalog({ db: database.db, runtime: database.runtime, log: quietLog });
  folder = await mkdtemp(join(tmpdir(), "catalog-"));
});
afterAll(async () => {
  await catalog.stop();
  await database.drop();
  await rm(folder, { recursive: true });
});

async function call<O extends Operation>(operation: O, input: unknown): Promise<OutputOf<O>> {
  const handler = catalog.handlers.find((one: Handler) => one.operation === operation)!;
  return operation.output.parse(await perform(database.runtime, handler, callAs(), input)) as OutputOf<O>;
}

test("a folder can be imported and read", async () => {
  await writeFile(
    join(folder, "catalog-info.yaml"),
    `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: orders, tags: [node]}
spec: {type: service, lifecycle: production, owner: team-a, dependsOn: [resource:db]}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: db}
spec: {type: database, owner: team-a}
`,
  );
  const { counts, problems } = await call(importSource, { target: folder });
  expect(problems).toEqual([]);
  expect(counts).toMatchObject({ read: 2, registered: 2 });
  const view = await call(getEntity, { ref: "component:default/orders" });
  expect(view.entity.relations).toEqual([
    { type: "dependsOn", targetRef: "resource:default/db" },
    { type: "ownedBy", targetRef: "group:default/team-a" },
  ]);
  expect((await call(listEntities, { filter: "kind=component,metadata.tags.node=true" })).items).toHaveLength(1);
});
