import { brotliDecompressSync, gunzipSync } from "node:zlib";

import { afterAll, beforeAll, expect, test } from "vitest";

import { createHttpServer } from "../server/create-http-server.ts";
import { chooseEncoding, compressJson } from "./compress-json.ts";

const app = createHttpServer({ log: { debug() {}, info() {}, warn() {}, error() {} }, checks: [] });
const textOf = (length: number): string => JSON.stringify({ text: "äb ".repeat(length / 3) });
beforeAll(() => {
  app.get("/text/:length", async (request, reply) => {
    reply.header("content-type", "application/json; charset=utf-8");
    return compressJson(reply, textOf(Number((request.params as { length: string }).length)));
  });
});
afterAll(() => app.close());

const get = (length: number, accepts?: string) =>
  app.inject({ url: `/text/${length}`, headers: accepts === undefined ? {} : { "accept-encoding": accepts } });

test.each([
  ["gzip, deflate", "gzip", gunzipSync],
  ["gzip, deflate, br, zstd", "br", brotliDecompressSync],
] as const)("a large answer is packed for %s", async (accepts, encoding, unpack) => {
  for (const length of [12_000, 600_000]) {
    const answer = await get(length, accepts);
    expect(answer.headers).toMatchObject({ "content-encoding": encoding, vary: "accept-encoding" });
    expect(answer.rawPayload.length).toBeLessThan(length / 10);
    expect(unpack(answer.rawPayload).toString("utf8")).toBe(textOf(length));
    expect(answer.headers["content-length"]).toBe(String(answer.rawPayload.length));
  }
});

test("a small answer, and one for who cannot unpack it, stays plain", async () => {
  const small = await get(3_000, "gzip, br");
  expect([small.headers["content-encoding"], small.headers["vary"], small.payload]).toEqual([undefined, undefined, textOf(3_000)]);
  for (const accepts of [undefined, "identity", "gzip;q=0, br;q=0"]) {
    const plain = await get(12_000, accepts);
    expect([plain.headers["content-encoding"], plain.headers["vary"], plain.payload]).toEqual([
      undefined,
      "accept-encoding",
      textOf(12_000),
    ]);
  }
});

test.each([
  ["gzip", "gzip"],
  ["GZIP;q=0.5", "gzip"],
  ["br;q=0, gzip", "gzip"],
  ["br ; q=1.0", "br"],
  ["deflate", undefined],
  ["", undefined],
])("%j takes %s", (header, encoding) => expect(chooseEncoding(header)).toBe(encoding));
