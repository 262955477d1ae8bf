import { afterAll, afterEach, beforeEach, expect, test } from "vitest";

import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { openDouble, type Double, type Reply } from "../lib/double.ts";
import { prometheusConnector } from "./prometheus-connector.ts";

const cel = createCel();
afterAll(() => cel.close());
let double: Double;
let targets: object[];
let faults: Reply[];
beforeEach(async () => {
  faults = [];
  targets = [
    target("orders", "10.0.0.1:8080", "up"),
    target("orders", "10.0.0.2:8080", "down"),
    { ...target("web", "w:80", "up"), labels: { job: "pods", app: "Web", instance: "w:80" } },
    target("prometheus", "p:9090", "up"),
  ];
  double = await openDouble(({ url, headers }) => {
    const fault = faults.shift();
    if (fault) return fault;
    if (headers.authorization !== "Bearer t0ken") return { status: 401, body: "no" };
    if (url.pathname !== "/prom/api/v1/targets") return { status: 404, body: "404 page not found" };
    return { body: { status: "success", data: { activeTargets: targets, droppedTargets: [] } } };
  });
});
afterEach(() => double.close());

function target(job: string, instance: string, health: string): object {
  return {
    discoveredLabels: {},
    labels: { job, instance },
    scrapePool: job,
    scrapeUrl: `http://user:hunter2@${instance}/metrics`,
    lastError: health === "down" ? "connection refused hunter2" : "",
    health,
  };
}

const read = (over: object = {}) => readAll(prometheusConnector, { url: `${double.url}/prom/`, token: "t0ken", ...over }, callWith(cel));
const key = () => `127-0-0-1-${new URL(double.url).port}`;

test("targets are added to the components that their labels name; which are down is a fact", async () => {
  const readings = entitiesOf(await read());
  expect(readings.map(({ mode, entity }) => `${mode} ${entity.metadata.name}`)).toEqual(["enrich orders", "enrich web"]);
  expect(readings[0]).toMatchObject({
    location: `${double.url}/prom/targets?search=orders`,
    entity: { spec: { monitoring: { [key()]: { jobs: ["orders"], targets: 2, up: 1, down: ["10.0.0.2:8080"] } } } },
  });
  expect(JSON.stringify(readings)).not.toContain("hunter2");
});

test("it makes components of what nobody describes, where that is wanted", async () => {
  const [orders] = entitiesOf(await read({ define: true, owner: "group:default/sre" }));
  expect(orders).toMatchObject({
    mode: "define",
    entity: { spec: { type: "service", owner: "group:default/sre" } },
    otherwise: { spec: { monitoring: {} } },
  });
  expect(orders?.otherwise?.spec).not.toHaveProperty("owner");
});

test("no targets are answered as they are; answers that are none end the reading", async () => {
  targets = [];
  expect(await read()).toEqual([]);
  const wrong: [Reply, string][] = [
    [{ status: 500, body: { status: "error" } }, "UNAVAILABLE"],
    [{ status: 429, headers: { "retry-after": "3" } }, "TOO_MANY"],
    [{ body: '{"status":"success","data":{"activeT' }, "UNAVAILABLE"],
    [{ body: { status: "success", data: {} } }, "UNAVAILABLE"],
    [{ body: { status: "error", errorType: "bad_data" } }, "UNAVAILABLE"],
  ];
  for (const [fault, code] of wrong) {
    faults.push(fault);
    await expect(read()).rejects.toMatchObject({ code });
  }
  await expect(read({ token: "other" })).rejects.toMatchObject({ code: "INVALID" });
  await expect(read({ url: double.url })).rejects.toMatchObject({ code: "INVALID", mend: expect.stringContaining("address") });
});
