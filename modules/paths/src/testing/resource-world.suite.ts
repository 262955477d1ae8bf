import { once } from "node:events";

import type { ProvisionedResource, ResourceDetail } from "@roadbed/contracts/paths/resources";
import { createTestDatabase, eventually, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { expect } from "vitest";

import { migrations } from "../index.ts";
import { folderOf } from "./preview.ts";
import { kill, startRunServer, type Server } from "./start-run-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const entity = (kind: string, name: string, spec: object) => ({ apiVersion: "backstage.io/v1alpha1", kind, metadata: { name }, spec });
export const TEAM = "group:default/team-a";
export const ORDERS = "component:default/orders";

/** A run server (start-run-server.ts) with a team and a component, and the words in which resources are asked for. */
export interface ResourceWorld {
  readonly database: TestDatabase;
  readonly dataDir: string;
  /** Of the server that runs now. */
  readonly server: Server;
  call: Server["call"];
  request(input: object): Promise<ProvisionedResource>;
  show(resource: string): Promise<ResourceDetail>;
  /** As it is when nothing is being done to it any more. */
  settled(id: string): Promise<ResourceDetail>;
  credentials(resource: string): Promise<Record<string, string>>;
  kill(): Promise<void>;
  /** Another server on the same data. */
  startAgain(): Promise<void>;
  close(): Promise<void>;
}

/** `paths`: text of the golden paths by file. `outside`: the address of a double of a Git host. */
export async function startResourceWorld(
  o: { readonly paths?: Readonly<Record<string, string>>; readonly outside?: string } = {},
): Promise<ResourceWorld> {
  const database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  await database.db.query(`
    create schema test;
    create table test.die (place text);
    create table test.entity (ref text primary key, entity jsonb);
    create table test.repository (name text primary key, key text, files jsonb);
    create table test.call (what text);
    create table test.decision (id serial, verdict text, subject text);
    create table test.unhealthy (ref text)`);
  for (const [ref, one] of Object.entries({
    [TEAM]: entity("Group", "team-a", { type: "team", children: [] }),
    [ORDERS]: entity("Component", "orders", { type: "service", lifecycle: "production", owner: TEAM }),
  })) {
    await database.db.query("insert into test.entity (ref, entity) values ($1, $2)", [ref, JSON.stringify(one)]);
  }
  const dataDir = await temporaryFolder();
  const paths = await folderOf(o.paths ?? {});
  const args = [database.url, dataDir, paths, ...(o.outside === undefined ? [] : [o.outside])];
  let server = await startRunServer(args);
  const call: Server["call"] = (operation, input, actor) => server.call(operation, input, actor);
  const show = (resource: string): Promise<ResourceDetail> => call("paths.resource.show", { resource });
  return {
    database,
    dataDir,
    get server() {
      return server;
    },
    call,
    request: (input) => call("paths.resource.request", { class: "small", owner: TEAM, ...input }),
    show,
    settled: (id) =>
      eventually(async () => {
        const found = await show(id);
        expect(["ready", "failed", "destroyed"]).toContain(found.state);
        return found;
      }, 60_000),
    async credentials(resource) {
      const { variables } = await call<{ variables: { name: string; value: string }[] }>("paths.resource.reveal", { resource });
      return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
    },
    kill: () => kill(server.child),
    async startAgain() {
      server = await startRunServer(args);
    },
    async close() {
      if (server.child.exitCode !== null || server.child.signalCode !== null) server = await startRunServer(args);
      const gone = once(server.child, "exit");
      server.child.kill("SIGTERM");
      await gone;
      await database.drop();
    },
  };
}
