import { keepLog } from "./keep-log.ts";
import { putAny, putAttributes, pushRange, readAnyText, readAttributes, within, type Ranges } from "./attributes.ts";
import { mayHoldSecrets } from "../genai/redact.ts";
import { eachItem, ENVELOPE_COLUMNS, reject, type Outcome, type TranscodeOptions } from "./envelope.ts";
import { BYTES, FIXED64, MalformedError, nextTag, readerOf, readLength, readVarint, skip, take, VARINT, type Reader } from "./reader.ts";
import { putByte, putBytes, putInt64, putRaw, putText, putVarint, putWriter, putZeros, type RowWriter } from "./row-writer.ts";
import { faultOfTime, takeId } from "./span-fields.ts";

/** The columns of table `logs`, in the order in which rows are written. */
export const LOG_COLUMNS = [
  ...ENVELOPE_COLUMNS,
  "time",
  "severity",
  "severity_text",
  "body",
  "trace_id",
  "span_id",
  "event_name",
  "attributes",
] as const;

interface Log {
  timeAt: number;
  observedAt: number;
  severity: number;
  textAt: number;
  textLength: number;
  bodyAt: number;
  bodyEnd: number;
  traceAt: number;
  spanAt: number;
  eventAt: number;
  eventLength: number;
  readonly attributes: Ranges;
}

/** Writes the records of an ExportLogsServiceRequest as rows. Throws `MalformedError`. */
export function transcodeLogs(body: Uint8Array, w: RowWriter, o: TranscodeOptions): Outcome {
  const r = readerOf(body);
  const outcome: Outcome = { rows: 0, rejected: 0, reason: undefined };
  const now = BigInt(Date.now()) * 1_000_000n;
  eachItem(r, o, (prefix, owner) => {
    const begin = r.pos;
    const log = readLog(r);
    const timeAt = timeOf(r, log);
    const fault = owner.fault ?? (timeAt < 0 ? undefined : faultOfTime(r, timeAt, o));
    if (fault !== undefined) return reject(outcome, fault);
    putWriter(w, prefix);
    // A record that tells no time at all happened when it arrived.
    if (timeAt < 0) putInt64(w, now);
    else putRaw(w, r.bytes, timeAt, 8);
    putLog(r, w, log, mayNeedReading(r, begin) ? { service: owner.service, ai: o.ai } : undefined);
    w.rows++;
    outcome.rows++;
  });
  return outcome;
}

const MAX_SEVERITY = 24;

function timeOf(r: Reader, { timeAt, observedAt }: Log): number {
  if (timeAt >= 0 && r.view.getBigUint64(timeAt, true) !== 0n) return timeAt;
  return observedAt >= 0 && r.view.getBigUint64(observedAt, true) !== 0n ? observedAt : -1;
}

function readLog(r: Reader): Log {
  const log: Log = {
    timeAt: -1,
    observedAt: -1,
    severity: 0,
    textAt: 0,
    textLength: 0,
    bodyAt: 0,
    bodyEnd: 0,
    traceAt: -1,
    spanAt: -1,
    eventAt: 0,
    eventLength: 0,
    attributes: [],
  };
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) readField(r, tag, log);
  return log;
}

function readField(r: Reader, tag: number, log: Log): void {
  switch (tag) {
    case (1 << 3) | FIXED64:
      log.timeAt = take(r, 8);
      break;
    case (11 << 3) | FIXED64:
      log.observedAt = take(r, 8);
      break;
    case (2 << 3) | VARINT:
      log.severity = readVarint(r);
      break;
    case (3 << 3) | BYTES:
      log.textLength = readLength(r);
      log.textAt = take(r, log.textLength);
      break;
    case (5 << 3) | BYTES: {
      const length = readLength(r);
      log.bodyAt = take(r, length);
      log.bodyEnd = log.bodyAt + length;
      break;
    }
    case (6 << 3) | BYTES:
      pushRange(r, log.attributes);
      break;
    case (9 << 3) | BYTES:
      log.traceAt = takeId(r, 16);
      break;
    case (10 << 3) | BYTES:
      log.spanAt = takeId(r, 8);
      break;
    case (12 << 3) | BYTES:
      log.eventLength = readLength(r);
      log.eventAt = take(r, log.eventLength);
      break;
    case SPAN_ID:
      throw new MalformedError("these are spans and no log records: send them to /v1/traces");
    default:
      skip(r, tag);
  }
}

/** The first field of a span, its trace id; a log record has its time there. */
const SPAN_ID = (1 << 3) | BYTES;

/** A record is copied as it is unless something in it may have to go: nearly none has. */
function putLog(
  r: Reader,
  w: RowWriter,
  log: Log,
  keep: { readonly service: string; readonly ai: TranscodeOptions["ai"] } | undefined,
): void {
  putByte(w, log.severity > MAX_SEVERITY ? 0 : log.severity);
  putBytes(w, r.bytes, log.textAt, log.textLength);
  const kept = keep === undefined ? undefined : keepLog(readKept(r, log), () => keep.ai?.captures(keep.service) ?? false);
  if (kept === undefined) within(r, [log.bodyAt, log.bodyEnd], 0, () => putAny(r, w));
  else putText(w, kept.body);
  if (log.traceAt < 0) putZeros(w, 16);
  else putRaw(w, r.bytes, log.traceAt, 16);
  if (log.spanAt < 0) putZeros(w, 8);
  else putRaw(w, r.bytes, log.spanAt, 8);
  putBytes(w, r.bytes, log.eventAt, log.eventLength);
  if (kept === undefined) return putAttributes(r, w, log.attributes);
  putVarint(w, kept.attributes.length);
  for (const [key, value] of kept.attributes) {
    putText(w, key);
    putText(w, value);
  }
}

function readKept(r: Reader, log: Log) {
  return {
    event: latin1(r, log.eventAt, log.eventAt + log.eventLength),
    body: within(r, [log.bodyAt, log.bodyEnd], 0, () => readAnyText(r)),
    attributes: readAttributes(r, log.attributes),
  };
}

/** Looked at as bytes: everything that is looked for is ASCII. */
function mayNeedReading(r: Reader, begin: number): boolean {
  const text = latin1(r, begin, r.end);
  return mayHoldSecrets(text) || MAY_BE_GENAI.test(text);
}

const MAY_BE_GENAI = /gen_ai\.|openinference\.|llm\.|traceloop\.|langfuse\.|ai\.(?:prompt|response|toolCall)/;

function latin1(r: Reader, begin: number, end: number): string {
  return Buffer.from(r.bytes.buffer, r.bytes.byteOffset + begin, end - begin).toString("latin1");
}
