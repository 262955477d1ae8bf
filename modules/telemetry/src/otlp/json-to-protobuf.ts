import { BYTES, FIXED32, FIXED64, MalformedError, VARINT } from "./reader.ts";
import { createRowWriter, putByte, putBytes, putDouble, putInt64, putText, putUint32, putVarint, type RowWriter } from "./row-writer.ts";
import { MESSAGES, type FieldType, type Message, type MessageName } from "./schema.ts";

/**
 * Turns an OTLP/JSON request into the protobuf of the same request, so that there is one way into the store. Ids are
 * hexadecimal there, 64-bit numbers text, enumerations numbers or names; unknown fields are ignored. Throws
 * `MalformedError` that says where.
 */
export function jsonToProtobuf(signal: "traces" | "logs" | "metrics", text: string): Uint8Array {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch (error) {
    throw new MalformedError(`the body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  refuseOthers(signal, request);
  return encode(signal, request, "", 0);
}

const ROOTS = { traces: "resourceSpans", logs: "resourceLogs", metrics: "resourceMetrics" } as const;

/** What belongs to another route has only fields that are unknown here, and would be passed over in silence. */
function refuseOthers(signal: keyof typeof ROOTS, request: unknown): void {
  if (typeof request !== "object" || request === null || ROOTS[signal] in request) return;
  for (const [other, root] of Object.entries(ROOTS)) {
    if (root in request) throw new MalformedError(`the body holds ${root}: send it to /v1/${other}`);
  }
}

const MAX_DEPTH = 100;

function encode(name: MessageName, value: unknown, at: string, depth: number): Uint8Array {
  if (depth > MAX_DEPTH) throw new MalformedError(`${at} is nested too deep`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(at, "an object");
  const w = createRowWriter(256);
  const message: Message = MESSAGES[name];
  for (const [key, item] of Object.entries(value)) {
    const field = Object.hasOwn(message, key) ? message[key] : undefined;
    if (field === undefined || item === null) continue;
    const where = at === "" ? key : `${at}.${key}`;
    if (field.repeated !== true) putField(w, field.number, field.type, item, where, depth);
    else {
      if (!Array.isArray(item)) throw wrong(where, "a list");
      for (const [i, each] of item.entries()) putField(w, field.number, field.type, each, `${where}[${i}]`, depth);
    }
  }
  return w.bytes.subarray(0, w.pos);
}

function putField(w: RowWriter, number: number, type: FieldType, value: unknown, at: string, depth: number): void {
  const tag = (wire: number) => putVarint(w, number * 8 + wire);
  if (typeof type === "object") {
    if ("message" in type) {
      const inner = encode(type.message, value, at, depth + 1);
      tag(BYTES);
      return putBytes(w, inner, 0, inner.length);
    }
    tag(VARINT);
    return putSigned(w, BigInt(enumOf(type.enum, value, at)));
  }
  switch (type) {
    case "string":
      tag(BYTES);
      return putText(w, stringOf(value, at));
    case "hex":
    case "base64": {
      const bytes = bytesOf(type, value, at);
      tag(BYTES);
      return putBytes(w, bytes, 0, bytes.length);
    }
    case "bool":
      if (typeof value !== "boolean") throw wrong(at, "true or false");
      tag(VARINT);
      return putByte(w, value ? 1 : 0);
    case "double":
      tag(FIXED64);
      return putDouble(w, doubleOf(value, at));
    case "fixed32":
      tag(FIXED32);
      return putUint32(w, Number(integerOf(value, at, 0n, 2n ** 32n)));
    case "fixed64":
      tag(FIXED64);
      return putInt64(w, BigInt.asIntN(64, integerOf(value, at, 0n, 2n ** 64n)));
    case "sfixed64":
      tag(FIXED64);
      return putInt64(w, integerOf(value, at, -(2n ** 63n), 2n ** 63n));
    case "sint32": {
      const signed = integerOf(value, at, -(2n ** 31n), 2n ** 31n);
      tag(VARINT);
      return putSigned(w, signed < 0n ? -2n * signed - 1n : 2n * signed);
    }
    case "int32":
    case "int64":
      tag(VARINT);
      return putSigned(w, integerOf(value, at, -(2n ** 63n), 2n ** 63n));
    default:
      tag(VARINT);
      return putSigned(w, integerOf(value, at, 0n, 2n ** 64n));
  }
}

/** A varint of 64 bits; negative numbers take ten bytes. */
function putSigned(w: RowWriter, value: bigint): void {
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    putByte(w, Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  putByte(w, Number(rest));
}

function enumOf(names: Readonly<Record<string, number>>, value: unknown, at: string): number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  const number = typeof value === "string" ? (ownOf(names, value) ?? shortNameOf(names, value)) : undefined;
  if (number === undefined) throw wrong(at, `one of ${Object.keys(names).slice(0, 6).join(", ")}, or its number`);
  return number;
}

function ownOf(names: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(names, name) ? names[name] : undefined;
}

/** `client` for `SPAN_KIND_CLIENT`, as some exporters write. */
function shortNameOf(names: Readonly<Record<string, number>>, short: string): number | undefined {
  if (!/^[A-Za-z0-9_]{2,40}$/.test(short)) return undefined;
  return Object.entries(names).find(([name]) => name.endsWith(`_${short.toUpperCase()}`))?.[1];
}

function stringOf(value: unknown, at: string): string {
  if (typeof value === "string") return value;
  throw wrong(at, "a text");
}

function bytesOf(type: "hex" | "base64", value: unknown, at: string): Uint8Array {
  const text = stringOf(value, at);
  if (type === "base64" || /^(?:[0-9a-fA-F]{2})*$/.test(text)) return Buffer.from(text, type);
  // Exporters that know protobuf and not OTLP write ids as all bytes in JSON. Neither length is one of an id in hexadecimal.
  if (/^(?:[A-Za-z0-9+/]{22}==|[A-Za-z0-9+/]{11}=)$/.test(text)) return Buffer.from(text, "base64");
  throw wrong(at, "hexadecimal digits");
}

function doubleOf(value: unknown, at: string): number {
  if (typeof value === "number") return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
  if (Number.isNaN(number)) throw wrong(at, "a number");
  return number;
}

/** An integer as number or text, `low <= value < high`. */
function integerOf(value: unknown, at: string, low: bigint, high: bigint): bigint {
  const isInteger = typeof value === "number" ? Number.isInteger(value) : typeof value === "string" && /^-?\d{1,20}$/.test(value);
  const integer = isInteger ? BigInt(value as string | number) : undefined;
  if (integer === undefined || integer < low || integer >= high) throw wrong(at, "a whole number in its range");
  return integer;
}

function wrong(at: string, wanted: string): MalformedError {
  return new MalformedError(`${at || "the body"} must be ${wanted}`);
}
