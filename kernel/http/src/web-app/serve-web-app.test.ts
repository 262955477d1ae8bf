import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";

import type { Logger } from "@roadbed/core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createHttpServer, serveWebApp } from "../index.ts";

const log: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const root = mkdtempSync(join(tmpdir(), "roadbed-web-"));
const dir = join(root, "dist");
const app = createHttpServer({ log, checks: [] });
const HTML = { accept: "text/html,application/xhtml+xml" };

beforeAll(async () => {
  mkdirSync(join(dir, "assets"), { recursive: true });
  writeFileSync(join(root, "secret.txt"), "secret");
  writeFileSync(join(dir, "index.html"), "<!doctype html><title>Roadbed</title>");
  writeFileSync(join(dir, "favicon.svg"), "<svg/>");
  writeFileSync(join(dir, "assets/app-abc.js"), "let a = 1");
  writeFileSync(join(dir, "assets/app-abc.js.br"), brotliCompressSync("let a = 1"));
  writeFileSync(join(dir, "assets/app-abc.js.gz"), gzipSync("let a = 1"));
  serveWebApp(app, { dir });
  app.get("/api/v1/me", async () => ({ me: true }));
  await app.ready();
});
afterAll(async () => {
  await app.close();
  rmSync(root, { recursive: true });
});

test("a hashed file comes in the best encoding the browser takes, for ever", async () => {
  const get = (encoding: string) => app.inject({ url: "/assets/app-abc.js", headers: { "accept-encoding": encoding } });
  const br = await get("gzip, deflate, br");
  expect(br.headers).toMatchObject({
    "content-encoding": "br",
    vary: "accept-encoding",
    "cache-control": "public, max-age=31536000, immutable",
    "content-type": "text/javascript; charset=utf-8",
  });
  expect(String(brotliDecompressSync(br.rawPayload))).toBe("let a = 1");
  const gz = await get("gzip, br;q=0");
  expect(gz.headers["content-encoding"]).toBe("gzip");
  expect(String(gunzipSync(gz.rawPayload))).toBe("let a = 1");
  const plain = await get("identity");
  expect(plain.headers["content-encoding"]).toBeUndefined();
  expect(plain.body).toBe("let a = 1");
});

test("a page address gives index.html to a browser that navigates, and nothing else does", async () => {
  for (const url of ["/", "/catalog", "/catalog/component%3Adefault%2Forders?tab=docs"]) {
    const page = await app.inject({ url, headers: HTML });
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain("Roadbed");
    expect(page.headers["cache-control"]).toBe("no-cache");
  }
  for (const headers of [{}, { accept: "*/*" }]) {
    expect((await app.inject({ url: "/inbox?view=channels", headers })).body).toContain("Roadbed");
    expect((await app.inject({ url: "/gone.js", headers })).statusCode).toBe(404);
  }
  expect((await app.inject({ url: "/catalog", headers: { accept: "application/json" } })).statusCode).toBe(404);
  expect((await app.inject({ url: "/catalog", method: "POST", headers: HTML })).statusCode).toBe(404);
  for (const url of ["/api/v1/unknown", "/assets/gone.js", "/git/x", "/mcp/x", "/v1/traces", "/auth/x"]) {
    const answer = await app.inject({ url, headers: HTML });
    expect([url, answer.statusCode]).toEqual([url, 404]);
    expect(answer.headers["content-type"]).toContain("problem+json");
  }
  expect((await app.inject("/api/v1/me")).json()).toEqual({ me: true });
});

test("an unchanged file is not sent twice, and HEAD sends none", async () => {
  const first = await app.inject({ url: "/favicon.svg" });
  expect(first.headers["content-type"]).toBe("image/svg+xml");
  const again = await app.inject({ url: "/favicon.svg", headers: { "if-none-match": String(first.headers["etag"]) } });
  expect(again.statusCode).toBe(304);
  expect(again.body).toBe("");
  const head = await app.inject({ url: "/favicon.svg", method: "HEAD" });
  expect(head.headers["content-length"]).toBe("6");
  expect(head.body).toBe("");
});

test("no path leads out of the folder", async () => {
  for (const url of [
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/assets/..%2f..%2fsecret.txt",
    "/%2e%2e%5csecret.txt",
    "/assets/%00",
    "//etc/passwd",
  ]) {
    const answer = await app.inject({ url });
    expect(answer.body).not.toContain("secret\n");
    expect([url, answer.statusCode]).toEqual([url, 404]);
  }
});

test("a new build is served without a restart", async () => {
  writeFileSync(join(dir, "assets/app-def.js"), "let b = 2");
  expect((await app.inject("/assets/app-def.js")).statusCode).toBe(404);
  writeFileSync(join(dir, "index.html"), "<!doctype html><title>Roadbed, newly built</title>");
  expect((await app.inject({ url: "/", headers: HTML })).body).toContain("newly built");
  expect((await app.inject("/assets/app-def.js")).body).toBe("let b = 2");
});

test("a missing build says what to do", async () => {
  const bare = createHttpServer({ log, checks: [] });
  serveWebApp(bare, { dir: join(root, "nothing") });
  const answer = await bare.inject({ url: "/", headers: HTML });
  expect(answer.statusCode).toBe(503);
  expect(answer.body).toContain("npm start");
  await bare.close();
});
