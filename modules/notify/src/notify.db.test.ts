import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { entityChanged, entityRemoved } from "@roadbed/contracts/catalog";
import { approvalRequested } from "@roadbed/contracts/paths/approvals";
import { apiChanged } from "@roadbed/contracts/catalog/docs";
import {
  acknowledgeAnnouncement,
  announcementPublished,
  deleteChannel,
  deleteView,
  listAnnouncements,
  listChannels,
  listInbox,
  listViews,
  listWatches,
  publishAnnouncement,
  readInbox,
  removeWatch,
  saveChannel,
  saveView,
  setWatch,
  testChannel,
  withdrawAnnouncement,
} from "@roadbed/contracts/notify";
import { incidentOpened } from "@roadbed/contracts/telemetry";
import { perform, type Call, type EventType, type Operation, type OutputOf } from "@roadbed/core";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { SMTPServer } from "smtp-server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { createNotify, createSmtpMailer, migrations, type Notify, type NotifyDeps } from "./index.ts";

const shop = "component:default/shop";
const HIDDEN = "component:default/secret";
/** Who is in which team; the ports of identity and the catalogue as this small company would answer them. */
const TEAMS: Readonly<Record<string, readonly string[]>> = { "group:default/a": ["ada"], "group:default/b": ["bob", "cy"] };
const OWNERS: Readonly<Record<string, string>> = {
  [shop]: "group:default/a",
  "component:default/till": "group:default/b",
  "component:default/bot": "group:default/b",
};

let database: TestDatabase;
let notify: Notify;
let hooks: Server;
let received: { readonly headers: IncomingMessage["headers"]; readonly body: string }[];
let answer = 200;
let mails: string[];
let smtp: SMTPServer;
let events = 0;

beforeAll(async () => {
  database = await createTestDatabase([migrations]);
  hooks = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ headers: request.headers, body });
      response.writeHead(answer).end();
    });
  });
  await new Promise<void>((resolve) => hooks.listen(0, "127.0.0.1", resolve));
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData: (stream, _session, done) => void text(stream).then((mail) => (mails.push(mail), done())),
  });
  await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", () => resolve()));
});
beforeEach(async () => {
  [received, mails, answer] = [[], [], 200];
  for (const table of ["watch", "notice", "channel", "announcement", "view"]) await database.db.query(`delete from notify.${table}`);
  notify = createNotify(depsOf());
  await notify.start();
});
afterEach(() => notify.stop());
afterAll(async () => {
  hooks.close();
  smtp.close();
  await database.drop();
});

function depsOf(): NotifyDeps {
  const port = (smtp.server.address() as AddressInfo).port;
  return {
    db: database.db,
    runtime: database.runtime,
    log: quietLog,
    fetch,
    mailer: createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from: "Roadbed <roadbed@example.com>" }),
    publicUrl: "https://roadbed.example.com",
    everyMs: 20,
    sealer: {
      seal: async (content) => Buffer.from(JSON.stringify(content)).reverse() as Buffer,
      open: async (sealed) => JSON.parse(Buffer.from(sealed).reverse().toString()) as unknown,
    },
    people: {
      accountsOf: async (_ctx, refs) => [...new Set(refs.flatMap((ref) => TEAMS[ref] ?? []))],
      accountsWith: async (_ctx, scope) => (scope === "paths:admin" ? ["root"] : []),
      identitiesOf: async ({ actor }) =>
        new Set(Object.keys(TEAMS).filter((team) => actor.kind === "user" && TEAMS[team]!.includes(actor.id))),
    },
    things: {
      seesAs: async (user, ref) => ref !== HIDDEN || user === "ada",
      sees: async ({ actor }, ref) => ref !== HIDDEN || (actor.kind === "user" && actor.id === "ada"),
      ownersOf: async (_ctx, ref) => (OWNERS[ref] === undefined ? [] : [OWNERS[ref]]),
      dependantsOf: async () => [
        { ref: "component:default/bot", owner: "group:default/b" },
        { ref: "component:default/loose" },
        { ref: "component:default/till", owner: "group:default/b" },
      ],
      titleOf: async (ref) => ref.slice(ref.indexOf("/") + 1),
    },
  };
}

