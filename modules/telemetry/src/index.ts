export { createTelemetry, type Telemetry } from "./create-telemetry.ts";
export type { ObjectiveDeps, TelemetryDeps } from "./deps.ts";
export type { Intake, IngestAnswer, IngestRequest, Signal } from "./intake/intake.ts";

/** The Postgres part: incidents. */
export const migrations = { module: "telemetry", dir: new URL("../migrations/postgres/", import.meta.url) };
/** The ClickHouse part: spans, logs, metrics and what is counted from them. */
export const clickhouseMigrations = { module: "telemetry", dir: new URL("../migrations/clickhouse/", import.meta.url) };
