import { pushRange, putAttributes, within, type Ranges } from "./attributes.ts";
import type { MetricPoint } from "./metric-point.ts";
import { BYTES, FIXED64, nextTag, readDouble, skip, take, type Reader } from "./reader.ts";
import { putDouble, putRaw, putVarint, putZeros, type RowWriter } from "./row-writer.ts";
import { takeId } from "./span-fields.ts";

interface Exemplar {
  timeAt: number;
  value: number;
  traceAt: number;
  spanAt: number;
  readonly attributes: Ranges;
}

/** A point stands for many measurements; a handful of them as examples is enough. */
const MOST = 32;

/** Writes the exemplars of a point as arrays, one per column. */
export function putExemplars(r: Reader, w: RowWriter, point: MetricPoint): void {
  const all: Exemplar[] = [];
  for (let i = 0; i < point.exemplars.length && all.length < MOST; i += 2) all.push(within(r, point.exemplars, i, () => readExemplar(r)));
  putVarint(w, all.length);
  // Without a time of its own it is as old as its point.
  for (const { timeAt } of all) putRaw(w, r.bytes, timeAt < 0 ? point.timeAt : timeAt, 8);
  putVarint(w, all.length);
  for (const { value } of all) putDouble(w, value);
  putVarint(w, all.length);
  for (const { traceAt } of all) putId(r, w, traceAt, 16);
  putVarint(w, all.length);
  for (const { spanAt } of all) putId(r, w, spanAt, 8);
  putVarint(w, all.length);
  for (const { attributes } of all) putAttributes(r, w, attributes);
}

function readExemplar(r: Reader): Exemplar {
  const exemplar: Exemplar = { timeAt: -1, value: 0, traceAt: -1, spanAt: -1, attributes: [] };
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
    if (tag === ((2 << 3) | FIXED64)) exemplar.timeAt = take(r, 8);
    else if (tag === ((3 << 3) | FIXED64)) exemplar.value = readDouble(r);
    else if (tag === ((6 << 3) | FIXED64)) exemplar.value = Number(r.view.getBigInt64(take(r, 8), true));
    else if (tag === ((4 << 3) | BYTES)) exemplar.spanAt = takeId(r, 8);
    else if (tag === ((5 << 3) | BYTES)) exemplar.traceAt = takeId(r, 16);
    else if (tag === ((7 << 3) | BYTES)) pushRange(r, exemplar.attributes);
    else skip(r, tag);
  }
  return exemplar;
}

function putId(r: Reader, w: RowWriter, at: number, size: number): void {
  if (at < 0) putZeros(w, size);
  else putRaw(w, r.bytes, at, size);
}
