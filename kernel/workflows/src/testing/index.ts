/** For `createTestDatabase`: the engine makes its tables in some fifty statements, which need not be done for every test. */
export const WORKFLOW_TABLES = new URL("make-tables.ts", import.meta.url);
