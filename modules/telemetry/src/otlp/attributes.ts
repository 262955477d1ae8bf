import {
  BYTES,
  enter,
  FIXED64,
  leave,
  MalformedError,
  nextTag,
  readDouble,
  readInt64,
  readLength,
  readText,
  readVarint,
  skip,
  take,
  VARINT,
  type Reader,
} from "./reader.ts";
import { putBytes, putText, putVarint, type RowWriter } from "./row-writer.ts";

/** Where embedded messages lie, as pairs of begin and end: fields may come in any order, rows have one. */
export type Ranges = number[];

/** Notes where the embedded message lies that comes next. */
export function pushRange(r: Reader, ranges: Ranges): void {
  const length = readLength(r);
  const at = take(r, length);
  ranges.push(at, at + length);
}

/** Reads the embedded message of a range; the reader stands behind it afterwards. */
export function within<T>(r: Reader, ranges: Ranges, i: number, read: () => T): T {
  const [pos, end] = [r.pos, r.end];
  r.pos = ranges[i] as number;
  r.end = ranges[i + 1] as number;
  const value = read();
  r.pos = pos;
  r.end = end;
  return value;
}

/** Writes key-value pairs as a map of text to text. */
export function putAttributes(r: Reader, w: RowWriter, ranges: Ranges): void {
  putVarint(w, ranges.length / 2);
  const [pos, end] = [r.pos, r.end];
  for (let i = 0; i < ranges.length; i += 2) {
    r.pos = ranges[i] as number;
    r.end = ranges[i + 1] as number;
    putKeyValue(r, w);
  }
  r.pos = pos;
  r.end = end;
}

/** Key-value pairs as text, for resources: there are few, and some are looked at. */
export function readAttributes(r: Reader, ranges: Ranges): [key: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    within(r, ranges, i, () => {
      const [key, value] = readKeyValue(r);
      pairs.push([key, textOf(value)]);
    });
  }
  return pairs;
}

/** A value as it was sent; bytes are base64 already. */
type AnyValue = string | boolean | bigint | number | undefined | readonly AnyValue[] | ReadonlyMap<string, AnyValue>;

/** A value of any type as text: what is not a string becomes JSON, bytes become base64. */
export function readAnyText(r: Reader): string {
  return textOf(readAny(r, 0));
}

const MAX_DEPTH = 32;

/** The common case, a key and a string or a number, without making objects. */
function putKeyValue(r: Reader, w: RowWriter): void {
  let [keyAt, keyLength, valueAt, valueEnd] = [0, 0, 0, 0];
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
    if (tag === KEY) {
      keyLength = readLength(r);
      keyAt = take(r, keyLength);
    } else if (tag === VALUE) {
      const length = readLength(r);
      valueAt = take(r, length);
      valueEnd = valueAt + length;
    } else skip(r, tag);
  }
  putBytes(w, r.bytes, keyAt, keyLength);
  r.pos = valueAt;
  r.end = valueEnd;
  putAny(r, w);
}

/** Writes the value between `pos` and `end` as text. */
export function putAny(r: Reader, w: RowWriter): void {
  const begin = r.pos;
  if (begin < r.end && r.bytes[begin] === STRING) {
    r.pos = begin + 1;
    const length = readLength(r);
    const at = take(r, length);
    if (r.pos === r.end) return putBytes(w, r.bytes, at, length);
    r.pos = begin;
  }
  putText(w, textOf(readAny(r, 0)));
}

function readKeyValue(r: Reader): [key: string, value: AnyValue] {
  let key = "";
  let value: AnyValue;
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
    if (tag === KEY) key = readText(r);
    else if (tag === VALUE) value = readEmbedded(r, 0);
    else skip(r, tag);
  }
  return [key, value];
}

function readEmbedded(r: Reader, depth: number): AnyValue {
  const outer = enter(r);
  const value = readAny(r, depth);
  leave(r, outer);
  return value;
}

function readAny(r: Reader, depth: number): AnyValue {
  if (depth > MAX_DEPTH) throw new MalformedError(`a value is nested more than ${MAX_DEPTH} deep`);
  let value: AnyValue;
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
    if (tag === STRING) value = readText(r);
    else if (tag === BOOL) value = readVarint(r) !== 0;
    else if (tag === INT) value = readInt64(r);
    else if (tag === DOUBLE) value = readDouble(r);
    else if (tag === ARRAY) value = readList(r, depth);
    else if (tag === KVLIST) value = readMap(r, depth);
    else if (tag === RAW) {
      const length = readLength(r);
      const at = take(r, length);
      value = Buffer.from(r.bytes.subarray(at, at + length)).toString("base64");
    } else skip(r, tag);
  }
  return value;
}

function readList(r: Reader, depth: number): AnyValue[] {
  const list: AnyValue[] = [];
  const outer = enter(r);
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
    if (tag === ITEM) list.push(readEmbedded(r, depth + 1));
    else skip(r, tag);
  }
  leave(r, outer);
  return list;
}

function readMap(r: Reader, depth: number): Map<string, AnyValue> {
  const map = new Map<string, AnyValue>();
  const outer = enter(r);
  for (let tag = nextTag(r); tag !== 0; tag = nextTag(r)) {
    if (tag !== ITEM) {
      skip(r, tag);
      continue;
    }
    const inner = enter(r);
    let key = "";
    let value: AnyValue;
    for (let part = nextTag(r); part !== 0; part = nextTag(r)) {
      if (part === KEY) key = readText(r);
      else if (part === VALUE) value = readEmbedded(r, depth + 1);
      else skip(r, part);
    }
    leave(r, inner);
    map.set(key, value);
  }
  leave(r, outer);
  return map;
}

function textOf(value: AnyValue): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "object") return jsonOf(value);
  return String(value);
}

/** JSON in which 64-bit numbers keep all their digits. */
function jsonOf(value: AnyValue): string {
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(",")}]`;
  if (value instanceof Map) return `{${[...value].map(([key, item]) => `${JSON.stringify(String(key))}:${jsonOf(item)}`).join(",")}}`;
  if (typeof value === "bigint") return String(value);
  return JSON.stringify(value) ?? "null";
}

const KEY = (1 << 3) | BYTES;
const VALUE = (2 << 3) | BYTES;
const ITEM = (1 << 3) | BYTES;
const STRING = (1 << 3) | BYTES;
const BOOL = (2 << 3) | VARINT;
const INT = (3 << 3) | VARINT;
const DOUBLE = (4 << 3) | FIXED64;
const ARRAY = (5 << 3) | BYTES;
const KVLIST = (6 << 3) | BYTES;
const RAW = (7 << 3) | BYTES;
