import { availableParallelism } from "node:os";
import { join } from "node:path";

import { defineConfig } from "vitest/config";

const ignored = ["**/node_modules/**", "**/dist/**", "golden-paths/**", ".roadbed/**"];

// Tests start hundreds of processes of ours; what Node makes of a file's types is kept from one to the next.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, ".roadbed", "compile-cache");

/** What is waited for comes when the machine is free: a busy one is no fault of ours. */
const patient = { poll: { timeout: 25_000 } };

/** Three suites: rules beside the code, the real stores, and journeys through the whole product. */
export default defineConfig({
  test: {
    // Files wait for stores and children much of their time: the usual one less than the cores leaves a small machine idle.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        test: {
          name: "unit",
          // Our modules keep no state of their own: what one file loaded, the next need not load again (two fifths of the processor time).
          isolate: false,
          include: ["**/*.test.{ts,tsx}"],
          exclude: [...ignored, "**/*.db.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          expect: patient,
        },
      },
      {
        test: {
          name: "db",
          include: ["**/*.db.test.ts"],
          exclude: ignored,
          pool: "forks",
          globalSetup: ["kernel/testkit/src/global-postgres.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: patient,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["e2e/**/*.e2e.ts"],
          exclude: ignored,
          pool: "forks",
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          expect: patient,
        },
      },
    ],
  },
});
