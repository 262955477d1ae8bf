/**
 * The catalogue beside Backstage's, with the same estates and questions, against the real server over HTTP:
 * `npm run bench -- catalog [entities...] [--yaml] [--ingest | --only=QUESTION,…]`; `--ingest` asks nothing after it; without sizes 11,670 and 116,700 entities (1,000,000 works, but takes a while).
 * Traps avoided: every answer is compared with the truth (of larger estates, 5,000 of them); questions ask for random things; ten
 * connections ask at once; the time of the database is counted; processor time is told beside the clock, because a machine that
 * others load makes clocks lie.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { printTable, type Row } from "./lib/catalog-table.ts";
import { entitiesOf, relationTruth, writeEstate } from "./lib/generate-estate.ts";
import { load, type Question } from "./lib/load.ts";
import { cpuMs, peakMb, pssMb } from "./lib/process-tree.ts";
import { idlePercent, startServer, type RunningServer } from "./lib/running-server.ts";

const ROOT = join(import.meta.dirname, "..");
/** Of 10,000 components come 11,670 entities. */
const SHARE = 10_000 / 11_670;
const asYaml = process.argv.includes("--yaml");
const onlyIngest = process.argv.includes("--ingest");
const only = process.argv.find((word) => word.startsWith("--only="))?.slice("--only=".length);
const asked = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number);
const sizes = asked.length > 0 ? asked : [11_670, 116_700];
const SECONDS = 5;
const SEARCHES = "payment,ledger,gateway,fraud,invoice,kotlin,number 77,forecast,svc-0012,basket,paymnt,pric".split(",");
const rows: Row[] = [];

