/**
 * The catalogue as of an instant, at 11,670 entities: how long a question costs that nobody has asked before (the past estate is
 * made) and after (it is kept), when little has changed since, when everything has, and before anything was there.
 * `npm run bench -- time [components]`. Traps avoided: every instant is asked for the first time once, by a process of its own
 * memory; what it answers is compared with what was answered then.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createCatalog, migrations, type Catalog } from "@roadbed/catalog";
import { facetEntities, getEntity, graphEntities, importSource, listEntities, syncSource } from "@roadbed/contracts/catalog";
import { diffTime } from "@roadbed/contracts/catalog/time";
import { newId, perform, type Call, type Logger, type Operation, type OutputOf } from "@roadbed/core";
import { createRuntime, migrate, openDatabase, startPostgres } from "@roadbed/postgres";

import { writeEstate } from "./lib/generate-estate.ts";

const components = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 10_000);
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const figures: Record<string, number> = {};
const folder = mkdtempSync(join(tmpdir(), "roadbed-bench-"));
writeEstate(join(folder, "estate"), components);
/** All of it stands in one file. */
const file = join(folder, "estate", readdirSync(join(folder, "estate"))[0]!);
const postgres = await startPostgres({ dataDir: join(folder, "postgres"), log: quiet });
const db = openDatabase({ url: postgres.url, log: quiet });
const runtime = createRuntime({ db, log: quiet, may: async () => {} });
const system: Call = {
  ...runtime.system("bench"),
  requestId: newId("req"),
};

try {
  await migrate(db, [migrations], quiet);
  await measure();
} finally {
  await db.close();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(JSON.stringify({ bench: "time", figures }));

async function measure(): Promise<void> {
  const catalog = open();
  const ask = asker(catalog);
  const { source } = await ask(importSource, { target: join(folder, "estate"), watch: false });
  const full = await picture(ask);
  figures["entities"] = full.total;
  const afterImport = await newest();
  // One entity, then all.
  rewrite((text) => text.replace('"lifecycle":"', '"lifecycle":"once-'));
  await ask(syncSource, { id: source.id });
  const one = await picture(ask);
  const afterOne = await newest();
  const said = rewrite((text) => text.replaceAll('"lifecycle":"', '"lifecycle":"was-'));
  if (!said) throw new Error("nothing was changed");
  await ask(syncSource, { id: source.id });
  const began = performance.now();
  const { counts } = await ask(diffTime, { from: afterOne, limit: 50 });
  figures["diff_everything_changed_ms"] = performance.now() - began;
  figures["diff_changed"] = counts.changed;
  await catalog.stop();

  await cold("everything_changed_since", afterOne, one);
  await cold("everything_changed_twice", afterImport, full);
  await cold("before_everything", "2000-01-01T00:00:00.000Z", undefined);
}

/** What a process answers that has never been asked about this instant; then the same again. */
async function cold(name: string, asOf: string, expected: Awaited<ReturnType<typeof picture>> | undefined): Promise<void> {
  const catalog = open();
  const ask = asker(catalog);
  const { items } = await ask(listEntities, { limit: 1 });
  const heap = memory();
  const began = performance.now();
  const first = await ask(listEntities, { asOf, limit: 50 });
  figures[`${name}_first_list_ms`] = performance.now() - began;
  if ((first.total ?? 0) !== (expected?.total ?? 0)) throw new Error(`${name}: ${first.total} entities`);
  figures[`${name}_memory_mb`] = memory() - heap;
  await timed(`${name}_facets_ms`, () => ask(facetEntities, { asOf, facets: "kind,spec.lifecycle,spec.owner" }));
  if (expected) await timed(`${name}_get_ms`, () => ask(getEntity, { ref: items[0]!.ref, asOf }));
  if (expected) await timed(`${name}_graph_ms`, () => ask(graphEntities, { ref: items[0]!.ref, depth: 5, asOf }));
  await timed(`${name}_list_again_ms`, () => ask(listEntities, { asOf, limit: 50, sort: "owner" }));
  if (expected && JSON.stringify(await picture(ask, asOf)) !== JSON.stringify(expected)) throw new Error(`${name}: not what it was`);
  await catalog.stop();
}

async function timed(name: string, work: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  await work();
  figures[name] = performance.now() - began;
}

async function picture(ask: ReturnType<typeof asker>, asOf?: string): Promise<{ total: number; facets: unknown }> {
  const when = asOf === undefined ? {} : { asOf };
  const { total } = await ask(listEntities, { limit: 1, ...when });
  const { facets } = await ask(facetEntities, { facets: "kind,spec.type,spec.lifecycle,spec.owner,metadata.tags", ...when });
  return { total: total ?? 0, facets };
}

function open(): Catalog {
  return createCatalog({ db, runtime, log: quiet });
}

function asker(catalog: Catalog) {
  return async <O extends Operation>(operation: O, input: unknown): Promise<OutputOf<O>> => {
    const handler = catalog.handlers.find((candidate) => candidate.operation === operation)!;
    return (await perform(runtime, handler, system, input)) as OutputOf<O>;
  };
}

async function newest(): Promise<string> {
  const { rows } = await db.query<{ at: Date }>("select at from catalog.clock");
  return rows[0]!.at.toISOString();
}

function rewrite(change: (text: string) => string): boolean {
  const before = readFileSync(file, "utf8");
  const after = change(before);
  writeFileSync(file, after);
  return after !== before;
}

function memory(): number {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().heapUsed / 1_048_576);
}
