/** Catalogue, policies, delivery and golden paths as the server wires them, over one database: paths are followed for real and what they made is used. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { createCatalog, migrations as catalogTables, type Catalog } from "@roadbed/catalog";
import { createCel } from "@roadbed/cel";
import type { Run } from "@roadbed/contracts/paths";
import { perform, type Call, type Handler } from "@roadbed/core";
import { createDelivery, createRouter, migrations as deliveryTables, queues, type Delivery, type DeliveryDeps } from "@roadbed/delivery";
import { openRepositories, type Repositories } from "@roadbed/git";
import { createPaths, migrations as pathsTables } from "@roadbed/paths";
import { createRelay } from "@roadbed/postgres";
import { createStandards, migrations as standardsTables } from "@roadbed/standards";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { createWorkflows } from "@roadbed/workflows";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";

import { catalogForPaths, conditionsForPaths, platformForPaths } from "../../apps/server/src/ports.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface PathsWorld {
  readonly database: TestDatabase;
  readonly catalog: Catalog;
  readonly delivery: Delivery;
  readonly repositories: Repositories;
  readonly routerUrl: string;
  readonly dataDir: string;
  /** Performs an operation as any face does. */
  call<T>(name: string, input: unknown, as?: Partial<Call>): Promise<T>;
  /** Follows a path to its end. */
  run(path: string, values: Record<string, unknown>, as?: Partial<Call>): Promise<Run>;
  /** A repository that was there before Roadbed's paths. */
  makeRepository(name: string, files: Readonly<Record<string, string>>): Promise<void>;
  /** Puts what a repository describes into the catalogue. */
  register(name: string): Promise<void>;
  close(): Promise<void>;
}

/** `estate`: descriptors of what is there before. `policies`: folders beside the shipped ones. */
export async function startPathsWorld(o: {
  readonly estate: string;
  readonly timing?: DeliveryDeps["timing"];
  readonly policies?: readonly string[];
}): Promise<PathsWorld> {
  const cel = createCel({ deadlineMs: 5_000 });
  const dataDir = await mkdtemp(join(tmpdir(), "paths-world-"));
  await writeFile(join(dataDir, "estate.yaml"), o.estate);
  const database = await createTestDatabase([catalogTables, standardsTables, deliveryTables, pathsTables], { prepare: WORKFLOW_TABLES });
  const { db, runtime } = database;
  const workflows = createWorkflows({ databaseUrl: database.url, db, log: quietLog, queues });
  const repositories = openRepositories(join(dataDir, "git"));
  const catalog = createCatalog({ db, runtime, log: quietLog, cel, repositories, dataDir });
  const router = createRouter({ log: quietLog, port: 0 });
  const routerUrl = `http://127.0.0.1:${await router.listen()}`;
  const publicUrl = "http://localhost:4400";
  // Takes what workloads send, as the platform's own intake does.
  const intake = createServer((request, response) => void request.resume().on("end", () => response.end("{}")));
  await new Promise<void>((resolve) => intake.listen(0, "127.0.0.1", resolve));
  const delivery = createDelivery({
    log: quietLog,
    db,
    runtime,
    workflows,
    repositories,
    dataDir,
    publicUrl,
    otlpEndpoint: `http://127.0.0.1:${(intake.address() as AddressInfo).port}`,
    router,
    routerUrl,
    entities: { get: (ctx, ref) => catalog.getEntity(ctx, ref) },
    resources: { variablesFor: (workload) => paths.variablesFor(workload) },
    tokens: { rotate: async () => "token" },
    gitDoor: { authenticate: async () => undefined },
    ...(o.timing === undefined ? {} : { timing: o.timing }),
  });
  const paths = createPaths({
    log: quietLog,
    db,
    runtime,
    workflows,
    dataDir,
    resourceClassesDir: join(root, "resource-classes"),
    goldenPathsDir: join(root, "golden-paths"),
    publicUrl,
    templates: { list: (ctx) => catalog.listTemplates(ctx) },
    catalog: catalogForPaths(catalog, runtime),
    conditions: conditionsForPaths(cel),
    platform: platformForPaths([...catalog.handlers, ...delivery.handlers], runtime),
    changes: { propose: (ctx, change) => delivery.proposeChange(ctx, change) },
    git: delivery,
    repositories,
    standards: createStandards({ log: quietLog, cel, policies: [join(root, "policies"), ...(o.policies ?? [])] }),
    delivery,
  });
  const handlers: readonly Handler[] = [...catalog.handlers, ...delivery.handlers, ...paths.handlers];
  const relay = createRelay({ db, log: quietLog, subscriptions: [...paths.subscriptions, ...delivery.subscriptions] });
  await catalog.start();
  await paths.start();
  await workflows.launch();
  await delivery.start();
  await relay.start();

  async function call<T>(name: string, input: unknown, as: Partial<Call> = {}): Promise<T> {
    const handler = handlers.find(({ operation }) => operation.name === name);
    if (handler === undefined) throw new Error(`no operation ${name}`);
    return (await perform(runtime, handler, callAs(as), input)) as T;
  }
  await call("catalog.source.import", { target: join(dataDir, "estate.yaml"), watch: false });

  return {
    database,
    catalog,
    delivery,
    repositories,
    routerUrl,
    dataDir,
    call,
    async run(path, values, as = {}) {
      const { id } = await call<Run>("paths.path.run", { path, values }, as);
      return eventually(async () => {
        const found = await call<Run>("paths.run.get", { id });
        if (found.endedAt === undefined) throw new Error(`still ${found.status}`);
        return found;
      }, 60_000);
    },
    async makeRepository(name, files) {
      const { operation } = delivery.handlers.find((handler) => handler.operation.name === "delivery.deployment.create")!;
      await runtime.write(callAs(), operation, { name }, { kind: "repository", id: name }, (ctx) =>
        delivery.createRepository(ctx, {
          name,
          description: "",
          branch: "main",
          files: Object.entries(files).map(([path, content]) => ({ path, content: Buffer.from(content), executable: false })),
          message: "Begin",
          author: { name: "Ada", email: "ada@example.org" },
          key: `there before: ${name}`,
        }),
      );
    },
    async register(name) {
      const { operation } = delivery.handlers.find((handler) => handler.operation.name === "delivery.deployment.create")!;
      await runtime.write(callAs(), operation, { name }, undefined, (ctx) => catalog.registerRepository(ctx, { repository: name }));
    },
    async close() {
      await relay.stop();
      await workflows.drain(3_000);
      await delivery.stop();
      await Promise.all([paths.stop(), catalog.stop()]);
      intake.closeAllConnections();
      intake.close();
      await cel.close();
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
