import { putAttributes, pushRange, within, type Ranges } from "./attributes.ts";
import { eachItem, ENVELOPE_COLUMNS, reject, type Outcome, type TranscodeOptions } from "./envelope.ts";
import { BYTES, FIXED64, nextTag, readerOf, readLength, readVarint, skip, take, VARINT, type Reader } from "./reader.ts";
import { putByte, putBytes, putRaw, putUint32, putVarint, putWriter, putZeros, type RowWriter } from "./row-writer.ts";

/** The columns of table `spans`, in the order in which rows are written. */
export const SPAN_COLUMNS = [
  ...ENVELOPE_COLUMNS,
  "trace_id",
  "span_id",
  "parent_span_id",
  "trace_state",
  "name",
  "kind",
  "time",
  "duration_ns",
  "status",
  "status_message",
  "attributes",
  "event_time",
  "event_name",
  "event_attributes",
  "link_trace_id",
  "link_span_id",
  "link_attributes",
] as const;

/** One place per field, used again for every span. A length of -1 stands for a field that did not come. */
interface Span {
  traceAt: number;
  traceLength: number;
  idAt: number;
  idLength: number;
  parentAt: number;
  parentLength: number;
  stateAt: number;
  stateLength: number;
  nameAt: number;
  nameLength: number;
  kind: number;
  startAt: number;
  endAt: number;
  status: number;
  messageAt: number;
  messageLength: number;
  readonly attributes: Ranges;
  readonly events: Ranges;
  readonly links: Ranges;
}

/**
 * Writes the spans of an ExportTraceServiceRequest as rows, without making objects of them. Throws `MalformedError`;
 * the caller takes back what was written until then.
 */
export function transcodeTraces(body: Uint8Array, w: RowWriter, o: TranscodeOptions): Outcome {
  const r = readerOf(body);
  const outcome: Outcome = { rows: 0, rejected: 0, reason: undefined };
  const span = emptySpan();
  const scratch: Scratch = { attributes: [], heads: [] };
  eachItem(r, o, (prefix) => {
    readSpan(r, span);
    const fault = faultOf(r, span, o);
    if (fault !== undefined) return reject(outcome, fault);
    putWriter(w, prefix);
    putSpan(r, w, span, scratch);
    w.rows++;
    outcome.rows++;
  });
  return outcome;
}

const KINDS = 5;
const STATUS_MESSAGE = (2 << 3) | BYTES;
const STATUS_CODE = (3 << 3) | VARINT;

function emptySpan(): Span {
  return {
    traceAt: 0,
    traceLength: 0,
    idAt: 0,
    idLength: 0,
    parentAt: 0,
    parentLength: 0,
    stateAt: 0,
    stateLength: 0,
    nameAt: 0,
    nameLength: 0,
    kind: 0,
    startAt: -1,
    endAt: -1,
    status: 0,
    messageAt: 0,
    messageLength: 0,
    attributes: [],
    events: [],
    links: [],
  };
}

function clear(span: Span): void {
  span.traceLength = span.idLength = span.parentLength = span.stateLength = span.nameLength = span.messageLength = 0;
  span.kind = span.status = 0;
  span.startAt = span.endAt = -1;
  span.attributes.length = span.events.length = span.links.length = 0;
}

function readSpan(r: Reader, span: Span): void {
  clear(span);
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
    switch (tag) {
      case (1 << 3) | BYTES:
        span.traceLength = readLength(r);
        span.traceAt = take(r, span.traceLength);
        break;
      case (2 << 3) | BYTES:
        span.idLength = readLength(r);
        span.idAt = take(r, span.idLength);
        break;
      case (3 << 3) | BYTES:
        span.stateLength = readLength(r);
        span.stateAt = take(r, span.stateLength);
        break;
      case (4 << 3) | BYTES:
        span.parentLength = readLength(r);
        span.parentAt = take(r, span.parentLength);
        break;
      case (5 << 3) | BYTES:
        span.nameLength = readLength(r);
        span.nameAt = take(r, span.nameLength);
        break;
      case (6 << 3) | VARINT:
        span.kind = readVarint(r);
        break;
      case (7 << 3) | FIXED64:
        span.startAt = take(r, 8);
        break;
      case (8 << 3) | FIXED64:
        span.endAt = take(r, 8);
        break;
      case (9 << 3) | BYTES:
        pushRange(r, span.attributes);
        break;
      case (11 << 3) | BYTES:
        pushRange(r, span.events);
        break;
      case (13 << 3) | BYTES:
        pushRange(r, span.links);
        break;
      case (15 << 3) | BYTES: {
        const status: Ranges = [];
        pushRange(r, status);
        within(r, status, 0, () => readStatus(r, span));
        break;
      }
      default:
        skip(r, tag);
    }
  }
}

