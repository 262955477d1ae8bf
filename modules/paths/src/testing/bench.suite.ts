import { repositoryPushed } from "@roadbed/contracts/delivery";
import type { Run } from "@roadbed/contracts/paths";
import { ConflictError, defineOperation, perform, z, type Call, type Ctx, type Handler, type Subscription } from "@roadbed/core";
import { openRepositories, type FileChange, type Repositories } from "@roadbed/git";
import { createRelay, createRuntime } from "@roadbed/postgres";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { createWorkflows } from "@roadbed/workflows";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { join } from "node:path";

import { createActions } from "../action/actions.ts";
import { createPaths, migrations, type Paths, type PathsDeps } from "../index.ts";
import type { RenderDeps } from "../ledger/render-path.ts";
import { createRenderer } from "../render/renderer.ts";
import { createWorld, PUBLIC_URL, type World } from "./ports.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A server with golden paths in it and a real Git host below it, in the test's own process. */
export interface Bench {
  readonly database: TestDatabase;
  readonly repositories: Repositories;
  readonly world: World;
  /** What versions of paths are rendered with. */
  readonly rendering: RenderDeps;
  call<T = Run>(operation: string, input: unknown, as?: Partial<Call>): Promise<T>;
  /** Whether somebody may hear of an event. */
  readonly seesNews: Paths["seesNews"];
  /** Follows a path to its end. */
  run(path: string, values: Record<string, unknown>, as?: Partial<Call>): Promise<Run>;
  /** What somebody pushes: files and what is taken away, as one commit. */
  push(
    repository: string,
    files: readonly FileChange[],
    o?: { removed?: readonly string[]; message?: string; by?: string; branch?: string },
  ): Promise<string>;
  /** The way in which every run begins. */
  readonly start: Handler;
  /** Something that the platform does by itself. */
  write(work: (ctx: Ctx) => Promise<void>): Promise<void>;
  /** Ends when every event so far was heard. */
  heard(): Promise<void>;
  /** What a provisioner says late. */
  receiveCallback: Paths["receiveCallback"];
  close(): Promise<void>;
}

const pushOperation = defineOperation({
  name: "test.push",
  summary: "Somebody pushed.",
  scope: "test:write",
  risk: "low",
  http: { method: "POST", path: "/internal/test.push" },
  input: z.object({}),
  output: z.unknown(),
});

export async function createBench(
  goldenPathsDir: string,
  o: {
    readonly deps?: (repositories: Repositories) => Partial<PathsDeps>;
    readonly handlers?: readonly Handler[];
    readonly subscriptions?: readonly Subscription[];
  } = {},
): Promise<Bench> {
  const database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  const dataDir = await temporaryFolder();
  const repositories = openRepositories(join(dataDir, "git"));
  const world = createWorld();
  const { db } = database;
  const runtime = createRuntime({ db, log: quietLog, may: async () => {} });
  const workflows = createWorkflows({ databaseUrl: database.url, db, log: quietLog });
  const git: PathsDeps["git"] = {
    repositoryExists: (_ctx, name) => repositories.exists(name),
    async createRepository(_ctx, { name, branch, files, message, author, key }) {
      const maker = world.makers.get(name);
      if (maker !== undefined && maker !== key) throw new ConflictError(`A repository named ${name} is there already.`);
      world.makers.set(name, key);
      await repositories.init(name, { defaultBranch: branch });
      const { hash } = await repositories.commitFiles(name, { branch, files, message, author, expectedParent: null });
      return { cloneUrl: `${PUBLIC_URL}/git/${name}.git`, commit: hash };
    },
    async commitToRepository(_ctx, { repository, parent, ...rest }) {
      const { hash } = await repositories.commitFiles(repository, { ...rest, expectedParent: parent });
      return { commit: hash };
    },
    async takeBackRepository(_ctx, { name, key, commit }) {
      if (!(await repositories.exists(name))) return "removed";
      if (world.makers.get(name) !== key) throw new ConflictError(`The repository ${name} was made by somebody else.`);
      if ((await repositories.head(name, "main")) !== commit) return "archived";
      await repositories.remove(name);
      world.makers.delete(name);
      return "removed";
    },
  };
  const catalog: PathsDeps["catalog"] = {
    ...world.ports.catalog,
    async registerRepository(ctx, { repository, branch }) {
      const content = await repositories.readFile(repository, `refs/heads/${branch ?? "main"}`, "catalog-info.yaml");
      world.repositories.set(repository, {
        key: "",
        commit: "",
        files: [{ path: "catalog-info.yaml", content: content ?? new Uint8Array(), executable: false }],
      });
      return world.ports.catalog.registerRepository(ctx, { repository, branch });
    },
  };
  const paths = createPaths({
    log: quietLog,
    db,
    runtime,
    workflows,
    dataDir,
    goldenPathsDir,
    publicUrl: PUBLIC_URL,
    ...world.ports,
    catalog,
    git,
    repositories,
    ...o.deps?.(repositories),
  });
  const relay = createRelay({ db, log: quietLog, subscriptions: [...paths.subscriptions, ...(o.subscriptions ?? [])] });
  await paths.start();
  await workflows.launch();
  await relay.start();
  const renderer = createRenderer();
  const actions = createActions({ ...world.ports, catalog, git, publicUrl: PUBLIC_URL });
  const handlers = [...paths.handlers, ...paths.backstage, ...(o.handlers ?? [])];

  async function call<T>(operation: string, input: unknown, as: Partial<Call> = {}): Promise<T> {
    const handler = handlers.find((one) => one.operation.name === operation);
    if (!handler) throw new Error(`no operation ${operation}`);
    return (await perform(runtime, handler, callAs(as), input)) as T;
  }

  return {
    database,
    repositories,
    world,
    rendering: { actions, renderer, dataDir },
    seesNews: (who, event) => paths.seesNews(who, event),
    call,
    async run(path, values, as) {
      const { id } = await call<Run>("paths.path.run", { path, values }, as);
      return eventually(async () => {
        const run = await call<Run>("paths.run.get", { id });
        if (run.endedAt === undefined) throw new Error(`still ${run.status}`);
        return run;
      }, 40_000);
    },
    async push(repository, files, { removed = [], message = "Change it", by = "Ben Example", branch = "main" } = {}) {
      const before = await repositories.head(repository, branch);
      const author = { name: by, email: "ben@example.org" };
      const { hash } = await repositories.commitFiles(repository, { branch, files, removed, message, author });
      const payload = { repository, branch, before: before ?? "0".repeat(40), after: hash, message, author: by };
      await runtime.write(callAs(), pushOperation, {}, undefined, async (ctx) => ctx.emit(repositoryPushed, repository, payload));
      return hash;
    },
    start: handlers.find(({ operation }) => operation.name === "paths.path.run")!,
    write: (work) => runtime.write(runtime.system("test"), pushOperation, {}, undefined, work),
    async heard() {
      await eventually(async () => {
        const { rows } = await db.query<{ open: boolean }>(
          "select exists (select 1 from kernel.subscription s join kernel.event e on e.name = any(s.events) and e.seq > s.position) open",
        );
        return rows[0]?.open === false;
      });
    },
    receiveCallback: (id, callback) => paths.receiveCallback(id, callback),
    async close() {
      await relay.stop();
      await workflows.drain(3_000);
      await Promise.all([paths.stop(), renderer.close()]);
      await database.drop();
    },
  };
}
