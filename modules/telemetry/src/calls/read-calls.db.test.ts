import { expect, test } from "vitest";

import { minutesAgo, tracesOf } from "../fixtures/spans-of.ts";
import { useTelemetry } from "../fixtures/use-telemetry.suite.ts";

const it = useTelemetry();
const { send } = it;
const signal = new AbortController().signal;
const CLIENT = 3;
const PRODUCER = 4;
const CONSUMER = 5;

const around = (at: number) => ({ from: new Date(at - 600_000), to: new Date(at + 600_000) });

test("calls, messages, stores and queues are told apart, counted once, with errors and a trace", async () => {
  const at = minutesAgo(5);
  await send(
    tracesOf({
      web: [
        { id: 1, at },
        // The client's own word about a call that the callee tells of too: counted once.
        { id: 2, parent: 1, at, kind: CLIENT, attributes: { "peer.service": "shop" } },
        { id: 3, parent: 1, at, kind: CLIENT, attributes: { "peer.service": "weather" }, failed: true },
        // An address alone is no service.
        { id: 4, parent: 1, at, kind: CLIENT, attributes: { "server.address": "somewhere.example" } },
      ],
      shop: [
        { id: 10, parent: 2, at, ms: 40 },
        { id: 11, trace: 2, parent: 99, at },
        {
          id: 12,
          parent: 10,
          at,
          kind: CLIENT,
          ms: 7,
          attributes: { "db.system.name": "postgresql", "server.address": "shop-db.prod.example", "db.namespace": "orders" },
        },
        { id: 13, parent: 10, at, kind: PRODUCER, attributes: { "messaging.destination.name": "orders" } },
      ],
      mailer: [{ id: 20, parent: 13, at, kind: CONSUMER, failed: true, attributes: { "messaging.destination.name": "orders" } }],
    }),
  );
  const calls = await it.telemetry.observations.calls(around(at), signal);
  const short = calls.map(({ from, to, type, calls: n, errors }) => ({ from, to, type, n, errors }));
  expect(short.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))).toEqual([
    { from: "mailer", to: ["orders"], type: "uses", n: 1, errors: 1 },
    { from: "shop", to: ["mailer"], type: "sends", n: 1, errors: 1 },
    { from: "shop", to: ["orders"], type: "uses", n: 1, errors: 0 },
    { from: "shop", to: ["shop-db.prod.example", "shop-db", "orders"], type: "uses", n: 1, errors: 0 },
    { from: "web", to: ["shop"], type: "calls", n: 1, errors: 0 },
    { from: "web", to: ["weather"], type: "calls", n: 1, errors: 1 },
  ]);
  const call = calls.find(({ to }) => to[0] === "shop");
  expect(call).toMatchObject({ lastSeen: new Date(at), traceId: "00000000000000000000000000000001", sample: false });
  expect(call?.p95Ms).toBeCloseTo(40, 0);
});

test("what arrives late shows as an hour that has grown, and senders are known from when to when", async () => {
  const at = minutesAgo(90);
  const window = { from: new Date(at - 24 * 3_600_000), to: new Date() };
  await send(tracesOf({ a: [{ id: 1, at }] }));
  const hour = new Date(Math.floor(at / 3_600_000) * 3_600_000);
  expect(await it.telemetry.observations.hours(window, signal)).toEqual([{ hour, spans: 1 }]);
  await send(tracesOf({ a: [{ id: 2, at: at + 1_000 }], b: [{ id: 3, at: Date.now() - 1_000 }] }));
  expect((await it.telemetry.observations.hours(window, signal)).find((one) => one.hour.getTime() === hour.getTime())?.spans).toBe(2);
  const senders = await it.telemetry.observations.senders(window, signal);
  expect(senders.map(({ service, sample }) => [service, sample])).toEqual([
    ["a", false],
    ["b", false],
  ]);
  expect(Math.abs(senders[0]!.firstSeen.getTime() - at)).toBeLessThan(60_000);
});

test("callers of one version are those whose calls reached it", async () => {
  const at = minutesAgo(5);
  const version = (value: string): object[] => [{ key: "service.version", value: { stringValue: value } }];
  await send(tracesOf({ web: [{ id: 1, at }], app: [{ id: 2, trace: 2, at }] }));
  await send(tracesOf({ shop: [{ id: 3, parent: 1, at, failed: true }] }, version("1.4")));
  await send(tracesOf({ shop: [{ id: 4, trace: 2, parent: 2, at }] }, version("1.5")));
  const of = (v: string): Promise<readonly unknown[]> =>
    it.telemetry.observations.callersOfVersion({ ...around(at), service: "shop", version: v }, signal);
  expect(await of("1.4")).toEqual([{ from: "web", calls: 1, errors: 1 }]);
  expect(await of("1.5")).toEqual([{ from: "app", calls: 1, errors: 0 }]);
  expect(await of("9")).toEqual([]);
});
