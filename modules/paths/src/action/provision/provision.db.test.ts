import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { callAs, createTestDatabase, type TestDatabase } from "@roadbed/testkit";
import { deletePathConnection, listPathConnections, savePathConnection } from "@roadbed/contracts/paths/connections";
import { perform } from "@roadbed/core";
import { createSealer } from "@roadbed/postgres";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { createNamedConnections, makeConnectionHandlers } from "../../connection/connections.ts";
import { migrations } from "../../index.ts";
import { once, readNote } from "../../run/once.ts";
import { actionContext } from "../../testing/action-context.ts";
import { outsideTo } from "../../testing/outside-to.ts";
import { PUBLIC_URL } from "../../testing/ports.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { receiveCallback } from "./receive-callback.ts";
import { signatureOf } from "./ask-provisioner.ts";
import { makeWebhookProvision } from "./webhook.ts";

let database: TestDatabase;
let server: HttpServer;
let url: string;
let asked: { headers: Record<string, unknown>; body: any }[] = [];
let answer: (body: any) => { status?: number; body: unknown };
let sealer: ReturnType<typeof createSealer>;
const SECRET = "a-signing-secret";

beforeAll(async () => {
  database = await createTestDatabase([migrations]);
  await database.db.query(
    `insert into paths.run (id, path_ref, path_title, path, status, actor, actor_detail, user_ref, shown_values, created_at)
     values ('run_1', 'template:default/x', 'x', '{}', 'running', 'user:ada', '{}', 'user:default/ada', '{}', now())`,
  );
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      const seconds = Number(request.headers["x-roadbed-timestamp"]);
      const signed = signatureOf(SECRET, text, seconds * 1_000)["x-roadbed-signature"] === request.headers["x-roadbed-signature"];
      asked.push({ headers: request.headers, body: JSON.parse(text) });
      const { status = 200, body } = signed ? answer(JSON.parse(text)) : { status: 401, body: {} };
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/provision`;
  sealer = createSealer({ file: join(await temporaryFolder(), "key"), key: undefined, said: { what: "It", mend: "Save it." } });
  await ask(savePathConnection, { name: "databases", address: url, credential: "s3cret-token", signingSecret: SECRET });
});
afterAll(async () => {
  server.close();
  await database.drop();
});
beforeEach(() => {
  asked = [];
  answer = () => ({ body: {} });
});

async function ask(operation: { name: string }, input: object): Promise<any> {
  const handler = makeConnectionHandlers({ sealer }).find((one) => one.operation.name === operation.name)!;
  return perform(database.runtime, handler, callAs(), input);
}

let step = 0;
async function begin(key = `run_1:db${++step}`) {
  const connections = createNamedConnections({ db: database.db, sealer });
  const action = makeWebhookProvision({
    outside: outsideTo({ host: "x", url: "x" }, "github"),
    connections,
    publicUrl: PUBLIC_URL,
    pollMs: 10,
  });
  const { c, lines } = await actionContext({ workspace: await temporaryFolder(), key });
  const kept = {
    ...c,
    once: <T>(name: string, work: () => Promise<T>) => once(database.db, { runId: "run_1", key, name }, work),
    noted: async <T>(name: string) => (await readNote<T>(database.db, key, name))?.value,
  };
  const input = action.input.parse({
    connection: "databases",
    type: "postgres",
    class: "small",
    name: "orders",
    params: { version: "18" },
  });
  return { key, lines, run: () => action.run(kept, input), describe: () => action.describe(kept, input), connections };
}

test("a connection is listed without what is secret, and its secrets go to no other host", async () => {
  expect((await ask(listPathConnections, {})).items).toMatchObject([
    { name: "databases", address: url, headers: ["authorization"], signs: true },
  ]);
  const { rows } = await database.db.query("select encode(sealed, 'escape') as text from paths.connection");
  expect(JSON.stringify(rows)).not.toContain("s3cret-token");
  const moved = await ask(savePathConnection, { name: "moved", address: url });
  expect(moved).toMatchObject({ headers: [], signs: false });
  await ask(savePathConnection, { name: "moved", address: url, credential: "t" });
  expect(await ask(savePathConnection, { name: "moved", address: "https://elsewhere.example.org" })).toMatchObject({ headers: [] });
  expect(await ask(deletePathConnection, { name: "moved" })).toEqual({ deleted: true });
});

test("a preview plans and makes nothing; what the provisioner refuses stands there", async () => {
  answer = () => ({ body: { changes: [{ action: "create", type: "postgres", name: "orders" }] } });
  const one = await begin();
  expect((await one.describe()).words).toBe("Makes or changes postgres/small orders by databases. Planned: create postgres orders.");
  expect(asked.map(({ body }) => body.operation)).toEqual(["plan"]);
  answer = () => ({ body: { status: "failed", message: "the quota is used up" } });
  expect((await one.describe()).problems).toEqual([{ about: "orders", reason: "the provisioner refuses: the quota is used up" }]);
  answer = () => ({ status: 501, body: {} });
  expect((await one.describe()).problems).toEqual([]);
});

test("it is asked once, signed, with the key of the step, and answers at once", async () => {
  answer = () => ({ body: { outputs: { host: "db.example.org" } } });
  const one = await begin();
  expect(await one.run()).toEqual({ outputs: { host: "db.example.org" }, changes: [] });
  expect(await one.run()).toEqual({ outputs: { host: "db.example.org" }, changes: [] });
  expect(asked).toHaveLength(1);
  expect(asked[0]?.headers).toMatchObject({ authorization: "Bearer s3cret-token", "idempotency-key": `${one.key}:apply` });
  expect(asked[0]?.body).toMatchObject({
    key: one.key,
    run: "run_1",
    type: "postgres",
    class: "small",
    params: { version: "18" },
    callback: expect.stringContaining("/hooks/provisions/"),
  });
});

test("what lasts is waited for until the callback tells it, once and signed only", async () => {
  answer = () => ({ status: 202, body: { status: "pending", message: "queued" } });
  const one = await begin();
  const running = one.run();
  for (; asked.length === 0;) await new Promise((resolve) => setTimeout(resolve, 10));
  const id = String(asked[0]?.body.callback).split("/").at(-1)!;
  const tell = (body: object, over: object = {}, at = Date.now()): Promise<{ taken: boolean }> => {
    const bytes = Buffer.from(JSON.stringify(body));
    return receiveCallback({ db: database.db, connections: one.connections }, id, {
      headers: { ...signatureOf(SECRET, bytes, at), ...over },
      body: bytes,
    });
  };
  await expect(tell({ status: "done" }, { "x-roadbed-signature": "sha256=00" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await expect(tell({ status: "done" }, {}, Date.now() - 600_000)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await expect(tell({ status: "perhaps" })).rejects.toMatchObject({ code: "INVALID" });
  await expect(
    receiveCallback({ db: database.db, connections: one.connections }, "unknown", { headers: {}, body: Buffer.from("{}") }),
  ).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(await tell({ status: "pending", message: "half" })).toEqual({ taken: true });
  expect(await tell({ status: "done", outputs: { host: "late.example.org" } })).toEqual({ taken: true });
  expect(await tell({ status: "failed" })).toEqual({ taken: false });
  expect(await running).toMatchObject({ outputs: { host: "late.example.org" } });
});

test("a failure is told in the provisioner's words", async () => {
  answer = () => ({ body: { status: "failed", message: "no space" } });
  await expect((await begin()).run()).rejects.toThrow("databases could not apply orders: no space");
});
