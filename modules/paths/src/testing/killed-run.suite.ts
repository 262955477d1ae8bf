import { once } from "node:events";

import type { Run } from "@roadbed/contracts/paths";
import { createTestDatabase, eventually, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { stringify } from "yaml";

import { migrations } from "../index.ts";
import { folderOf, template } from "./preview.ts";
import { kill, startRunServer } from "./start-run-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A run server in a process of its own that talks to the double of a Git host, and dies where a test says. */
export interface KilledRun {
  readonly database: TestDatabase;
  /** Follows the path `service`, killed at each of these places in turn and started again, to its end. */
  run(input: object, places: readonly string[]): Promise<Run>;
  close(): Promise<void>;
}

/** `path`: the text of the one golden path; `host`: the double's address and what it is. */
export async function startKilledRun(
  path: string,
  host: { readonly url: string; readonly kind?: string },
  files: Readonly<Record<string, string>> = {},
): Promise<KilledRun> {
  const database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  await database.db.query(`
    create schema test;
    create table test.die (place text);
    create table test.entity (ref text primary key, entity jsonb);
    create table test.decision (id serial, verdict text, subject text)`);
  const golden = await folderOf({ "service/template.yaml": stringify(template(path, "service")), ...files });
  const args = [database.url, await temporaryFolder(), golden, host.url, ...(host.kind === undefined ? [] : [host.kind])];
  let server = await startRunServer(args);
  return {
    database,
    async run(input, places) {
      for (const place of places) await database.db.query("insert into test.die values ($1)", [place]);
      const { id } = await server.call("paths.path.run", { path: "service", ...input });
      for (const _ of places) {
        if (server.child.exitCode === null && server.child.signalCode === null) await once(server.child, "exit");
        server = await startRunServer(args);
      }
      return eventually(async () => {
        const found = await server.call<Run>("paths.run.get", { id });
        if (found.endedAt === undefined) throw new Error(`still ${found.status}`);
        return found;
      }, 60_000);
    },
    async close() {
      await kill(server.child);
      await database.drop();
    },
  };
}
