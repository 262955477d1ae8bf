import { pushRange, within, type Ranges } from "./attributes.ts";
import type { TranscodeOptions } from "./envelope.ts";
import { BYTES, FIXED64, MalformedError, nextTag, readLength, readVarint, skip, take, VARINT, type Reader } from "./reader.ts";

/** One place per field, used again for every span. A length of -1 stands for a field that did not come. */
export interface Span {
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

const STATUS_MESSAGE = (2 << 3) | BYTES;
const STATUS_CODE = (3 << 3) | VARINT;

export function emptySpan(): Span {
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

/** Notes where the fields of a span lie. Throws `MalformedError`, also for what is plainly a log record. */
export function readSpan(r: Reader, span: Span): void {
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
      case LOG_TIME:
        throw new MalformedError("these are log records and no spans: send them to /v1/logs");
      default:
        skip(r, tag);
    }
  }
}

/** The first field of a log record; a span has its trace id there, which is bytes. */
const LOG_TIME = (1 << 3) | FIXED64;

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
export function faultOf(r: Reader, span: Span, o: TranscodeOptions): string | undefined {
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

/** Where an id of the right size lies; -1 for any other size. */
export function takeId(r: Reader, size: number): number {
  const length = readLength(r);
  const at = take(r, length);
  return length === size ? at : -1;
}
