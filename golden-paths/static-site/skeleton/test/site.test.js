import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "../src/build.js";
import { start } from "../src/server.js";
import { startTelemetry } from "../src/telemetry.js";

const site = join(dirname(fileURLToPath(import.meta.url)), "..", "site");
let folder;
let server;
let base;

before(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "site-")), "public");
  await build({ from: site, to: folder });
  const telemetry = startTelemetry({ serviceName: "test", env: {}, write: () => {} });
  server = await start({ env: { PORT: "0", HOST: "127.0.0.1" }, folder, telemetry });
  base = `http://127.0.0.1:${server.port}`;
});
after(() => server.stop());

test("every page is in the frame, and its links are relative", async () => {
  const html = await readFile(join(folder, "index.html"), "utf8");
  assert.match(html, /<title>Home · /);
  assert.match(html, /<a href="\.\/index\.html" aria-current="page">Home<\/a>/);
  assert.match(html, /href="\.\/assets\/style\.[0-9a-f]{8}\.css"/);
  assert.doesNotMatch(html, /(href|src)="\//);
});

test("a link that leads nowhere stops the build and is named", async () => {
  const copy = await mkdtemp(join(tmpdir(), "site-"));
  await cp(site, join(copy, "site"), { recursive: true });
  await writeFile(join(copy, "site/pages/bad.html"), '<!-- title: Bad -->\n<a href="/nowhere.html">x</a><a href="https://example.org">y</a>');
  await assert.rejects(build({ from: join(copy, "site"), to: join(copy, "public") }), /pages\/bad\.html: \/nowhere\.html/);
});

test("it serves pages, assets and its health", async () => {
  assert.equal((await fetch(`${base}/healthz`)).status, 200);
  const home = await fetch(`${base}/`);
  assert.equal(home.status, 200);
  assert.equal(home.headers.get("content-type"), "text/html; charset=utf-8");
  const again = await fetch(`${base}/`, { headers: { "if-none-match": home.headers.get("etag") } });
  assert.equal(again.status, 304);
  const [style] = await readdir(join(folder, "assets"));
  const asset = await fetch(`${base}/assets/${style}`);
  assert.match(asset.headers.get("cache-control"), /immutable/);
});

test("what is not there is 404, also outside of the folder", async () => {
  const missing = await fetch(`${base}/nowhere`);
  assert.equal(missing.status, 404);
  assert.match(await missing.text(), /Not found/);
  for (const path of ["/..%2f..%2fetc%2fpasswd", "/%2e%2e/package.json", "/%00", "/%zz"]) {
    const answer = await fetch(`${base}${path}`);
    assert.ok(path === "/%zz" || answer.status === 404, path);
    assert.doesNotMatch(await answer.text(), /root:|"private"/);
  }
  assert.equal((await fetch(`${base}/`, { method: "POST" })).status, 405);
});
