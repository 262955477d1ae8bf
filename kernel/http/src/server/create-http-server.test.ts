import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import {
  CancelledError,
  ConflictError,
  DeniedError,
  ForbiddenError,
  InvalidError,
  NotFoundError,
  TooLargeError,
  TooManyError,
  UnauthenticatedError,
  UnavailableError,
  type DomainError,
  type Logger,
  type Row,
} from "@roadbed/core";
import type { FastifyInstance } from "fastify";
import { afterEach, expect, test } from "vitest";

import { createHttpServer, mountRaw, onClientGone, requireSameOrigin, type HttpServerOptions, type ProblemBody } from "../index.ts";

const lines: { level: string; message: string; fields?: Row | undefined }[] = [];
const write = (level: string) => (message: string, fields?: Row) => void lines.push({ level, message, fields });
const log: Logger = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
const open: FastifyInstance[] = [];

function makeServer(options: Partial<HttpServerOptions> = {}): FastifyInstance {
  const app = createHttpServer({ log, checks: [], ...options });
  open.push(app);
  return app;
}

async function listen(app: FastifyInstance): Promise<string> {
  return app.listen({ port: 0, host: "127.0.0.1" });
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((app) => app.close()));
  lines.length = 0;
});

test("each domain error has its status, and its words reach the caller", async () => {
  const table: readonly (readonly [number, DomainError])[] = [
    [400, new InvalidError("no", { mend: "Mend it.", problems: [{ at: "name", reason: "is taken" }] })],
    [401, new UnauthenticatedError("no")],
    [403, new ForbiddenError("no")],
    [422, new DeniedError("no", { problems: [{ at: "owner", reason: "is missing" }], decisionId: "dec_1" })],
    [404, new NotFoundError("entity", "x")],
    [409, new ConflictError("no")],
    [413, new TooLargeError("no")],
    [429, new TooManyError("no", 7)],
    [503, new UnavailableError("no")],
    [499, new CancelledError("no")],
  ];
  const app = makeServer();
  app.get<{ Params: { at: string } }>("/fail/:at", async (request) => {
    throw table[Number(request.params.at)]![1];
  });
  for (const [at, [status, error]] of table.entries()) {
    const answer = await app.inject({ url: `/fail/${at}`, headers: { "x-request-id": "trace-me-1" } });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers["content-type"]).toContain("application/problem+json");
    expect(answer.json<ProblemBody>()).toMatchObject({
      code: error.code,
      detail: error.message,
      status,
      requestId: "trace-me-1",
      problems: error.problems,
    });
  }
  const denied = await app.inject("/fail/3");
  expect(denied.json<ProblemBody>().decisionId).toBe("dec_1");
  expect((await app.inject("/fail/7")).headers["retry-after"]).toBe("7");
  expect((await app.inject("/fail/1")).headers["www-authenticate"]).toContain("Bearer");
});

test("a fault of ours tells nothing but the request id, and is logged", async () => {
  const app = makeServer();
  app.get("/boom", async () => {
    throw new Error("password=hunter2 at /srv/secret");
  });
  const answer = await app.inject("/boom?token=rb_secret");
  expect(answer.statusCode).toBe(500);
  expect(answer.body).not.toContain("hunter2");
  expect(answer.json<ProblemBody>().requestId).toBe(answer.headers["x-request-id"]);
  const line = lines.find(({ level }) => level === "error");
  expect(String(line?.fields?.["error"])).toContain("hunter2");
  expect(JSON.stringify(lines)).not.toContain("rb_secret");
});

test("a request id of the caller is taken when it is sane, else made", async () => {
  const app = makeServer();
  expect((await app.inject({ url: "/healthz", headers: { "x-request-id": "abc-123.x" } })).headers["x-request-id"]).toBe("abc-123.x");
  expect((await app.inject({ url: "/healthz", headers: { "x-request-id": "a b\tc<script>" } })).headers["x-request-id"]).toMatch(/^req_/);
});

