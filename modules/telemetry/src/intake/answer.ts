import { DomainError, type ErrorCode } from "@roadbed/core";

import type { Outcome } from "../otlp/envelope.ts";
import { BYTES, VARINT } from "../otlp/reader.ts";
import { createRowWriter, putBytes, putText, putVarint } from "../otlp/row-writer.ts";
import type { IngestAnswer, Signal } from "./intake.ts";

export type BodyFormat = "protobuf" | "json";

export const CONTENT_TYPES: Readonly<Record<BodyFormat, string>> = { protobuf: "application/x-protobuf", json: "application/json" };

/** The answer to an export that was stored: empty, or a partial success that counts what was refused. */
export function successAnswer(signal: Signal, format: BodyFormat, { rows, rejected, reason = "" }: Outcome): IngestAnswer {
  const contentType = CONTENT_TYPES[format];
  const partial = rejected > 0;
  const body =
    format === "json"
      ? jsonOf(partial ? { partialSuccess: { [REJECTED[signal]]: String(rejected), errorMessage: reason } } : {})
      : partial
        ? protobufPartial(rejected, reason)
        : new Uint8Array();
  return { contentType, body, accepted: rows, rejected };
}

/** google.rpc.Status, which OTLP asks for in every error answer. */
export function statusBody(error: unknown, format: BodyFormat): Uint8Array {
  const code = error instanceof DomainError ? (GRPC_CODES[error.code] ?? GRPC_UNKNOWN) : GRPC_UNKNOWN;
  const message = error instanceof DomainError ? error.message : "Something broke here; the telemetry was not stored.";
  if (format === "json") return jsonOf({ code, message });
  const w = createRowWriter(64);
  putVarint(w, (1 << 3) | VARINT);
  putVarint(w, code);
  putVarint(w, (2 << 3) | BYTES);
  putText(w, message);
  return w.bytes.subarray(0, w.pos);
}

const REJECTED: Readonly<Record<Signal, string>> = { traces: "rejectedSpans", logs: "rejectedLogRecords", metrics: "rejectedDataPoints" };

const GRPC_UNKNOWN = 2;
const GRPC_CODES: Partial<Record<ErrorCode, number>> = {
  INVALID: 3,
  NOT_FOUND: 5,
  CONFLICT: 6,
  FORBIDDEN: 7,
  TOO_LARGE: 8,
  TOO_MANY: 8,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
  CANCELLED: 1,
};

function protobufPartial(rejected: number, reason: string): Uint8Array {
  const inner = createRowWriter(64);
  putVarint(inner, (1 << 3) | VARINT);
  putVarint(inner, rejected);
  putVarint(inner, (2 << 3) | BYTES);
  putText(inner, reason);
  const w = createRowWriter(64);
  putVarint(w, (1 << 3) | BYTES);
  putBytes(w, inner.bytes, 0, inner.pos);
  return w.bytes.subarray(0, w.pos);
}

function jsonOf(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
