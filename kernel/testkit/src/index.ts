export { callAs } from "./call-as.ts";
export { createTestClickHouse, type TestClickHouse } from "./create-test-clickhouse.ts";
export { createTestDatabase, type TestDatabase } from "./create-test-database.ts";
export { eventually } from "./eventually.ts";
export { quietLog, recordingLog, type LogLine } from "./logs.ts";
