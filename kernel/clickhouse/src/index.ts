export {
  openClickHouse,
  type ClickHouse,
  type ClickHouseOptions,
  type InsertBlockOptions,
  type QueryOptions,
} from "./client/open-clickhouse.ts";
export { migrateClickHouse, splitStatements, type MigrationSet } from "./migrations/migrate-clickhouse.ts";
export { renderSql } from "./migrations/render-sql.ts";
export {
  startClickHouse,
  type ClickHouseHealth,
  type ClickHouseServer,
  type StartClickHouseOptions,
} from "./supervisor/start-clickhouse.ts";
