/**
 * A server with nothing but golden paths, for tests that kill it. Its neighbours keep what they make in tables, so that a
 * restart finds it. Told what to do by messages `{ n, operation, input, actor? }`; answers `{ n, value }` or `{ n, error }`.
 * A row in `test.die` with the name of a place ends the process there, at once, one time.
 */
import { fileURLToPath } from "node:url";

import { Entity, formatRef } from "@roadbed/contracts/catalog";
import { ConflictError, DomainError, perform, type Call } from "@roadbed/core";
import { createRelay, createRuntime, openDatabase } from "@roadbed/postgres";
import { createWorkflows } from "@roadbed/workflows";
import { parseAllDocuments } from "yaml";

import { createPaths, type PathsDeps } from "../index.ts";
import { outsideTo } from "./outside-to.ts";
import { createWorld, PUBLIC_URL } from "./ports.ts";

const [url = "", dataDir = "", goldenPathsDir = "", gitHost, system = "github"] = process.argv.slice(2);
const print = (level: string) => (message: string, fields?: unknown) =>
  process.env["VERBOSE"] === undefined ? undefined : console.error(process.pid, level, message, JSON.stringify(fields ?? {}));
const log = { debug: print("debug"), info: print("info"), warn: print("warn"), error: print("error") };
const db = openDatabase({ url, log, max: 10 });
const runtime = createRuntime({ db, log, may: async () => {} });
const workflows = createWorkflows({ databaseUrl: url, db, log, leaseTtlMs: 5_000 });

async function dieAt(place: string): Promise<void> {
  const { rowCount } = await db.query("delete from test.die where place = $1", [place]);
  if (rowCount > 0) process.kill(process.pid, "SIGKILL");
}

const world = createWorld();
const ports: Pick<PathsDeps, "catalog" | "git" | "standards" | "delivery" | "templates"> = {
  templates: world.ports.templates,
  standards: {
    evaluate: (ctx, resources) => world.ports.standards.evaluate(ctx, resources),
    async judge(ctx, input) {
      await dieAt("judge");
      const judgement = await world.ports.standards.evaluate(ctx, input.resources);
      const { rows } = await ctx.sql.query<{ id: string }>(
        "insert into test.decision (verdict, subject) values ($1, $2) returning id::text",
        [judgement.verdict, input.subject],
      );
      return { ...judgement, decisionId: `dec_${rows[0]?.id}` };
    },
  },
  catalog: {
    ...world.ports.catalog,
    async get(ctx, ref) {
      const { rows } = await ctx.sql.query<{ entity: unknown }>("select entity from test.entity where ref = $1", [ref]);
      return rows[0] === undefined ? undefined : Entity.parse(rows[0].entity);
    },
    async registerEntity(ctx, { entity }) {
      await dieAt("entity");
      const { kind, metadata } = entity;
      await ctx.sql.query(
        "insert into test.entity (ref, entity) values ($1, $2) on conflict (ref) do update set entity = excluded.entity",
        [formatRef({ kind, namespace: "default", name: metadata.name }), JSON.stringify(entity)],
      );
    },
    removeEntity: async (ctx, ref) => void (await ctx.sql.query("delete from test.entity where ref = $1", [ref])),
    async refs(ctx) {
      return (await ctx.sql.query<{ ref: string }>("select ref from test.entity")).rows.map(({ ref }) => ref);
    },
    async registerRepository(ctx, { repository }) {
      await dieAt("register:before");
      const { rows } = await ctx.sql.query<{ files: Record<string, string> }>("select files from test.repository where name = $1", [
        repository,
      ]);
      const entities = parseAllDocuments(rows[0]?.files["catalog-info.yaml"] ?? "").map((document) => Entity.parse(document.toJS()));
      const refs = entities.map(({ kind, metadata }) => formatRef({ kind, namespace: "default", name: metadata.name }));
      for (const [n, entity] of entities.entries()) {
        await ctx.sql.query(
          "insert into test.entity (ref, entity) values ($1, $2) on conflict (ref) do update set entity = excluded.entity",
          [refs[n], JSON.stringify(entity)],
        );
      }
      await dieAt("register:after");
      return { refs };
    },
    async unregister(_ctx, what) {
      await dieAt("undo-register:before");
      const name = "repository" in what ? what.repository : what.url;
      const { rowCount } = await db.query("delete from test.entity where ref = $1", [`component:default/${name}`]);
      if (rowCount > 0) await db.query("insert into test.call (what) values ('entity removed')");
      await dieAt("undo-register:after");
      return rowCount > 0;
    },
  },
  git: {
    async repositoryExists(_ctx, name) {
      return (await db.query("select 1 from test.repository where name = $1", [name])).rowCount > 0;
    },
    // Like a folder on disk: what is made stays, whatever becomes of the call's transaction.
    async createRepository(_ctx, { name, key, files }) {
      await dieAt("publish:before");
      const texts = Object.fromEntries(files.map(({ path, content }) => [path, new TextDecoder().decode(content)]));
      const { rowCount } = await db.query("insert into test.repository (name, key, files) values ($1, $2, $3) on conflict do nothing", [
        name,
        key,
        JSON.stringify(texts),
      ]);
      await db.query("insert into test.call (what) values ($1)", [rowCount > 0 ? "repository made" : "repository found"]);
      const { rows } = await db.query<{ key: string }>("select key from test.repository where name = $1", [name]);
      if (rows[0]?.key !== key) throw new ConflictError(`A repository named ${name} is there already.`);
      await dieAt("publish:after");
      return { cloneUrl: `${PUBLIC_URL}/git/${name}.git`, commit: "c".repeat(40) };
    },
    async takeBackRepository(_ctx, { name, key }) {
      await dieAt("undo-publish:before");
      const { rowCount } = await db.query("delete from test.repository where name = $1 and key = $2", [name, key]);
      if (rowCount > 0) await db.query("insert into test.call (what) values ('repository removed')");
      await dieAt("undo-publish:after");
      return "removed";
    },
  },
  delivery: {
    requestDeployment: async () => dieAt("deploy:request"),
    async stopWorkload() {
      await dieAt("undo-deploy");
      await db.query("insert into test.call (what) values ('stopped')");
    },
    async deploymentOf(_ctx, { entityRef }) {
      await dieAt("deploy:wait");
      const { rowCount } = await db.query("select 1 from test.unhealthy where ref = $1", [entityRef]);
      if (rowCount > 0) return { status: "starting" };
      return { status: "healthy", url: `http://localhost:4401/dev/${entityRef.split("/")[1]}/` };
    },
  },
};

