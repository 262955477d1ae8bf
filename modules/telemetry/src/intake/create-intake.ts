import type { ClickHouse } from "@roadbed/clickhouse";
import { InvalidError, UnavailableError } from "@roadbed/core";

import type { TelemetryDeps } from "../deps.ts";
import type { AiReading } from "../genai/ai-reading.ts";
import type { Outcome, TranscodeOptions } from "../otlp/envelope.ts";
import { jsonToProtobuf } from "../otlp/json-to-protobuf.ts";
import { MalformedError } from "../otlp/reader.ts";
import type { RowWriter } from "../otlp/row-writer.ts";
import { LOG_COLUMNS, transcodeLogs } from "../otlp/transcode-logs.ts";
import { METRIC_COLUMNS, transcodeMetrics } from "../otlp/transcode-metrics.ts";
import { SPAN_COLUMNS, transcodeTraces } from "../otlp/transcode-traces.ts";
import type { RetentionDays } from "../retention.ts";
import type { Admitted, Senders } from "../senders/create-senders.ts";
import { CONTENT_TYPES, statusBody, successAnswer, type BodyFormat } from "./answer.ts";
import { createBatcher } from "./batcher.ts";
import type { DiskGuard } from "./disk-guard.ts";
import { createInflater } from "./inflate.ts";
import type { IngestAnswer, IngestRequest, Intake, Signal } from "./intake.ts";
import { createRecentRequests } from "./recent-requests.ts";

export interface RunningIntake extends Intake {
  /** Bytes that wait for the store. */
  waitingBytes(): number;
  /** Refuses from now on and stores what waits. */
  close(): Promise<void>;
}

interface SignalPart {
  readonly transcode: (body: Uint8Array, w: RowWriter, o: TranscodeOptions) => Outcome;
  readonly table: string;
  readonly columns: readonly string[];
  readonly days: number;
  readonly smallPauseMs: number;
}

const DAY_MS = 86_400_000;
/** Clocks differ; a day ahead is no clock. */
const FUTURE_MS = DAY_MS;

export function createIntake(
  clickhouse: ClickHouse,
  o: Pick<TelemetryDeps, "flush" | "now"> & {
    readonly ai?: AiReading | undefined;
    readonly senders?: Senders | undefined;
    readonly disk?: DiskGuard | undefined;
  },
  days: RetentionDays,
): RunningIntake {
  const parts: Readonly<Record<Signal, SignalPart>> = {
    traces: { transcode: transcodeTraces, table: "spans", columns: SPAN_COLUMNS, days: days.spans, smallPauseMs: 800 },
    logs: { transcode: transcodeLogs, table: "logs", columns: LOG_COLUMNS, days: days.logs, smallPauseMs: 1_500 },
    metrics: { transcode: transcodeMetrics, table: "metric_points", columns: METRIC_COLUMNS, days: days.metrics, smallPauseMs: 2_500 },
  };
  const batcherOf = ({ table, columns, smallPauseMs }: SignalPart) =>
    createBatcher(clickhouse, { ...o.flush, table, columns, smallPauseMs });
  const batchers = { traces: batcherOf(parts.traces), logs: batcherOf(parts.logs), metrics: batcherOf(parts.metrics) };
  const all = Object.values(batchers);
  const inflater = createInflater();
  const recent = createRecentRequests<IngestAnswer>();
  let closed = false;

  async function take(
    { signal, contentType, contentEncoding, body, sample = false }: IngestRequest,
    admitted: Admitted | undefined,
  ): Promise<IngestAnswer> {
    const format = formatOf(contentType);
    const unpacked = await inflater.inflate(body, contentEncoding);
    admitted?.unpacked(unpacked.byteLength);
    const now = (o.now?.() ?? new Date()).getTime();
    const { transcode, days: kept } = parts[signal];
    const limits = { sample, oldest: now - kept * DAY_MS, newest: now + FUTURE_MS, ai: o.ai, labels: admitted?.labels };
    let became: Outcome = { rows: 0, rejected: 0, reason: undefined };
    const store = async (): Promise<IngestAnswer> => {
      became = await batchers[signal].add((w) => malformedIsInvalid(() => transcode(protobufOf(signal, format, unpacked), w, limits)));
      return successAnswer(signal, format, became);
    };
    // Log records may have no time, so two that are alike may well be two.
    const answer = await (signal === "logs" ? store() : recent.once(`${signal} ${format}`, unpacked, store));
    admitted?.done(became);
    return answer;
  }

  return {
    async ingest(request) {
      if (closed) throw new UnavailableError("The server is stopping.", { mend: "Send it again in a moment." });
      const full = o.disk?.refusal();
      if (full !== undefined) throw full;
      const admitted = request.sender === undefined ? undefined : o.senders?.admit(request.sender, request.body.byteLength);
      try {
        return await take(request, admitted);
      } catch (error) {
        admitted?.done({ error });
        throw error;
      }
    },
    errorAnswer(error, contentType) {
      const format = contentType?.includes("json") ? "json" : "protobuf";
      return { contentType: CONTENT_TYPES[format], body: statusBody(error, format) };
    },
    waitingBytes: () => all.reduce((sum, batcher) => sum + batcher.waitingBytes(), 0),
    async close() {
      closed = true;
      await Promise.all(all.map((batcher) => batcher.flush()));
    },
  };
}

function formatOf(contentType: string | undefined): BodyFormat {
  const type = contentType?.split(";")[0]?.trim().toLowerCase();
  if (type === CONTENT_TYPES.protobuf) return "protobuf";
  if (type === CONTENT_TYPES.json) return "json";
  throw new InvalidError(`Content-Type ${contentType ?? "(none)"} is not OTLP.`, {
    mend: `Send ${CONTENT_TYPES.protobuf} or ${CONTENT_TYPES.json}.`,
  });
}

function protobufOf(signal: Signal, format: BodyFormat, body: Uint8Array): Uint8Array {
  return format === "protobuf" ? body : jsonToProtobuf(signal, utf8Of(body));
}

function utf8Of(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw new MalformedError("the body is not UTF-8");
  }
}

function malformedIsInvalid<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new InvalidError(`Malformed OTLP: ${error.message}.`, { cause: error, problems: [{ at: "", reason: error.message }] });
  }
}
