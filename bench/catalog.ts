/**
 * An estate of 11,670 entities and 117,144 relations: how long from a file on disk until every entity can be asked for and every
 * relation is right, and what questions cost after that. `npm run bench -- catalog [components] [--yaml]`.
 * Traps avoided: every relation of every entity is compared with the truth, questions ask for random things, the first questions
 * (which build what later ones use) are measured apart, and the time of the database is counted.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createCatalog, migrations, type Catalog } from "@roadbed/catalog";
import { createCel } from "@roadbed/cel";
import { facetEntities, getEntity, graphEntities, importSource, listEntities, searchAll, syncSource } from "@roadbed/contracts/catalog";
import { newId, perform, type Call, type Logger, type Operation, type OutputOf } from "@roadbed/core";
import { createRuntime, migrate, openDatabase, startPostgres, type Database } from "@roadbed/postgres";

import { refOf, relationTruth, writeEstate } from "./lib/generate-estate.ts";
import { cpuMs, processTree } from "./lib/process-tree.ts";

const components = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 10_000);
const asYaml = process.argv.includes("--yaml");
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const SEARCHES = ["ledger", "payment gateway", "svc-001234", "team", "pric", "paymnt"];
const EXPRESSION = 'entity.spec.lifecycle == "production" && "java" in entity.metadata.tags';
const figures: Record<string, number> = {};
const folder = mkdtempSync(join(tmpdir(), "roadbed-bench-"));
const estate = writeEstate(join(folder, "estate"), components, asYaml ? "yaml" : "ndjson");
const refs = estate.map(refOf);

const cel = createCel();
const postgres = await startPostgres({ dataDir: join(folder, "postgres"), log: quiet });
const db = openDatabase({ url: postgres.url, log: quiet });
try {
  await migrate(db, [migrations], quiet);
  await measure(db);
} finally {
  await cel.close();
  await db.close();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(JSON.stringify({ bench: "catalog", figures }));

async function measure(database: Database): Promise<void> {
  const runtime = createRuntime({ db: database, log: quiet, may: async () => {} });
  let catalog = open();
  const ask = async <O extends Operation>(operation: O, input: unknown): Promise<OutputOf<O>> => {
    const handler = catalog.handlers.find((one) => one.operation === operation)!;
    return (await perform(runtime, handler, call(), input)) as OutputOf<O>;
  };

  const before = memory();
  const started = performance.now();
  const imported = await ask(importSource, { target: join(folder, "estate"), watch: false });
  note("import_answers_ms", performance.now() - started);
  const first = await ask(listEntities, { limit: 1 });
  const wrong = await countWrong(ask);
  note("ingest_until_all_right_ms", performance.now() - started);
  note("entities", first.total ?? 0);
  note("relations_checked", wrong.checked);
  note("relations_wrong", wrong.wrong);
  note("problems", imported.problems.length);

  await cost("sync_unchanged", 3, () => ask(syncSource, { id: imported.source.id }));
  await cost("by_name", 20_000, () => ask(getEntity, { ref: pick() }), 10);
  await cost("list_first", 1, () => ask(listEntities, { filter: "kind=component", limit: 20 }));
  await cost("list_owner_sorted_20", 2_000, (at) =>
    ask(listEntities, { filter: `kind=component,relations.ownedBy=group:default/team-${team(at)}`, sort: "-name", limit: 20 }),
  );
  await cost("list_page_20", 1_000, () => ask(listEntities, { filter: "kind=component", limit: 20 }));
  await cost("list_many_conditions", 1_000, () =>
    ask(listEntities, { filter: "kind=component,spec.type=service,spec.lifecycle=production,metadata.tags.java=true" }),
  );
  await cost("list_expression_first", 1, () => ask(listEntities, { filter: EXPRESSION }));
  await cost("list_expression", 1_000, () => ask(listEntities, { filter: EXPRESSION }));
  await cost("list_text", 200, () => ask(listEntities, { filter: "kind=component", text: "ledger" }));
  await cost("facets", 200, () =>
    ask(facetEntities, { filter: "kind=component", facets: "spec.type,spec.lifecycle,spec.owner,metadata.tags" }),
  );
  await cost("search", 500, (at) => ask(searchAll, { q: SEARCHES[at % SEARCHES.length] }));
  await cost("graph_up_20", 300, () => ask(graphEntities, { ref: pick(), direction: "up", depth: 20, limit: 200 }));
  note("memory_of_catalogue_mb", memory() - before);

  await catalog.stop();
  catalog = open();
  const busy = cpu();
  const opened = performance.now();
  await ask(listEntities, { limit: 1 });
  note("index_load_ms", performance.now() - opened);
  note("index_load_cpu_ms", cpu() - busy);
  await catalog.stop();

  function open(): Catalog {
    return createCatalog({ db: database, runtime, log: quiet, cel });
  }
}

type Ask = <O extends Operation>(operation: O, input: unknown) => Promise<OutputOf<O>>;

/** Asks for every entity, ten at a time, and compares every relation with what it must be. */
async function countWrong(ask: Ask): Promise<{ checked: number; wrong: number }> {
  let [checked, wrong] = [0, 0];
  const truth = [...relationTruth(estate)];
  const check = async (): Promise<void> => {
    for (let next = truth.pop(); next; next = truth.pop()) {
      const [ref, expected] = next;
      const { entity } = await ask(getEntity, { ref });
      const relations = entity.relations ?? [];
      checked += expected.size;
      if (relations.length !== expected.size) wrong += Math.abs(relations.length - expected.size);
      wrong += relations.filter(({ type, targetRef }) => !expected.has(`${type} ${targetRef}`)).length;
    }
  };
  await Promise.all(Array.from({ length: 10 }, check));
  return { checked, wrong };
}

/** Wall clock and processor time of this process and the database, per question. */
async function cost(name: string, times: number, run: (at: number) => Promise<unknown>, width = 1): Promise<void> {
  const cpuBefore = cpu();
  const started = performance.now();
  for (let at = 0; at < times; at += width) await Promise.all(Array.from({ length: width }, (_, lane) => run(at + lane)));
  const wall = performance.now() - started;
  note(`${name}_ms`, wall / times);
  if (times >= 200) note(`${name}_cpu_ms`, (cpu() - cpuBefore) / times);
}

function cpu(): number {
  return cpuMs(processTree(process.pid, folder));
}

function memory(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1024 / 1024;
}

function note(name: string, value: number): void {
  figures[name] = Math.round(value * 1_000) / 1_000;
  console.log(`${name.padEnd(32)} ${figures[name]}`);
}

function pick(): string {
  return refs[Math.floor(Math.random() * refs.length)]!;
}

function team(at: number): string {
  return String(at % 50).padStart(3, "0");
}

function call(): Call {
  return {
    actor: { kind: "user", id: "bench", name: "Bench" },
    scopes: new Set(["*"]),
    face: "system",
    requestId: newId("req"),
    signal: new AbortController().signal,
  };
}
