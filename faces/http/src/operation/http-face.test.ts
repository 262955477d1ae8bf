import { gunzipSync } from "node:zlib";

import {
  defineOperation,
  DeniedError,
  handle,
  newId,
  perform,
  UnauthenticatedError,
  type Call,
  type Ctx,
  type Logger,
  type Runtime,
} from "@roadbed/core";
import { createHttpServer } from "@roadbed/http";
import type { FastifyInstance } from "fastify";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";

import { httpFace, type Authenticate } from "../index.ts";

const log: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const calls: Call[] = [];

const getThing = defineOperation({
  name: "toy.thing.get",
  summary: "Show a thing.",
  scope: "toy:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/things/{ref}" },
  input: z.object({ ref: z.string(), limit: z.coerce.number().int().max(10).default(5), tags: z.array(z.string()).default([]) }),
  output: z.object({ ref: z.string(), limit: z.number(), tags: z.array(z.string()) }),
});
const makeThing = defineOperation({
  name: "toy.thing.make",
  summary: "Make a thing.",
  scope: "toy:write",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/things/{ref}/parts" },
  input: z.object({ ref: z.string(), name: z.string().max(20_000), values: z.record(z.string(), z.unknown()).default({}) }),
  output: z.object({ made: z.string() }),
});
const removeThing = defineOperation({
  name: "toy.thing.remove",
  summary: "Remove a thing.",
  scope: "toy:write",
  risk: "destructive",
  http: { method: "DELETE", path: "/api/v1/things/{ref}" },
  input: z.object({ ref: z.string() }),
  output: z.object({}),
});
const signIn = defineOperation({
  name: "toy.session.start",
  summary: "Sign in.",
  scope: "toy:none",
  risk: "low",
  public: true,
  http: { method: "POST", path: "/api/v1/session" },
  input: z.object({ name: z.string() }),
  output: z.object({ ok: z.literal(true) }),
});

const handlers = [
  handle(getThing, async (_ctx, { ref, limit, tags }) => ({ ref, limit, tags })),
  handle(makeThing, async (_ctx, { name }) => {
    if (name === "denied")
      throw new DeniedError("Policy says no.", {
        problems: [{ at: "owner", reason: "is missing", mend: "Name an owner." }],
        decisionId: "dec_1",
      });
    return { made: name };
  }),
  handle(removeThing, async () => ({})),
  handle(signIn, async (_ctx, { name }) => (name === "liar" ? ({ wrong: true } as never) : { ok: true as const })),
];

/** Runs the work at once and remembers the call; transactions are proven where they live. */
const runtime: Runtime = {
  may: async () => {},
  read: (call, work) => remember(call, work),
  write: (call, _operation, _input, _resource, work) => remember(call, work),
};

function remember<T>(call: Call, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  calls.push(call);
  return work(call as Ctx);
}

const authenticate: Authenticate = async ({ headers, cookies }) => {
  const actor = { kind: "user", id: "ada", name: "Ada" } as const;
  if (headers.authorization === "Bearer good") return { actor, scopes: new Set(["toy:read", "toy:write"]), via: "token" };
  if (headers.authorization === "Bearer reader") return { actor, scopes: new Set(["toy:read"]), via: "token" };
  if (headers.authorization !== undefined) throw new UnauthenticatedError("The token has expired.", { mend: "Make a new one." });
  return cookies["roadbed_session"] === "s1" ? { actor, scopes: new Set(["*"]), via: "cookie" } : undefined;
};

let app: FastifyInstance;
function serve(): FastifyInstance {
  app = createHttpServer({ log, checks: [] });
  httpFace(app, { handlers, runtime, authenticate, checkOutputs: true });
  return app;
}
afterEach(async () => {
  calls.length = 0;
  await app.close();
});

const TOKEN = { authorization: "Bearer good" };

