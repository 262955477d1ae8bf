/** A place in protobuf bytes. `end` is the end of the message that is being read, never beyond the buffer. */
export interface Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  pos: number;
  end: number;
}

/** The bytes are not the message they claim to be. */
export class MalformedError extends Error {}

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

export function readerOf(bytes: Uint8Array): Reader {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), pos: 0, end: bytes.byteLength };
}

/** The next field's tag (`number << 3 | wire type`), or 0 at the end of the message. */
export function nextTag(r: Reader): number {
  if (r.pos >= r.end) return 0;
  const tag = readVarint(r);
  if (tag >>> 3 === 0 || tag > 0xffff_ffff) throw new MalformedError("a field has the number 0");
  return tag;
}

/** An unsigned number of up to 53 bits; higher bits are lost, as for lengths and enums they must be 0. */
export function readVarint(r: Reader): number {
  const { bytes } = r;
  let byte = byteAt(r);
  if (byte < 0x80) return byte;
  let value = byte & 0x7f;
  for (let factor = 0x80, count = 1; ; factor *= 0x80, count++) {
    if (count === 10) throw new MalformedError("a number has more than 10 bytes");
    if (r.pos >= r.end) throw new MalformedError("the message ends inside a number");
    byte = bytes[r.pos++] as number;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
  }
}

/** A signed 64-bit number (int64 is two's complement in ten bytes). */
export function readInt64(r: Reader): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = byteAt(r);
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asIntN(64, value);
  }
  throw new MalformedError("a number has more than 10 bytes");
}

/** sint32: zigzag. */
export function readSint32(r: Reader): number {
  const value = Number(BigInt.asUintN(32, readInt64(r)));
  return (value >>> 1) ^ -(value & 1);
}

/** Length of the bytes that follow, known to lie within the message. */
export function readLength(r: Reader): number {
  const length = readVarint(r);
  if (length > r.end - r.pos) throw new MalformedError("a length reaches beyond the message");
  return length;
}

/** Goes into an embedded message; give what it returns to `leave`. */
export function enter(r: Reader): number {
  const length = readLength(r);
  const outer = r.end;
  r.end = r.pos + length;
  return outer;
}

export function leave(r: Reader, outer: number): void {
  r.pos = r.end;
  r.end = outer;
}

/** Passes over `size` bytes and returns where they began. */
export function take(r: Reader, size: number): number {
  const at = r.pos;
  if (size > r.end - at) throw new MalformedError("the message ends inside a field");
  r.pos = at + size;
  return at;
}

/** Passes over a field that nobody asked for. Groups are long gone from protobuf and are refused. */
export function skip(r: Reader, tag: number): void {
  const wire = tag & 7;
  if (wire === VARINT) readVarint(r);
  else if (wire === FIXED64) take(r, 8);
  else if (wire === BYTES) take(r, readLength(r));
  else if (wire === FIXED32) take(r, 4);
  else throw new MalformedError(`wire type ${wire} is not known`);
}

export function readDouble(r: Reader): number {
  return r.view.getFloat64(take(r, 8), true);
}

export function readText(r: Reader): string {
  const length = readLength(r);
  const at = take(r, length);
  return utf8.decode(r.bytes.subarray(at, at + length));
}

const utf8 = new TextDecoder();

function byteAt(r: Reader): number {
  if (r.pos >= r.end) throw new MalformedError("the message ends inside a number");
  return r.bytes[r.pos++] as number;
}
