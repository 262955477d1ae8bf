/**
 * The questions of Backstage's own client, under `/api/catalog`, against the real server with 11,670 entities (or another number of
 * components): `npm run bench -- backstage [components]`. Beside each figure: what Backstage with Postgres needed on a like machine.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { writeEstate } from "./lib/generate-estate.ts";
import { load, type Question } from "./lib/load.ts";
import { startServer } from "./lib/running-server.ts";

const components = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 10_000);
const SECONDS = 4;
const BASE = "/api/catalog";
const folder = mkdtempSync(join(tmpdir(), "roadbed-bench-"));
const refs = writeEstate(join(folder, "estate"), components, "ndjson");
const figures: Record<string, number> = {};
const pick = (): string => refs[Math.floor(Math.random() * refs.length)]!;
const team = (): string => `team-${String(Math.floor(Math.random() * 50)).padStart(3, "0")}`;
const byQuery = (filter: string, more: string): string => `${BASE}/entities/by-query?filter=${encodeURIComponent(filter)}&${more}`;

/** Milliseconds of processor per answer, and the slowest in a hundred of ten at once, as Backstage 4.0.0 on Postgres needed them. */
const QUESTIONS: readonly (readonly [name: string, theirCpu: number, theirP99: number, ask: () => string | Question])[] = [
  ["by-name", 0.76, 14, () => `${BASE}/entities/by-name/${pick().replace(":", "/")}`],
  [
    "by-refs-100",
    2.33,
    60,
    () => ({ method: "POST", path: `${BASE}/entities/by-refs`, body: { entityRefs: Array.from({ length: 100 }, pick) } }),
  ],
  ["by-query-owner-50", 5.2, 55, () => byQuery(`kind=component,spec.owner=${team()}`, "limit=50")],
  [
    "by-query-owned-by-sorted-20",
    8.78,
    79,
    () => byQuery(`kind=component,relations.ownedBy=group:default/${team()}`, "limit=20&orderField=metadata.name,asc"),
  ],
  ["by-query-index-page-20", 37.3, 250, () => byQuery("kind=component", "limit=20&orderField=metadata.name,asc")],
  [
    "by-query-full-text-20",
    17.7,
    141,
    () =>
      byQuery(
        "kind=component",
        "limit=20&fullTextFilterTerm=ledger&fullTextFilterFields=metadata.name,metadata.title,metadata.description",
      ),
  ],
  ["facets-type-lifecycle", 33, 260, () => `${BASE}/entity-facets?filter=kind%3Dcomponent&facet=spec.type&facet=spec.lifecycle`],
  ["facets-owner-tags", 44.5, 327, () => `${BASE}/entity-facets?filter=kind%3Dcomponent&facet=spec.owner&facet=metadata.tags`],
  ["entities-limit-500", 13.3, 157, () => `${BASE}/entities?limit=500`],
  [
    "by-query-predicate",
    8.7,
    99,
    () => ({
      method: "POST",
      path: `${BASE}/entities/by-query`,
      body: {
        query: { $all: [{ kind: "component" }, { "spec.owner": { $in: [team(), team()] } }, { $not: { "spec.lifecycle": "deprecated" } }] },
        limit: 20,
        orderBy: [{ field: "metadata.name", order: "asc" }],
      },
    }),
  ],
];

const running = await startServer({ clone: join(import.meta.dirname, ".."), folder, data: "data", args: ["--empty"] });
try {
  await running.ask("/api/v1/import", { method: "POST", body: { target: join(folder, "estate"), watch: false } });
  // The first answer waits until everything that was read is in memory.
  await running.ask(`${BASE}/entities/by-query?limit=0`);
  console.log(`${refs.length} entities, 10 connections; in brackets: Backstage on Postgres\n`);
  for (const [name, theirCpu, theirP99, path] of QUESTIONS) {
    await load({ running, path, connections: 10, seconds: 1 });
    const { p50, p99, answersPerSecond, cpuMsPerAnswer } = await load({ running, path, connections: 10, seconds: SECONDS });
    Object.assign(figures, { [`${name}_cpu_ms`]: round(cpuMsPerAnswer), [`${name}_p99_ms`]: p99 });
    console.log(
      `${name.padEnd(30)} ${String(Math.round(answersPerSecond)).padStart(6)}/s  p50 ${p50} ms  p99 ${p99} ms (${theirP99})  cpu ${round(cpuMsPerAnswer)} ms (${theirCpu})`,
    );
  }
  const started = performance.now();
  const all = await running.ask<unknown[]>(`${BASE}/entities?filter=kind%3Dcomponent`);
  figures["all_components_ms"] = round(performance.now() - started);
  console.log(`${"all components".padEnd(30)} ${all.length} in ${figures["all_components_ms"]} ms (1060)`);
} finally {
  await running.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
console.log(JSON.stringify({ bench: "backstage", figures }));

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
