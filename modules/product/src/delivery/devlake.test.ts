import { readFileSync } from "node:fs";

import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";

import { chainDeployments } from "./chain.ts";
import { leadTimeOf } from "./lead-time.ts";
import { linkIncident } from "./link-incident.ts";

/** Apache DevLake's own tables: what goes in, and what it says comes out. Where we answer otherwise, the difference stands here. */
type Row = Record<string, string>;
const read = (name: string): Row[] =>
  parse(readFileSync(new URL(`../../fixtures/devlake/${name}`, import.meta.url)), {
    columns: true,
    skip_empty_lines: true,
    relax_column_count: true,
  });

/** `2023-4-10 4:51:47` and ISO alike, in UTC. */
function at(text: string): number {
  const [, year, month, day, hour, minute, second] = /^(\d+)-(\d+)-(\d+)[ T](\d+):(\d+):(\d+)/.exec(text)!.map(Number);
  return Date.UTC(year!, month! - 1, day, hour, minute, second);
}
const perhaps = (text: string | undefined): number | undefined => (text === undefined || text === "" ? undefined : at(text));

function toDeployment(row: Row) {
  const { id, cicd_scope_id: scope, repo_url: repository, environment, commit_sha: commit } = row;
  return {
    id: id!,
    key: id!,
    pipeline: row["cicd_deployment_id"]!,
    scope: scope!,
    environment: environment!,
    place: `${scope} ${repository} ${environment}`,
    commit,
    result: row["result"] === "SUCCESS" ? ("success" as const) : ("failure" as const),
    startedAt: at(row["started_date"]!),
    finishedAt: at(row["finished_date"]!),
  };
}
type Read = ReturnType<typeof toDeployment>;
const inEnvironment = (one: Read): boolean => one.environment !== "";

test("the chain of deployments is DevLake's, row by row", () => {
  const before = read("prev_success_deployment_commit/cicd_deployment_commits_before.csv").map(toDeployment).filter(inEnvironment);
  const chain = chainDeployments(before, ({ place }) => place);
  const expected = read("prev_success_deployment_commit/cicd_deployment_commits_after.csv");
  expect(expected.length).toBe(16);
  for (const row of expected)
    expect([row["id"], chain.get(row["id"]!)?.previous?.id ?? ""]).toEqual([row["id"], row["prev_success_deployment_commit_id"]]);
});

const deployments = read("change_lead_time/cicd_deployment_commits.csv").map(toDeployment).filter(inEnvironment);
const diffs = read("change_lead_time/commits_diffs.csv");
const chain = chainDeployments(deployments, ({ place }) => place);
const withCommits = deployments.map((one) => {
  const previous = chain.get(one.id)?.previous;
  return {
    ...one,
    carries: diffs
      .filter((row) => row["new_commit_sha"] === one.commit && row["old_commit_sha"] === (previous?.commit ?? ""))
      .map((row) => row["commit_sha"]!),
  };
});
const production = withCommits.filter(({ environment }) => environment === "PRODUCTION");
const comments = read("change_lead_time/pull_request_comments.csv");
const commits = read("change_lead_time/pull_request_commits.csv");
const changes = read("change_lead_time/pull_requests.csv")
  .filter((row) => row["merged_date"] !== "")
  .map((row) => ({
    id: row["id"]!,
    commit: row["merge_commit_sha"]!,
    openedAt: at(row["created_date"]!),
    mergedAt: at(row["merged_date"]!),
    firstCommitAt: Math.min(
      ...commits.filter((one) => one["pull_request_id"] === row["id"]).map((one) => at(one["commit_authored_date"]!)),
    ),
    // The first word of somebody else than the author.
    firstReviewAt: comments
      .filter((one) => one["pull_request_id"] === row["id"] && one["account_id"] !== row["author_id"])
      .map((one) => at(one["created_date"]!))
      .sort((a, b) => a - b)[0],
  }));

test("lead times, read as DevLake reads them, are its table: whole minutes, negative parts left out and the rest counted on", () => {
  const minutes = (from: number | undefined, to: number | undefined): string =>
    from === undefined || to === undefined || to < from ? "" : String(Math.ceil((to - from) / 60_000));
  const expected = read("change_lead_time/project_pr_metrics.csv");
  expect(expected.length).toBe(6);
  for (const row of expected) {
    const { commit, openedAt, mergedAt, firstCommitAt, firstReviewAt } = changes.find(({ id }) => id === row["id"])!;
    const holding = production.find(
      (one) => one.result === "success" && one.carries.includes(commit) && chain.get(one.id)!.previous !== undefined,
    );
    const parts = [minutes(firstCommitAt, openedAt), minutes(openedAt, mergedAt), minutes(mergedAt, holding?.finishedAt)];
    expect({
      coding: parts[0],
      pickup: minutes(openedAt, firstReviewAt),
      review: minutes(firstReviewAt, mergedAt),
      deploy: parts[2],
      deployment: holding?.id ?? "",
      cycle: String(parts.reduce((sum, part) => sum + Number(part), 0)),
      deployedAt: holding?.finishedAt,
    }).toEqual({
      coding: row["pr_coding_time"],
      pickup: row["pr_pickup_time"],
      review: row["pr_review_time"],
      deploy: row["pr_deploy_time"],
      deployment: row["deployment_commit_id"],
      cycle: row["pr_cycle_time"],
      deployedAt: perhaps(row["pr_deployed_date"]),
    });
  }
});

