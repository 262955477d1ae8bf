import { putAttributes, pushRange, readAttributes, within, type Ranges } from "./attributes.ts";
import { eachItem, ENVELOPE_COLUMNS, reject, type Outcome, type TranscodeOptions } from "./envelope.ts";
import { readExponential, readHistogram, readNumber, readSummary, type MetricPoint, type ReadPoint } from "./metric-point.ts";
import { putExemplars } from "./exemplars.ts";
import { BYTES, nextTag, readerOf, readText, readVarint, skip, VARINT, type Reader } from "./reader.ts";
import { putByte, putDouble, putInt64, putRaw, putText, putUint32, putVarint, putWriter, putZeros, type RowWriter } from "./row-writer.ts";
import { faultOfTime } from "./span-fields.ts";

/** The columns of table `metric_points`, in the order in which rows are written. */
export const METRIC_COLUMNS = [
  ...ENVELOPE_COLUMNS,
  "name",
  "unit",
  "description",
  "kind",
  "monotonic",
  "temporality",
  "time",
  "start_time",
  "value",
  "count",
  "sum",
  "min",
  "max",
  "bounds",
  "bucket_counts",
  "scale",
  "zero_count",
  "zero_threshold",
  "positive_offset",
  "positive_counts",
  "negative_offset",
  "negative_counts",
  "quantiles",
  "quantile_values",
  "attributes",
  "exemplar_time",
  "exemplar_value",
  "exemplar_trace_id",
  "exemplar_span_id",
  "exemplar_attributes",
] as const;

/** As in the column's Enum8. */
const KINDS: Readonly<Record<number, { readonly kind: number; readonly read: ReadPoint }>> = {
  5: { kind: 1, read: readNumber },
  7: { kind: 2, read: readNumber },
  9: { kind: 3, read: readHistogram },
  10: { kind: 4, read: readExponential },
  11: { kind: 5, read: readSummary },
};

interface Metric {
  name: string;
  unit: string;
  description: string;
  kind: number;
  monotonic: boolean;
  temporality: number;
  readonly points: Ranges;
  read: ReadPoint;
}

/** Writes the points of an ExportMetricsServiceRequest as rows, one per data point. Throws `MalformedError`. */
export function transcodeMetrics(body: Uint8Array, w: RowWriter, o: TranscodeOptions): Outcome {
  const r = readerOf(body);
  const outcome: Outcome = { rows: 0, rejected: 0, reason: undefined };
  eachItem(r, o, (prefix, owner) => {
    const metric = readMetric(r);
    for (let i = 0; i < metric.points.length; i += 2) {
      const point = within(r, metric.points, i, () => metric.read(r));
      if (point.stale) continue;
      const fault = owner.fault ?? faultOf(r, metric, point, o);
      if (fault !== undefined) {
        reject(outcome, fault);
        continue;
      }
      putWriter(w, prefix);
      putPoint(r, w, metric, point);
      w.rows++;
      outcome.rows++;
    }
  });
  return outcome;
}

function faultOf(r: Reader, metric: Metric, point: MetricPoint, o: TranscodeOptions): string | undefined {
  if (metric.name === "") return "a metric has no name";
  return faultOfTime(r, point.timeAt, o) ?? o.labels?.refuses(metric.name, readAttributes(r, point.attributes));
}

function readMetric(r: Reader): Metric {
  const metric: Metric = { name: "", unit: "", description: "", kind: 0, monotonic: false, temporality: 0, points: [], read: readNumber };
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
    const data = (tag & 7) === BYTES ? KINDS[tag >>> 3] : undefined;
    if (data !== undefined) {
      metric.kind = data.kind;
      metric.read = data.read;
      const range: Ranges = [];
      pushRange(r, range);
      within(r, range, 0, () => readData(r, metric));
    } else if (tag === ((1 << 3) | BYTES)) metric.name = readText(r);
    else if (tag === ((2 << 3) | BYTES)) metric.description = readText(r);
    else if (tag === ((3 << 3) | BYTES)) metric.unit = readText(r);
    else skip(r, tag);
  }
  return metric;
}

/** Points, temporality and monotonicity have the same numbers in all kinds that have them. */
function readData(r: Reader, metric: Metric): void {
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
    if (tag === ((1 << 3) | BYTES)) pushRange(r, metric.points);
    else if (tag === ((2 << 3) | VARINT)) metric.temporality = readVarint(r);
    else if (tag === ((3 << 3) | VARINT)) metric.monotonic = readVarint(r) !== 0;
    else skip(r, tag);
  }
}

function putPoint(r: Reader, w: RowWriter, metric: Metric, point: MetricPoint): void {
  putText(w, metric.name);
  putText(w, metric.unit);
  putText(w, metric.description);
  putByte(w, metric.kind);
  putByte(w, metric.monotonic ? 1 : 0);
  putByte(w, metric.temporality > 2 ? 0 : metric.temporality);
  putRaw(w, r.bytes, point.timeAt, 8);
  if (point.startAt < 0) putZeros(w, 8);
  else putRaw(w, r.bytes, point.startAt, 8);
  putOptional(w, point.value);
  putInt64(w, BigInt.asIntN(64, point.count));
  putOptional(w, point.sum);
  putOptional(w, point.min);
  putOptional(w, point.max);
  putDoubles(w, point.bounds);
  putCounts(w, point.counts);
  putUint32(w, point.scale);
  putInt64(w, BigInt.asIntN(64, point.zeroCount));
  putDouble(w, point.zeroThreshold);
  putUint32(w, point.positiveOffset);
  putCounts(w, point.positiveCounts);
  putUint32(w, point.negativeOffset);
  putCounts(w, point.negativeCounts);
  putDoubles(w, point.quantiles);
  putDoubles(w, point.quantileValues);
  putAttributes(r, w, point.attributes);
  putExemplars(r, w, point);
}

/** Nullable: a point without a sum has none, which is not 0. */
function putOptional(w: RowWriter, value: number | undefined): void {
  putByte(w, value === undefined ? 1 : 0);
  if (value !== undefined) putDouble(w, value);
}

function putDoubles(w: RowWriter, values: readonly number[]): void {
  putVarint(w, values.length);
  for (const value of values) putDouble(w, value);
}

function putCounts(w: RowWriter, values: readonly bigint[]): void {
  putVarint(w, values.length);
  for (const value of values) putInt64(w, BigInt.asIntN(64, value));
}
