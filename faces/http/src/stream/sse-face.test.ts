import { UnauthenticatedError, type DomainEvent, type Logger } from "@roadbed/core";
import { createHttpServer } from "@roadbed/http";
import type { FastifyInstance } from "fastify";
import { afterEach, expect, test } from "vitest";

import { sseFace, type SseFaceOptions, type Stream } from "../index.ts";

const log: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const signedIn = new Map<string, ReadonlySet<string>>();
let listener: (event: DomainEvent) => void;
let subscribed = false;
let app: FastifyInstance;
let stream: Stream;
let url: string;

async function serve(heartbeatMs?: number, over: Partial<SseFaceOptions> = {}): Promise<void> {
  app = createHttpServer({ log, checks: [] });
  signedIn.clear();
  signedIn.set("admin", new Set(["*"])).set("viewer", new Set(["catalog:read"]));
  stream = sseFace(app, {
    authenticate: async ({ headers }) => {
      const name = headers.authorization?.replace("Bearer ", "");
      if (name === undefined) return undefined;
      const scopes = signedIn.get(name);
      if (!scopes) throw new UnauthenticatedError("Signed out.");
      return { actor: { kind: "user", id: name, name }, scopes, via: "token" };
    },
    subscribe: (heard) => {
      listener = heard;
      subscribed = true;
      return () => void (subscribed = false);
    },
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    ...over,
  });
  url = `${await app.listen({ port: 0, host: "127.0.0.1" })}/api/v1/stream`;
}
afterEach(() => app.close());

function emit(seq: number, name: string): void {
  listener({
    id: `e${seq}`,
    seq: BigInt(seq),
    name,
    subject: "component:default/a",
    time: new Date(0),
    actor: "system:test",
    payload: { secret: 1 },
  });
}

/** Opens a stream; `text()` is all that came so far, `ended` resolves when the server closes it. */
async function listen(as: string, lastEventId?: string): Promise<{ text: () => string; ended: Promise<void>; stop: () => void }> {
  const controller = new AbortController();
  const answer = await fetch(url, {
    headers: { authorization: `Bearer ${as}`, ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) },
    signal: controller.signal,
  });
  expect(answer.headers.get("content-type")).toContain("text/event-stream");
  let text = "";
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of answer.body!) text += decoder.decode(chunk as Uint8Array, { stream: true });
  };
  return { text: () => text, ended: read().catch(() => {}), stop: () => controller.abort() };
}

test("an event reaches those who may see it, without its payload", async () => {
  await serve();
  const [admin, viewer] = [await listen("admin"), await listen("viewer")];
  emit(1, "catalog.entity.changed");
  emit(2, "identity.session.started");
  emit(3, "delivery.workload.changed");
  emit(4, "catalog.entity.removed");
  await expect.poll(() => admin.text()).toContain("id: 4");
  await expect.poll(() => viewer.text()).toContain("id: 4");
  expect(admin.text()).toContain(
    'id: 2\nevent: identity.session.started\ndata: {"seq":"2","name":"identity.session.started","subject":"component:default/a","time":"1970-01-01T00:00:00.000Z"}\n\n',
  );
  expect(viewer.text()).not.toContain("identity.session");
  expect(viewer.text()).not.toContain("delivery.");
  expect(admin.text()).not.toContain("secret");
  admin.stop();
  viewer.stop();
  await expect.poll(() => stream.size()).toBe(0);
});

test("who comes back gets what was missed, or is told to read everything again", async () => {
  await serve();
  for (const seq of [5, 6, 7]) emit(seq, "catalog.entity.changed");
  const close = await listen("admin", "5");
  await expect.poll(() => close.text()).toContain("id: 7");
  expect(close.text()).toContain("id: 6");
  expect(close.text()).not.toContain("id: 5\n");
  const far = await listen("admin", "2");
  await expect.poll(() => far.text()).toContain("event: reset");
  const current = await listen("admin", "7");
  emit(8, "catalog.entity.changed");
  await expect.poll(() => current.text()).toContain("id: 8");
  expect(current.text()).not.toContain("reset");
  for (const each of [close, far, current]) each.stop();
});

test("signing out closes the stream, by recheck at once and by heartbeat at the latest", async () => {
  await serve(30);
  const [admin, viewer] = [await listen("admin"), await listen("viewer")];
  await expect.poll(() => admin.text()).toContain(": still here");
  signedIn.delete("admin");
  await stream.recheck();
  await admin.ended;
  expect(stream.size()).toBe(1);
  signedIn.delete("viewer");
  await viewer.ended;
});

test("nobody gets 401, and closing the server ends every stream", async () => {
  await serve();
  expect((await fetch(url)).status).toBe(401);
  const admin = await listen("admin");
  await app.close();
  await admin.ended;
  expect(subscribed).toBe(false);
});

test("news of what a caller may not see is told to others only, in order, and after the platform knows of it", async () => {
  const known: string[] = [];
  await serve(undefined, {
    settled: async ({ name }) => {
      await new Promise((resolve) => setTimeout(resolve, name === "catalog.entity.registered" ? 30 : 0));
      known.push(name);
    },
    sees: async (caller, event) => {
      if (event.name === "catalog.entity.changed" && event.seq === 9n) throw new Error("the database is away");
      return known.includes("catalog.entity.registered") && (caller.scopes.has("*") || event.seq !== 1n);
    },
  });
  const [admin, viewer] = [await listen("admin"), await listen("viewer")];
  emit(1, "catalog.entity.registered");
  emit(2, "catalog.entity.changed");
  await expect.poll(() => viewer.text()).toContain("id: 2");
  await expect.poll(() => admin.text()).toMatch(/id: 1\n[^]*id: 2\n/);
  expect(viewer.text()).not.toContain("id: 1\n");
  const late = await listen("viewer", "0");
  await expect.poll(() => late.text()).toContain("id: 2");
  expect(late.text()).not.toContain("id: 1\n");
  emit(9, "catalog.entity.changed");
  await viewer.ended;
  expect(viewer.text()).not.toContain("id: 9");
  admin.stop();
});
