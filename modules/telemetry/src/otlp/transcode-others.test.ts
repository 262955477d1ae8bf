import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { anyValue, AROUND_NOON, attributes, encodeMessage, NOON } from "../fixtures/otlp-messages.ts";
import { LOG_TYPES, METRIC_TYPES, readRows, type ColumnType } from "../fixtures/read-rows.ts";
import type { Outcome } from "./envelope.ts";
import { jsonToProtobuf } from "./json-to-protobuf.ts";
import { MalformedError } from "./reader.ts";
import { createRowWriter, writeRequest, type RowWriter } from "./row-writer.ts";
import { LOG_COLUMNS, transcodeLogs } from "./transcode-logs.ts";
import { METRIC_COLUMNS, transcodeMetrics } from "./transcode-metrics.ts";

const at = String(NOON);
const envelope = { sample: 0, service: "shop", resource: '{"service.name":"shop"}', scope_name: "lib", scope_version: "" };
const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
const logs = (...logRecords: object[]) =>
  encodeMessage("ExportLogsServiceRequest", { resourceLogs: [{ resource, scopeLogs: [{ scope: { name: "lib" }, logRecords }] }] });
const metrics = (...list: object[]) =>
  encodeMessage("ExportMetricsServiceRequest", {
    resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: "lib" }, metrics: list }] }],
  });

function run(
  transcode: (body: Uint8Array, w: RowWriter, o: typeof AROUND_NOON) => Outcome,
  types: Record<string, ColumnType>,
  body: Uint8Array,
): { rows: Record<string, unknown>[]; outcome: Outcome } {
  const w = createRowWriter(16);
  const outcome = writeRequest(w, () => transcode(body, w, AROUND_NOON));
  return { rows: readRows(w.bytes.subarray(0, w.pos), types), outcome };
}
const logRows = (body: Uint8Array) => run(transcodeLogs, LOG_TYPES, body);
const metricRows = (body: Uint8Array) => run(transcodeMetrics, METRIC_TYPES, body);

describe("logs", () => {
  test("have the columns of the table", () => expect(Object.keys(LOG_TYPES)).toEqual([...LOG_COLUMNS]));

  test("arrive as they were sent, with a body of any type", () => {
    fc.assert(
      fc.property(anyValue, attributes, fc.integer({ min: 0, max: 24 }), (body, attrs, severityNumber) => {
        const record = { timeUnixNano: at, severityNumber, severityText: "INFO", body: body.wire, attributes: attrs.wire, eventName: "e" };
        const ids = { traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, 2) };
        const { rows } = logRows(logs({ ...record, ...ids }));
        const stored = { severity: severityNumber, severity_text: "INFO", body: body.text, event_name: "e", attributes: attrs.stored };
        expect(rows).toEqual([{ ...envelope, time: NOON, ...stored, trace_id: "01".repeat(16), span_id: "02".repeat(8) }]);
      }),
      { numRuns: 200 },
    );
  });

  test("without a time take the observed one, else the time of their arrival", () => {
    expect(logRows(logs({ observedTimeUnixNano: at, body: { stringValue: "x" } })).rows).toMatchObject([{ time: NOON, body: "x" }]);
    const [{ time } = {}] = logRows(logs({ body: { stringValue: "x" } })).rows;
    expect(Math.abs(Number((time as bigint) / 1_000_000n) - Date.now())).toBeLessThan(60_000);
  });

  test("that are too old are refused one by one", () => {
    expect(logRows(logs({ timeUnixNano: "1" }, { timeUnixNano: at })).outcome).toMatchObject({ rows: 1, rejected: 1 });
  });
});