function readStatus(r: Reader, span: Span): void {
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
    if (tag === STATUS_CODE) span.status = readVarint(r);
    else if (tag === STATUS_MESSAGE) {
      span.messageLength = readLength(r);
      span.messageAt = take(r, span.messageLength);
    } else skip(r, tag);
  }
}

/** Why this span cannot be stored; undefined when it can. */
function faultOf(r: Reader, span: Span, o: TranscodeOptions): string | undefined {
  if (span.traceLength !== 16 || isZero(r, span.traceAt, 16)) return "a span has no trace id of 16 bytes";
  if (span.idLength !== 8 || isZero(r, span.idAt, 8)) return "a span has no span id of 8 bytes";
  if (span.parentLength !== 0 && span.parentLength !== 8) return "a span has a parent span id that is not 8 bytes";
  return faultOfTime(r, span.startAt, o);
}

/** Shared by all signals: a time that would make partitions of its own, or be gone at once, is refused. */
export function faultOfTime(r: Reader, at: number, o: TranscodeOptions): string | undefined {
  const ms = at < 0 ? 0 : (r.view.getUint32(at + 4, true) * 4_294_967_296 + r.view.getUint32(at, true)) / 1e6;
  if (ms < o.oldest) return `a time (${isoOf(ms)}) is before ${isoOf(o.oldest)}, the end of the retention`;
  if (ms > o.newest) return `a time (${isoOf(ms)}) lies in the future`;
  return undefined;
}

function isoOf(ms: number): string {
  return ms > 8.64e15 ? `${ms} ms` : new Date(ms).toISOString();
}

function isZero(r: Reader, at: number, length: number): boolean {
  for (let i = at; i < at + length; i++) if (r.bytes[i] !== 0) return false;
  return true;
}

function putSpan(r: Reader, w: RowWriter, span: Span, scratch: Scratch): void {
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
  putAttributes(r, w, span.attributes);
  if (span.events.length === 0) putThreeEmpty(w);
  else putEvents(r, w, span.events, span.startAt, scratch);
  if (span.links.length === 0) putThreeEmpty(w);
  else putLinks(r, w, span.links, scratch);
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
interface Scratch {
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

function putEvents(r: Reader, w: RowWriter, events: Ranges, startAt: number, { heads, attributes }: Scratch): void {
  heads.length = 0;
  for (let i = 0; i < events.length; i += 2) within(r, events, i, () => readEvent(r, heads));
  putVarint(w, heads.length / 3);
  // An event without a time stands where its span begins.
  for (let i = 0; i < heads.length; i += 3) putRaw(w, r.bytes, (heads[i] as number) < 0 ? startAt : (heads[i] as number), 8);
  putVarint(w, heads.length / 3);
  for (let i = 0; i < heads.length; i += 3) putBytes(w, r.bytes, heads[i + 1] as number, heads[i + 2] as number);
  putMaps(r, w, events, EVENT_ATTRIBUTE, attributes);
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

function putLinks(r: Reader, w: RowWriter, links: Ranges, { heads, attributes }: Scratch): void {
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
  putMaps(r, w, links, LINK_ATTRIBUTE, attributes);
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

/** Where an id of the right size lies; -1 for any other size. */
export function takeId(r: Reader, size: number): number {
  const length = readLength(r);
  const at = take(r, length);
  return length === size ? at : -1;
}

function putMaps(r: Reader, w: RowWriter, items: Ranges, attribute: number, attributes: Ranges): void {
  putVarint(w, items.length / 2);
  for (let i = 0; i < items.length; i += 2) {
    within(r, items, i, () => {
      attributes.length = 0;
      for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
        if (tag === attribute) pushRange(r, attributes);
        else skip(r, tag);
      }
      putAttributes(r, w, attributes);
    });
  }
}