function as(id: string): Call {
  return callAs({ actor: { kind: "user", id, name: id }, scopes: new Set(["catalog:read", "catalog:write"]) });
}

async function ask<O extends Operation>(user: string, operation: O, input: unknown): Promise<OutputOf<O>> {
  const handler = notify.handlers.find((one) => one.operation === operation)!;
  return operation.output.parse(await perform(database.runtime, handler, as(user), input)) as OutputOf<O>;
}

/** Lets something happen, as the relay would deliver it: in a transaction of its own. */
async function happen<P>(type: EventType<P>, payload: P, o: { readonly id?: string; readonly actor?: string } = {}): Promise<void> {
  const event = {
    id: o.id ?? `event-${events++}`,
    seq: 1n,
    name: type.name,
    subject: "x",
    time: new Date(),
    actor: o.actor ?? "system:test",
    payload,
  };
  await database.runtime.write(callAs(), setWatch, {}, undefined, (ctx) => notify.subscriptions[0]!.receive(ctx, event));
}

async function inbox(user: string): Promise<string[]> {
  const { items } = await ask(user, listInbox, {});
  return items.map(({ weight, title, because }) => `${weight}: ${title} (${because})`);
}

describe("who is told", () => {
  test("those who follow, from the weight they chose; owners from important on", async () => {
    await ask("bob", setWatch, { ref: shop, weight: "info" });
    await ask("cy", setWatch, { ref: shop });
    await happen(entityChanged, { ref: shop, kind: "Component", sample: false });
    await happen(incidentOpened, { incidentId: "i", service: "shop", severity: "high" });
    expect(await inbox("bob")).toEqual(["urgent: shop has a high incident (follow)", "info: shop changed (follow)"]);
    expect(await inbox("cy")).toEqual(["urgent: shop has a high incident (follow)"]);
    expect(await inbox("ada")).toEqual(["urgent: shop has a high incident (own)"]);
  });

  test("owners of what a change breaks; and nobody twice, or of their own deed, or of what they may not see", async () => {
    await ask("ada", setWatch, { ref: HIDDEN, weight: "info" });
    await expect(ask("bob", setWatch, { ref: HIDDEN })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await database.db.query("insert into notify.watch values ('bob', $1, 'info', now())", [HIDDEN]);
    const breaking = { ref: "api:default/shop-api", breaking: 2, risky: 0, consumers: ["component:default/till"] };
    await happen(apiChanged, breaking, { id: "once", actor: "user:cy" });
    await happen(apiChanged, breaking, { id: "once", actor: "user:cy" });
    await happen(entityRemoved, { ref: HIDDEN, kind: "Component", sample: false });
    expect(await inbox("bob")).toEqual(["important: shop-api changed and breaks those who call it (depend)"]);
    expect(await inbox("cy")).toEqual([]);
    expect(await inbox("ada")).toEqual(["important: secret was removed (follow)"]);
  });

  test("administrators, where the catalogue knows nobody who may approve", async () => {
    const expiresAt = "2026-01-02T03:04:05.000Z";
    const asked = {
      approval: "a",
      runId: "r",
      path: "template:default/db",
      pathTitle: "A database",
      requestedByName: "Ada",
      because: "Large.",
    };
    await happen(approvalRequested, { ...asked, expiresAt, approvers: [] });
    expect(await inbox("root")).toEqual(["important: db waits for you to approve a run for Ada (asked)"]);
    expect(await inbox("ada")).toEqual([]);
  });
});

test("an inbox is read, marked and paged, and is one's own", async () => {
  await ask("bob", setWatch, { ref: shop, weight: "info" });
  for (let at = 0; at < 5; at++) await happen(entityChanged, { ref: shop, kind: "Component", sample: false });
  const first = await ask("bob", listInbox, { limit: 3 });
  const second = await ask("bob", listInbox, { limit: 3, cursor: first.nextCursor });
  expect([...first.items, ...second.items]).toHaveLength(5);
  expect(first.unread).toBe(5);
  const ids = [first.items[0]!.id];
  expect(await ask("cy", readInbox, { ids })).toEqual({ changed: 0 });
  expect(await ask("bob", readInbox, { ids })).toEqual({ changed: 1 });
  expect((await ask("bob", listInbox, { unread: "true" })).items).toHaveLength(4);
  expect(await ask("bob", readInbox, { ids, read: false })).toEqual({ changed: 1 });
  expect(await ask("bob", readInbox, {})).toEqual({ changed: 5 });
  expect((await ask("bob", listInbox, {})).unread).toBe(0);
  expect((await ask("bob", listWatches, {})).items.map(({ ref }) => ref)).toEqual([shop]);
  await ask("bob", removeWatch, { ref: shop });
  expect((await ask("bob", listWatches, { ref: shop })).items).toEqual([]);
});

describe("notices are sent", () => {
  const hook = (): string => `http://127.0.0.1:${(hooks.address() as AddressInfo).port}/hook/with-a-secret-path`;

  test("to a webhook, signed; its address is never answered", async () => {
    const saved = await ask("ada", saveChannel, { kind: "webhook", target: hook(), secret: "shared secret", weight: "info" });
    expect(JSON.stringify([saved, await ask("ada", listChannels, {})])).not.toContain("secret");
    await ask("ada", setWatch, { ref: shop, weight: "info" });
    await happen(entityChanged, { ref: shop, kind: "Component", sample: false });
    await eventually(() => expect(received).toHaveLength(1));
    const [{ headers, body }] = received as [(typeof received)[0]];
    expect(JSON.parse(body)).toMatchObject({
      title: "shop changed",
      weight: "info",
      ref: shop,
      url: "https://roadbed.example.com/entities/component/default/shop?tab=history",
    });
    expect(headers["x-roadbed-signature-256"]).toBe(`sha256=${createHmac("sha256", "shared secret").update(body).digest("hex")}`);
    await eventually(async () =>
      expect((await ask("ada", listChannels, {})).items[0]).toMatchObject({ waiting: 0, lastSentAt: expect.any(String) }),
    );
  });

  test("to a chat as Slack's webhooks take it, with names that cannot forge a link", async () => {
    await ask("ada", saveChannel, { kind: "slack", target: hook(), weight: "info" });
    await ask("ada", setWatch, { ref: shop });
    await happen(announcementPublished, { id: "a", ref: shop, title: "see <https://evil.example|here>", weight: "urgent", owners: [] });
    await eventually(() => expect(received).toHaveLength(1));
    const message = JSON.parse(received[0]!.body) as { blocks: { text: { text: string } }[] };
    expect(message.blocks[0]?.text.text).toContain("see &lt;https://evil.example/here&gt;");
  });

  test("by mail over SMTP, and a line break in a name adds no header", async () => {
    await ask("ada", saveChannel, { kind: "email", target: "ada@example.com", weight: "info" });
    await ask("ada", setWatch, { ref: shop });
    await happen(announcementPublished, { id: "a", ref: shop, title: "one\r\nBcc: all@example.com", weight: "important", owners: [] });
    await eventually(() => expect(mails).toHaveLength(1));
    expect(mails[0]).toMatch(/^To: ada@example.com$/m);
    expect(mails[0]!.split("\r\n\r\n")[0]).not.toMatch(/^Bcc:/m);
    expect(mails[0]).toContain("https://roadbed.example.com/inbox");
  });

  test("only from the channel's weight on; what fails is tried again later, and the channel says why", async () => {
    answer = 500;
    const { id } = await ask("ada", saveChannel, { kind: "webhook", target: hook() });
    await ask("ada", setWatch, { ref: shop, weight: "info" });
    await happen(entityChanged, { ref: shop, kind: "Component", sample: false });
    await happen(entityRemoved, { ref: shop, kind: "Component", sample: false });
    await eventually(async () =>
      expect((await ask("ada", listChannels, {})).items[0]).toMatchObject({
        waiting: 1,
        lastError: expect.stringContaining("answered 500"),
      }),
    );
    expect(received).toHaveLength(1);
    answer = 200;
    expect(await ask("ada", testChannel, { id })).toMatchObject({ ok: true });
    await database.db.query("update notify.sending set due_at = now()");
    await happen(entityRemoved, { ref: shop, kind: "Component", sample: false });
    await eventually(async () => expect((await ask("ada", listChannels, {})).items[0]).toMatchObject({ waiting: 0 }));
    expect(received.map(({ body }) => (JSON.parse(body) as { title: string }).title)).toContain("shop was removed");
  });

  test("to one's own channels only, with addresses that can be right", async () => {
    const { id } = await ask("ada", saveChannel, { kind: "webhook", target: hook() });
    for (const [operation, input] of [
      [saveChannel, { id, kind: "webhook", target: hook() }],
      [deleteChannel, { id }],
      [testChannel, { id }],
    ] as const) {
      await expect(ask("bob", operation as Operation, input)).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
    await expect(ask("ada", saveChannel, { kind: "email", target: "ada" })).rejects.toMatchObject({ problems: [{ at: "target" }] });
    await expect(ask("ada", saveChannel, { kind: "slack", target: "ftp://x" })).rejects.toMatchObject({ problems: [{ at: "target" }] });
    const fault = await ask("ada", saveChannel, { kind: "webhook", target: "http://127.0.0.1:1/secret-path" });
    expect(await ask("ada", testChannel, { id: fault.id })).toEqual({ ok: false, detail: expect.not.stringContaining("secret-path") });
  });
});

describe("announcements", () => {
  test("name those who depend, are acknowledged by their owners, and withdrawn", async () => {
    const published = await ask("ada", publishAnnouncement, { ref: shop, title: "Version 1 ends", body: "In **May**." });
    expect(published.dependants.map(({ ref, owner }) => [ref, owner])).toEqual([
      ["component:default/bot", "group:default/b"],
      ["component:default/loose", undefined],
      ["component:default/till", "group:default/b"],
    ]);
    expect((await ask("bob", listAnnouncements, { mine: "true" })).items).toHaveLength(1);
    expect((await ask("ada", listAnnouncements, { mine: "true" })).items).toEqual([]);
    await expect(ask("ada", acknowledgeAnnouncement, { id: published.id })).rejects.toMatchObject({ code: "FORBIDDEN" });
    const one = await ask("bob", acknowledgeAnnouncement, { id: published.id, dependant: "component:default/till", note: "In April" });
    expect(one.acknowledged).toBe(1);
    const all = await ask("cy", acknowledgeAnnouncement, { id: published.id });
    expect(all.dependants.map(({ acknowledgedBy, note }) => [acknowledgedBy, note])).toEqual([
      ["user:cy", undefined],
      [undefined, undefined],
      ["user:bob", "In April"],
    ]);
    expect((await ask("bob", listAnnouncements, { mine: "true" })).items).toEqual([]);
    await expect(ask("bob", withdrawAnnouncement, { id: published.id })).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect((await ask("ada", withdrawAnnouncement, { id: published.id })).withdrawnAt).toBeDefined();
    await expect(ask("bob", acknowledgeAnnouncement, { id: published.id })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("about what one may not see are not there", async () => {
    const { id } = await ask("ada", publishAnnouncement, { ref: HIDDEN, title: "Hush" });
    expect((await ask("bob", listAnnouncements, {})).items).toEqual([]);
    await expect(ask("bob", acknowledgeAnnouncement, { id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

test("views are kept by name, for oneself or for all", async () => {
  const own = await ask("ada", saveView, { page: "catalog", name: "Mine", search: { kind: ["component"] } });
  await ask("ada", saveView, { page: "catalog", name: "Ours", search: { q: "x" }, shared: true });
  await ask("ada", saveView, { page: "catalog", name: "Ours", search: { q: "y" }, shared: true });
  expect((await ask("bob", listViews, { page: "catalog" })).items).toMatchObject([
    { name: "Ours", search: { q: "y" }, mine: false, by: "ada" },
  ]);
  await expect(ask("bob", deleteView, { id: own.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  await ask("ada", deleteView, { id: own.id });
  expect((await ask("ada", listViews, {})).items.map(({ name }) => name)).toEqual(["Ours"]);
});

test("who is no person has no inbox", async () => {
  const handler = notify.handlers.find(({ operation }) => operation === listInbox)!;
  const call = callAs({ actor: { kind: "service", id: "ci", name: "CI" } });
  await expect(perform(database.runtime, handler, call, {})).rejects.toMatchObject({ code: "FORBIDDEN" });
});
