export { listAudit, type AuditFilter, type AuditRecord } from "./audit/list-audit.ts";
export { verifyAudit, type AuditVerdict } from "./audit/verify-audit.ts";
export { isConnectionLost, toDatabaseError } from "./database/database-error.ts";
export { kernelMigrations, migrate, type MigrationSet } from "./database/migrate.ts";
export { openDatabase, type Database } from "./database/open-database.ts";
export { createRelay, type Relay, type RelayOptions } from "./events/create-relay.ts";
export { watchEvents, type EventWatch } from "./events/watch-events.ts";
export { createRuntime, type PostgresRuntime } from "./runtime/create-runtime.ts";
export { startPostgres, type EmbeddedPostgres, type StartOptions } from "./server/start-postgres.ts";
