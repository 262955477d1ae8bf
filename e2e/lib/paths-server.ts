/**
 * A server with golden paths and the real Git host in it, in a process of its own, for tests and measurements that kill it. Told what
 * to do by messages `{ n, operation, input, as? }`; answers `{ n, value }` or `{ n, error }`.
 */
import { join } from "node:path";

import { Entity, formatRef } from "@roadbed/contracts/catalog";
import { repositoryPushed } from "@roadbed/contracts/delivery";
import { defineOperation, DomainError, perform, z, type Call } from "@roadbed/core";
import { createDelivery, createRouter, queues } from "@roadbed/delivery";
import { openRepositories } from "@roadbed/git";
import { createPaths, type PathsDeps } from "@roadbed/paths";
import { createRelay, createRuntime, openDatabase } from "@roadbed/postgres";
import { createWorkflows } from "@roadbed/workflows";
import { parseAllDocuments } from "yaml";

const [url = "", dataDir = "", goldenPathsDir = ""] = process.argv.slice(2);
const print = (level: string) => (message: string, fields?: unknown) =>
  process.env["VERBOSE"] === undefined ? undefined : console.error(process.pid, level, message, JSON.stringify(fields ?? {}));
const log = { debug: print("debug"), info: print("info"), warn: print("warn"), error: print("error") };
const db = openDatabase({ url, log, max: 10 });
const runtime = createRuntime({ db, log, may: async () => {} });
const workflows = createWorkflows({ databaseUrl: url, db, log, leaseTtlMs: 5_000, queues });
const repositories = openRepositories(join(dataDir, "git"));
const router = createRouter({ log, port: 0 });
await router.listen();
const publicUrl = "http://localhost:4400";
const delivery = createDelivery({
  log,
  db,
  runtime,
  workflows,
  repositories,
  dataDir,
  publicUrl,
  otlpEndpoint: "http://127.0.0.1:9",
  router,
  routerUrl: "http://localhost:4401",
  entities: { get: async () => undefined },
  tokens: { rotate: async () => "token" },
  gitDoor: { authenticate: async () => undefined },
});

/** The catalogue as far as paths ask it: entities of the repositories that were registered. */
const catalog: PathsDeps["catalog"] = {
  get: async () => undefined,
  refs: async () => [],
  validate: async () => [],
  async registerRepository(_ctx, { repository, branch }) {
    const text = await repositories.readFile(repository, `refs/heads/${branch ?? "main"}`, "catalog-info.yaml");
    const entities = parseAllDocuments(Buffer.from(text ?? []).toString()).map((document) => Entity.parse(document.toJS()));
    return { refs: entities.map(({ kind, metadata }) => formatRef({ kind, namespace: "default", name: metadata.name })) };
  },
};
const paths = createPaths({
  log,
  db,
  runtime,
  workflows,
  dataDir,
  goldenPathsDir,
  publicUrl,
  templates: { list: async () => [] },
  catalog,
  git: delivery,
  repositories,
  changes: { propose: (ctx, change) => delivery.proposeChange(ctx, change) },
  standards: {
    evaluate: async () => ({ verdict: "allow", findings: [] }),
    judge: async () => ({ verdict: "allow", findings: [], decisionId: "dec_test" }),
  },
  delivery,
});
const relay = createRelay({ db, log, subscriptions: [...paths.subscriptions, ...delivery.subscriptions] });
await paths.start();
await workflows.launch();
await delivery.start();
await relay.start();

const pushOperation = defineOperation({
  name: "test.push",
  summary: "Somebody pushed.",
  scope: "test:write",
  risk: "low",
  http: { method: "POST", path: "/internal/test.push" },
  input: z.object({}),
  output: z.unknown(),
});
interface PushInput {
  readonly repository: string;
  readonly branch?: string;
  readonly files: Record<string, string>;
  readonly removed?: readonly string[];
}

/** What a person's push does, without a client: the commit, and the event that announces it. */
async function push({ repository, branch = "main", files, removed = [] }: PushInput): Promise<string> {
  const before = (await repositories.head(repository, branch)) ?? "0".repeat(40);
  const author = { name: "Ben Example", email: "ben@example.org" };
  const contents = Object.entries(files).map(([path, content]) => ({ path, content }));
  const { hash } = await repositories.commitFiles(repository, { branch, files: contents, removed, message: "Change it", author });
  await runtime.write(runtime.system("test"), pushOperation, {}, undefined, async (ctx) => {
    if (branch === "main") await ctx.sql.query("update delivery.repository set head = $2 where name = $1", [repository, hash]);
    ctx.emit(repositoryPushed, repository, { repository, branch, before, after: hash, message: "Change it", author: author.name });
  });
  return hash;
}

async function answer(operation: string, input: unknown): Promise<unknown> {
  if (operation === "test.push") return push(input as PushInput);
  if (operation === "test.read") {
    const { repository, path, ref = "main" } = input as { repository: string; path: string; ref?: string };
    const content = await repositories.readFile(repository, ref, path);
    return content === undefined ? undefined : Buffer.from(content).toString("utf8");
  }
  const handler = [...paths.handlers, ...delivery.handlers].find((one) => one.operation.name === operation);
  if (handler === undefined) throw new Error(`no operation ${operation}`);
  const call: Call = { ...runtime.system("test"), actor: { kind: "user", id: "ada", name: "Ada" } };
  return perform(runtime, handler, call, input);
}

process.on("message", ({ n, operation, input }: { n: number; operation: string; input: unknown }) => {
  void answer(operation, input).then(
    (value) => process.send?.({ n, value }),
    (error: unknown) =>
      process.send?.({
        n,
        error: error instanceof DomainError ? { message: error.message, code: error.code } : { message: String(error) },
      }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true });
