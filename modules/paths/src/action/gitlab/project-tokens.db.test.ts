import { once } from "node:events";

import type { Run } from "@roadbed/contracts/paths";
import { createTestDatabase, eventually, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";

import { migrations } from "../../index.ts";
import { openGitLab, type GitLabDouble } from "../../testing/gitlab-double.ts";
import { folderOf, template } from "../../testing/preview.ts";
import { kill, startRunServer, type Server } from "../../testing/start-run-server.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";

let gitlab: GitLabDouble;
let database: TestDatabase;
let args: string[];
let server: Server;

beforeEach(async () => {
  gitlab = await openGitLab();
  gitlab.seed("acme/orders", {});
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  await database.db.query(`
    create schema test;
    create table test.die (place text);
    create table test.entity (ref text primary key, entity jsonb);
    create table test.decision (id serial, verdict text, subject text)`);
  const SERVICE = template(
    `
steps:
  - { id: made, action: "gitlab:projectDeployToken:create", input: { repoUrl: "${gitlab.host}", projectId: "1", name: deploys, scopes: [read_registry] } }
  - { id: told, action: "debug:log", input: { message: "It is \${{ steps.made.output.deploy_token }}" } }
  - { id: handed, action: "gitlab:projectVariable:create", input: { repoUrl: "${gitlab.host}", projectId: "1", key: DEPLOY, value: "\${{ steps.made.output.deploy_token }}" } }
output: { user: "\${{ steps.made.output.user }}", said: "\${{ steps.made.output.deploy_token }}" }
`,
    "service",
  );
  const golden = await folderOf({ "service/template.yaml": stringify(SERVICE) });
  args = [database.url, await temporaryFolder(), golden, gitlab.url, "gitlab"];
  server = await startRunServer(args);
});
afterEach(async () => {
  await kill(server.child);
  await database.drop();
  await gitlab.close();
});

const places = ["POST deploy_tokens:after", "POST variables:before"];
test("what a step makes that is secret reaches later steps over a kill, is nowhere in the open, and is forgotten at the end", async () => {
  for (const place of places) await database.db.query("insert into test.die values ($1)", [place]);
  const { id } = await server.call("paths.path.run", { path: "service", values: {} });
  for (const _ of places) {
    if (server.child.signalCode === null) await once(server.child, "exit");
    server = await startRunServer(args);
  }
  const run = await eventually(async () => {
    const found = await server.call<Run>("paths.run.get", { id });
    if (found.endedAt === undefined) throw new Error(`still ${found.status}`);
    return found;
  }, 60_000);
  expect(run).toMatchObject({ status: "succeeded", outputs: { user: "gitlab+deploy-token-2", said: "***" } });
  const [project] = gitlab.projects;
  expect(project!.tokens.map(({ revoked }) => revoked)).toEqual([true, false]);
  expect(project!.variables.get("DEPLOY")).toMatchObject({ value: "gl-said-once-2" });
  const { rows } = await database.db.query(`
    select (select json_agg(l)::text from paths.run_log l) as log, (select json_agg(s)::text from paths.run_step s) as steps,
      (select json_agg(n)::text from paths.step_note n) as notes, (select json_agg(e)::text from kernel.event e) as events,
      (select json_agg(a)::text from kernel.audit a) as audit, (select sealed from paths.run) as sealed`);
  expect(rows[0]).toMatchObject({ sealed: null, steps: expect.stringContaining("***") });
  expect(JSON.stringify(rows)).not.toContain("said-once");
}, 120_000);