for (const size of sizes) {
  const folder = mkdtempSync(join(tmpdir(), "roadbed-bench-"));
  try {
    await measure(size, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
printTable(rows);
console.log(
  JSON.stringify({
    bench: "catalog",
    figures: Object.fromEntries(rows.map(({ size, name, measured }) => [`${name}_at_${size}`, measured])),
  }),
);

async function measure(size: number, folder: string): Promise<void> {
  const components = Math.round(size * SHARE);
  console.log(`\n${size} entities`);
  const refs = writeEstate(join(folder, "estate"), components, asYaml ? "yaml" : "ndjson");
  const server = await startServer({ clone: ROOT, folder, data: "data", args: ["--empty"] });
  try {
    await ingest(server, folder, components, refs);
    if (onlyIngest) return;
    await searchable(server);
    await questions(server, components, refs);
    if (only === undefined || only.split(",").includes("update")) await update(server, folder);
    if (only === undefined || only.split(",").includes("webhook")) await webhook(server);
    if (only === undefined || only.split(",").includes("rest")) await rest(server);
  } finally {
    await server.stop();
  }

  function note(name: string, measured: number): void {
    rows.push({ size, name, measured: Math.round(measured * 1_000) / 1_000 });
    console.log(`  ${name.padEnd(34)} ${rows.at(-1)!.measured}`);
  }

  async function ingest(running: RunningServer, home: string, count: number, all: readonly string[]): Promise<void> {
    const before = cpuMs(running.pids());
    const started = performance.now();
    const { counts } = await running.ask<{ counts: { registered: number } }>("/api/v1/import", {
      method: "POST",
      body: { target: join(home, "estate"), watch: false },
    });
    note("import_answers_ms", performance.now() - started);
    const { total } = await running.ask<{ total: number }>("/api/v1/entities?limit=1");
    // The first answer after it: that everything was right by then is checked below, without waiting.
    note("ingest_ms", performance.now() - started);
    note("ingest_cpu_ms", cpuMs(running.pids()) - before);
    note("server_peak_mb", peakMb(running.serverPid()));
    if (counts.registered !== all.length || total !== all.length) throw new Error(`${all.length} entities, but ${total} are listed`);
    const some = all.length <= 12_000 ? all : Array.from({ length: 5_000 }, () => pickFrom(all));
    const { checked, wrong } = await countWrong(running, relationTruth(entitiesOf(count), some));
    note("relations_checked", checked);
    note("relations_wrong", wrong);
  }

  /** What came last is read for the search when there is nothing else to do: questions are asked of a catalogue that has settled. */
  async function searchable(running: RunningServer): Promise<void> {
    const started = performance.now();
    while ((await running.ask<{ hints: readonly string[] }>("/api/v1/search?q=payment&limit=1")).hints.length > 0) await pause(500);
    note("searchable_ms", performance.now() - started);
  }

  async function questions(running: RunningServer, count: number, all: readonly string[]): Promise<void> {
    const teams = Math.max(10, Math.round(50 * Math.min(count / 10_000, 10)));
    const team = (): string => `team-${String(Math.floor(Math.random() * teams)).padStart(3, "0")}`;
    const component = (): string => pickFrom(all.slice(-count));
    const list = (filter: string, more: string): string => `/api/v1/entities?filter=${encodeURIComponent(filter)}&${more}`;
    const owned = (): string => list(`kind=component,spec.owner=${team()}`, "limit=50");
    await ask("by_name", () => `/api/v1/entities/${encodeURIComponent(pickFrom(all))}`);
    const entityRefs = (): string[] => Array.from({ length: 100 }, () => pickFrom(all));
    await ask("by_refs_100", () => ({ method: "POST", path: "/api/catalog/entities/by-refs", body: { entityRefs: entityRefs() } }));
    await ask("owner_50", owned);
    await ask("owned_by_sorted_20", () => list(`kind=component,relations.ownedBy=group:default/${team()}`, "sort=name&limit=20"));
    await ask("index_page_20", () => list("kind=component", "sort=name&limit=20"));
    await ask("many_conditions_50", () =>
      list(`kind=component,spec.type=service,spec.lifecycle=production,metadata.tags=java,spec.owner=${team()}`, "limit=50"),
    );
    await ask("facets_type_lifecycle", () => "/api/v1/entity-facets?filter=kind%3Dcomponent&facets=spec.type,spec.lifecycle");
    await ask("facets_owner_tags", () => "/api/v1/entity-facets?filter=kind%3Dcomponent&facets=spec.owner,metadata.tags");
    await ask("search_20", () => `/api/v1/search?q=${encodeURIComponent(pickFrom(SEARCHES))}&limit=20`);
    // As the peer's figures have it: six steps far; and all that can be reached, which is nearly everything here.
    const radius = (depth: number): string => `/api/v1/graph?ref=${encodeURIComponent(component())}&direction=up&depth=${depth}&limit=200`;
    await ask("blast_radius", () => radius(6));
    await ask("blast_radius_whole", () => radius(20));

    async function ask(name: string, path: () => string | Question): Promise<void> {
      if (only !== undefined && !only.split(",").includes(name)) return;
      // What a question is answered from is made when it is first asked: at a million entities that takes its time.
      note(`${name}_first_ms`, await first(running, path()));
      await load({ running, path, connections: 10, seconds: 2 });
      const { p50, p99, worst, cpuMsPerAnswer } = await load({ running, path, connections: 10, seconds: SECONDS });
      note(`${name}_p50_ms`, p50);
      note(`${name}_p99_ms`, p99);
      if (name.startsWith("blast_radius")) {
        const alone = await load({ running, path, connections: 1, seconds: SECONDS });
        note(`${name}_alone_p50_ms`, alone.p50);
        note(`${name}_alone_worst_ms`, alone.worst);
      } else note(`${name}_worst_ms`, worst);
      note(`${name}_cpu_ms`, cpuMsPerAnswer);
    }
  }

  /** Another repository, of 100 components, in which one or all change. */
  async function update(running: RunningServer, home: string): Promise<void> {
    const repository = join(home, "small");
    mkdirSync(repository, { recursive: true });
    const write = (from: number, to: number, description: string): void => {
      for (let at = from; at < to; at++) {
        const metadata = { name: `small-${at}`, description };
        const spec = { type: "service", lifecycle: "production", owner: "team-000", dependsOn: ["component:svc-000001"] };
        writeFileSync(
          join(repository, `small-${at}.json`),
          JSON.stringify({ apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata, spec }),
        );
      }
    };
    write(0, 100, "first");
    const { source } = await running.ask<{ source: { id: string } }>("/api/v1/import", {
      method: "POST",
      body: { target: repository, watch: false },
    });
    for (const changed of [1, 100]) {
      const times: number[] = [];
      for (let round = 0; round < 5; round++) {
        write(0, changed, `changed ${changed} ${round}`);
        const started = performance.now();
        await running.ask(`/api/v1/sources/${source.id}/sync`, { method: "POST", body: {} });
        const seen = await running.ask<{ items: { description?: string }[] }>(
          "/api/v1/entities?filter=spec.dependsOn%3Dcomponent:svc-000001&limit=500",
        );
        times.push(performance.now() - started);
        const right = seen.items.filter(({ description }) => description === `changed ${changed} ${round}`).length;
        if (right !== changed) throw new Error(`${changed} changed, but ${right} are seen to have`);
      }
      note(`update_${changed}_visible_ms`, median(times));
    }
  }

  /** From sending a message until the entity it names is answered. */
  async function webhook(running: RunningServer): Promise<void> {
    const event = (at: number): string =>
      JSON.stringify({
        eventType: "COMPLETE",
        eventTime: new Date().toISOString(),
        run: { runId: randomUUID() },
        job: { namespace: "bench", name: `job-${at}` },
        producer: "https://example.org/bench",
        schemaURL: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
      });
    const body = { connector: "openlineage", settings: { owner: "group:default/team-000" } };
    const { source } = await running.ask<{ source: { id: string } }>("/api/v1/sources", { method: "POST", body });
    const { path, secret } = await running.ask<{ path: string; secret: string }>(`/api/v1/sources/${source.id}/hook`, {
      method: "POST",
      body: {},
    });
    const times: number[] = [];
    for (let at = 0; at < 20; at++) {
      const started = performance.now();
      const headers = { "content-type": "application/json", authorization: `Bearer ${secret}` };
      const told = await fetch(`${running.url}${path}`, { method: "POST", headers, body: event(at) });
      if (!told.ok) throw new Error(`the message was refused: ${told.status} ${await told.text()}`);
      for (let seen = 0; seen === 0;) {
        const filter = encodeURIComponent(`metadata.title=job-${at}`);
        seen = (await running.ask<{ items: unknown[] }>(`/api/v1/entities?filter=${filter}&limit=1`)).items.length;
      }
      times.push(performance.now() - started);
    }
    note("webhook_visible_ms", median(times));
    note("webhook_visible_worst_ms", Math.max(...times));
  }

  async function rest(running: RunningServer): Promise<void> {
    await pause(10_000);
    note("idle_cpu_percent", await idlePercent(() => running.pids(), 20));
    note("idle_cpu_percent_of_server", await idlePercent(() => [running.serverPid()], 10));
    note("memory_of_server_mb", pssMb([running.serverPid()]));
    note("memory_of_all_mb", pssMb(running.pids()));
  }
}

async function first(running: RunningServer, question: string | Question): Promise<number> {
  const started = performance.now();
  const { path, ...init } = typeof question === "string" ? { path: question } : question;
  await running.ask(path, init);
  return performance.now() - started;
}

/** Asks for each, ten at a time, and compares every relation with what it must be. */
async function countWrong(
  running: RunningServer,
  truth: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<{ checked: number; wrong: number }> {
  let [checked, wrong] = [0, 0];
  const left = [...truth];
  const check = async (): Promise<void> => {
    for (let next = left.pop(); next; next = left.pop()) {
      const [ref, expected] = next;
      // Here all relations are answered; the entity of our own API has the first 200 of each, and how many there are.
      type Answer = { relations?: { type: string; targetRef: string }[] };
      const { relations = [] } = await running.ask<Answer>(`/api/catalog/entities/by-name/${ref.replace(":", "/")}`);
      checked += expected.size;
      wrong +=
        Math.max(0, expected.size - relations.length) +
        relations.filter(({ type, targetRef }) => !expected.has(`${type} ${targetRef}`)).length;
    }
  };
  await Promise.all(Array.from({ length: 10 }, check));
  return { checked, wrong };
}

function pickFrom<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)]!;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