test("path, query and body become one input; repeated keys become a list", async () => {
  serve();
  const get = (url: string) => app.inject({ url, headers: TOKEN });
  expect((await get("/api/v1/things/component%3Adefault%2Forders?limit=7&tags=a&tags=b")).json()).toEqual({
    ref: "component:default/orders",
    limit: 7,
    tags: ["a", "b"],
  });
  expect((await get("/api/v1/things/x?tags=one")).json()).toEqual({ ref: "x", limit: 5, tags: ["one"] });
  const made = await app.inject({ method: "POST", url: "/api/v1/things/x/parts", headers: TOKEN, payload: { name: "part" } });
  expect(made.json()).toEqual({ made: "part" });
  expect(made.headers["cache-control"]).toBe("no-store");
});

test("an unknown or misplaced field is refused by name, with the field that was meant", async () => {
  serve();
  const typo = await app.inject({ url: "/api/v1/things/x?limti=3", headers: TOKEN });
  expect(typo.json()).toMatchObject({
    status: 400,
    code: "INVALID",
    problems: [{ at: "limti", reason: "is not a known field", mend: "Did you mean limit?" }],
  });

  const post = (url: string, payload: object) => app.inject({ method: "POST", url, headers: TOKEN, payload });
  expect((await post("/api/v1/things/x/parts", { name: "a", banana: 1 })).json().problems).toEqual([
    { at: "banana", reason: "is not a known field", mend: "Remove it; the fields are ref, name, values." },
  ]);
  expect((await post("/api/v1/things/x/parts?name=a", {})).json().problems[0]).toMatchObject({
    at: "name",
    mend: "Put it in the JSON body.",
  });
  expect((await post("/api/v1/things/x/parts", { name: "a", ref: "y" })).json().problems[0]).toMatchObject({
    at: "ref",
    reason: "differs from the one in the path",
  });
  expect((await post("/api/v1/things/x/parts", { name: "a", ref: "x" })).statusCode).toBe(200);
  expect((await post("/api/v1/things/x/parts", [1])).statusCode).toBe(400);
  expect(
    (await app.inject({ method: "DELETE", url: "/api/v1/things/x", headers: TOKEN, payload: { force: true } })).json().problems[0],
  ).toMatchObject({ at: "force", mend: "Put it in the query." });
  expect(calls).toHaveLength(1);
});

test("a value that does not fit names its field; a denial carries its reasons and its decision", async () => {
  serve();
  expect((await app.inject({ url: "/api/v1/things/x?limit=99", headers: TOKEN })).json().problems).toMatchObject([{ at: "limit" }]);
  const denied = await app.inject({ method: "POST", url: "/api/v1/things/x/parts", headers: TOKEN, payload: { name: "denied" } });
  expect(denied.json()).toMatchObject({
    status: 422,
    code: "DENIED",
    decisionId: "dec_1",
    problems: [{ at: "owner", reason: "is missing", mend: "Name an owner." }],
  });
});

test("default deny: nobody, a bad token and a missing scope are told apart", async () => {
  serve();
  expect((await app.inject("/api/v1/things/x?limti=3")).json()).toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
  expect((await app.inject({ url: "/api/v1/things/x", headers: { authorization: "Bearer old" } })).json()).toMatchObject({
    status: 401,
    detail: "The token has expired.",
  });
  const forbidden = await app.inject({ method: "DELETE", url: "/api/v1/things/x", headers: { authorization: "Bearer reader" } });
  expect(forbidden.json()).toMatchObject({ status: 403, code: "FORBIDDEN" });
  expect(forbidden.json().detail).toContain("toy:write");
  expect(calls).toHaveLength(0);
});

test("a public operation works for nobody and with a worn-out token", async () => {
  serve();
  const post = (headers: Record<string, string>) =>
    app.inject({ method: "POST", url: "/api/v1/session", payload: { name: "ada" }, headers });
  expect((await post({})).json()).toEqual({ ok: true });
  expect((await post({ authorization: "Bearer old" })).json()).toEqual({ ok: true });
});

