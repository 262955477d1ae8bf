/** How a field travels. `hex`, `base64`: bytes as text. `any`, `keyValue` and the like name a message below. */
export type FieldType =
  | "string"
  | "hex"
  | "base64"
  | "bool"
  | "uint32"
  | "fixed32"
  | "int32"
  | "sint32"
  | "int64"
  | "uint64"
  | "fixed64"
  | "sfixed64"
  | "double"
  | { readonly enum: Readonly<Record<string, number>> }
  | { readonly message: MessageName };

export interface Field {
  readonly number: number;
  readonly type: FieldType;
  readonly repeated?: boolean;
}

export type Message = Readonly<Record<string, Field>>;

const field = (number: number, type: FieldType): Field => ({ number, type });
const list = (number: number, type: FieldType): Field => ({ number, type, repeated: true });
const message = (name: MessageName): FieldType => ({ message: name });

const enumOf = (prefix: string, names: readonly string[]): FieldType => ({
  enum: Object.fromEntries(names.map((name, i) => [`${prefix}_${name}`, i])),
});

const SPAN_KIND = enumOf("SPAN_KIND", ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]);
const STATUS_CODE = enumOf("STATUS_CODE", ["UNSET", "OK", "ERROR"]);
const TEMPORALITY = enumOf("AGGREGATION_TEMPORALITY", ["UNSPECIFIED", "DELTA", "CUMULATIVE"]);
const SEVERITIES = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"].flatMap((name) => [name, `${name}2`, `${name}3`, `${name}4`]);
const SEVERITY = enumOf("SEVERITY_NUMBER", ["UNSPECIFIED", ...SEVERITIES]);
const ATTRIBUTES = message("keyValue");

export type MessageName =
  | "traces"
  | "logs"
  | "metrics"
  | "resourceSpans"
  | "resourceLogs"
  | "resourceMetrics"
  | "scopeSpans"
  | "scopeLogs"
  | "scopeMetrics"
  | "resource"
  | "scope"
  | "keyValue"
  | "any"
  | "anyList"
  | "keyValueList"
  | "span"
  | "event"
  | "link"
  | "status"
  | "log"
  | "metric"
  | "gauge"
  | "sum"
  | "histogram"
  | "exponential"
  | "summary"
  | "numberPoint"
  | "exemplar"
  | "histogramPoint"
  | "exponentialPoint"
  | "buckets"
  | "summaryPoint"
  | "quantile";

