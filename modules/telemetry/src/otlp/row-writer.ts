import { TooLargeError } from "@roadbed/core";

/** Rows in ClickHouse's RowBinary, in one growing buffer. A length and then the bytes is a string there as in protobuf, so text is copied and never decoded. */
export interface RowWriter {
  bytes: Buffer;
  pos: number;
  rows: number;
  /** Bytes that the request which is being written may add. */
  limit: number;
}

/** A request may become no larger than this as rows: its resource is repeated in each. */
const MAX_REQUEST_BYTES = 96 * 1024 * 1024;

export function createRowWriter(capacity: number): RowWriter {
  return { bytes: Buffer.allocUnsafe(capacity), pos: 0, rows: 0, limit: Number.MAX_SAFE_INTEGER };
}

/** Writes the rows of one request, or none: what fails half-way leaves the writer as it was. */
export function writeRequest<T>(w: RowWriter, write: () => T): T {
  const { pos, rows } = w;
  w.limit = pos + MAX_REQUEST_BYTES;
  try {
    return write();
  } catch (error) {
    w.pos = pos;
    w.rows = rows;
    throw error;
  }
}

/** Makes room for `size` bytes. */
export function reserve(w: RowWriter, size: number): void {
  const needed = w.pos + size;
  if (needed <= w.bytes.length) return;
  if (needed > w.limit) {
    throw new TooLargeError(`The request becomes more than ${MAX_REQUEST_BYTES} bytes of rows.`, {
      mend: "Send smaller batches, or fewer resource attributes.",
    });
  }
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, w.bytes.length * 2));
  w.bytes.copy(larger, 0, 0, w.pos);
  w.bytes = larger;
}

export function putByte(w: RowWriter, value: number): void {
  reserve(w, 1);
  w.bytes[w.pos++] = value;
}

export function putVarint(w: RowWriter, value: number): void {
  reserve(w, 8);
  let rest = value;
  while (rest > 0x7f) {
    w.bytes[w.pos++] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 128);
  }
  w.bytes[w.pos++] = rest;
}

/** Copies bytes as they are: fixed-size values, whose order of bytes is the same on both sides. */
export function putRaw(w: RowWriter, source: Uint8Array, start: number, length: number): void {
  reserve(w, length);
  const { bytes } = w;
  let { pos } = w;
  // A short copy is faster in a loop than by a call out of JavaScript.
  if (length <= 48) for (let i = start; i < start + length; i++) bytes[pos++] = source[i] as number;
  else {
    bytes.set(source.subarray(start, start + length), pos);
    pos += length;
  }
  w.pos = pos;
}

export function putZeros(w: RowWriter, length: number): void {
  reserve(w, length);
  w.bytes.fill(0, w.pos, w.pos + length);
  w.pos += length;
}

/** A string out of the source's bytes. */
export function putBytes(w: RowWriter, source: Uint8Array, start: number, length: number): void {
  putVarint(w, length);
  putRaw(w, source, start, length);
}

export function putText(w: RowWriter, text: string): void {
  const size = Buffer.byteLength(text);
  putVarint(w, size);
  reserve(w, size);
  w.pos += w.bytes.write(text, w.pos, size, "utf8");
}

export function putUint32(w: RowWriter, value: number): void {
  reserve(w, 4);
  w.pos = w.bytes.writeUInt32LE(value >>> 0, w.pos);
}

export function putInt64(w: RowWriter, value: bigint): void {
  reserve(w, 8);
  w.pos = w.bytes.writeBigInt64LE(value, w.pos);
}

export function putDouble(w: RowWriter, value: number): void {
  reserve(w, 8);
  w.pos = w.bytes.writeDoubleLE(value, w.pos);
}

export function putWriter(w: RowWriter, other: RowWriter): void {
  putRaw(w, other.bytes, 0, other.pos);
}
