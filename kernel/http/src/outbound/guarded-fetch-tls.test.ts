import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";

import { afterAll, beforeAll, expect, test } from "vitest";

import { createGuardedFetch, type TlsInit } from "./guarded-fetch.ts";

const pem = (name: string): string => readFileSync(new URL(`fixtures/localhost-${name}.pem`, import.meta.url), "utf8");
/** For this test alone: it vouches for nothing but localhost. */
const [cert, key] = [pem("certificate"), pem("key")];

let server: Server;
beforeAll(async () => {
  server = createServer({ cert, key, ca: cert, requestCert: true, rejectUnauthorized: false }, ({ socket }, response) =>
    response.end(`known: ${(socket as TLSSocket).authorized}`),
  );
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
});
afterAll(() => void server.close());

function ask(tls: TlsInit["tls"]): Promise<string> {
  const get: (url: string, init: RequestInit & TlsInit) => Promise<Response> = createGuardedFetch({
    isAllowed: () => true,
    lookup: async () => [{ address: "127.0.0.1", family: 4 }],
  });
  return get(`https://localhost:${(server.address() as AddressInfo).port}/`, { tls }).then((response) => response.text());
}

test("an authority of the system's own is believed only where it is given, and says so otherwise", async () => {
  await expect(ask(undefined)).rejects.toMatchObject({ code: "UNAVAILABLE", mend: expect.stringContaining("authority") });
  expect(await ask({ ca: cert })).toBe("known: false");
});

test("a system that knows its callers by certificate is shown one", async () => {
  expect(await ask({ ca: cert, cert, key })).toBe("known: true");
});
