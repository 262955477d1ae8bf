import { afterEach, beforeEach, expect, test } from "vitest";

import { openGitHub, type GitHubDouble } from "../../testing/github-double.ts";
import { startKilledRun, type KilledRun } from "../../testing/killed-run.suite.ts";
import { TOKEN } from "../../testing/outside-to.ts";

let github: GitHubDouble;
let world: KilledRun;

beforeEach(async () => {
  github = await openGitHub();
  github.seed("gitops", { "keep.txt": "kept" });
  world = await startKilledRun(
    `
parameters: { properties: { name: { type: string } } }
steps:
  - { id: files, action: "fetch:plain", input: { url: ./skeleton } }
  - { id: publish, action: "publish:github", input: { repoUrl: "${github.host}?owner=acme&repo=\${{ parameters.name }}", defaultBranch: main } }
  - { id: gitops, action: "publish:github:pull-request", input: { repoUrl: "${github.host}?owner=acme&repo=gitops", branchName: "add", title: "Add \${{ secrets.word }}" } }
output: { commit: "\${{ steps.publish.output.commitHash }}", pull: "\${{ steps.gitops.output.pullRequestNumber }}" }
`,
    github,
    { "service/skeleton/README.md": "# Hi\n" },
  );
});
afterEach(async () => {
  await world.close();
  await github.close();
});

const places = ["POST repos:before", "POST repos:after", "push:after", "POST refs:after", "POST pulls:after"];
test("killed at once at each place in turn, the run goes on, makes nothing twice and says no secret", async () => {
  const run = await world.run({ values: { name: "orders" }, secrets: { word: "s3cret-word" } }, places);
  expect(run).toMatchObject({ status: "succeeded", outputs: { commit: await github.repositories.head("acme--orders", "main"), pull: 1 } });
  expect(github.asked.filter(({ method, path }) => method === "POST" && path.endsWith("/orgs/acme/repos"))).toHaveLength(1);
  expect(github.all.get("acme/gitops")?.pulls).toHaveLength(1);
  expect(await github.repositories.log("acme--orders", { ref: "main", limit: 5 })).toHaveLength(1);
  expect((await world.database.db.query("select 1 from test.die")).rowCount).toBe(0);
  const { rows } = await world.database.db.query(
    "select (select json_agg(l) from paths.run_log l)::text || (select json_agg(n) from paths.step_note n)::text as text",
  );
  expect(JSON.stringify(rows)).not.toContain(TOKEN);
  expect(JSON.stringify(rows)).not.toContain("s3cret-word");
}, 120_000);