test("we answer one of the six with a time: the others are not known, contradict themselves, or are not out yet", () => {
  const found = Object.fromEntries(
    changes.map((one) => [one.id, leadTimeOf(one, production, ({ id }) => chain.get(id)?.previous !== undefined)]),
  );
  // 4477 min 27 s; DevLake rounds it up.
  expect(found["pr1"]).toMatchObject({ state: "deployed", by: "commits", ms: at("2023-04-13T07:29:14") - at("2023-04-10T04:51:47") });
  // DevLake counts these two as cycle times of 1598 and 10203 minutes, without the parts that are negative.
  expect(found["pr2"]).toMatchObject({ state: "inconsistent", what: "its first commit is younger than its merge" });
  expect(found["pr3"]).toMatchObject({ state: "inconsistent", what: "it was reviewed before it was opened" });
  // In the first deployment of all: DevLake gives a cycle time without deployment, we none.
  expect(found["pr0"]).toMatchObject({ state: "unbased" });
  // Reached staging only: DevLake's dashboards leave it out, we count for how long it has been waiting.
  expect(found["pr4"]).toMatchObject({ state: "waiting" });
  expect(found["pr5"]).toMatchObject({ state: "inconsistent" });
});

const shipped = read("connect_incident_to_deployment/prev_success_deployment_commit/cicd_deployment_commits_after.csv").map(toDeployment);
const mapping = read("connect_incident_to_deployment/raw_tables/project_mapping.csv");
const projectOf = (table: string, id: string): string | undefined =>
  mapping.find((row) => row["table"] === table && row["row_id"] === id)?.["project_name"];
const incidents = read("connect_incident_to_deployment/raw_tables/incidents.csv")
  .filter((row) => projectOf(row["table"]!, row["scope_id"]!) === "project1")
  .map((row) => ({ id: row["id"]!, openedAt: at(row["created_date"]!) }));
const ofProject = shipped.filter(
  ({ scope, environment }) => projectOf("cicd_scopes", scope) === "project1" && environment === "PRODUCTION",
);

test("incidents without a window are put down to DevLake's deployments, all six", () => {
  const expected = read("connect_incident_to_deployment/snapshot_tables/project_incident_deployment_relationships.csv");
  expect(expected.length).toBe(6);
  const found = Object.fromEntries(incidents.map((one) => [one.id, linkIncident(one, ofProject, undefined)!.deployment.pipeline]));
  expect(found).toEqual(Object.fromEntries(expected.map((row) => [row["id"], row["deployment_id"]])));
});

test("within a day of it only one of them is: the others were blamed on deployments 39 to 64 days old", () => {
  const ages = incidents.map((one) => (one.openedAt - linkIncident(one, ofProject, undefined)!.deployment.finishedAt) / 86_400_000);
  expect(
    ages
      .filter((age) => age > 1)
      .map(Math.floor)
      .sort((a, b) => a - b),
  ).toEqual([39, 49, 50, 53, 64]);
  const linked = incidents.filter((one) => linkIncident(one, ofProject, 86_400_000) !== undefined);
  expect(linked.map(({ id }) => id)).toEqual(["github:GithubIssue:1:1373792478"]);
});

test("what somebody said comes before time, a commit before it too, and what is unknown blames nobody", () => {
  const [first] = ofProject;
  expect(linkIncident({ openedAt: at("2022-11-28 00:00:00"), causedBy: first!.key }, ofProject, 86_400_000)).toMatchObject({
    by: "said",
    deployment: { id: first!.id },
  });
  const named = { ...first!, id: "x", key: "x", commit: "08d2f2b6de0fa8de4d0e2b55b4b9a2e244214029" };
  expect(linkIncident({ openedAt: named.finishedAt + 1e9, causedBy: "08d2f2b" }, [...ofProject, named], 1)).toMatchObject({
    by: "commit",
    deployment: { id: "x" },
  });
  expect(linkIncident({ openedAt: 0, causedBy: "nobody-knows" }, ofProject, undefined)).toBeUndefined();
});
