import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { promisify } from "node:util";
import { constants, createGzip, gzip } from "node:zlib";

import { formatError, statusOf, toFaceError, type FaceError } from "./errors.ts";
import { contentTypeOf } from "./formats.ts";

export interface Figures {
  readonly readRows: number;
  readonly readBytes: number;
  readonly writtenRows: number;
  readonly resultBytes: number;
  readonly elapsedSeconds: number;
}

export interface AnswerOptions {
  readonly queryId: string;
  readonly format: string;
  readonly compress: boolean;
}

const gzipAsync = promisify(gzip);
/** Speed before size: it travels over the loop-back interface. */
const GZIP = { level: constants.Z_BEST_SPEED };

/** Sends a complete result with what it cost. */
export async function answerWhole(res: ServerResponse, o: AnswerOptions, body: Uint8Array, figures: Figures): Promise<void> {
  const sent = o.compress && body.byteLength > 0 ? await gzipAsync(body, GZIP) : body;
  res.writeHead(200, {
    ...headersOf(o),
    "X-ClickHouse-Summary": summaryOf(figures),
    "Content-Length": sent.byteLength,
    ...(sent === body ? {} : { "Content-Encoding": "gzip" }),
  });
  res.end(sent);
}

/**
 * Sends chunks as they come and waits when the reader is slow. An error after the first chunk goes out under the
 * exception tag, which is how the client tells a broken result from a short one; it is thrown on as well.
 */
export async function answerStream(res: ServerResponse, o: AnswerOptions, chunks: AsyncIterator<Uint8Array>): Promise<void> {
  const tag = randomBytes(8).toString("hex");
  let next = await chunks.next();
  res.writeHead(200, {
    ...headersOf(o),
    "X-ClickHouse-Exception-Tag": tag,
    ...(o.compress ? { "Content-Encoding": "gzip" } : {}),
  });
  const gzipped = o.compress ? createGzip(GZIP) : undefined;
  gzipped?.pipe(res);
  const out = gzipped ?? res;
  try {
    for (; !next.done; next = await chunks.next()) {
      if (!out.write(next.value) && !res.destroyed) await Promise.race([once(out, "drain"), once(res, "close")]);
      if (res.destroyed) break;
    }
    out.end();
  } catch (error) {
    out.end(exceptionBlock(tag, formatError(toFaceError(error))));
    throw error;
  }
}

export function answerError(res: ServerResponse, queryId: string, fault: FaceError): void {
  if (res.headersSent || res.destroyed) return;
  const body = `${formatError(fault)}\n`;
  res.writeHead(statusOf(fault.code), {
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Length": Buffer.byteLength(body),
    "X-ClickHouse-Exception-Code": String(fault.code),
    "X-ClickHouse-Query-Id": queryId,
  });
  res.end(body);
}

function headersOf({ queryId, format }: AnswerOptions): Record<string, string> {
  return {
    "Content-Type": contentTypeOf(format),
    "X-ClickHouse-Query-Id": queryId,
    "X-ClickHouse-Format": format,
    "X-ClickHouse-Timezone": "UTC",
  };
}

/** All figures are strings there, so that 64 bits survive JSON. */
function summaryOf(figures: Figures): string {
  return JSON.stringify({
    read_rows: String(figures.readRows),
    read_bytes: String(figures.readBytes),
    written_rows: String(figures.writtenRows),
    written_bytes: "0",
    total_rows_to_read: "0",
    result_rows: "0",
    result_bytes: String(figures.resultBytes),
    elapsed_ns: String(Math.round(figures.elapsedSeconds * 1e9)),
  });
}

function exceptionBlock(tag: string, message: string): string {
  const text = `${message}\n`;
  return `\r\n__exception__\r\n${tag}\r\n${text}${Buffer.byteLength(text)} ${tag}\r\n__exception__\r\n`;
}
