import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Configuration } from "@roadbed/contracts/delivery/configurations";
import type { Promotion } from "@roadbed/contracts/delivery/promotions";
import type { getRelease, Release } from "@roadbed/contracts/delivery/releases";
import { perform, type OutputOf } from "@roadbed/core";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { GitDoor } from "../deps.ts";
import { ALLOW, startServer, type TestServer } from "../fixtures/server.ts";
import { GITOPS_REPOSITORY } from "../gitops/gitops-repository.ts";
import { migrations } from "../index.ts";
import { pushRepository } from "../internal-operations.ts";

const author = { name: "Ada Example", email: "ada@example.org" };
const REF = "component:default/greeting";
let database: TestDatabase;
let dataDir: string;
let server: TestServer;

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "configuration-"));
  const gitDoor: GitDoor = {
    authenticate: async ({ headers }) => {
      const environment = headers.authorization?.split(" ")[1];
      return environment === undefined ? undefined : callAs({ scopes: new Set(["configuration:read", `configuration:${environment}`]) });
    },
  };
  server = await startServer({ databaseUrl: database.url, dataDir, log: quietLog, ports: { policies: ALLOW, gitDoor } });
  await call("delivery.environment.create", { name: "prod", upstream: ["dev"] });
  for (const name of ["greeting", "helper"]) {
    server.entities.set(`component:default/${name}`, { apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name } });
  }
});
afterAll(async () => {
  await server.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

test("a pushed prompt is a release, is read in its environment with a token for that, promoted and rolled back, without a process", async () => {
  await create("greeting", prompt("Say hello to {{name}}."));
  const one = await eventually(() => read("dev"), 20_000);
  expect(one).toMatchObject({
    kind: "prompt",
    name: "greeting",
    content: { messages: [{ role: "system", text: "Say hello to {{name}}." }] },
  });
  const first = await eventually(() => release(1), 20_000);
  expect(first.parts.map(({ kind, digest, standing }) => [kind, digest, standing])).toEqual([
    ["commit", undefined, "present"],
    ["prompt", one.digest, "present"],
  ]);
  await promote("greeting#1");
  expect(await read("prod")).toMatchObject({ digest: one.digest, release: 1 });
  const written = await server.repositories.readFile(GITOPS_REPOSITORY, "env/prod", "apps/greeting/prompt.yaml");
  expect(Buffer.from(written!).toString()).toContain(one.digest);

  // At its address: only with a token for that environment, with an ETag, and another one as soon as it is there.
  const at = (environment: string, headers: Record<string, string>, query = ""): Promise<Response> =>
    fetch(`${server.routerUrl}/${environment}/greeting/${query}`, { headers });
  expect((await at("prod", {})).status).toBe(401);
  expect((await at("prod", { authorization: "Bearer dev" })).status).toBe(403);
  const answer = await at("prod", { authorization: "Bearer prod" });
  expect([answer.status, answer.headers.get("etag"), (await answer.json()) as Configuration]).toMatchObject([
    200,
    `"${one.digest}"`,
    { digest: one.digest, version: one.version },
  ]);
  expect((await at("prod", { authorization: "Bearer prod", "if-none-match": `"${one.digest}"` })).status).toBe(304);
  await expect(read("prod", ["configuration:read", "configuration:dev"])).rejects.toMatchObject({ code: "FORBIDDEN" });

  await push("greeting", prompt("Greet {{name}} by name."), "Greet by name");
  await eventually(() => release(2), 20_000);
  const waiting = at("prod", { authorization: "Bearer prod", "if-none-match": `"${one.digest}"` }, "?wait=30");
  const told = call<Configuration>("delivery.configuration.get", {
    entityRef: REF,
    environment: "prod",
    have: one.digest,
    waitSeconds: 30,
  });
  await promote("greeting#2");
  const two = (await (await waiting).json()) as Configuration;
  expect(two.digest).not.toBe(one.digest);
  expect((await told).digest).toBe(two.digest);

  await call("delivery.promotion.rollback", { entityRef: REF, environment: "prod", reason: "It is too long" });
  await eventually(async () => expect(await read("prod")).toMatchObject({ digest: one.digest, release: 1 }), 20_000);
}, 90_000);

test("a prompt that lacks a file is not served, and what was served before goes on", async () => {
  const before = await read("dev");
  await push("greeting", "kind: prompt\nprompt: { messages: [{ role: system, file: gone.md }] }\n", "Forget the file");
  await eventually(async () => {
    const { items } = await call<{ items: { status: string; error?: string }[] }>("delivery.deployment.list", { entityRef: REF });
    expect(items[0]).toMatchObject({ status: "failed", error: expect.stringContaining("gone.md is not there") });
  }, 20_000);
  expect((await read("dev")).digest).toBe(before.digest);
});

test("an agent that binds a prompt which nobody released says that it is gone", async () => {
  const { digest } = await read("dev");
  const agent = (bound: string): string =>
    `kind: agent\nagent: { prompt: { component: greeting, digest: "${bound}" }, model: { name: small, version: 1 }, tools: [{ name: search }] }\n`;
  await create("helper", agent(digest));
  const standings = async (number: number): Promise<unknown> =>
    (await release(number, "helper")).parts.map(({ kind, standing }) => [kind, standing]);
  expect(await eventually(() => standings(1), 20_000)).toEqual([
    ["agent", "present"],
    ["commit", "present"],
    ["prompt", "present"],
  ]);
  await push("helper", agent(`sha256:${"0".repeat(64)}`), "Bind another");
  await eventually(async () => expect(await standings(2)).toContainEqual(["prompt", "gone"]), 20_000);
  server.entities.delete("component:default/greeting");
  expect(await standings(1)).toContainEqual(["prompt", "gone"]);
});

function prompt(text: string): string {
  return `kind: prompt\nprompt: { messages: [{ role: system, text: ${JSON.stringify(text)} }], parameters: { temperature: 0 } }\n`;
}

async function call<T>(name: string, input: unknown, scopes?: readonly string[]): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name)!;
  const who = { actor: { kind: "user", id: "ada", name: "Ada" } as const, ...(scopes === undefined ? {} : { scopes: new Set(scopes) }) };
  return (await perform(server.runtime, handler, callAs(who), input)) as T;
}

