import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { AROUND_NOON, encodeMessage, NOON, traceRequest } from "../fixtures/otlp-messages.ts";
import { readRows, SPAN_TYPES } from "../fixtures/read-rows.ts";
import { MalformedError } from "./reader.ts";
import { createRowWriter, putVarint, writeRequest, type RowWriter } from "./row-writer.ts";
import { SPAN_COLUMNS, transcodeTraces } from "./transcode-traces.ts";

const encode = (request: object) => encodeMessage("ExportTraceServiceRequest", request);
const rowsOf = (w: RowWriter) => readRows(w.bytes.subarray(0, w.pos), SPAN_TYPES);
const write = (w: RowWriter, body: Uint8Array) => writeRequest(w, () => transcodeTraces(body, w, AROUND_NOON));

const plainSpan = {
  traceId: Buffer.alloc(16, 1),
  spanId: Buffer.alloc(8, 2),
  name: "GET /",
  kind: 2,
  startTimeUnixNano: String(NOON),
  endTimeUnixNano: String(NOON + 5n),
};
const requestOf = (...spans: object[]) => ({ resourceSpans: [{ scopeSpans: [{ spans }] }] });

describe("transcodeTraces", () => {
  test("writes the columns that the table is told to expect", () => expect(Object.keys(SPAN_TYPES)).toEqual([...SPAN_COLUMNS]));

  test("every field of every request arrives as it was sent", () => {
    fc.assert(
      fc.property(traceRequest, ({ wire, rows }) => {
        const w = createRowWriter(16);
        const outcome = write(w, encode(wire));
        expect(rowsOf(w)).toEqual(rows);
        expect(outcome).toEqual({ rows: rows.length, rejected: 0, reason: undefined });
        expect(w.rows).toBe(rows.length);
      }),
      { numRuns: 200 },
    );
  });

  test("fields may come in any order, and unknown ones are passed over", () => {
    const resource = encodeMessage("ResourceSpans", {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "late" } }] },
    });
    const spans = encodeMessage("ResourceSpans", { scopeSpans: [{ spans: [plainSpan] }] });
    const unknown = Buffer.from([0xa0, 0x06, 0x05, 0xaa, 0x06, 0x02, 0x01, 0x02, 0xad, 0x06, 1, 2, 3, 4]);
    const message = Buffer.concat([unknown, spans, unknown, resource]);
    const w = createRowWriter(16);
    write(w, Buffer.concat([Buffer.from([10, message.length]), message]));
    expect(rowsOf(w)).toMatchObject([{ service: "late", name: "GET /" }]);
  });

  test.each([
    ["trace id", { ...plainSpan, traceId: Buffer.alloc(15, 1) }],
    ["trace id", { ...plainSpan, traceId: Buffer.alloc(16) }],
    ["span id", { ...plainSpan, spanId: Buffer.alloc(0) }],
    ["parent span id", { ...plainSpan, parentSpanId: Buffer.alloc(3, 1) }],
    ["before", { ...plainSpan, startTimeUnixNano: "0" }],
    ["future", { ...plainSpan, startTimeUnixNano: String(NOON + 2n * 86_400_000_000_000n) }],
    ["future", { ...plainSpan, startTimeUnixNano: String(2n ** 64n - 1n) }],
  ])("refuses a span for its %s, and keeps the others", (reason, bad) => {
    const w = createRowWriter(16);
    expect(write(w, encode(requestOf(bad, plainSpan)))).toMatchObject({ rows: 1, rejected: 1, reason: expect.stringContaining(reason) });
    expect(rowsOf(w)).toHaveLength(1);
  });

  test("a span that ends before it begins, or never, lasted no time", () => {
    const w = createRowWriter(16);
    write(w, encode(requestOf({ ...plainSpan, endTimeUnixNano: String(NOON - 1n) }, { ...plainSpan, endTimeUnixNano: undefined })));
    expect(rowsOf(w).map(({ duration_ns: duration }) => duration)).toEqual([0n, 0n]);
  });

  test("a value nested without end is malformed, not a crash", () => {
    let value: Buffer = Buffer.from([10, 1, 65]);
    for (let i = 0; i < 3_000; i++) value = embed(5, embed(1, value));
    const attribute = embed(9, Buffer.concat([embed(1, Buffer.from("key")), embed(2, value)]));
    const deep = Buffer.concat([encodeMessage("Span", plainSpan), attribute]);
    const body = embed(1, embed(2, embed(2, deep)));
    expect(() => write(createRowWriter(16), body)).toThrow(MalformedError);
  });

  test("a large resource repeated in many spans is refused before memory ends", () => {
    const resource = { attributes: [{ key: "k", value: { stringValue: "x".repeat(100_000) } }] };
    const body = encode({ resourceSpans: [{ resource, scopeSpans: [{ spans: Array.from({ length: 2_000 }, () => plainSpan) }] }] });
    const w = createRowWriter(16);
    expect(() => write(w, body)).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
    expect(w).toMatchObject({ pos: 0, rows: 0 });
  });
});

