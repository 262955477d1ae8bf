import type { ClickHouse } from "@roadbed/clickhouse";
import type { Logger } from "@roadbed/core";

/** What the module needs for its whole life. It asks no neighbour anything. */
export interface TelemetryDeps {
  readonly clickhouse: ClickHouse;
  readonly log: Logger;
  /** Days that telemetry is kept. Default: spans and logs 30, metrics 90. What is older is refused at the door. */
  readonly retention?: { readonly spanDays?: number; readonly logDays?: number; readonly metricDays?: number };
  readonly flush?: FlushOptions;
  readonly now?: () => Date;
}

/** When the intake writes a block. An answer waits for its block, so `afterMs` is also the least time an answer takes. */
export interface FlushOptions {
  /** Default 50. */
  readonly afterMs?: number;
  /** Default 50,000. */
  readonly rows?: number;
  /** Default 24 MB. */
  readonly bytes?: number;
  /** Bytes that may wait for the store per signal before senders are told to come back. Default 96 MB. */
  readonly maxWaitingBytes?: number;
}
