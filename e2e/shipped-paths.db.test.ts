/** Each path that ships, followed for real against the shipped policies; then what it made is used. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

import type { EntityView } from "@roadbed/contracts/catalog";
import type { Workload } from "@roadbed/contracts/delivery";
import type { Run } from "@roadbed/contracts/paths";
import { afterAll, beforeAll, expect, test } from "vitest";

import { startPathsWorld, type PathsWorld } from "./lib/paths-world.ts";

const ESTATE = `
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: payments }
spec: { type: team, children: [] }
`;
const hasGo = await promisify(execFile)("go", ["version"]).then(
  () => true,
  () => false,
);
let world: PathsWorld;
beforeAll(async () => {
  world = await startPathsWorld({ estate: ESTATE });
});
afterAll(() => world.close());

test("a Python service is made, built, started and answers; its own tests have run before", async () => {
  const run = succeeded(await world.run("python-service", { name: "rates", owner: "payments" }));
  expect(run.outputs["serviceUrl"]).toBe(`${world.routerUrl}/dev/rates/`);
  expect(await fetchJson("rates/api/hello?name=Ada")).toEqual({ message: "Hello, Ada!" });
  expect(await workloadOf("component:default/rates")).toMatchObject({ kind: "service", health: "healthy" });
  const { entity } = await world.call<EntityView>("catalog.entity.get", { ref: "component:default/rates" });
  expect(entity.spec).toMatchObject({ owner: "payments", providesApis: ["rates"] });
});

test.skipIf(hasGo)("a Go service is made where there is no Go, and it is said that it was not started", async () => {
  const run = succeeded(await world.run("go-service", { name: "quotes", owner: "payments" }));
  expect(run.steps.at(-1)?.status).toBe("completed");
  expect(run.outputs["serviceUrl"]).toBeUndefined();
  const { items } = await world.call<{ items: { message: string }[] }>("paths.run.logs", { id: run.id });
  expect(items.map(({ message }) => message).join("\n")).toContain(
    "component:default/quotes needs go, which this machine has not; made, not started.",
  );
  expect((await world.call<EntityView>("catalog.entity.get", { ref: "api:default/quotes" })).entity.kind).toBe("API");
  const { steps } = await world.call<{ steps: { effect: string }[] }>("paths.path.preview", {
    path: "go-service",
    values: { name: "others", owner: "payments" },
  });
  expect(steps.at(-1)?.effect).toContain("needs go, which this machine has not");
});

function succeeded(run: Run): Run {
  expect(run.error).toBeUndefined();
  expect(run.status).toBe("succeeded");
  return run;
}

async function fetchJson(path: string): Promise<unknown> {
  return (await fetch(`${world.routerUrl}/dev/${path}`)).json();
}

async function workloadOf(entityRef: string): Promise<Workload | undefined> {
  return (await world.call<{ items: Workload[] }>("delivery.workload.list", { entityRef })).items[0];
}
