import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createGuardedFetch, type GuardedFetchOptions } from "./guarded-fetch.ts";
import { isForbiddenAddress, isPrivateAddress } from "./private-address.ts";

let server: Server;
let base: string;
const routes: Record<string, RequestListener> = {
  "/ok": (request, response) => response.end(JSON.stringify({ seen: request.headers["authorization"] ?? null, method: request.method })),
  "/here": (_, response) => response.writeHead(302, { location: "/ok" }).end(),
  "/away": (_, response) => response.writeHead(302, { location: "https://elsewhere.example/ok" }).end(),
  "/round": (_, response) => response.writeHead(302, { location: "/round" }).end(),
  "/large": (_, response) => response.end("x".repeat(5_000)),
  "/bomb": (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("x".repeat(100_000))),
  "/packed": (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("plain")),
  "/same": (_, response) => response.writeHead(304, { etag: '"1"' }).end(),
  "/half": (_, response) => {
    response.writeHead(200, { "content-length": "100" }).write("half");
    setTimeout(() => response.destroy(), 20);
  },
  "/never": () => {},
  "/slow": (_, response) => void response.writeHead(200).write("a"),
};
beforeAll(async () => {
  server = createServer((request, response) => routes[request.url ?? ""]?.(request, response));
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  base = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function guarded(o: Partial<GuardedFetchOptions> = {}): typeof fetch {
  return createGuardedFetch({ isAllowed: (host) => host === base, ...o });
}

describe("a guarded fetch", () => {
  test("answers as fetch does, unpacked, with redirects inside the host", async () => {
    const fetch = guarded();
    const response = await fetch(`http://${base}/here`, { headers: { authorization: "Bearer t" } });
    expect([response.status, await response.json()]).toEqual([200, { seen: "Bearer t", method: "GET" }]);
    expect(await (await fetch(`http://${base}/packed`)).text()).toBe("plain");
    const same = await fetch(`http://${base}/same`, { headers: { "if-none-match": '"1"' } });
    expect([same.status, same.headers.get("etag")]).toEqual([304, '"1"']);
  });

  test.each([
    ["/away", {}, "FORBIDDEN", /redirects to another host, elsewhere.example/],
    ["/round", {}, "UNAVAILABLE", /without end/],
    ["/large", { maxBytes: 1_000 }, "TOO_LARGE", /more than 1000 bytes/],
    ["/bomb", { maxBytes: 10_000 }, "TOO_LARGE", /more than 10000 bytes/],
    ["/half", {}, "UNAVAILABLE", /cannot be reached|middle/],
    ["/never", { timeoutMs: 100 }, "UNAVAILABLE", /did not answer within 0.1 s/],
    ["/slow", { timeoutMs: 100 }, "UNAVAILABLE", /did not answer within 0.1 s/],
  ] as const)("refuses %s", async (path, o, code, message) => {
    const asked = guarded(o)(`http://${base}${path}`).then((response) => response.text());
    await expect(asked).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test("refuses this machine and private networks, also behind a name and behind one of several answers", async () => {
    const strict = guarded({ isAllowed: () => false });
    await expect(strict(`http://${base}/ok`)).rejects.toMatchObject({ code: "FORBIDDEN", mend: expect.stringContaining("host allow") });
    await expect(strict("http://localhost/ok")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(strict("http://[::1]/ok")).rejects.toMatchObject({ code: "FORBIDDEN" });
    const lookup = async () => [
      { address: "93.184.216.34", family: 4 },
      { address: "10.0.0.1", family: 4 },
    ];
    await expect(guarded({ lookup, isAllowed: () => false })("http://rebound.example/")).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  test("never asks where a cloud keeps its credentials, whoever allowed it and whatever it is called", async () => {
    const generous = guarded({ isAllowed: () => true, lookup: async () => [{ address: "169.254.169.254", family: 4 }] });
    for (const address of ["169.254.169.254", "metadata.example", "[::ffff:169.254.169.254]", "[fe80::1]", "[fd00:ec2::254]", "0.0.0.0"])
      await expect(generous(`http://${address}/latest/meta-data/`)).rejects.toMatchObject({
        code: "FORBIDDEN",
        mend: expect.stringContaining("cannot be allowed"),
      });
  });

  test("an address with a password in it is refused without repeating it", async () => {
    const error = await guarded()("https://ada:hunter2@example.com/").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "INVALID", mend: expect.stringContaining("Leave them out") });
    expect(String((error as Error).stack) + JSON.stringify(error)).not.toContain("hunter2");
    await expect(guarded()("https://")).rejects.toMatchObject({ code: "INVALID" });
  });

  test("connects to the address that was checked, not to what the name says a moment later", async () => {
    let asked = 0;
    const lookup = async () => [{ address: asked++ === 0 ? "127.0.0.1" : "10.255.255.1", family: 4 }];
    const port = base.split(":")[1];
    const response = await guarded({ lookup, isAllowed: () => true })(`http://named.example:${port}/ok`);
    expect([response.status, asked]).toEqual([200, 1]);
  });

  test("knows no other schemes", async () => {
    await expect(guarded()("file:///etc/passwd")).rejects.toMatchObject({ code: "INVALID" });
  });
});

test.each([
  "127.0.0.1",
  "10.1.2.3",
  "172.31.0.1",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "::1",
  "::",
  "fe80::1",
  "fd00::1",
  "::ffff:10.0.0.1",
  "::ffff:7f00:1",
  "64:ff9b::a00:1",
  "2002:a00:1::",
  "nonsense",
])("%s is private", (address) => expect(isPrivateAddress(address)).toBe(true));
test.each(["93.184.216.34", "8.8.8.8", "172.32.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])("%s is not", (address) =>
  expect(isPrivateAddress(address)).toBe(false),
);
test.each([
  "169.254.169.254",
  "169.254.0.1",
  "fe80::1",
  "::ffff:169.254.169.254",
  "::ffff:a9fe:a9fe",
  "64:ff9b::a9fe:a9fe",
  "0.0.0.0",
  "255.255.255.255",
])("%s cannot be allowed", (address) => expect(isForbiddenAddress(address)).toBe(true));
test.each(["127.0.0.1", "10.1.2.3", "::1", "fd00::1", "64:ff9b::a00:1", "8.8.8.8", "nonsense"])("%s can", (address) =>
  expect(isForbiddenAddress(address)).toBe(false),
);
