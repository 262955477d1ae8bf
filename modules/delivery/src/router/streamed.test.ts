/** Answers that are sent line by line: what is decided here is decided by what the two ends have seen of each other, never by a clock. */
import { createServer, get, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import type { AddressInfo } from "node:net";

import { eventually, quietLog } from "@roadbed/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createRouter, type Router } from "./router.ts";
import type { Arm } from "./table.ts";

const servers: Server[] = [];
let router: Router;
let port: number;

beforeAll(async () => {
  router = createRouter({ log: quietLog, port: 0 });
  port = await router.listen();
});
afterAll(async () => {
  await router.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

test.each(["text/event-stream", "application/x-ndjson"])("%s: each line is there before the next one is sent", async (type) => {
  const { name, answering } = await streaming({ type });
  const call = await ask(name);
  const answer = await answering;
  // Whoever waits for events hears that they will come before there is one.
  const reading = read(await call.begun);
  for (const line of ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]) {
    answer.write(line);
    expect(await reading.next()).toBe(line);
  }
  answer.end();
  expect(await reading.next()).toBeUndefined();
});

test("over HTTP/2 as well", async () => {
  const { name, answering } = await streaming({ type: "text/event-stream" });
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const call = session.request({ ":path": `/dev/${name}/` });
  const begun = new Promise<number | undefined>((resolve) => call.once("response", (headers) => resolve(headers[":status"])));
  const answer = await answering;
  expect(await begun).toBe(200);
  const reading = read(call.setEncoding("utf8"));
  for (const line of ["data: 1\n\n", "data: 2\n\n"]) {
    answer.write(line);
    expect(await reading.next()).toBe(line);
  }
  answer.end();
  expect(await reading.next()).toBeUndefined();
  session.close();
});

test("the first byte of the body is counted once, for its arm, before the last is sent; other answers are not", async () => {
  const { name, answering } = await streaming({ type: "text/event-stream; charset=utf-8", arm: "candidate" });
  const call = await ask(name);
  const answer = await answering;
  const reading = read(await call.begun);
  // Headers are no byte of the body.
  expect(counted(name, "candidate")).toBe(0);
  answer.write("data: 1\n\n");
  await reading.next();
  expect(counted(name, "candidate")).toBe(1);
  answer.write("data: 2\n\n");
  await reading.next();
  answer.end();
  await reading.next();
  expect([counted(name, "candidate"), counted(name, "stable")]).toEqual([1, 0]);

  const whole = await streaming({ type: "application/json", arm: "candidate" });
  const other = await ask(whole.name);
  (await whole.answering).end("{}");
  expect(await read(await other.begun).next()).toBe("{}");
  await eventually(async () => expect(router.metrics({ environment: "dev", name: whole.name }).candidate.requests).toBe(1));
  expect(counted(whole.name, "candidate")).toBe(0);
});

test("what is under way goes on to its end when another release takes over, and the old one is drained only then", async () => {
  const { name, answering, port: old } = await streaming({ type: "text/event-stream" });
  const next = await serve((_request, response) => response.end("new"));
  const call = await ask(name);
  const answer = await answering;
  const reading = read(await call.begun);
  answer.write("data: 1\n\n");
  expect(await reading.next()).toBe("data: 1\n\n");

  const set = (backends: Parameters<typeof steer>[1]): void => steer(name, backends);
  set([
    { port: old, weight: 50 },
    { port: next, weight: 50, arm: "candidate" },
  ]);
  set([
    { port: old, weight: 0 },
    { port: next, weight: 100, arm: "candidate" },
  ]);
  set([{ port: next, weight: 100 }]);
  let drained = false;
  const draining = router.drained(old, 600_000).then(() => (drained = true));
  // Whoever comes now is answered by the new one, while the old one still tells.
  expect(await read(await (await ask(name)).begun).next()).toBe("new");
  for (const line of ["data: 2\n\n", "data: 3\n\n"]) {
    answer.write(line);
    expect(await reading.next()).toBe(line);
    expect(drained).toBe(false);
  }
  answer.end();
  expect(await reading.next()).toBeUndefined();
  await draining;
});

test("a release that breaks off in the middle is heard as broken off, not as an end", async () => {
  const { name, answering } = await streaming({ type: "text/event-stream" });
  const call = await ask(name);
  const answer = await answering;
  const reading = read(await call.begun);
  answer.write("data: 1\n\n");
  await reading.next();
  answer.destroy();
  await expect(reading.next()).rejects.toThrow("aborted");
});

let made = 0;

/** A workload whose answer is written by the test: its headers are sent, and nothing of its body. */
async function streaming(o: { readonly type: string; readonly arm?: Arm }) {
  const name = `streamed-${made++}`;
  const begun = Promise.withResolvers<ServerResponse>();
  const used = await serve((_request, response) => {
    response.writeHead(200, { "content-type": o.type }).flushHeaders();
    begun.resolve(response);
  });
  steer(name, [{ port: used, weight: 100, ...(o.arm === undefined ? {} : { arm: o.arm }) }]);
  return { name, port: used, answering: begun.promise };
}

function steer(name: string, backends: readonly { readonly port: number; readonly weight: number; readonly arm?: Arm }[]): void {
  router.set({ environment: "dev", name }, { kind: "process", backends });
}

function counted(name: string, arm: Arm): number {
  const { counts } = router.metrics({ environment: "dev", name })[arm].firstByte;
  return counts.reduce((sum, one) => sum + one, 0);
}

async function ask(name: string): Promise<{ readonly begun: Promise<IncomingMessage> }> {
  const begun = Promise.withResolvers<IncomingMessage>();
  get({ port, path: `/dev/${name}/`, agent: false }, (answer) => begun.resolve(answer.setEncoding("utf8"))).once("error", begun.reject);
  return { begun: begun.promise };
}

/** What came, one piece after the other; undefined at the end. */
function read(stream: NodeJS.ReadableStream): { next(): Promise<string | undefined> } {
  const pieces = stream[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { done, value } = await pieces.next();
      return done === true ? undefined : String(value);
    },
  };
}

async function serve(handler: RequestListener): Promise<number> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  servers.push(server);
  await new Promise((resolve) => server.once("listening", resolve));
  return (server.address() as AddressInfo).port;
}
