import { pushRange, within, type Ranges } from "./attributes.ts";
import { BYTES, FIXED64, nextTag, readDouble, readSint32, readVarint, skip, take, VARINT, type Reader } from "./reader.ts";

/** A data point of any kind; what a kind does not have stays empty. 64-bit counts are kept whole. */
export interface MetricPoint {
  timeAt: number;
  startAt: number;
  /** A number without a recorded value (a series that went away). */
  stale: boolean;
  value: number | undefined;
  count: bigint;
  sum: number | undefined;
  min: number | undefined;
  max: number | undefined;
  bounds: number[];
  counts: bigint[];
  scale: number;
  zeroCount: bigint;
  zeroThreshold: number;
  positiveOffset: number;
  positiveCounts: bigint[];
  negativeOffset: number;
  negativeCounts: bigint[];
  quantiles: number[];
  quantileValues: number[];
  attributes: Ranges;
  exemplars: Ranges;
}

/** Reads a point; the numbers of its fields differ by kind. */
export type ReadPoint = (r: Reader) => MetricPoint;

export const readNumber: ReadPoint = (r) =>
  readPoint(r, (tag, point) => {
    if (tag === ((7 << 3) | BYTES)) pushRange(r, point.attributes);
    else if (tag === ((4 << 3) | FIXED64)) point.value = readDouble(r);
    else if (tag === ((5 << 3) | BYTES)) pushRange(r, point.exemplars);
    else if (tag === ((6 << 3) | FIXED64)) point.value = Number(r.view.getBigInt64(take(r, 8), true));
    else if (tag === ((8 << 3) | VARINT)) point.stale = isStale(r);
    else skip(r, tag);
  });

export const readHistogram: ReadPoint = (r) =>
  readPoint(r, (tag, point) => {
    if (tag === ((9 << 3) | BYTES)) pushRange(r, point.attributes);
    else if (tag === ((4 << 3) | FIXED64)) point.count = readFixed(r);
    else if (tag === ((5 << 3) | FIXED64)) point.sum = readDouble(r);
    else if (tag >>> 3 === 6) readRepeated(r, tag, FIXED64, () => point.counts.push(readFixed(r)));
    else if (tag >>> 3 === 7) readRepeated(r, tag, FIXED64, () => point.bounds.push(readDouble(r)));
    else if (tag === ((8 << 3) | BYTES)) pushRange(r, point.exemplars);
    else if (tag === ((10 << 3) | VARINT)) point.stale = isStale(r);
    else if (tag === ((11 << 3) | FIXED64)) point.min = readDouble(r);
    else if (tag === ((12 << 3) | FIXED64)) point.max = readDouble(r);
    else skip(r, tag);
  });

export const readExponential: ReadPoint = (r) =>
  readPoint(r, (tag, point) => {
    if (tag === ((1 << 3) | BYTES)) pushRange(r, point.attributes);
    else if (tag === ((4 << 3) | FIXED64)) point.count = readFixed(r);
    else if (tag === ((5 << 3) | FIXED64)) point.sum = readDouble(r);
    else if (tag === ((6 << 3) | VARINT)) point.scale = readSint32(r);
    else if (tag === ((7 << 3) | FIXED64)) point.zeroCount = readFixed(r);
    else if (tag === ((8 << 3) | BYTES)) [point.positiveOffset, point.positiveCounts] = readBuckets(r);
    else if (tag === ((9 << 3) | BYTES)) [point.negativeOffset, point.negativeCounts] = readBuckets(r);
    else if (tag === ((10 << 3) | VARINT)) point.stale = isStale(r);
    else if (tag === ((11 << 3) | BYTES)) pushRange(r, point.exemplars);
    else if (tag === ((12 << 3) | FIXED64)) point.min = readDouble(r);
    else if (tag === ((13 << 3) | FIXED64)) point.max = readDouble(r);
    else if (tag === ((14 << 3) | FIXED64)) point.zeroThreshold = readDouble(r);
    else skip(r, tag);
  });

export const readSummary: ReadPoint = (r) =>
  readPoint(r, (tag, point) => {
    if (tag === ((7 << 3) | BYTES)) pushRange(r, point.attributes);
    else if (tag === ((4 << 3) | FIXED64)) point.count = readFixed(r);
    else if (tag === ((5 << 3) | FIXED64)) point.sum = readDouble(r);
    else if (tag === ((6 << 3) | BYTES)) readQuantile(r, point);
    else if (tag === ((8 << 3) | VARINT)) point.stale = isStale(r);
    else skip(r, tag);
  });

const NO_RECORDED_VALUE = 1;

/** Start and time have the same numbers in all kinds. */
function readPoint(r: Reader, field: (tag: number, point: MetricPoint) => void): MetricPoint {
  const point = emptyPoint();
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
    if (tag === ((2 << 3) | FIXED64)) point.startAt = take(r, 8);
    else if (tag === ((3 << 3) | FIXED64)) point.timeAt = take(r, 8);
    else field(tag, point);
  }
  return point;
}

function emptyPoint(): MetricPoint {
  return {
    timeAt: -1,
    startAt: -1,
    stale: false,
    value: undefined,
    count: 0n,
    sum: undefined,
    min: undefined,
    max: undefined,
    bounds: [],
    counts: [],
    scale: 0,
    zeroCount: 0n,
    zeroThreshold: 0,
    positiveOffset: 0,
    positiveCounts: [],
    negativeOffset: 0,
    negativeCounts: [],
    quantiles: [],
    quantileValues: [],
    attributes: [],
    exemplars: [],
  };
}

function isStale(r: Reader): boolean {
  return (readVarint(r) & NO_RECORDED_VALUE) !== 0;
}

function readFixed(r: Reader): bigint {
  return r.view.getBigUint64(take(r, 8), true);
}

/** A repeated number, packed into one field or one by one. */
function readRepeated(r: Reader, tag: number, wire: number, read: () => void): void {
  if ((tag & 7) === wire) return read();
  if ((tag & 7) !== BYTES) return skip(r, tag);
  const range: Ranges = [];
  pushRange(r, range);
  within(r, range, 0, () => {
    while (r.pos < r.end) read();
  });
}

function readBuckets(r: Reader): [offset: number, counts: bigint[]] {
  const range: Ranges = [];
  pushRange(r, range);
  return within(r, range, 0, () => {
    const counts: bigint[] = [];
    let offset = 0;
    for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
      if (tag === ((1 << 3) | VARINT)) offset = readSint32(r);
      else if (tag >>> 3 === 2) readRepeated(r, tag, VARINT, () => counts.push(BigInt(readVarint(r))));
      else skip(r, tag);
    }
    return [offset, counts];
  });
}

function readQuantile(r: Reader, point: MetricPoint): void {
  const range: Ranges = [];
  pushRange(r, range);
  let [quantile, value] = [0, 0];
  within(r, range, 0, () => {
    for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
      if (tag === ((1 << 3) | FIXED64)) quantile = readDouble(r);
      else if (tag === ((2 << 3) | FIXED64)) value = readDouble(r);
      else skip(r, tag);
    }
  });
  point.quantiles.push(quantile);
  point.quantileValues.push(value);
}
