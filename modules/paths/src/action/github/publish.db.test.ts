import { once } from "node:events";

import type { Run } from "@roadbed/contracts/paths";
import { createTestDatabase, eventually, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";

import { migrations } from "../../index.ts";
import { openGitHub, type GitHubDouble } from "../../testing/github-double.ts";
import { TOKEN } from "../../testing/outside-to.ts";
import { folderOf, template } from "../../testing/preview.ts";
import { kill, startRunServer, type Server } from "../../testing/start-run-server.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";

let github: GitHubDouble;
let database: TestDatabase;
let args: string[];
let server: Server;

beforeEach(async () => {
  github = await openGitHub();
  github.seed("gitops", { "keep.txt": "kept" });
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  await database.db.query(`
    create schema test;
    create table test.die (place text);
    create table test.entity (ref text primary key, entity jsonb);
    create table test.decision (id serial, verdict text, subject text)`);
  const SERVICE = template(
    `
parameters: { properties: { name: { type: string } } }
steps:
  - { id: files, action: "fetch:plain", input: { url: ./skeleton } }
  - { id: publish, action: "publish:github", input: { repoUrl: "${github.host}?owner=acme&repo=\${{ parameters.name }}", defaultBranch: main } }
  - { id: gitops, action: "publish:github:pull-request", input: { repoUrl: "${github.host}?owner=acme&repo=gitops", branchName: "add", title: "Add \${{ secrets.word }}" } }
output: { commit: "\${{ steps.publish.output.commitHash }}", pull: "\${{ steps.gitops.output.pullRequestNumber }}" }
`,
    "service",
  );
  const golden = await folderOf({ "service/template.yaml": stringify(SERVICE), "service/skeleton/README.md": "# Hi\n" });
  args = [database.url, await temporaryFolder(), golden, github.url];
  server = await startRunServer(args);
});
afterEach(async () => {
  await kill(server.child);
  await database.drop();
  await github.close();
});

const places = ["POST repos:before", "POST repos:after", "push:after", "POST refs:after", "POST pulls:after"];
test("killed at once at each place in turn, the run goes on, makes nothing twice and says no secret", async () => {
  for (const place of places) await database.db.query("insert into test.die values ($1)", [place]);
  const { id } = await server.call("paths.path.run", { path: "service", values: { name: "orders" }, secrets: { word: "s3cret-word" } });
  for (const _ of places) {
    if (server.child.signalCode === null) await once(server.child, "exit");
    server = await startRunServer(args);
  }
  const run = await eventually(async () => {
    const found = await server.call<Run>("paths.run.get", { id });
    if (found.endedAt === undefined) throw new Error(`still ${found.status}`);
    return found;
  }, 60_000);
  expect(run).toMatchObject({ status: "succeeded", outputs: { commit: await github.repositories.head("acme--orders", "main"), pull: 1 } });
  expect(github.asked.filter(({ method, path }) => method === "POST" && path.endsWith("/orgs/acme/repos"))).toHaveLength(1);
  expect(github.all.get("acme/gitops")?.pulls).toHaveLength(1);
  expect(await github.repositories.log("acme--orders", { ref: "main", limit: 5 })).toHaveLength(1);
  expect((await database.db.query("select 1 from test.die")).rowCount).toBe(0);
  const { rows } = await database.db.query(
    "select (select json_agg(l) from paths.run_log l)::text || (select json_agg(n) from paths.step_note n)::text as text",
  );
  expect(JSON.stringify(rows)).not.toContain(TOKEN);
  expect(JSON.stringify(rows)).not.toContain("s3cret-word");
}, 120_000);
