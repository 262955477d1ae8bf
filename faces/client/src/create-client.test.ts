import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

import { entityHistory, facetEntities, getEntity } from "@roadbed/contracts/catalog";
import { checkValues } from "@roadbed/contracts/paths";
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
} from "@roadbed/core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createClient, UnexpectedAnswerError } from "./index.ts";

/** Says back what it got, or what `answer` says. */
let answer: { status: number; body: string } | undefined;
const seen: { method?: string | undefined; url?: string | undefined; headers: IncomingMessage["headers"]; body: string }[] = [];
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += String(chunk)));
  request.on("end", () => {
    seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    if (request.url?.includes("hang")) return;
    response.writeHead(answer?.status ?? 200).end(answer?.body ?? '{"n":1}');
  });
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test("path fields go into the path, the rest into query or body", async () => {
  const client = createClient({ url: `${url}/`, token: "rb_1", face: "cli" });
  await client.call(entityHistory, { ref: "component:default/a b", limit: 3 });
  expect(seen.at(-1)).toMatchObject({ method: "GET", url: "/api/v1/entities/component%3Adefault%2Fa%20b/history?limit=3", body: "" });
  expect(seen.at(-1)?.headers).toMatchObject({ authorization: "Bearer rb_1", "x-roadbed-face": "cli" });
  await client.call(facetEntities, { facets: ["kind", "y&z"], text: undefined });
  expect(seen.at(-1)?.url).toBe("/api/v1/entity-facets?facets=kind&facets=y%26z");
  const output = await client.call(checkValues, { path: "node", values: { name: "a" } }, { idempotencyKey: "k", reason: "weil ü" });
  expect(output).toEqual({ n: 1 });
  expect(seen.at(-1)).toMatchObject({ method: "POST", url: "/api/v1/paths/node/check", body: '{"values":{"name":"a"}}' });
  expect(seen.at(-1)?.headers).toMatchObject({
    "idempotency-key": "k",
    "x-roadbed-reason": "weil%20%C3%BC",
    "content-type": "application/json",
  });
  expect(seen.at(-1)?.headers).not.toHaveProperty("x-roadbed-csrf");
  await createClient({ url, csrf: true }).call(checkValues, { path: "node", values: {} });
  expect(seen.at(-1)?.headers).toMatchObject({ "x-roadbed-csrf": "1" });
});

test("each code comes back as the error it was", async () => {
  const classes = {
    INVALID: InvalidError,
    UNAUTHENTICATED: UnauthenticatedError,
    FORBIDDEN: ForbiddenError,
    DENIED: DeniedError,
    NOT_FOUND: NotFoundError,
    CONFLICT: ConflictError,
    TOO_LARGE: TooLargeError,
    TOO_MANY: TooManyError,
    UNAVAILABLE: UnavailableError,
    CANCELLED: CancelledError,
  };
  const client = createClient({ url });
  for (const [code, type] of Object.entries(classes)) {
    answer = {
      status: 400,
      body: JSON.stringify({
        code,
        detail: "The words.",
        mend: "Mend it.",
        problems: [{ at: "a", reason: "b" }],
        decisionId: "dec_1",
        retryAfter: 9,
      }),
    };
    const error: unknown = await client.call(getEntity, { ref: "a" }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ code, message: "The words." });
    if (code === "INVALID") expect(error).toMatchObject({ mend: "Mend it.", problems: [{ at: "a", reason: "b" }] });
    if (code === "DENIED") expect(error).toMatchObject({ decisionId: "dec_1" });
    if (code === "TOO_MANY") expect(error).toMatchObject({ retryAfterSeconds: 9 });
  }
  answer = { status: 500, body: JSON.stringify({ code: "INTERNAL", detail: "A fault.", requestId: "req_1" }) };
  await expect(client.call(getEntity, { ref: "a" })).rejects.toMatchObject({
    name: "UnexpectedAnswerError",
    requestId: "req_1",
    status: 500,
  });
  answer = { status: 502, body: "<html>Bad gateway</html>" };
  await expect(client.call(getEntity, { ref: "a" })).rejects.toBeInstanceOf(UnavailableError);
  answer = { status: 200, body: "<html>Somebody else</html>" };
  await expect(client.call(getEntity, { ref: "a" })).rejects.toBeInstanceOf(UnexpectedAnswerError);
  answer = undefined;
});

test("nobody there and a cancelled call are told apart", async () => {
  const nobody = createClient({ url: "http://127.0.0.1:9" });
  await expect(nobody.call(getEntity, { ref: "a" })).rejects.toMatchObject({
    code: "UNAVAILABLE",
    mend: expect.stringContaining("npm start") as string,
  });
  const pasted = createClient({ url: "http://127.0.0.1:9", token: "rb_a\nrb_b" });
  await expect(pasted.call(getEntity, { ref: "a" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  const hanging = createClient({ url }).call(getEntity, { ref: "hang" }, { signal: AbortSignal.timeout(50) });
  await expect(hanging).rejects.toBeInstanceOf(CancelledError);
});
