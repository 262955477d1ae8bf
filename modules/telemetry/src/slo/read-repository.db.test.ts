import { repositoryPushed } from "@roadbed/contracts/delivery";
import { applySlos, listSloRepositories, listSlos, removeSlo } from "@roadbed/contracts/telemetry/slos";
import { callAs } from "@roadbed/testkit";
import { beforeEach, expect, test } from "vitest";

import { useTelemetry, type TestTelemetry } from "../fixtures/use-telemetry.suite.ts";

const it: TestTelemetry = useTelemetry();
const slo = (name: string, service = "shop", target = 0.99): string => `
apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
  service: ${service}
  indicator: { spec: { availability: {} } }
  timeWindow: [{ duration: 30d }]
  objectives: [{ target: ${target} }]`;

beforeEach(() => it.database.db.query("delete from telemetry.slo_repository"));

/** What the branch main of the repository `shop`, which holds the component shop, has from now on. */
async function push(files: Readonly<Record<string, string>>, branch = "main"): Promise<void> {
  it.files.set("shop", files);
  const subscription = it.telemetry.subscriptions.find(({ name }) => name === "telemetry.read-repository-slos")!;
  const payload = { repository: "shop", branch, before: "0", after: "1", message: "m", author: "a" };
  const event = { id: "e1", name: repositoryPushed.name, time: new Date(), actor: "user:ada", subject: "shop", payload } as never;
  await it.database.runtime.write(callAs(), applySlos, {}, undefined, (ctx) => subscription.receive(ctx, event));
}

const names = async () => (await it.call(listSlos, {})).items.map(({ name, target, definedIn }) => [name, target, definedIn?.path]);

test("objectives follow the files of the main branch, also out of it", async () => {
  await push({ "slo.yaml": slo("a"), "slos/b.yml": slo("b"), "other.yaml": slo("no"), "docs/c.slo.yaml": slo("c") });
  expect(await names()).toEqual([
    ["a", 0.99, "slo.yaml"],
    ["b", 0.99, "slos/b.yml"],
    ["c", 0.99, "docs/c.slo.yaml"],
  ]);
  await push({ "slo.yaml": slo("a", "shop", 0.995) });
  expect(await names()).toEqual([["a", 0.995, "slo.yaml"]]);
  await push({}, "topic");
  expect(await names()).toHaveLength(1);
  await push({});
  expect(await names()).toEqual([]);
});

test("what cannot be taken is told with its file, the rest is taken, and nothing is removed meanwhile", async () => {
  await push({ "slo.yaml": slo("a") });
  await push({ "slos/bad.yaml": "kind: SLO", "slos/theirs.yaml": slo("theirs", "bank"), "slos/b.yaml": slo("b") });
  expect((await names()).map(([name]) => name)).toEqual(["a", "b"]);
  const { items } = await it.call(listSloRepositories, {});
  expect(items).toMatchObject([{ repository: "shop", objectives: 1 }]);
  const said = items[0]!.problems.map(({ path, reason }) => `${path}: ${reason}`).join("\n");
  expect(said).toMatch(/slos\/bad\.yaml: apiVersion/);
  expect(said).toContain("slos/theirs.yaml: theirs is about component:default/bank, which this repository does not hold");
  await push({ "slos/b.yaml": slo("b") });
  expect((await names()).map(([name]) => name)).toEqual(["b"]);
  expect((await it.call(listSloRepositories, {})).items[0]!.problems).toEqual([]);
});

test("what stands in a file is changed there; what was applied by hand moves into one, and is never taken from another entity", async () => {
  await it.call(applySlos, { text: `${slo("mine")}\n---${slo("theirs", "bank")}` });
  await push({ "slo.yaml": `${slo("mine")}\n---${slo("theirs")}` });
  expect(await names()).toEqual([
    ["mine", 0.99, "slo.yaml"],
    ["theirs", 0.99, undefined],
  ]);
  await expect(it.call(applySlos, { text: slo("mine", "shop", 0.9) })).rejects.toMatchObject({
    code: "CONFLICT",
    mend: expect.stringContaining("push"),
  });
  await expect(it.call(removeSlo, { name: "mine" })).rejects.toMatchObject({ code: "CONFLICT" });
});
