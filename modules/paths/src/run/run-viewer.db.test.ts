import type { Run } from "@roadbed/contracts/paths";
import { callAs } from "@roadbed/testkit";
import { stringify } from "yaml";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { createBench, type Bench } from "../testing/bench.suite.ts";
import { entity } from "../testing/ports.ts";
import { folderOf, template } from "../testing/preview.ts";

const MAKES = template(
  `
parameters: { required: [name], properties: { name: { type: string } } }
steps:
  - { id: fetch, action: "fetch:template", input: { url: ./skeleton, values: "\${{ parameters }}" } }
  - { id: publish, action: "publish:git", input: { name: "\${{ parameters.name }}" } }
  - { id: register, action: "catalog:register", input: { repoContentsUrl: "\${{ steps.publish.output.repoContentsUrl }}" } }
  - { id: fail, if: "\${{ parameters.name == 'halfway' and context.task.id != 'preview' }}", action: "fs:rename", input: { files: [{ from: nowhere, to: else }] } }
`,
  "makes",
);
const CHANGES = {
  ...template(
    `
operation: day-2
appliesTo: { parameter: service, kinds: [component] }
parameters: { required: [service], properties: { service: { type: string } } }
steps:
  - { id: say, action: "debug:log", input: { message: "changed \${{ parameters.service }}" } }
`,
    "changes",
  ),
  apiVersion: "roadbed.dev/v1",
  kind: "GoldenPath",
};

const BEN = { actor: { kind: "user", id: "ben", name: "Ben" } } as const;
let bench: Bench;

beforeAll(async () => {
  bench = await createBench(
    await folderOf({
      "makes/template.yaml": stringify(MAKES),
      "makes/skeleton/catalog-info.yaml":
        'apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: "${{ values.name }}" }\nspec: { type: service, owner: payments }\n',
      "changes/template.yaml": stringify(CHANGES),
    }),
  );
});
beforeEach(() => bench.world.hidden.clear());
afterAll(() => bench.close());

/** Everything that answers about one run, as somebody else. */
async function asBen(id: string): Promise<Record<string, string>> {
  const asked: [string, unknown][] = [
    ["paths.run.get", { id }],
    ["paths.run.logs", { id }],
    ["paths.run.cancel", { id }],
    ["paths.run.retry", { id }],
    ["paths.run.again", { id }],
    ["paths.run.undo", { id, reason: "not mine" }],
    ["paths.run.compare", { id, other: id }],
    ["paths.scaffolder.task", { id }],
    ["paths.scaffolder.events", { id, after: 0, waitMs: 0 }],
  ];
  const answers = await Promise.all(
    asked.map(async ([operation, input]) => [
      operation,
      await bench.call(operation, input, BEN).then(
        () => "seen",
        (error: { code?: string }) => error.code ?? "no code",
      ),
    ]),
  );
  return Object.fromEntries(answers) as Record<string, string>;
}

async function listed(as?: typeof BEN): Promise<{ runs: string[]; tasks: string[]; total: number }> {
  const { items } = await bench.call<{ items: Run[] }>("paths.run.list", {}, as);
  const { tasks, totalTasks } = await bench.call<{ tasks: { id: string }[]; totalTasks: number }>("paths.scaffolder.tasks", {}, as);
  return { runs: items.map(({ id }) => id), tasks: tasks.map(({ id }) => id), total: totalTasks };
}

test("whoever may not see what a run made does not see the run: nowhere, by no operation, in no count; who made it does", async () => {
  const { id } = await bench.run("makes", { name: "vault" });
  const open = await bench.run("makes", { name: "orders" });
  expect((await listed(BEN)).runs).toEqual([open.id, id]);

  bench.world.hidden.add("component:default/vault");
  const answers = await asBen(id);
  expect(new Set(Object.values(answers))).toEqual(new Set(["NOT_FOUND"]));
  expect(await listed(BEN)).toEqual({ runs: [open.id], tasks: [open.id], total: 1 });
  expect(await listed()).toEqual({ runs: [open.id, id], tasks: [open.id, id], total: 2 });
  expect(await bench.call("paths.run.get", { id })).toMatchObject({ id, status: "succeeded" });
  expect(await bench.call("paths.run.get", { id: open.id }, BEN)).toMatchObject({ id: open.id });
});

test("a run that stopped halfway is about what it had made by then", async () => {
  const { id, status, outputs } = await bench.run("makes", { name: "halfway" });
  expect({ status, ref: outputs["entityRef"] }).toEqual({ status: "failed", ref: "component:default/halfway" });
  bench.world.hidden.add("component:default/halfway");
  await expect(bench.call("paths.run.get", { id }, BEN)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a run that changes something is about that, before it has ended; nobody who may not see it hears of it", async () => {
  bench.world.entities.set("component:default/secret", entity("Component", "secret", { owner: "payments" }));
  const { id } = await bench.run("changes", { service: "secret" });
  await bench.heard();
  const { rows } = await bench.database.db.query<{ name: string; payload: unknown }>(
    "select name, payload from kernel.event where subject = $1 order by seq",
    [id],
  );
  expect(rows.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["paths.run.requested", "paths.run.progressed", "paths.run.finished"]),
  );
  const heard = (as?: typeof BEN): Promise<boolean[]> => Promise.all(rows.map((event) => bench.seesNews(callAs(as), event)));
  expect(new Set(await heard(BEN))).toEqual(new Set([true]));

  bench.world.hidden.add("component:default/secret");
  expect(new Set(await heard(BEN))).toEqual(new Set([false]));
  expect(new Set(await heard())).toEqual(new Set([true]));
  await expect(bench.call("paths.run.logs", { id }, BEN)).rejects.toMatchObject({ code: "NOT_FOUND" });
  // What is told of it later is told about that, too.
  expect(rows[0]?.payload).toMatchObject({ about: ["component:default/secret"] });
  expect(rows.at(-1)?.payload).toMatchObject({ about: ["component:default/secret"] });
});
