import * as contract from "@roadbed/contracts/telemetry";
import type { OutputOf } from "@roadbed/core";
import { describe, expect, test } from "vitest";

import { encodeMessage } from "../fixtures/otlp-messages.ts";
import { hex, idOf, minutesAgo, nanos, tracesOf, windowAround } from "../fixtures/spans-of.ts";
import { useTelemetry } from "../fixtures/use-telemetry.suite.ts";

const it = useTelemetry();
const { call, send } = it;

describe("traces", () => {
  const at = minutesAgo(10);
  let processes = 0;
  // Of another process each time: the very same bytes would count once.
  const sendShop = () =>
    send(
      tracesOf(
        {
          front: [
            { id: 1, trace: 1, at, ms: 100, name: "GET /" },
            { id: 2, trace: 1, parent: 1, at: at + 5, ms: 60, kind: 3, name: "call back" },
            { id: 5, trace: 1, parent: 1, at: at + 80, ms: 10, kind: 3, name: "call pay", attributes: { "peer.service": "pay" } },
            { id: 11, trace: 2, at: at + 1_000, ms: 10, name: "GET /" },
            { id: 21, trace: 3, at: at + 2_000, ms: 300, name: "GET /slow" },
          ],
          back: [
            { id: 3, trace: 1, parent: 2, at: at + 10, ms: 50, name: "GET /b", failed: true },
            { id: 4, trace: 1, parent: 3, at: at + 12, ms: 1, kind: 1, name: "inner" },
          ],
        },
        [{ key: "process.pid", value: { stringValue: String(++processes) } }],
      ),
    );
  const window = windowAround(at, 60_000);
  const namesOf = (page: OutputOf<typeof contract.listTraces>) => page.items.map(({ traceId }) => Number.parseInt(traceId, 16));

  test("a waterfall is in order, with times from its beginning", async () => {
    await sendShop();
    const found = await call(contract.getTrace, { traceId: idOf(1, 16), at: new Date(at).toISOString() });
    expect(found.spans.map(({ name, offsetUs, durationUs }) => [name, offsetUs, durationUs])).toEqual([
      ["GET /", 0, 100_000],
      ["call back", 5_000, 60_000],
      ["GET /b", 10_000, 50_000],
      ["inner", 12_000, 1_000],
      ["call pay", 80_000, 10_000],
    ]);
    expect(found).toMatchObject({ at: new Date(at).toISOString(), durationUs: 100_000, truncated: false });
    await expect(call(contract.getTrace, { traceId: idOf(99, 16) })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("are found by service, operation, duration and error, newest or slowest first, page by page", async () => {
    await sendShop();
    const [newest] = (await call(contract.listTraces, { ...window, limit: 1 })).items;
    expect(newest).toMatchObject({
      rootService: "front",
      rootName: "GET /slow",
      durationMs: 300,
      spans: 1,
      errors: 0,
      services: ["front"],
    });
    expect(namesOf(await call(contract.listTraces, window))).toEqual([3, 2, 1]);
    expect(namesOf(await call(contract.listTraces, { ...window, sort: "slowest" }))).toEqual([3, 1, 2]);
    expect(namesOf(await call(contract.listTraces, { ...window, service: "back" }))).toEqual([1]);
    expect(namesOf(await call(contract.listTraces, { ...window, operation: "GET /", service: "front" }))).toEqual([2, 1]);
    expect(namesOf(await call(contract.listTraces, { ...window, minMs: 50 }))).toEqual([3, 1]);
    expect(namesOf(await call(contract.listTraces, { ...window, errors: true }))).toEqual([1]);
    expect((await call(contract.listTraces, { ...window, service: "back" })).items[0]).toMatchObject({
      rootService: "front",
      rootName: "GET /",
      durationMs: 100,
      spans: 5,
      errors: 1,
      services: ["back", "front"],
    });
    const first = await call(contract.listTraces, { ...window, limit: 2 });
    expect(namesOf(await call(contract.listTraces, { ...window, limit: 2, cursor: first.nextCursor }))).toEqual([1]);
  });

  test("tell who calls whom, and who is called though it sends nothing", async () => {
    await sendShop();
    const { items } = await call(contract.listServiceEdges, window);
    expect(items).toMatchObject([
      { from: "front", to: "back", requests: 1, errors: 1, p95Ms: 50 },
      { from: "front", to: "pay", requests: 1, errors: 0, p95Ms: 10 },
    ]);
    expect((await call(contract.listServiceEdges, { ...window, service: "back" })).items).toHaveLength(1);
    expect((await call(contract.listServiceEdges, { ...window, from: window.to, to: new Date(at + 120_000).toISOString() })).items).toEqual(
      [],
    );
  });

  test("errors: false leaves out traces with a failed span", async () => {
    await send(
      tracesOf({
        front: [
          { id: 1, trace: 1, at },
          { id: 2, trace: 1, parent: 1, at, failed: true },
          { id: 3, trace: 2, at },
        ],
      }),
    );
    expect(namesOf(await call(contract.listTraces, { ...window, service: "front", errors: false }))).toEqual([2]);
  });

  test("the largest page is whole, and a cursor of another list is refused", async () => {
    const spans = Array.from({ length: 510 }, (_, i) => ({ id: i + 1, trace: i + 1, at: at + i }));
    await send(tracesOf({ many: spans }));
    const page = await call(contract.listTraces, { ...window, service: "many", limit: 500 });
    expect(page.items).toHaveLength(500);
    const rest = await call(contract.listTraces, {
      ...window,
      service: "many",
      limit: 500,
      ...(page.nextCursor === undefined ? {} : { cursor: page.nextCursor }),
    });
    expect(new Set([...page.items, ...rest.items].map(({ traceId }) => traceId)).size).toBe(510);
    await expect(call(contract.listTraces, { ...window, cursor: "bm9uc2Vuc2U" })).rejects.toMatchObject({ code: "INVALID" });
  });
});

describe("logs", () => {
  const at = minutesAgo(10);
  const window = windowAround(at, 60_000);
  const record = (body: string, severityNumber: number, ms = 0, more: object = {}) => ({
    timeUnixNano: nanos(at + ms),
    severityNumber,
    body: { stringValue: body },
    ...more,
  });
  const sendLogs = (...logRecords: object[]) => {
    const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
    return send(encodeMessage("ExportLogsServiceRequest", { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] }), {
      signal: "logs",
    });
  };
  const bodies = ({ items }: OutputOf<typeof contract.listLogs>) => items.map(({ body }) => body);

  test("are found by words, severity and trace, newest first", async () => {
    await sendLogs(
      record("started", 9),
      record("Disk FULL: <b>'; drop table logs --", 17, 5, { traceId: hex(idOf(7, 16)) }),
      record("debug", 5, 9),
    );
    expect(bodies(await call(contract.listLogs, window))).toEqual(["debug", "Disk FULL: <b>'; drop table logs --", "started"]);
    expect(bodies(await call(contract.listLogs, { ...window, minSeverity: "info" }))).toEqual([
      "Disk FULL: <b>'; drop table logs --",
      "started",
    ]);
    expect(bodies(await call(contract.listLogs, { ...window, text: "disk full: <B>'; DROP" }))).toHaveLength(1);
    expect((await call(contract.listLogs, { ...window, traceId: idOf(7, 16) })).items).toMatchObject([
      { severity: "error", traceId: idOf(7, 16) },
    ]);
    expect(bodies(await call(contract.listLogs, { ...window, service: "other" }))).toEqual([]);
  });

  test("pages lose and repeat nothing, also within one instant", async () => {
    await sendLogs(...Array.from({ length: 23 }, (_, i) => record(`n${String(i).padStart(2, "0")}`, 9, i < 12 ? 0 : i)));
    const seen: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await call(contract.listLogs, { ...window, limit: 5, cursor });
      seen.push(...bodies(page));
      if (page.nextCursor === undefined) break;
      cursor = page.nextCursor;
    }
    expect(seen).toHaveLength(23);
    expect(new Set(seen).size).toBe(23);
  });
});
