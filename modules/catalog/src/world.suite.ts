import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { listEntities, syncSource, type Entity } from "@roadbed/contracts/catalog";
import { perform, type Call, type Ctx, type Operation, type OutputOf, type Row } from "@roadbed/core";
import { cloneRepository, fetchRepository, openRepositories } from "@roadbed/git";
import type { Database } from "@roadbed/postgres";
import { callAs, createTestDatabase, quietLog, type TestDatabase } from "@roadbed/testkit";
import { afterAll, beforeAll, beforeEach } from "vitest";

import { createCatalog, migrations, type Catalog, type CatalogDeps } from "./index.ts";

/** What a test of the whole module works with: for each test an empty catalogue and an empty folder. */
export interface World {
  catalog: Catalog;
  readonly db: Database;
  readonly home: string;
  folder: string;
  /** Another catalogue on the same database. */
  readonly open: (over?: Partial<CatalogDeps>) => Catalog;
  readonly ask: <O extends Operation>(operation: O, input: unknown, by?: Catalog, who?: Partial<Call>) => Promise<OutputOf<O>>;
  /** Runs something as a write would: in one transaction. */
  readonly write: <T>(work: (ctx: Ctx) => Promise<T>) => Promise<T>;
  /** Looks into the tables, or sets the scene in them. */
  readonly sql: <R extends Row = Row>(text: string) => Promise<{ rows: R[] }>;
  readonly put: (path: string, text: string) => Promise<void>;
  readonly refs: (filter?: string) => Promise<string[]>;
  /** What was told, with the entity where it is about one. */
  readonly events: () => Promise<string[]>;
  readonly forgetEvents: () => Promise<void>;
  /** Address of the database, for another process. */
  readonly url: string;
}

export function useWorld(): World {
  let database: TestDatabase;
  let folders = 0;
  const state = { catalog: undefined as unknown as Catalog, db: undefined as unknown as Database, home: "", folder: "", url: "" };

  beforeAll(async () => {
    database = await createTestDatabase([migrations]);
    state.db = database.db;
    state.url = database.url;
    state.home = await mkdtemp(join(tmpdir(), "catalog-"));
  });
  beforeEach(async () => {
    await state.catalog?.stop();
    for (const table of [
      "catalog.entity",
      "catalog.removed_entity",
      "catalog.history",
      "catalog.source",
      "catalog.derived_told",
      "catalog.derived_begun",
      "kernel.event",
    ]) {
      await database.db.query(`delete from ${table}`);
    }
    state.catalog = open();
    state.folder = join(state.home, `source-${folders++}`);
    await mkdir(state.folder);
  });
  afterAll(async () => {
    await state.catalog?.stop();
    await database.drop();
    await rm(state.home, { recursive: true });
  });

  return Object.assign(state, {
    open,
    ask,
    write,
    sql: (text: string) => database.db.query<any>(text),
    put,
    refs,
    events,
    forgetEvents,
  });

  function open(over: Partial<CatalogDeps> = {}): Catalog {
    return createCatalog({
      db: database.db,
      runtime: database.runtime,
      log: quietLog,
      repositories: openRepositories(join(state.home, "git")),
      remotes: { clone: cloneRepository, fetch: fetchRepository },
      dataDir: join(state.home, "data"),
      ...over,
    });
  }

  async function ask<O extends Operation>(operation: O, input: unknown, by = state.catalog, who?: Partial<Call>): Promise<OutputOf<O>> {
    const handler = by.handlers.find((one) => one.operation === operation)!;
    return operation.output.parse(await perform(database.runtime, handler, callAs(who), input)) as OutputOf<O>;
  }

  function write<T>(work: (ctx: Ctx) => Promise<T>): Promise<T> {
    return database.runtime.write(callAs(), syncSource, {}, undefined, work);
  }

  async function put(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(state.folder, path)), { recursive: true });
    await writeFile(join(state.folder, path), text);
  }

  async function refs(filter?: string): Promise<string[]> {
    const { items } = await ask(listEntities, { filter, limit: 500 });
    return items.map(({ ref }) => ref);
  }

  async function events(): Promise<string[]> {
    const { rows } = await database.db.query<{ name: string; subject: string }>("select name, subject from kernel.event order by seq");
    return rows.map(({ name, subject }) => (name.startsWith("catalog.entity") ? `${name} ${subject}` : name));
  }

  async function forgetEvents(): Promise<void> {
    await database.db.query("delete from kernel.event");
  }
}

/** A component as YAML, 9 lines long; `more` goes on in its spec. */
export function component(name: string, more = ""): string {
  return `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${name}
  description: About ${name}.
spec:
  type: service
  lifecycle: production
  owner: team-a
${more}`;
}

export function entityOf(name: string, over: object = {}): Entity {
  const spec = { type: "service", lifecycle: "x", owner: "team-a", ...over };
  return { apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name }, spec };
}
