import { stringify } from "yaml";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Preview } from "@roadbed/contracts/paths";

import { createBench, type Bench } from "../testing/bench.suite.ts";
import { entity } from "../testing/ports.ts";
import { folderOf, template } from "../testing/preview.ts";

const TELLS = template(
  `
parameters: { properties: { to: { type: array, items: { type: string } }, all: { type: boolean, default: false } } }
steps:
  - id: tell
    action: notification:send
    input:
      recipients: "\${{ 'broadcast' if parameters.all else 'entity' }}"
      entityRefs: "\${{ parameters.to }}"
      title: Orders is there
      info: Look at it.
      link: /catalogue
      severity: high
`,
  "tells",
);
let bench: Bench;
beforeAll(async () => {
  bench = await createBench(await folderOf({ "tells/template.yaml": stringify(TELLS) }));
  bench.world.entities.set("group:default/payments", entity("Group", "payments"));
  bench.world.entities.set("component:default/orders", entity("Component", "orders", { owner: "payments" }));
});
afterAll(() => bench.close());

async function sent(): Promise<Record<string, unknown>[]> {
  const { rows } = await bench.database.db.query<{ payload: Record<string, unknown> }>(
    "select payload from kernel.event where name = 'paths.notice.sent' order by seq",
  );
  return rows.map(({ payload }) => payload);
}

test("a run tells those whom it names and the owners of what it names, each once", async () => {
  const run = await bench.run("tells", { to: ["payments", "component:default/orders", "group:default/payments"] });
  expect(run.status).toBe("succeeded");
  const common = { runId: run.id, path: "template:default/tells", title: "Orders is there", info: "Look at it.", severity: "high" };
  expect(await sent()).toEqual([
    { ...common, link: "/catalogue", entityRef: "group:default/payments", recipients: ["group:default/payments"] },
    { ...common, link: "/catalogue", entityRef: "component:default/orders", recipients: ["group:default/payments"] },
  ]);
});

test("who started it may be told themselves, whether the catalogue knows them or not", async () => {
  const run = await bench.run("tells", { to: ["user:default/ada"] });
  expect(run.status).toBe("succeeded");
  expect((await sent()).at(-1)).toMatchObject({ entityRef: "user:default/ada", recipients: ["user:default/ada"], starter: "ada" });
});

test("it is said before a run that nobody of that name is there, and that everybody is not told", async () => {
  const before = (await sent()).length;
  await expect(bench.run("tells", { to: ["group:default/nobody"] })).rejects.toThrow(/there is no group:default\/nobody in the catalogue/);
  await expect(bench.run("tells", { all: true })).rejects.toThrow(/named teams and people only/);
  const preview = await bench.call<Preview>("paths.path.preview", { path: "tells", values: { to: ["payments"] } });
  expect(preview.steps[0]?.effect).toBe("Tells group:default/payments: Orders is there");
  expect(await sent()).toHaveLength(before);
});
