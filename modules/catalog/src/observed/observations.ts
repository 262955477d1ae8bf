/** Half-open, in UTC. */
export interface Span {
  readonly from: Date;
  readonly to: Date;
}

/** How one end works with the other. */
export type ObservedType = "calls" | "sends" | "uses";

/** One end works with the other, counted over a time, by the names of telemetry. */
export interface ObservedCall {
  readonly from: string;
  /** Names of the other end, best first. */
  readonly to: readonly string[];
  readonly type: ObservedType;
  readonly calls: number;
  readonly errors: number;
  readonly p95Ms: number | undefined;
  readonly lastSeen: Date;
  readonly traceId: string;
  readonly sample: boolean;
}

/** What the catalogue asks of telemetry. */
export interface Observations {
  /** Spans by hour, newest first; hours without spans are left out. */
  hours(o: Span, signal: AbortSignal): Promise<readonly { readonly hour: Date; readonly spans: number }[]>;
  calls(o: Span, signal: AbortSignal): Promise<readonly ObservedCall[]>;
  /** Every service that sent a span. */
  senders(
    o: Span,
    signal: AbortSignal,
  ): Promise<readonly { readonly service: string; readonly firstSeen: Date; readonly lastSeen: Date; readonly sample: boolean }[]>;
  /** Who reached one version of a service. */
  callersOfVersion(
    o: Span & { readonly service: string; readonly version: string },
    signal: AbortSignal,
  ): Promise<readonly { readonly from: string; readonly calls: number; readonly errors: number }[]>;
}