describe("metrics", () => {
  const point = { timeUnixNano: at, startTimeUnixNano: "5", attributes: [{ key: "k", value: { intValue: 3 } }] };
  const empty = {
    ...envelope,
    name: "m",
    unit: "ms",
    description: "d",
    monotonic: 0,
    temporality: 0,
    time: NOON,
    start_time: 5n,
    value: null,
    count: 0n,
    sum: null,
    min: null,
    max: null,
    bounds: [],
    bucket_counts: [],
    scale: 0,
    zero_count: 0n,
    zero_threshold: 0,
    positive_offset: 0,
    positive_counts: [],
    negative_offset: 0,
    negative_counts: [],
    quantiles: [],
    quantile_values: [],
    attributes: [["k", "3"]],
    exemplar_time: [],
    exemplar_value: [],
    exemplar_trace_id: [],
    exemplar_span_id: [],
    exemplar_attributes: [],
  };
  const metric = (data: object) => metrics({ name: "m", unit: "ms", description: "d", ...data });

  test("have the columns of the table", () => expect(Object.keys(METRIC_TYPES)).toEqual([...METRIC_COLUMNS]));

  test("keep their exemplars, the way from a figure to a trace", () => {
    const exemplars = [
      {
        timeUnixNano: at,
        asDouble: 2.5,
        traceId: Buffer.alloc(16, 1),
        spanId: Buffer.alloc(8, 2),
        filteredAttributes: [{ key: "user", value: { stringValue: "7" } }],
      },
      { asInt: 4, traceId: Buffer.alloc(3, 1) },
    ];
    const stored = {
      exemplar_time: [NOON, NOON],
      exemplar_value: [2.5, 4],
      exemplar_trace_id: ["01".repeat(16), "00".repeat(16)],
      exemplar_span_id: ["02".repeat(8), "00".repeat(8)],
      exemplar_attributes: [[["user", "7"]], []],
    };
    const points = [
      { gauge: { dataPoints: [{ ...point, asDouble: 1, exemplars }] } },
      { histogram: { dataPoints: [{ ...point, count: 1, exemplars }] } },
      { exponentialHistogram: { dataPoints: [{ ...point, count: 1, exemplars }] } },
    ];
    for (const data of points) expect(metricRows(metric(data)).rows).toMatchObject([stored]);
    const json = {
      gauge: {
        dataPoints: [
          { ...point, asDouble: 1, exemplars: [{ timeUnixNano: at, asDouble: 2.5, traceId: "01".repeat(16), spanId: "02".repeat(8) }] },
        ],
      },
    };
    const body = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [{ name: "m", ...json }] }] }] };
    expect(metricRows(jsonToProtobuf("metrics", JSON.stringify(body))).rows).toMatchObject([
      { exemplar_value: [2.5], exemplar_trace_id: ["01".repeat(16)] },
    ]);
  });

  test("with labels that are refused are refused point by point, with the label's name", () => {
    const guard = {
      refuses: (name: string, labels: readonly (readonly [string, string])[]) =>
        labels.some(([, value]) => value === "3") ? `label k of ${name}` : undefined,
      refusesService: () => undefined,
    };
    const body = metric({
      gauge: {
        dataPoints: [
          { ...point, asDouble: 1 },
          { ...point, attributes: [], asDouble: 2 },
        ],
      },
    });
    const w = createRowWriter(16);
    expect(transcodeMetrics(body, w, { ...AROUND_NOON, labels: guard })).toEqual({ rows: 1, rejected: 1, reason: "label k of m" });
    const none = { ...guard, refusesService: (service: string) => `too many, ${service} too` };
    expect(transcodeMetrics(body, createRowWriter(16), { ...AROUND_NOON, labels: none })).toEqual({
      rows: 0,
      rejected: 2,
      reason: "too many, shop too",
    });
    expect(transcodeLogs(logs({ timeUnixNano: at }), createRowWriter(16), { ...AROUND_NOON, labels: none })).toMatchObject({
      rows: 0,
      rejected: 1,
    });
  });

  test.each([
    ["gauge", { gauge: { dataPoints: [{ ...point, asDouble: 1.5 }] } }, { kind: 1, value: 1.5 }],
    ["gauge of an integer", { gauge: { dataPoints: [{ ...point, asInt: -7 }] } }, { kind: 1, value: -7 }],
    [
      "sum",
      { sum: { dataPoints: [{ ...point, asInt: 9 }], isMonotonic: true, aggregationTemporality: 2 } },
      { kind: 2, value: 9, monotonic: 1, temporality: 2 },
    ],
    [
      "histogram",
      {
        histogram: {
          aggregationTemporality: 1,
          dataPoints: [{ ...point, count: 6, sum: 10.5, min: 0, max: 4, bucketCounts: [1, 2, 3], explicitBounds: [1, 2] }],
        },
      },
      { kind: 3, temporality: 1, count: 6n, sum: 10.5, min: 0, max: 4, bounds: [1, 2], bucket_counts: [1n, 2n, 3n] },
    ],
    [
      "exponential histogram",
      {
        exponentialHistogram: {
          dataPoints: [
            {
              ...point,
              count: 9,
              scale: -2,
              zeroCount: 1,
              zeroThreshold: 0.1,
              positive: { offset: -3, bucketCounts: [1, 300] },
              negative: { offset: 4, bucketCounts: [7] },
            },
          ],
        },
      },
      {
        kind: 4,
        count: 9n,
        scale: -2,
        zero_count: 1n,
        zero_threshold: 0.1,
        positive_offset: -3,
        positive_counts: [1n, 300n],
        negative_offset: 4,
        negative_counts: [7n],
      },
    ],
    [
      "summary",
      {
        summary: {
          dataPoints: [
            {
              ...point,
              count: 4,
              sum: 8,
              quantileValues: [
                { quantile: 0.5, value: 2 },
                { quantile: 0.99, value: 3 },
              ],
            },
          ],
        },
      },
      { kind: 5, count: 4n, sum: 8, quantiles: [0.5, 0.99], quantile_values: [2, 3] },
    ],
  ])("%s", (_, data, stored) => expect(metricRows(metric(data)).rows).toEqual([{ ...empty, ...stored }]));

  test("a point without a recorded value is no row, and one without a name or time is refused", () => {
    expect(metricRows(metric({ gauge: { dataPoints: [{ ...point, flags: 1 }] } })).outcome).toEqual({
      rows: 0,
      rejected: 0,
      reason: undefined,
    });
    expect(metricRows(metric({ gauge: { dataPoints: [{ asInt: 1 }] } })).outcome).toMatchObject({ rows: 0, rejected: 1 });
    expect(metricRows(metrics({ gauge: { dataPoints: [point] } })).outcome).toMatchObject({ rejected: 1, reason: "a metric has no name" });
  });
});

