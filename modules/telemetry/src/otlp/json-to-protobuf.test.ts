import { describe, expect, test } from "vitest";

import { decodeMessage } from "../fixtures/otlp-messages.ts";
import { jsonToProtobuf } from "./json-to-protobuf.ts";
import { MalformedError } from "./reader.ts";

const traces = (json: object) => decodeMessage("ExportTraceServiceRequest", jsonToProtobuf("traces", JSON.stringify(json)));
const spans = (span: object) => ({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });

describe("jsonToProtobuf", () => {
  test("ids are hexadecimal, 64 bits text or number, enumerations names or numbers", () => {
    const span = {
      traceId: "5B8EFFF798038103D269B633813FC60C",
      spanId: "eee19b7ec3c1b174",
      name: "I'm a server span",
      startTimeUnixNano: "1544712660000000000",
      endTimeUnixNano: 1544712661000000,
      kind: "SPAN_KIND_SERVER",
      status: { code: 2, message: "no" },
      attributes: [
        { key: "i", value: { intValue: "-9223372036854775808" } },
        { key: "d", value: { doubleValue: 1.5 } },
        { key: "b", value: { bytesValue: "AQID" } },
        { key: "a", value: { arrayValue: { values: [{ boolValue: true }, { stringValue: "ü" }] } } },
        { key: "m", value: { kvlistValue: { values: [{ key: "k", value: { intValue: 5 } }] } } },
      ],
      unknownField: { anything: [1] },
    };
    expect(traces(spans(span))).toEqual(
      spans({
        traceId: Buffer.from(span.traceId, "hex").toString("base64"),
        spanId: Buffer.from(span.spanId, "hex").toString("base64"),
        name: span.name,
        startTimeUnixNano: "1544712660000000000",
        endTimeUnixNano: "1544712661000000",
        kind: 2,
        status: { code: 2, message: "no" },
        attributes: span.attributes.map((attribute) =>
          attribute.key === "m" ? { key: "m", value: { kvlistValue: { values: [{ key: "k", value: { intValue: "5" } }] } } } : attribute,
        ),
      }),
    );
  });

  test("logs and metrics, with severities by name, negative offsets and special doubles", () => {
    const log = {
      resourceLogs: [
        { scopeLogs: [{ logRecords: [{ severityNumber: "SEVERITY_NUMBER_WARN2", body: { stringValue: "x" }, traceId: "" }] }] },
      ],
    };
    expect(decodeMessage("ExportLogsServiceRequest", jsonToProtobuf("logs", JSON.stringify(log)))).toMatchObject({
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ severityNumber: 14, body: { stringValue: "x" } }] }] }],
    });
    const points = [{ count: "7", sum: "Infinity", scale: -3, positive: { offset: -4, bucketCounts: ["1", 2] } }];
    const metric = {
      resourceMetrics: [
        {
          scopeMetrics: [
            {
              metrics: [
                { name: "m", exponentialHistogram: { dataPoints: points, aggregationTemporality: "AGGREGATION_TEMPORALITY_DELTA" } },
              ],
            },
          ],
        },
      ],
    };
    expect(decodeMessage("ExportMetricsServiceRequest", jsonToProtobuf("metrics", JSON.stringify(metric)))).toMatchObject({
      resourceMetrics: [
        {
          scopeMetrics: [
            {
              metrics: [
                {
                  exponentialHistogram: {
                    aggregationTemporality: 1,
                    dataPoints: [{ count: "7", sum: Infinity, scale: -3, positive: { offset: -4, bucketCounts: ["1", "2"] } }],
                  },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  test.each([
    ["{", "is not JSON"],
    ["[]", "the body must be an object"],
    [JSON.stringify({ resourceSpans: {} }), "resourceSpans must be a list"],
    [JSON.stringify(spans({ traceId: "zz" })), "resourceSpans[0].scopeSpans[0].spans[0].traceId must be hexadecimal"],
    [JSON.stringify(spans({ traceId: "abc" })), "hexadecimal"],
    [JSON.stringify(spans({ startTimeUnixNano: "soon" })), "startTimeUnixNano must be a whole number"],
    [JSON.stringify(spans({ startTimeUnixNano: -1 })), "startTimeUnixNano must be a whole number"],
    [JSON.stringify(spans({ startTimeUnixNano: 1.5 })), "startTimeUnixNano must be a whole number"],
    [JSON.stringify(spans({ kind: "NOBODY" })), "kind must be one of"],
    [JSON.stringify(spans({ name: 5 })), "name must be a text"],
    [JSON.stringify(spans({ attributes: [{ key: "k", value: { boolValue: "yes" } }] })), "boolValue must be true or false"],
  ])("says where %s is wrong", (text, message) => {
    expect(() => jsonToProtobuf("traces", text)).toThrow(MalformedError);
    expect(() => jsonToProtobuf("traces", text)).toThrow(message);
  });

  test("a value nested without end is malformed, not a crash", () => {
    const deep = `${'{"arrayValue":{"values":['.repeat(5_000)}{}${"]}}".repeat(5_000)}`;
    const body = JSON.stringify(spans({ attributes: [{ key: "k", value: "here" }] })).replace('"here"', deep);
    expect(() => jsonToProtobuf("traces", body)).toThrow(MalformedError);
  });
});
