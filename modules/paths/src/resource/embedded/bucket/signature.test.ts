import { AwsV4Signer } from "aws4fetch";
import fc from "fast-check";
import { expect, test } from "vitest";

import { readSignature, type Signed } from "./signature.ts";

const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW = Date.parse("2026-03-04T05:06:07Z");

async function signed(url: string, o: { method: string; headers?: Record<string, string>; signQuery?: boolean }): Promise<Signed> {
  const { url: at, headers } = await new AwsV4Signer({
    url,
    method: o.method,
    headers: o.headers ?? {},
    service: "s3",
    region: "local",
    accessKeyId: "RBKEY",
    secretAccessKey: SECRET,
    signQuery: o.signQuery ?? false,
    datetime: "20260304T050607Z",
  }).sign();
  return { method: o.method, path: at.pathname, query: at.searchParams, headers: { ...Object.fromEntries(headers), host: at.host } };
}

test("what a client signs is read as signed, and with no other secret, method, path, query or header", async () => {
  const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((one) => !/[.+\\]|^$/.test(one));
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { minLength: 1, maxLength: 3 }),
      text,
      fc.constantFrom("GET", "PUT", "DELETE"),
      fc.boolean(),
      async (key, value, method, signQuery) => {
        const url = `http://127.0.0.1:9000/bucket/${key.map(encodeURIComponent).join("/")}?prefix=${encodeURIComponent(value)}`;
        const request = await signed(url, { method, signQuery, headers: { "x-amz-meta-by": "ada  b" } });
        const good = readSignature(request, NOW);
        expect(good.accessKeyId).toBe("RBKEY");
        expect([good.signedWith(SECRET), good.signedWith(`${SECRET}x`)]).toEqual([true, false]);
        const others: Signed[] = [
          { ...request, method: "HEAD" },
          { ...request, path: `${request.path}x` },
          { ...request, query: new URLSearchParams([...request.query, ["max-keys", "1"]]) },
          { ...request, headers: { ...request.headers, host: "elsewhere" } },
          { ...request, headers: { ...request.headers, "x-amz-meta-by": "ada" } },
        ];
        for (const other of others) expect(readSignature(other, NOW).signedWith(SECRET)).toBe(false);
      },
    ),
    { numRuns: 20, examples: [[["/ ", "],"], " ", "GET", false]] },
  );
});

test("what is too old, leaves out what must be covered, or is malformed, is refused", async () => {
  const request = await signed("http://127.0.0.1:9000/b/k", { method: "GET" });
  expect(() => readSignature(request, NOW + 16 * 60_000)).toThrow("too far from now");
  expect(() => readSignature({ ...request, headers: { ...request.headers, "x-amz-acl": "public-read" } }, NOW)).toThrow(
    "x-amz-acl must be signed",
  );
  expect(() => readSignature({ ...request, headers: {} }, NOW)).toThrow("not signed");
  for (const authorization of [
    "Basic x",
    "AWS4-HMAC-SHA256 ",
    "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=, Signature=",
    "AWS4-HMAC-SHA256 ,,,",
  ]) {
    expect(() => readSignature({ ...request, headers: { ...request.headers, authorization } }, NOW), authorization).toThrow();
  }
  const query = await signed("http://127.0.0.1:9000/b/k?X-Amz-Expires=60", { method: "GET", signQuery: true });
  expect(readSignature(query, NOW + 59_000).signedWith(SECRET)).toBe(true);
  expect(() => readSignature(query, NOW + 61_000)).toThrow("expired");
});
