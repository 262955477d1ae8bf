import type { RatedUse } from "../genai/price-book.ts";
import { putByte, putDouble, putInt64, putRaw, putText, reserve, type RowWriter } from "../otlp/row-writer.ts";

/** A call as it stands now, all its rows together. Numbers of 64 bits and more are text. */
export interface CallToRate {
  readonly isSample: boolean;
  readonly ofService: string;
  readonly ofEnvironment: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly ofName: string;
  readonly ns: string;
  readonly durationNs: string;
  readonly ofDialect: string;
  readonly mappingVersion: number;
  readonly ofOperation: string;
  readonly ofProvider: string;
  readonly requestModel: string;
  readonly responseModel: string;
  readonly modelVersion: string;
  readonly promptName: string;
  readonly promptVersion: string;
  readonly ofAgent: string;
  readonly ofSession: string;
  readonly serviceTier: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly cacheWriteHour: number;
  readonly reasoning: number;
  readonly inputAudio: number;
  readonly outputAudio: number;
  readonly pricedCalls: number;
  readonly unpricedCalls: number;
  readonly pico: string;
  readonly inputPico: string;
  readonly outputPico: string;
  readonly why: string;
}

/** The columns that a correction has; all that is counted or summed otherwise is 0 there. */
export const CORRECTION_COLUMNS = [
  "sample",
  "service",
  "environment",
  "name",
  "dialect",
  "operation",
  "provider",
  "request_model",
  "response_model",
  "model",
  "model_version",
  "prompt_name",
  "prompt_version",
  "agent",
  "session",
  "service_tier",
  "correction",
  "why_unpriced",
  "price_book",
  "price_model",
  "trace_id",
  "span_id",
  "parent_span_id",
  "time",
  "duration_ns",
  "ttft_ms",
  "reported_cost",
  "priced",
  "unpriced",
  "cost",
  "input_cost",
  "output_cost",
] as const;

/** Writes what has to be added to a call's rows for their sums to be what it costs by the prices of now. */
export function putCorrection(w: RowWriter, call: CallToRate, now: RatedUse, correction: string): void {
  const priced = "why" in now ? undefined : now;
  putByte(w, call.isSample ? 1 : 0);
  const texts = [
    call.ofService,
    call.ofEnvironment,
    call.ofName,
    call.ofDialect,
    call.ofOperation,
    call.ofProvider,
    call.requestModel,
    call.responseModel,
    call.responseModel || call.requestModel,
    call.modelVersion,
    call.promptName,
    call.promptVersion,
    call.ofAgent,
    call.ofSession,
    call.serviceTier,
    correction,
    "why" in now ? now.why : call.unpricedCalls > 0 ? call.why : "",
    priced?.book ?? "",
    priced?.priceModel ?? "",
  ];
  for (const text of texts) putText(w, text);
  putHex(w, call.traceId);
  putHex(w, call.spanId);
  putHex(w, call.parentSpanId);
  putInt64(w, BigInt(call.ns));
  putInt64(w, BigInt.asIntN(64, BigInt(call.durationNs)));
  putDouble(w, NOT_TOLD);
  putDouble(w, NOT_TOLD);
  putByte(w, ((priced === undefined ? 0 : 1) - call.pricedCalls) & 0xff);
  putByte(w, ((priced === undefined ? 1 : 0) - call.unpricedCalls) & 0xff);
  putDecimal(w, picoOf(priced?.cost) - BigInt(call.pico));
  putDecimal(w, picoOf(priced?.inputCost) - BigInt(call.inputPico));
  putDecimal(w, picoOf(priced?.outputCost) - BigInt(call.outputPico));
  w.rows++;
}

const NOT_TOLD = -1;

function picoOf(usd: string | undefined): bigint {
  return usd === undefined ? 0n : BigInt(usd.replace(".", ""));
}

function putHex(w: RowWriter, hex: string): void {
  const bytes = Buffer.from(hex, "hex");
  putRaw(w, bytes, 0, bytes.length);
}

/** 128 bits, the lower half first. */
function putDecimal(w: RowWriter, value: bigint): void {
  reserve(w, 16);
  putInt64(w, BigInt.asIntN(64, value));
  putInt64(w, BigInt.asIntN(64, value >> 64n));
}
