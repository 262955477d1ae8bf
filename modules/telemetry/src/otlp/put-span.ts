import { putAttributes, pushRange, within, type Ranges } from "./attributes.ts";
import { BYTES, FIXED64, nextTag, readLength, skip, take, type Reader } from "./reader.ts";
import { putByte, putBytes, putRaw, putUint32, putVarint, putZeros, type RowWriter } from "./row-writer.ts";
import { takeId, type Span } from "./span-fields.ts";

const KINDS = 5;

/** Writes the attributes that lie at some ranges as a map. */
export type PutAttributes = (r: Reader, w: RowWriter, ranges: Ranges) => void;

/** Writes a span's own columns, its attributes by `put`. */
export function putSpan(r: Reader, w: RowWriter, span: Span, scratch: Scratch, put: PutAttributes = putAttributes): void {
  const { bytes } = r;
  putRaw(w, bytes, span.traceAt, 16);
  putRaw(w, bytes, span.idAt, 8);
  if (span.parentLength === 8) putRaw(w, bytes, span.parentAt, 8);
  else putZeros(w, 8);
  putBytes(w, bytes, span.stateAt, span.stateLength);
  putBytes(w, bytes, span.nameAt, span.nameLength);
  putByte(w, span.kind > KINDS ? 0 : span.kind);
  putRaw(w, bytes, span.startAt, 8);
  putDuration(r, w, span.startAt, span.endAt);
  putByte(w, span.status > 2 ? 0 : span.status);
  putBytes(w, bytes, span.messageAt, span.messageLength);
  put(r, w, span.attributes);
  if (span.events.length === 0) putThreeEmpty(w);
  else putEvents(r, w, span.events, span.startAt, scratch, put);
  if (span.links.length === 0) putThreeEmpty(w);
  else putLinks(r, w, span.links, scratch, put);
}

function putThreeEmpty(w: RowWriter): void {
  putByte(w, 0);
  putByte(w, 0);
  putByte(w, 0);
}

/** End minus start in 64 bits; a span that ends before it begins, or never, lasted 0. */
function putDuration(r: Reader, w: RowWriter, startAt: number, endAt: number): void {
  if (endAt < 0) return putZeros(w, 8);
  let low = r.view.getUint32(endAt, true) - r.view.getUint32(startAt, true);
  let high = r.view.getUint32(endAt + 4, true) - r.view.getUint32(startAt + 4, true);
  if (low < 0) {
    low += 4_294_967_296;
    high--;
  }
  if (high < 0) return putZeros(w, 8);
  putUint32(w, low);
  putUint32(w, high);
}

/** Events and links are columns of arrays, so each field is written for all of them in turn. */
export interface Scratch {
  readonly attributes: Ranges;
  /** Per event: time, name, length of the name. Per link: trace id, span id. */
  readonly heads: number[];
}

const EVENT_TIME = (1 << 3) | FIXED64;
const EVENT_NAME = (2 << 3) | BYTES;
const EVENT_ATTRIBUTE = (3 << 3) | BYTES;
const LINK_TRACE = (1 << 3) | BYTES;
const LINK_SPAN = (2 << 3) | BYTES;
const LINK_ATTRIBUTE = (4 << 3) | BYTES;

function putEvents(r: Reader, w: RowWriter, events: Ranges, startAt: number, { heads, attributes }: Scratch, put: PutAttributes): void {
  heads.length = 0;
  for (let i = 0; i < events.length; i += 2) within(r, events, i, () => readEvent(r, heads));
  putVarint(w, heads.length / 3);
  // An event without a time stands where its span begins.
  for (let i = 0; i < heads.length; i += 3) putRaw(w, r.bytes, (heads[i] as number) < 0 ? startAt : (heads[i] as number), 8);
  putVarint(w, heads.length / 3);
  for (let i = 0; i < heads.length; i += 3) putBytes(w, r.bytes, heads[i + 1] as number, heads[i + 2] as number);
  putMaps(r, w, events, EVENT_ATTRIBUTE, attributes, put);
}

function readEvent(r: Reader, heads: number[]): void {
  let [time, name, length] = [-1, 0, 0];
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
    if (tag === EVENT_TIME) time = take(r, 8);
    else if (tag === EVENT_NAME) {
      length = readLength(r);
      name = take(r, length);
    } else skip(r, tag);
  }
  heads.push(time, name, length);
}

function putLinks(r: Reader, w: RowWriter, links: Ranges, { heads, attributes }: Scratch, put: PutAttributes): void {
  heads.length = 0;
  for (let i = 0; i < links.length; i += 2) within(r, links, i, () => readLink(r, heads));
  for (const [offset, size] of [
    [0, 16],
    [1, 8],
  ] as const) {
    putVarint(w, heads.length / 2);
    for (let i = offset; i < heads.length; i += 2) {
      if ((heads[i] as number) < 0) putZeros(w, size);
      else putRaw(w, r.bytes, heads[i] as number, size);
    }
  }
  putMaps(r, w, links, LINK_ATTRIBUTE, attributes, put);
}

function readLink(r: Reader, heads: number[]): void {
  let [trace, span] = [-1, -1];
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
    if (tag === LINK_TRACE) trace = takeId(r, 16);
    else if (tag === LINK_SPAN) span = takeId(r, 8);
    else skip(r, tag);
  }
  heads.push(trace, span);
}

function putMaps(r: Reader, w: RowWriter, items: Ranges, attribute: number, attributes: Ranges, put: PutAttributes): void {
  putVarint(w, items.length / 2);
  for (let i = 0; i < items.length; i += 2) {
    within(r, items, i, () => {
      attributes.length = 0;
      for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
        if (tag === attribute) pushRange(r, attributes);
        else skip(r, tag);
      }
      put(r, w, attributes);
    });
  }
}
