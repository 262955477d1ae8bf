import { readFile } from "node:fs/promises";

import { ToldBuild } from "@roadbed/contracts/catalog/builds";
import fc from "fast-check";
import { expect, test } from "vitest";

import { buildOfGitHub, buildOfGitLab } from "./told-build.ts";

type Said = Record<string, unknown>;
const read = async (path: string): Promise<Said> => JSON.parse(await readFile(new URL(path, import.meta.url), "utf8")) as Said;
const valid = (told: object | undefined) => ToldBuild.parse({ host: "example.org", ...told });

test("a run of GitHub's workflows is told with its commit, its outcome and its attempt", async () => {
  const done = valid(buildOfGitHub("workflow_run", await read("../github/fixtures/workflow-run-completed.json")));
  expect(done).toMatchObject({ system: "github", repository: "octo-org/octo-repo", state: "succeeded", attempt: 1, branch: "master" });
  expect(done.run).toMatch(/^workflow-\d+$/);
  expect(done.commit).toMatch(/^[0-9a-f]{40}$/);
  expect(Date.parse(done.endedAt!)).toBeGreaterThanOrEqual(Date.parse(done.startedAt!));
  const queued = valid(buildOfGitHub("workflow_run", await read("../github/fixtures/workflow-run-queued.json")));
  expect(queued).toMatchObject({ state: "queued", message: "Update milestone-created.yml", author: "Mona Lisa" });
  expect(queued.endedAt).toBeUndefined();
});

test("jobs, checks of other apps and statuses are told; checks of GitHub's own workflows are not told twice", () => {
  const repository = { full_name: "acme/shop" };
  const job = {
    id: 7,
    run_id: 3,
    name: "test",
    head_sha: "a",
    status: "completed",
    conclusion: "failure",
    started_at: "2026-01-01T00:00:00Z",
    completed_at: "2026-01-01T00:01:00Z",
    workflow_name: "CI",
  };
  expect(valid(buildOfGitHub("workflow_job", { repository, workflow_job: job }))).toMatchObject({
    run: "workflow-3",
    name: "CI",
    jobs: [{ id: "7", name: "test", state: "failed", endedAt: "2026-01-01T00:01:00.000Z" }],
  });
  const check = {
    id: 5,
    name: "lint",
    head_sha: "a",
    status: "in_progress",
    conclusion: null,
    started_at: "2026-01-01T00:00:00Z",
    app: { slug: "linter", name: "Linter" },
  };
  expect(valid(buildOfGitHub("check_run", { repository, check_run: check }))).toMatchObject({
    run: "check-5",
    state: "running",
    name: "lint",
  });
  expect(buildOfGitHub("check_run", { repository, check_run: { ...check, app: { slug: "github-actions" } } })).toBeUndefined();
  const status = {
    repository,
    sha: "a",
    context: "ci/x",
    state: "error",
    target_url: "javascript:alert(1)",
    branches: [{ name: "main" }],
    updated_at: "2026-01-01T00:00:00Z",
  };
  const told = valid(buildOfGitHub("status", status));
  expect(told).toMatchObject({ run: "status-ci/x-a", state: "failed", branch: "main" });
  expect(told.address).toBeUndefined();
});

test("a pipeline of GitLab is told with its jobs, and a job by itself; what may fail does not fail", async () => {
  const pipeline = valid(buildOfGitLab(await read("../gitlab/fixtures/pipeline.json")));
  expect(pipeline).toMatchObject({
    repository: "gitlab-org/gitlab-test",
    run: "pipeline-31",
    state: "succeeded",
    message: "test",
    startedAt: "2016-08-12T15:24:56.000Z",
    endedAt: "2016-08-12T15:26:29.000Z",
    address: "http://192.168.64.1:3005/gitlab-org/gitlab-test/-/pipelines/31",
  });
  expect(pipeline.jobs.length).toBeGreaterThan(3);
  expect(pipeline.jobs.find(({ name }) => name === "production")?.state).toBe("skipped");
  const job = valid(buildOfGitLab(await read("../gitlab/fixtures/job.json")));
  expect(job).toMatchObject({
    repository: "jsmithy2/release-tools-fake",
    run: "pipeline-743121198",
    jobs: [{ name: "auto_deploy:start", state: "succeeded" }],
  });
  expect(job.state).toBeUndefined();
  expect(valid(buildOfGitLab(await read("../gitlab/fixtures/build.json"))).jobs[0]).toMatchObject({ name: "test", state: "queued" });
});

test("whatever a message holds, it is told well formed or not at all", () => {
  const event = fc.constantFrom("workflow_run", "workflow_job", "check_run", "status");
  const inside = fc.dictionary(
    fc.constantFrom("id", "head_sha", "name", "status", "conclusion", "run_id", "sha", "started_at", "head_commit"),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(event, inside, (name, said) => {
      const told = buildOfGitHub(name, { ...said, [name]: said, repository: { full_name: "a/b" } });
      if (told !== undefined) valid(told);
    }),
  );
  fc.assert(
    fc.property(fc.constantFrom("pipeline", "build"), fc.jsonValue(), (kind, said) => {
      const told = buildOfGitLab({ object_kind: kind, object_attributes: said, project: said, builds: [said] });
      if (told !== undefined) valid(told);
    }),
  );
});
