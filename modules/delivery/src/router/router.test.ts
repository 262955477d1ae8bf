import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, request, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { quietLog } from "@roadbed/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createRouter, type Router } from "./router.ts";
import { pickBackend } from "./choose.ts";

/** Ways to set the platform's cookie, or one for the whole host. Only the last is kept, under the workload's own path. */
const FORGED = [
  "roadbed_session=stolen; Path=/",
  " Roadbed_Session=stolen",
  "=roadbed_session=stolen; Path=/",
  "roadbed_session",
  "c=3; Path=/x; Secure; path = /deep",
];
const servers: Server[] = [];
let home: string;
let router: Router;
let port: number;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "router-"));
  router = createRouter({ log: quietLog, port: 0 });
  port = await router.listen();
});
afterAll(async () => {
  await router.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await rm(home, { recursive: true, force: true });
});

describe("a process", () => {
  test("gets the path behind the prefix, the query and the forwarded headers, but not the platform's cookie", async () => {
    await serve("echo", (request, response) =>
      response.end(JSON.stringify({ url: request.url, method: request.method, headers: request.headers })),
    );
    const answer = await fetch(`${address("echo")}/a%2Fb/../c?x=1&y=%20`, {
      headers: { cookie: "roadbed_session=secret; theme=dark; roadbed_x=1" },
    });
    const { url, headers } = (await answer.json()) as { url: string; headers: Record<string, string> };
    expect(url).toBe("/c?x=1&y=%20");
    expect(headers).toMatchObject({
      cookie: "theme=dark",
      "x-forwarded-prefix": "/dev/echo",
      "x-forwarded-host": `127.0.0.1:${port}`,
      "x-forwarded-proto": "http",
      "x-forwarded-for": "127.0.0.1",
    });
  });

  test("is sent to the folder when the slash is missing", async () => {
    await serve("folder", (_request, response) => response.end("x"));
    const answer = await fetch(`http://127.0.0.1:${port}/dev/folder?a=1`, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([308, "/dev/folder/?a=1"]);
  });

  test("keeps its redirects and cookies under its own prefix, and cannot set the platform's cookie", async () => {
    await serve("headers", (request, response) => {
      response.setHeader("set-cookie", ["a=1; Path=/; HttpOnly", "b=2", ...FORGED]);
      response.setHeader("clear-site-data", '"cookies"');
      response
        .writeHead(302, {
          location: request.url === "/far" ? "https://example.org/x" : request.url === "/odd" ? "//example.org/x" : "/login?next=/",
        })
        .end();
    });
    const near = await fetch(`${address("headers")}/`, { redirect: "manual" });
    expect(near.headers.get("location")).toBe("/dev/headers/login?next=/");
    expect(near.headers.getSetCookie()).toEqual([
      "a=1; Path=/dev/headers/; HttpOnly",
      "b=2; Path=/dev/headers/",
      "c=3; Path=/dev/headers/deep; Secure",
    ]);
    expect(near.headers.has("clear-site-data")).toBe(false);
    expect((await fetch(`${address("headers")}/far`, { redirect: "manual" })).headers.get("location")).toBe("https://example.org/x");
    expect((await fetch(`${address("headers")}/odd`, { redirect: "manual" })).headers.get("location")).toBe("//example.org/x");
  });

  test("streams both ways", async () => {
    await serve("stream", (request, response) => {
      request.setEncoding("utf8").on("data", (chunk: string) => response.write(`<${chunk}>`));
      request.on("end", () => response.end());
    });
    const received: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const call = request({ port, method: "POST", path: "/dev/stream/" }, (answer) => {
        answer.setEncoding("utf8").on("data", (chunk: string) => {
          received.push(chunk);
          if (received.length === 1) call.end("two");
        });
        answer.on("end", resolve);
      });
      call.on("error", reject);
      call.write("one");
    });
    expect(received.join("")).toBe("<one><two>");
    expect(received.length).toBeGreaterThan(1);
  });

  test("hears when the client goes away", async () => {
    const gone = Promise.withResolvers<void>();
    await serve("gone", (_request, response) => {
      response.write("begin");
      response.on("close", () => gone.resolve());
    });
    const controller = new AbortController();
    const answer = await fetch(`${address("gone")}/`, { signal: controller.signal });
    await answer.body?.getReader().read();
    controller.abort();
    await gone.promise;
  });

  test("speaks WebSocket through it", async () => {
    const server = await serve("socket", (_request, response) => response.end());
    server.on("upgrade", (request: IncomingMessage, socket) => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nx-saw: ${request.url} ${request.headers.cookie ?? "none"}\r\n\r\n`,
      );
      socket.on("data", (chunk: Buffer) => socket.write(`echo ${chunk.toString()}`));
    });
    const socket = connect(port, "127.0.0.1").setEncoding("utf8");
    socket.write(
      "GET /dev/socket/ws HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\ncookie: roadbed_session=s\r\n\r\n",
    );
    let text = "";
    await new Promise<void>((resolve) => {
      socket.on("data", (chunk: unknown) => {
        text += String(chunk);
        if (text.endsWith("\r\n\r\n")) socket.write("hello");
        if (text.endsWith("echo hello")) resolve();
      });
    });
    socket.destroy();
    expect(text).toContain("101 Switching Protocols");
    expect(text).toContain("x-saw: /ws none");
  });

  test("that does not answer is explained, as a page or as text", async () => {
    router.set({ environment: "dev", name: "dead" }, { kind: "process", backends: [{ port: 1, weight: 1 }] });
    const text = await fetch(`${address("dead")}/`);
    expect([text.status, text.headers.get("content-type")]).toEqual([502, "text/plain; charset=utf-8"]);
    const page = await fetch(`${address("dead")}/`, { headers: { accept: "text/html" } });
    expect(await page.text()).toContain("<h1>It crashed</h1>");
  });

  test("is drained when its last request is over", async () => {
    const going = Promise.withResolvers<void>();
    const server = await serve("slow", (_request, response) => {
      void going.promise.then(() => response.end("done"));
    });
    const backend = (server.address() as AddressInfo).port;
    const answer = fetch(`${address("slow")}/`);
    await new Promise((resolve) => server.once("request", resolve));
    let drained = false;
    const waiting = router.drained(backend, 5_000).then(() => (drained = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(drained).toBe(false);
    going.resolve();
    expect(await (await answer).text()).toBe("done");
    await waiting;
  });
});

test("what is absent is told apart, and its words are only words", async () => {
  router.set({ environment: "dev", name: "s1" }, { kind: "absent", why: "starting" });
  router.set({ environment: "dev", name: "s2" }, { kind: "absent", why: "stopped" });
  router.set({ environment: "dev", name: "s3" }, { kind: "absent", why: "crashed", detail: "<script>alert(1)</script>" });
  router.set({ environment: "dev", name: "s4" }, { kind: "absent", why: "failed" });
  const statuses = await Promise.all(["s1", "s2", "s3", "s4", "nobody"].map(async (name) => (await fetch(`${address(name)}/`)).status));
  expect(statuses).toEqual([503, 503, 502, 502, 404]);
  expect((await fetch(`${address("s1")}/`)).headers.get("retry-after")).toBe("2");
  const page = await (await fetch(`${address("s3")}/`, { headers: { accept: "text/html" } })).text();
  expect(page).toContain("&lt;script&gt;");
  expect(page).not.toContain("<script>");
});

describe("a site", () => {
  beforeAll(async () => {
    const dir = join(home, "site");
    await mkdir(join(dir, "docs"), { recursive: true });
    await writeFile(join(dir, "index.html"), "<h1>home</h1>");
    await writeFile(join(dir, "app.js"), "1");
    await writeFile(join(dir, ".env"), "SECRET=1");
    await writeFile(join(dir, "docs", "index.html"), "docs");
    await writeFile(join(dir, "ä b.txt"), "ä");
    await writeFile(join(home, "outside.txt"), "outside");
    await symlink(join(home, "outside.txt"), join(dir, "link.txt"));
    await symlink(join(dir, "app.js"), join(dir, "inside.js"));
    router.set({ environment: "dev", name: "site" }, { kind: "site", dir });
  });

  test("serves files with their types, folders by their index, and tells what did not change", async () => {
    const index = await fetch(`${address("site")}/`);
    expect([await index.text(), index.headers.get("content-type")]).toEqual(["<h1>home</h1>", "text/html; charset=utf-8"]);
    expect((await fetch(`${address("site")}/app.js`)).headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(await (await fetch(`${address("site")}/docs`)).text()).toBe("docs");
    expect(await (await fetch(`${address("site")}/${encodeURIComponent("ä b.txt")}`)).text()).toBe("ä");
    expect(await (await fetch(`${address("site")}/inside.js`)).text()).toBe("1");
    const again = await fetch(`${address("site")}/`, { headers: { "if-none-match": index.headers.get("etag") ?? "" } });
    expect(again.status).toBe(304);
    expect((await fetch(`${address("site")}/`, { method: "POST" })).status).toBe(405);
    const head = await fetch(`${address("site")}/`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "13", ""]);
  });

  test.each([
    "/../outside.txt",
    "/%2e%2e/outside.txt",
    "/..%2foutside.txt",
    "/link.txt",
    "/.env",
    "/docs/%00",
    "/%",
    "/docs\\..\\..\\outside.txt",
    "//etc/passwd",
    "/missing",
  ])("does not serve %s", async (path) => {
    expect(await status(`/dev/site${path}`)).toBe(404);
  });
});

test("backends are picked by weight", () => {
  const backends = [
    { port: 1, weight: 9 },
    { port: 2, weight: 1 },
  ];
  expect([0, 0.5, 0.89, 0.9, 0.99].map((chance) => pickBackend(backends, chance)?.port)).toEqual([1, 1, 1, 2, 2]);
  expect(pickBackend([], 0)).toBeUndefined();
});

async function serve(name: string, handler: RequestListener): Promise<Server> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  servers.push(server);
  await new Promise((resolve) => server.once("listening", resolve));
  router.set({ environment: "dev", name }, { kind: "process", backends: [{ port: (server.address() as AddressInfo).port, weight: 1 }] });
  return server;
}

function address(name: string): string {
  return `http://127.0.0.1:${port}/dev/${name}`;
}

/** Sends the path as it is; `fetch` would tidy it up. */
function status(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ port, path }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}
