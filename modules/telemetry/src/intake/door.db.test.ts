import { gzipSync, zstdCompressSync } from "node:zlib";

import { openClickHouse } from "@roadbed/clickhouse";
import { quietLog } from "@roadbed/testkit";
import { describe, expect, test } from "vitest";

import { decodeMessage } from "../fixtures/otlp-messages.ts";
import { tracesOf } from "../fixtures/spans-of.ts";
import { useTelemetry } from "../fixtures/use-telemetry.suite.ts";
import { createTelemetry, type IngestRequest } from "../index.ts";

const it = useTelemetry();
const { rows, send } = it;

describe("the door", () => {
  const good = () => tracesOf({ shop: [{ id: 1, at: Date.now() }] });
  const stored = async () => Number((await rows<{ n: number }>("select count() as n from spans"))[0]?.n);

  test("answers in the format of the request, when the rows can be read", async () => {
    const protobuf = await send(good());
    expect(protobuf).toMatchObject({ contentType: "application/x-protobuf", accepted: 1, rejected: 0 });
    expect(await stored()).toBe(1);
    const json = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "hi" } }] }] }] };
    const answer = await send(Buffer.from(JSON.stringify(json)), { signal: "logs", contentType: "application/json; charset=utf-8" });
    expect({ type: answer.contentType, body: Buffer.from(answer.body).toString() }).toEqual({ type: "application/json", body: "{}" });
    expect(await rows("select service, body from logs")).toEqual([{ service: "unknown_service", body: "hi" }]);
  });

  test("takes gzip", async () => {
    expect(await send(gzipSync(good()), { contentEncoding: "gzip" })).toMatchObject({ accepted: 1 });
    expect(await stored()).toBe(1);
  });

  test("takes zstd, and does not count again what is sent again", async () => {
    const body = good();
    expect(await send(zstdCompressSync(body), { contentEncoding: "zstd" })).toMatchObject({ accepted: 1 });
    expect(await Promise.all([send(body), send(gzipSync(body), { contentEncoding: "gzip" })])).toMatchObject([
      { accepted: 1 },
      { accepted: 1 },
    ]);
    expect(await stored()).toBe(1);
    const bomb = zstdCompressSync(Buffer.alloc(400 * 1024 * 1024));
    await expect(send(bomb, { contentEncoding: "zstd" })).rejects.toMatchObject({ code: "TOO_LARGE" });
    await expect(send(body, { contentEncoding: "zstd" })).rejects.toMatchObject({ code: "INVALID" });
  });

  test("tells how many rows it refused, and why, and keeps the rest", async () => {
    const body = tracesOf({
      shop: [
        { id: 1, at: Date.now() },
        { id: 2, at: Date.now() - 40 * 86_400_000 },
        { id: 0, at: Date.now() },
      ],
    });
    const answer = await send(body);
    expect(answer).toMatchObject({ accepted: 1, rejected: 2 });
    expect(decodeMessage("ExportTraceServiceResponse", answer.body)).toEqual({
      partialSuccess: { rejectedSpans: "2", errorMessage: expect.stringContaining("the end of the retention") },
    });
    expect(await stored()).toBe(1);
  });

  test.each<[string, string, () => Partial<IngestRequest>]>([
    ["INVALID", "noise", () => ({ body: Buffer.from("this is not protobuf") })],
    ["INVALID", "a cut message", () => ({ body: good().subarray(0, 40) })],
    ["INVALID", "broken JSON", () => ({ body: Buffer.from("{"), contentType: "application/json" })],
    ["INVALID", "JSON that is not UTF-8", () => ({ body: Buffer.from([0x7b, 0xff, 0x7d]), contentType: "application/json" })],
    ["INVALID", "another content type", () => ({ contentType: "text/plain" })],
    ["INVALID", "no content type", () => ({ contentType: undefined })],
    ["INVALID", "another encoding", () => ({ contentEncoding: "br" })],
    ["INVALID", "gzip that is none", () => ({ contentEncoding: "gzip" })],
    ["TOO_LARGE", "too many bytes", () => ({ body: Buffer.alloc(17 * 1024 * 1024) })],
    ["TOO_LARGE", "a gzip bomb", () => ({ body: gzipSync(Buffer.alloc(400 * 1024 * 1024)), contentEncoding: "gzip" })],
  ])("%s: %s", async (code, _, over) => {
    await expect(send(good(), over())).rejects.toMatchObject({ code });
    expect(await stored()).toBe(0);
    expect(await send(good())).toMatchObject({ accepted: 1 });
    expect(await stored()).toBe(1);
  });

  test("says errors in OTLP's own words", async () => {
    const error = await send(good(), { contentType: "text/plain" }).catch((thrown: unknown) => thrown);
    const protobuf = it.telemetry.intake.errorAnswer(error, "application/x-protobuf");
    expect(decodeMessage("GoogleRpcStatus", protobuf.body)).toEqual({ code: 3, message: "Content-Type text/plain is not OTLP." });
    const json = it.telemetry.intake.errorAnswer(new Error("select secret from vault"), "application/json");
    expect(JSON.parse(Buffer.from(json.body).toString())).toEqual({ code: 2, message: expect.not.stringContaining("secret") });
  });

  test("a malformed request does not touch those that share its block", async () => {
    const at = Date.now();
    const all = Array.from({ length: 30 }, (_, i) => {
      const body = tracesOf({
        shop: [
          { id: i + 1, at },
          { id: i + 101, at },
        ],
      });
      return send(i % 3 === 0 ? body.subarray(0, body.length - 3) : body).then(
        () => "stored",
        (error: { code: string }) => error.code,
      );
    });
    expect(Map.groupBy(await Promise.all(all), (end) => end).get("INVALID")).toHaveLength(10);
    const spans = await rows<{ id: string }>("select lower(hex(span_id)) as id from spans order by id");
    const kept = Array.from({ length: 30 }, (_, i) => i).filter((i) => i % 3 !== 0);
    expect(spans.map(({ id }) => Number.parseInt(id, 16))).toEqual([...kept.map((i) => i + 1), ...kept.map((i) => i + 101)]);
  });

  test("when the store is gone, the sender is told to come back, and nothing waits for ever", async () => {
    const nowhere = openClickHouse({ url: "http://127.0.0.1:1", database: "x", log: quietLog, insertRetryMs: 100 });
    const alone = createTelemetry({ clickhouse: nowhere, log: quietLog });
    const request = { signal: "traces", contentType: "application/x-protobuf", contentEncoding: undefined, body: good() } as const;
    await expect(alone.intake.ingest(request)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await alone.stop();
    await expect(alone.intake.ingest(request)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await nowhere.close();
  });

  test("back-pressure: beyond its memory the intake refuses, and takes again when the store has caught up", async () => {
    const narrow = createTelemetry({ clickhouse: it.store.client, log: quietLog, flush: { maxWaitingBytes: 1_000, afterMs: 300 } });
    const request = () =>
      ({
        signal: "traces",
        contentType: "application/x-protobuf",
        contentEncoding: undefined,
        body: tracesOf({ shop: Array.from({ length: 20 }, (_, i) => ({ id: i + 1, at: Date.now() })) }),
      }) as const;
    const first = narrow.intake.ingest(request());
    await expect
      .poll(() =>
        narrow.intake.ingest(request()).then(
          () => "taken",
          (error: object) => error,
        ),
      )
      .toMatchObject({ code: "TOO_MANY", retryAfterSeconds: 1 });
    expect(await first).toMatchObject({ accepted: 20 });
    expect(await narrow.intake.ingest(request())).toMatchObject({ accepted: 20 });
    await narrow.stop();
  });

  test("stopping stores what waits", async () => {
    const slow = createTelemetry({ clickhouse: it.store.client, log: quietLog, flush: { afterMs: 60_000 } });
    const sent = slow.intake.ingest({ signal: "traces", contentType: "application/x-protobuf", contentEncoding: undefined, body: good() });
    await new Promise((resolve) => setImmediate(resolve));
    await slow.stop();
    expect(await sent).toMatchObject({ accepted: 1 });
    expect(await stored()).toBe(1);
  });
});