/** The messages of OTLP 1.x, as far as they are stored: JSON name, number and type of each field. */
export const MESSAGES: Readonly<Record<MessageName, Message>> = {
  traces: { resourceSpans: list(1, message("resourceSpans")) },
  logs: { resourceLogs: list(1, message("resourceLogs")) },
  metrics: { resourceMetrics: list(1, message("resourceMetrics")) },
  resourceSpans: { resource: field(1, message("resource")), scopeSpans: list(2, message("scopeSpans")) },
  resourceLogs: { resource: field(1, message("resource")), scopeLogs: list(2, message("scopeLogs")) },
  resourceMetrics: { resource: field(1, message("resource")), scopeMetrics: list(2, message("scopeMetrics")) },
  scopeSpans: { scope: field(1, message("scope")), spans: list(2, message("span")) },
  scopeLogs: { scope: field(1, message("scope")), logRecords: list(2, message("log")) },
  scopeMetrics: { scope: field(1, message("scope")), metrics: list(2, message("metric")) },
  resource: { attributes: list(1, ATTRIBUTES) },
  scope: { name: field(1, "string"), version: field(2, "string") },
  keyValue: { key: field(1, "string"), value: field(2, message("any")) },
  any: {
    stringValue: field(1, "string"),
    boolValue: field(2, "bool"),
    intValue: field(3, "int64"),
    doubleValue: field(4, "double"),
    arrayValue: field(5, message("anyList")),
    kvlistValue: field(6, message("keyValueList")),
    bytesValue: field(7, "base64"),
  },
  anyList: { values: list(1, message("any")) },
  keyValueList: { values: list(1, ATTRIBUTES) },
  span: {
    traceId: field(1, "hex"),
    spanId: field(2, "hex"),
    traceState: field(3, "string"),
    parentSpanId: field(4, "hex"),
    name: field(5, "string"),
    kind: field(6, SPAN_KIND),
    startTimeUnixNano: field(7, "fixed64"),
    endTimeUnixNano: field(8, "fixed64"),
    attributes: list(9, ATTRIBUTES),
    events: list(11, message("event")),
    links: list(13, message("link")),
    status: field(15, message("status")),
  },
  event: { timeUnixNano: field(1, "fixed64"), name: field(2, "string"), attributes: list(3, ATTRIBUTES) },
  link: { traceId: field(1, "hex"), spanId: field(2, "hex"), traceState: field(3, "string"), attributes: list(4, ATTRIBUTES) },
  status: { message: field(2, "string"), code: field(3, STATUS_CODE) },
  log: {
    timeUnixNano: field(1, "fixed64"),
    severityNumber: field(2, SEVERITY),
    severityText: field(3, "string"),
    body: field(5, message("any")),
    attributes: list(6, ATTRIBUTES),
    traceId: field(9, "hex"),
    spanId: field(10, "hex"),
    observedTimeUnixNano: field(11, "fixed64"),
    eventName: field(12, "string"),
  },
  metric: {
    name: field(1, "string"),
    description: field(2, "string"),
    unit: field(3, "string"),
    gauge: field(5, message("gauge")),
    sum: field(7, message("sum")),
    histogram: field(9, message("histogram")),
    exponentialHistogram: field(10, message("exponential")),
    summary: field(11, message("summary")),
  },
  gauge: { dataPoints: list(1, message("numberPoint")) },
  sum: { dataPoints: list(1, message("numberPoint")), aggregationTemporality: field(2, TEMPORALITY), isMonotonic: field(3, "bool") },
  histogram: { dataPoints: list(1, message("histogramPoint")), aggregationTemporality: field(2, TEMPORALITY) },
  exponential: { dataPoints: list(1, message("exponentialPoint")), aggregationTemporality: field(2, TEMPORALITY) },
  summary: { dataPoints: list(1, message("summaryPoint")) },
  numberPoint: {
    attributes: list(7, ATTRIBUTES),
    startTimeUnixNano: field(2, "fixed64"),
    timeUnixNano: field(3, "fixed64"),
    asDouble: field(4, "double"),
    exemplars: list(5, message("exemplar")),
    asInt: field(6, "sfixed64"),
    flags: field(8, "uint32"),
  },
  exemplar: {
    timeUnixNano: field(2, "fixed64"),
    asDouble: field(3, "double"),
    spanId: field(4, "hex"),
    traceId: field(5, "hex"),
    asInt: field(6, "sfixed64"),
    filteredAttributes: list(7, ATTRIBUTES),
  },
  histogramPoint: {
    attributes: list(9, ATTRIBUTES),
    startTimeUnixNano: field(2, "fixed64"),
    timeUnixNano: field(3, "fixed64"),
    count: field(4, "fixed64"),
    sum: field(5, "double"),
    bucketCounts: list(6, "fixed64"),
    explicitBounds: list(7, "double"),
    exemplars: list(8, message("exemplar")),
    flags: field(10, "uint32"),
    min: field(11, "double"),
    max: field(12, "double"),
  },
  exponentialPoint: {
    attributes: list(1, ATTRIBUTES),
    startTimeUnixNano: field(2, "fixed64"),
    timeUnixNano: field(3, "fixed64"),
    count: field(4, "fixed64"),
    sum: field(5, "double"),
    scale: field(6, "sint32"),
    zeroCount: field(7, "fixed64"),
    positive: field(8, message("buckets")),
    negative: field(9, message("buckets")),
    flags: field(10, "uint32"),
    exemplars: list(11, message("exemplar")),
    min: field(12, "double"),
    max: field(13, "double"),
    zeroThreshold: field(14, "double"),
  },
  buckets: { offset: field(1, "sint32"), bucketCounts: list(2, "uint64") },
  summaryPoint: {
    attributes: list(7, ATTRIBUTES),
    startTimeUnixNano: field(2, "fixed64"),
    timeUnixNano: field(3, "fixed64"),
    count: field(4, "fixed64"),
    sum: field(5, "double"),
    quantileValues: list(6, message("quantile")),
    flags: field(8, "uint32"),
  },
  quantile: { quantile: field(1, "double"), value: field(2, "double") },
};