test("unknown addresses, methods, content types and bodies are problems with a mend", async () => {
  const app = makeServer({ bodyLimit: 100 });
  app.post("/things/:id", async (request) => ({ got: request.body ?? null }));

  expect((await app.inject("/nothing")).json<ProblemBody>()).toMatchObject({ status: 404, code: "NOT_FOUND" });
  const wrongMethod = await app.inject("/things/1");
  expect(wrongMethod.json<ProblemBody>()).toMatchObject({ status: 405, code: "INVALID", mend: "Use one of: POST." });
  expect(wrongMethod.headers["allow"]).toBe("POST");

  const post = (payload: string, type: string) =>
    app.inject({ method: "POST", url: "/things/1", payload, headers: { "content-type": type } });
  expect((await post("<a/>", "text/xml")).json<ProblemBody>()).toMatchObject({ status: 415, code: "INVALID" });
  expect((await post("plain", "text/plain")).statusCode).toBe(415);
  expect((await post("{oops", "application/json")).json<ProblemBody>()).toMatchObject({
    status: 400,
    detail: "The body is not valid JSON: expected property name or '}', at line 1, column 2.",
  });
  expect((await post('{"__proto__":{"admin":true}}', "application/json")).statusCode).toBe(400);
  expect((await post(`{"a":"${"x".repeat(200)}"}`, "application/json")).json<ProblemBody>()).toMatchObject({
    status: 413,
    code: "TOO_LARGE",
  });
  expect((await post("", "application/json")).json()).toEqual({ got: null });
  expect((await app.inject("/things/%zz")).json<ProblemBody>()).toMatchObject({ status: 400, code: "INVALID" });
});

test("every answer carries the security headers", async () => {
  const app = makeServer();
  for (const url of ["/healthz", "/nothing", "/%zz"]) {
    const { headers } = await app.inject(url);
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers["content-security-policy"]).not.toContain("unsafe-eval");
    expect(headers["content-security-policy"]).toMatch(/script-src 'self';/);
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["referrer-policy"]).toBe("same-origin");
  }
});

test("readyz names each part, also one that throws or hangs", async () => {
  const app = makeServer({
    checks: [
      { name: "postgres", check: async () => ({ ok: true, detail: "18.4" }) },
      { name: "clickhouse", check: () => Promise.reject(new Error("connection refused")) },
      { name: "git", check: () => new Promise(() => {}) },
    ],
  });
  const answer = await app.inject("/readyz");
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toEqual({
    ready: false,
    parts: [
      { name: "postgres", state: "ok", detail: "18.4" },
      { name: "clickhouse", state: "failing", detail: "connection refused" },
      { name: "git", state: "failing", detail: "no answer within 2 s" },
    ],
  });
  expect((await makeServer().inject("/readyz")).json()).toEqual({ ready: true, parts: [] });
  expect((await makeServer().inject("/healthz")).json()).toEqual({ status: "alive" });
});