/** The ways to the double, with places to die before and after what is made there. */
function outside(address: string): PathsDeps["outside"] {
  const ways = outsideTo({ host: new URL(address).host, url: address }, system === "gitlab" ? system : "github");
  return {
    ...ways,
    async fetch(input, init) {
      const what = `${init?.method} ${new URL(input instanceof Request ? input.url : input).pathname.split("/").at(-1)}`;
      if (init?.method !== "GET") await dieAt(`${what}:before`);
      const answer = await fetch(input, init);
      if (init?.method !== "GET") await dieAt(`${what}:after`);
      return answer;
    },
    async push(o) {
      await dieAt("push:before");
      const pushed = await ways.push(o);
      await dieAt("push:after");
      return pushed;
    },
  };
}

const paths = createPaths({
  log,
  db,
  runtime,
  workflows,
  dataDir,
  goldenPathsDir,
  resourceClassesDir: fileURLToPath(new URL("../../../../resource-classes", import.meta.url)),
  publicUrl: PUBLIC_URL,
  ...ports,
  ...(gitHost === undefined ? {} : { outside: outside(gitHost) }),
});
const relay = createRelay({ db, log, subscriptions: paths.subscriptions });
await paths.start();
await workflows.launch();
await relay.start();

process.on("message", ({ n, operation, input, actor }: { n: number; operation: string; input: unknown; actor?: string }) => {
  void answer(operation, input, actor).then(
    (value) => process.send?.({ n, value }),
    (error: unknown) => process.send?.({ n, error: { ...toPlain(error) } }),
  );
});
process.on("SIGTERM", () => void stop());
process.send?.({ ready: true });

async function answer(operation: string, input: unknown, actor = "ada"): Promise<unknown> {
  if (operation === "variablesFor") return paths.variablesFor(input as never);
  const handler = paths.handlers.find((one) => one.operation.name === operation);
  if (!handler) throw new Error(`no operation ${operation}`);
  const call: Call = {
    ...runtime.system("test"),
    actor: { kind: "user", id: actor, name: `${actor.slice(0, 1).toUpperCase()}${actor.slice(1)}` },
  };
  return perform(runtime, handler, call, input);
}

function toPlain(error: unknown): Record<string, unknown> {
  if (!(error instanceof DomainError)) return { message: String(error) };
  return {
    message: error.message,
    code: error.code,
    problems: error.problems,
    mend: error.mend,
    ...("decisionId" in error ? { decisionId: error.decisionId } : {}),
  };
}

async function stop(): Promise<void> {
  await relay.stop();
  await workflows.drain(3_000);
  await paths.stop();
  await db.close();
  process.exit(0);
}
