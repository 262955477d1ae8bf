/**
 * How long until a change is seen in a property that follows from it over five definitions, among 11,670 entities, at the real
 * server over HTTP: `npm run bench -- derived`. An expression, a sum, a sum of sums, a mirror and an expression again:
 * component cost → its year → its system's total → the domain's total → back to each system → the system's share.
 * Traps avoided: the change is made at random places, the last property is compared with the truth, and not just with another value.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { writeEstate } from "./lib/generate-estate.ts";
import { startServer } from "./lib/running-server.ts";

const ROOT = join(import.meta.dirname, "..");
const CHANGES = 20;
const folder = mkdtempSync(join(tmpdir(), "roadbed-bench-"));
const kind = (name: string, derived: object): object => ({
  apiVersion: "roadbed.dev/v1",
  kind: "Kind",
  metadata: { name },
  spec: { derived },
});
const KINDS = [
  kind("Component", { year: { calculate: "entity.spec.cost * 12" } }),
  kind("System", { total: { aggregate: { relation: "hasPart[Component]", function: "sum", property: "derived.year" } } }),
  kind("Domain", { total: { aggregate: { relation: "hasPart[System]", function: "sum", property: "derived.total" } } }),
  kind("System", {
    total: { aggregate: { relation: "hasPart[Component]", function: "sum", property: "derived.year" } },
    all: { mirror: "partOf[Domain].derived.total" },
    share: { calculate: "double(entity.derived.total) / double(entity.derived.all)" },
  }),
];

writeEstate(join(folder, "estate"), 10_000);
const server = await startServer({ clone: ROOT, folder, data: "data", args: ["--empty"] });
try {
  const post = (path: string, body: object, method = "POST"): Promise<any> => server.ask(path, { method, body });
  await post("/api/v1/import", { target: join(folder, "estate"), watch: false });
  const { items: systems } = await server.ask<{ items: { ref: string }[] }>("/api/v1/entities?filter=kind=system&limit=500");
  const started = performance.now();
  for (const one of KINDS) await post("/api/v1/kinds", { kind: one }, "PUT");
  const saved = performance.now() - started;
  const waits: number[] = [];
  for (let at = 0; at < CHANGES; at++) {
    const system = systems[(at * 37) % systems.length]!.ref;
    const name = `bench-${at}`;
    const before = await valuesOf(system);
    const cost = 1_000 + at;
    const began = performance.now();
    const spec = { type: "service", lifecycle: "production", owner: "group-1", system: system.split("/")[1], cost };
    await post("/api/v1/entities", { entity: { apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name }, spec } });
    const total = ((before["total"] as number | undefined) ?? 0) + cost * 12;
    for (;;) {
      const now = await valuesOf(system);
      if (now["total"] === total && now["share"] === total / (now["all"] as number)) break;
      if (performance.now() - began > 60_000) throw new Error(`${system} never came to ${total}: ${JSON.stringify(now)}`);
      await pause(5);
    }
    waits.push(performance.now() - began);
  }
  waits.sort((a, b) => a - b);
  const figures = {
    entities: 11_670,
    saved_and_defined_ms: round(saved),
    seen_after_ms_median: round(waits[CHANGES / 2]!),
    seen_after_ms_worst: round(waits.at(-1)!),
  };
  console.log(JSON.stringify({ bench: "derived", figures }));
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function valuesOf(ref: string): Promise<Record<string, unknown>> {
  const { derived } = await server.ask<{ derived: { name: string; value?: unknown }[] }>(`/api/v1/entities/${encodeURIComponent(ref)}`);
  return Object.fromEntries(derived.map(({ name, value }) => [name, value]));
}

function round(value: number): number {
  return Math.round(value);
}