test("closing lets a request under way finish and cuts one that never ends", async () => {
  const app = makeServer({ drainMs: 300 });
  let begun = 0;
  app.get("/slow", async () => {
    begun++;
    await new Promise((resolve) => setTimeout(resolve, 150));
    return { done: true };
  });
  app.get("/never", async () => {
    begun++;
    return new Promise(() => {});
  });
  const url = await listen(app);
  const slow = fetch(`${url}/slow`);
  const never = fetch(`${url}/never`).then(
    () => "answered",
    () => "cut",
  );
  while (begun < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await app.close();
  expect(await (await slow).json()).toEqual({ done: true });
  expect(await never).toBe("cut");
});

test("a caller who hangs up aborts the work, one who stays does not", async () => {
  const app = makeServer();
  const aborted: boolean[] = [];
  const began = Promise.withResolvers<void>();
  app.post("/work", async (_request, reply) => {
    const signal = onClientGone(reply);
    await new Promise((resolve) => setTimeout(resolve, 20));
    aborted.push(signal.aborted);
    return {};
  });
  app.post("/long-work", async (_request, reply) => {
    const signal = onClientGone(reply);
    began.resolve();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    aborted.push(signal.aborted);
    return {};
  });
  const url = await listen(app);
  await fetch(`${url}/work`, { method: "POST" });
  const caller = new AbortController();
  const call = fetch(`${url}/long-work`, { method: "POST", signal: caller.signal }).catch(() => {});
  await began.promise;
  caller.abort();
  await call;
  await expect.poll(() => aborted).toEqual([false, true]);
});

test("a raw mount reads the body itself", async () => {
  const app = makeServer();
  mountRaw(app, "/git", async (req, res) => {
    let bytes = 0;
    for await (const chunk of req) bytes += (chunk as Buffer).length;
    res.writeHead(200).end(`${req.url} ${bytes}`);
  });
  const url = await listen(app);
  const answer = await fetch(`${url}/git/a.git/info?x=1`, {
    method: "POST",
    body: "x".repeat(9),
    headers: { "content-type": "application/x-git" },
  });
  expect(await answer.text()).toBe("/git/a.git/info?x=1 9");
  expect(answer.headers.get("x-request-id")).toMatch(/^req_/);
});

test("a raw mount takes bodies larger than the usual limit", async () => {
  const app = makeServer({ bodyLimit: 1_000 });
  mountRaw(app, "/git", async (req, res) => {
    let bytes = 0;
    for await (const chunk of req) bytes += (chunk as Buffer).length;
    res.end(String(bytes));
  });
  const url = await listen(app);
  const answer = await fetch(`${url}/git/a.git`, { method: "POST", body: new Uint8Array(6_000_000) });
  expect(await answer.text()).toBe("6000000");
});

test("a head that is too large is a problem like every other", async () => {
  const answer = await fetch(`${await listen(makeServer())}/healthz?x=${"a".repeat(20_000)}`);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([431, "application/problem+json; charset=utf-8"]);
  expect(await answer.json()).toMatchObject({
    status: 431,
    code: "TOO_LARGE",
    mend: expect.any(String),
    requestId: expect.stringMatching(/^req_/),
  });
});

test("who sends too much is told so when they have sent it, and not cut off before", async () => {
  const app = makeServer({ bodyLimit: 100 });
  app.post("/things", async () => ({}));
  const { port } = new URL(await listen(app));
  const socket = connect(Number(port), "127.0.0.1");
  const half = "x".repeat(500_000);
  socket.write(`POST /things HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${half.length * 2}\r\n\r\n${half}`);
  let answer = "";
  socket.on("data", (bytes: Buffer) => void (answer += bytes.toString()));
  await pause(200);
  expect([answer, socket.destroyed]).toEqual(["", false]);
  socket.write(half);
  await once(socket, "close");
  expect(answer).toMatch(/^HTTP\/1.1 413 /);
});

test("a malformed request line gets 400 and no crash", async () => {
  const app = makeServer();
  const { port } = new URL(await listen(app));
  const socket = connect(Number(port), "127.0.0.1");
  socket.write("NONSENSE\r\n\r\n");
  const [chunk] = (await once(socket, "data")) as [Buffer];
  expect(String(chunk)).toContain("400");
  socket.destroy();
  expect((await app.inject("/healthz")).statusCode).toBe(200);
});

test("a cookie's write needs our header and our origin", async () => {
  const app = makeServer();
  app.post("/write", async (request) => {
    requireSameOrigin(request, ["http://dev.example:5173"]);
    return {};
  });
  const post = async (headers: Record<string, string>) =>
    (await app.inject({ method: "POST", url: "/write", headers: { host: "localhost:4400", ...headers } })).statusCode;
  expect(await post({ "x-roadbed-csrf": "1", origin: "http://localhost:4400" })).toBe(200);
  expect(await post({ "x-roadbed-csrf": "1", origin: "http://dev.example:5173" })).toBe(200);
  expect(await post({ origin: "http://localhost:4400" })).toBe(403);
  expect(await post({ "x-roadbed-csrf": "1" })).toBe(403);
  expect(await post({ "x-roadbed-csrf": "1", origin: "http://evil.example" })).toBe(403);
  expect(await post({ "x-roadbed-csrf": "1", origin: "null" })).toBe(403);
});
