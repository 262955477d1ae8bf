import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { start } from "../src/server.js";
import { startTelemetry } from "../src/telemetry.js";

const lines = [];
let service;
let base;

before(async () => {
  const telemetry = startTelemetry({ serviceName: "test", env: {}, write: (line) => lines.push(line) });
  service = await start({ env: { PORT: "0", HOST: "127.0.0.1" }, telemetry });
  base = `http://127.0.0.1:${service.port}`;
});
after(() => service.stop());

test("it says that it is well", async () => {
  const answer = await fetch(`${base}/healthz`);
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), { status: "ok" });
  assert.equal((await fetch(`${base}/readyz`)).status, 200);
});

test("it greets", async () => {
  const message = async (query) => (await (await fetch(`${base}/api/hello${query}`)).json()).message;
  assert.equal(await message(""), "Hello, world!");
  assert.equal(await message("?name=Zo%C3%AB"), "Hello, Zoë!");
});

test("a name that is too long is the caller's mistake", async () => {
  const answer = await fetch(`${base}/api/hello?name=${"a".repeat(101)}`);
  assert.equal(answer.status, 400);
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
});

test("what is not there is 404, and the wrong method 405", async () => {
  assert.equal((await fetch(`${base}/nowhere`)).status, 404);
  assert.equal((await fetch(`${base}/api/hello`, { method: "POST" })).status, 405);
  assert.equal((await fetch(`${base}/healthz`, { method: "HEAD" })).status, 200);
});