test("broken logs and metrics never crash and leave the writer as it was", () => {
  const bodies = [
    logs({ timeUnixNano: at, body: { kvlistValue: { values: [{ key: "a", value: { arrayValue: { values: [{ boolValue: true }] } } }] } } }),
    metrics({ name: "m", histogram: { dataPoints: [{ timeUnixNano: at, bucketCounts: [1, 2], explicitBounds: [1] }] } }),
  ];
  const parts = [
    [transcodeLogs, LOG_TYPES],
    [transcodeMetrics, METRIC_TYPES],
  ] as const;
  fc.assert(
    fc.property(fc.nat(1), fc.nat(), fc.uint8Array({ maxLength: 6 }), (which, position, noise) => {
      const body = bodies[which] as Uint8Array;
      const place = position % body.length;
      const broken = Buffer.concat([body.subarray(0, place), noise, body.subarray(place + noise.length)]);
      const [transcode, types] = parts[which as 0 | 1];
      const w = createRowWriter(16);
      writeRequest(w, () => transcode(body, w, AROUND_NOON));
      const [{ pos }, before] = [w, w.rows];
      try {
        writeRequest(w, () => transcode(broken, w, AROUND_NOON));
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError);
        expect([w.pos, w.rows]).toEqual([pos, before]);
      }
      expect(readRows(w.bytes.subarray(0, w.pos), types)).toHaveLength(w.rows);
    }),
    { numRuns: 3_000 },
  );
});