test("a cookie reads freely and writes only from our own page; a token writes from anywhere", async () => {
  serve();
  const cookie = { cookie: "roadbed_session=s1", host: "localhost:4400" };
  const write = async (headers: Record<string, string>) =>
    (await app.inject({ method: "DELETE", url: "/api/v1/things/x", headers })).statusCode;
  expect((await app.inject({ url: "/api/v1/things/x", headers: { ...cookie, origin: "http://evil.example" } })).statusCode).toBe(200);
  expect(await write(cookie)).toBe(403);
  expect(await write({ ...cookie, "x-roadbed-csrf": "1" })).toBe(403);
  expect(await write({ ...cookie, "x-roadbed-csrf": "1", origin: "http://evil.example" })).toBe(403);
  expect(await write({ ...cookie, "x-roadbed-csrf": "1", origin: "http://localhost:4400" })).toBe(200);
  expect(await write({ ...TOKEN, origin: "http://evil.example" })).toBe(200);
});

test("the call knows the face, the reason and the idempotency key", async () => {
  serve();
  const headers = {
    ...TOKEN,
    "x-roadbed-face": "cli",
    "x-roadbed-reason": encodeURIComponent("aufräumen 🧹"),
    "idempotency-key": "k-1",
    "x-request-id": "req-77",
  };
  await app.inject({ method: "DELETE", url: "/api/v1/things/x", headers });
  await app.inject({ url: "/api/v1/things/x", headers: { ...TOKEN, "x-roadbed-face": "system", "x-roadbed-reason": "100% sure" } });
  expect(calls[0]).toMatchObject({ face: "cli", reason: "aufräumen 🧹", idempotencyKey: "k-1", requestId: "req-77", actor: { id: "ada" } });
  expect(calls[1]).toMatchObject({ face: "http", reason: "100% sure" });
  expect(calls[1]).not.toHaveProperty("idempotencyKey");
  expect((await app.inject({ url: "/api/v1/things/x", headers: { ...TOKEN, "idempotency-key": "a b" } })).statusCode).toBe(400);
});

test("SQL and HTML in a field are text", async () => {
  serve();
  const name = `'; drop<b>`;
  const answer = await app.inject({ method: "POST", url: "/api/v1/things/x/parts", headers: TOKEN, payload: { name } });
  expect(answer.json()).toEqual({ made: name });
  expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
});

test("an answer that breaks its contract is a fault where outputs are checked", async () => {
  serve();
  expect((await app.inject({ method: "POST", url: "/api/v1/session", payload: { name: "liar" } })).statusCode).toBe(500);
});

test("the route and perform agree", async () => {
  serve();
  const call: Call = {
    actor: { kind: "system", job: "test" },
    scopes: new Set(["*"]),
    face: "system",
    requestId: newId("req"),
    signal: new AbortController().signal,
  };
  const direct = await perform(runtime, handlers[0]!, call, { ref: "x" });
  expect((await app.inject({ url: "/api/v1/things/x", headers: TOKEN })).json()).toEqual(direct);
});

test("what is read is packed when it is large; what a write answers never is", async () => {
  serve();
  const headers = { ...TOKEN, "accept-encoding": "gzip" };
  const tags = Array.from({ length: 50 }, (_, at) => `tags=${"x".repeat(190)}${at}`).join("&");
  const read = await app.inject({ url: `/api/v1/things/x?${tags}`, headers });
  expect(read.headers["content-encoding"]).toBe("gzip");
  expect(JSON.parse(gunzipSync(read.rawPayload).toString("utf8"))).toMatchObject({ ref: "x" });
  const made = await app.inject({ method: "POST", url: "/api/v1/things/x/parts", headers, payload: { name: "y".repeat(12_000) } });
  expect([made.statusCode, made.headers["content-encoding"]]).toEqual([200, undefined]);
});
