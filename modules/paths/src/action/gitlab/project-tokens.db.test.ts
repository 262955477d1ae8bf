import { afterEach, beforeEach, expect, test } from "vitest";

import { openGitLab, type GitLabDouble } from "../../testing/gitlab-double.ts";
import { startKilledRun, type KilledRun } from "../../testing/killed-run.suite.ts";

let gitlab: GitLabDouble;
let world: KilledRun;

beforeEach(async () => {
  gitlab = await openGitLab();
  gitlab.seed("acme/orders", {});
  world = await startKilledRun(
    `
steps:
  - { id: made, action: "gitlab:projectDeployToken:create", input: { repoUrl: "${gitlab.host}", projectId: "1", name: deploys, scopes: [read_registry] } }
  - { id: told, action: "debug:log", input: { message: "It is \${{ steps.made.output.deploy_token }}" } }
  - { id: handed, action: "gitlab:projectVariable:create", input: { repoUrl: "${gitlab.host}", projectId: "1", key: DEPLOY, value: "\${{ steps.made.output.deploy_token }}" } }
output: { user: "\${{ steps.made.output.user }}", said: "\${{ steps.made.output.deploy_token }}" }
`,
    { url: gitlab.url, kind: "gitlab" },
  );
});
afterEach(async () => {
  await world.close();
  await gitlab.close();
});

const places = ["POST deploy_tokens:after", "POST variables:before"];
test("what a step makes that is secret reaches later steps over a kill, is nowhere in the open, and is forgotten at the end", async () => {
  const run = await world.run({ values: {} }, places);
  expect(run).toMatchObject({ status: "succeeded", outputs: { user: "gitlab+deploy-token-2", said: "***" } });
  const [project] = gitlab.projects;
  expect(project!.tokens.map(({ revoked }) => revoked)).toEqual([true, false]);
  expect(project!.variables.get("DEPLOY")).toMatchObject({ value: "gl-said-once-2" });
  const { rows } = await world.database.db.query(`
    select (select json_agg(l)::text from paths.run_log l) as log, (select json_agg(s)::text from paths.run_step s) as steps,
      (select json_agg(n)::text from paths.step_note n) as notes, (select json_agg(e)::text from kernel.event e) as events,
      (select json_agg(a)::text from kernel.audit a) as audit, (select sealed from paths.run) as sealed`);
  expect(rows[0]).toMatchObject({ sealed: null, steps: expect.stringContaining("***") });
  expect(JSON.stringify(rows)).not.toContain("said-once");
}, 120_000);