function read(environment: string, scopes?: readonly string[]): Promise<Configuration> {
  return call("delivery.configuration.get", { entityRef: REF, environment }, scopes);
}

function release(number: number, name = "greeting"): Promise<OutputOf<typeof getRelease>> {
  return call("delivery.release.get", { release: `${name}#${number}` });
}

async function promote(name: string): Promise<void> {
  await eventually(async () => expect((await call<Release>("delivery.release.get", { release: name })).in).not.toEqual([]), 20_000);
  const { id } = await eventually(() => call<Promotion>("delivery.promotion.create", { release: name, environment: "prod" }), 20_000);
  await eventually(async () => {
    const found = await call<Promotion>("delivery.promotion.get", { id });
    if (found.state !== "promoted") throw new Error(JSON.stringify(found.gates.filter(({ verdict }) => verdict !== "passed")));
  }, 20_000);
}

async function create(name: string, manifest: string): Promise<void> {
  const files = [{ path: "roadbed.yaml", content: manifest }];
  await server.runtime.write(callAs(), pushRepository, {} as never, undefined, (ctx) =>
    server.delivery.createRepository(ctx, { name, description: "", branch: "main", files, message: "Begin", author, key: name }),
  );
}

async function push(name: string, manifest: string, message: string): Promise<void> {
  const files = [{ path: "roadbed.yaml", content: manifest }];
  await server.repositories.commitFiles(name, { branch: "main", files, message, author });
  await call("delivery.deployment.create", { entityRef: `component:default/${name}` });
}