describe("broken requests", () => {
  const mutation = fc.oneof(
    fc.record({ cut: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), byte: fc.integer({ min: 0, max: 255 }) }),
    fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), insert: fc.uint8Array({ minLength: 1, maxLength: 12 }) }),
  );

  test("change nothing but themselves: what was written before and comes after is whole", () => {
    fc.assert(
      fc.property(traceRequest, fc.array(mutation, { minLength: 1, maxLength: 4 }), traceRequest, (before, mutations, after) => {
        const w = createRowWriter(16);
        write(w, encode(before.wire));
        const begin = w.pos;
        const broken = mutations.reduce(mutate, encode(before.wire));
        let kept = 0;
        try {
          kept = write(w, broken).rows;
        } catch (error) {
          if (!(error instanceof MalformedError)) throw error;
          expect({ pos: w.pos, rows: w.rows }).toEqual({ pos: begin, rows: before.rows.length });
        }
        const middle = w.pos;
        write(w, encode(after.wire));
        const whole = rowsOf(w);
        expect(whole.slice(0, before.rows.length)).toEqual(before.rows);
        expect(whole.slice(before.rows.length + kept)).toEqual(after.rows);
        expect(readRows(w.bytes.subarray(begin, middle), SPAN_TYPES)).toHaveLength(kept);
      }),
      { numRuns: 700 },
    );
  });

  test("are called malformed when they end too early, at whatever byte", () => {
    const body = encode(
      requestOf({ ...plainSpan, attributes: [{ key: "key", value: { stringValue: "value" } }], status: { code: 2, message: "m" } }),
    );
    for (let end = 1; end < body.length; end++) expect(() => write(createRowWriter(16), body.subarray(0, end))).toThrow(MalformedError);
  });

  test("noise is malformed or nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const w = createRowWriter(16);
        try {
          write(w, noise);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
        expect(rowsOf(w)).toHaveLength(w.rows);
      }),
      { numRuns: 3_000 },
    );
  });
});

/** A field of embedded bytes. */
function embed(number: number, bytes: Buffer): Buffer {
  const w = createRowWriter(16);
  putVarint(w, number * 8 + 2);
  putVarint(w, bytes.length);
  return Buffer.concat([w.bytes.subarray(0, w.pos), bytes]);
}

function mutate(bytes: Uint8Array, mutation: { cut?: number; at?: number; byte?: number; insert?: Uint8Array }): Uint8Array {
  if (mutation.cut !== undefined) return bytes.subarray(0, Math.floor(bytes.length * mutation.cut));
  const at = Math.floor(bytes.length * (mutation.at ?? 0));
  const middle = mutation.insert ?? new Uint8Array([mutation.byte ?? 0]);
  return Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(at + (mutation.insert === undefined ? 1 : 0))]);
}
