/** A program for tests: makes the tables of the workflow engine in the database whose address it is given. */
import { openDatabase } from "@roadbed/postgres";

import { createWorkflows } from "../create-workflows.ts";

const [, , url = ""] = process.argv;
const quiet = (): void => {};
const log = { debug: quiet, info: quiet, warn: console.error, error: console.error };
const db = openDatabase({ url, log, max: 3 });
const workflows = createWorkflows({ databaseUrl: url, db, log });
await workflows.launch();
await workflows.drain(0);
await db.close();
