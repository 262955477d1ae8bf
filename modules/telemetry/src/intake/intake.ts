import type { SenderName } from "../senders/create-senders.ts";

export type Signal = "traces" | "logs" | "metrics";

/** One OTLP/HTTP export request, with the body as it came over the wire. */
export interface IngestRequest {
  readonly signal: Signal;
  /** `application/x-protobuf` or `application/json`; anything else is INVALID. */
  readonly contentType: string | undefined;
  /** `gzip`, `identity` or absent; anything else is INVALID. */
  readonly contentEncoding: string | undefined;
  readonly body: Uint8Array;
  /** Marks all rows as sample data; without it the resource attribute `roadbed.sample` decides. */
  readonly sample?: boolean;
  /** Whose token it was sent with: what they may send is limited, and counted. Absent: the platform itself. */
  readonly sender?: SenderName | undefined;
}

/** The OTLP response in the format of the request. It exists only after the rows are stored. */
export interface IngestAnswer {
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly accepted: number;
  /** Rows that were refused one by one; the body says why (partial success). */
  readonly rejected: number;
}

export interface Intake {
  /**
   * Stores one export request and then answers. Throws INVALID (malformed, wrong content type), TOO_LARGE (more than
   * 16 MB unpacked), TOO_MANY (back-pressure, with `retryAfterSeconds`), UNAVAILABLE (the store does not answer).
   */
  ingest(request: IngestRequest): Promise<IngestAnswer>;
  /** The body of an error answer as OTLP wants it (`google.rpc.Status`), in the format of the request. */
  errorAnswer(error: unknown, contentType: string | undefined): { readonly contentType: string; readonly body: Uint8Array };
}
