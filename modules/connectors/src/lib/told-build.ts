import type { ToldBuild } from "@roadbed/contracts/catalog/builds";

import { record, textOf } from "./git-host.ts";

type Said = Readonly<Record<string, unknown>>;
type State = NonNullable<ToldBuild["state"]>;
type Job = ToldBuild["jobs"][number];

/** What GitHub tells of workflows, jobs, checks of apps and statuses; undefined for other events. Suites say nothing that their checks do not. */
export function buildOfGitHub(event: string, said: Said): Omit<ToldBuild, "host"> | undefined {
  const repository = textOf(record(said["repository"])["full_name"]);
  if (repository === undefined) return undefined;
  const told = GITHUB.get(event)?.(said);
  return told && { system: "github", repository, ...told };
}

type Told = Omit<ToldBuild, "host" | "system" | "repository">;

const GITHUB = new Map<string, (said: Said) => Told | undefined>([
  ["workflow_run", workflowRun],
  ["workflow_job", workflowJob],
  ["check_run", checkRun],
  ["status", commitStatus],
]);

function workflowRun(said: Said): Told | undefined {
  const run = record(said["workflow_run"]);
  const [commit, name] = [textOf(run["head_sha"]), textOf(run["name"]) ?? textOf(record(said["workflow"])["name"])];
  if (typeof run["id"] !== "number" || commit === undefined || name === undefined) return undefined;
  const head = record(run["head_commit"]);
  const state = gitHubState(run["status"], run["conclusion"]);
  const times = timesOf(state, run["run_started_at"] ?? run["created_at"], run["updated_at"]);
  return {
    run: `workflow-${run["id"]}`,
    name,
    branch: textOf(run["head_branch"]) ?? "",
    commit,
    message: textOf(head["message"]) ?? textOf(run["display_title"]) ?? "",
    author: textOf(record(head["author"])["name"]) ?? textOf(record(run["actor"])["login"]) ?? "",
    state,
    attempt: typeof run["run_attempt"] === "number" ? run["run_attempt"] : 1,
    ...addressOf(run["html_url"]),
    ...times,
    at: latest(run["updated_at"], run["created_at"]),
    jobs: [],
  };
}

function workflowJob(said: Said): Told | undefined {
  const job = record(said["workflow_job"]);
  const commit = textOf(job["head_sha"]);
  if (typeof job["id"] !== "number" || typeof job["run_id"] !== "number" || commit === undefined) return undefined;
  const state = gitHubState(job["status"], job["conclusion"]);
  return {
    run: `workflow-${job["run_id"]}`,
    name: textOf(job["workflow_name"]) ?? "workflow",
    branch: textOf(job["head_branch"]) ?? "",
    commit,
    message: "",
    author: "",
    attempt: typeof job["run_attempt"] === "number" ? job["run_attempt"] : 1,
    at: latest(job["completed_at"], job["started_at"], job["created_at"]),
    jobs: [{ ...jobOf(job["id"], job["name"], state, job), ...addressOf(job["html_url"]) }],
  };
}

/** Checks of GitHub's own workflows are told as jobs; those of other apps are a run each. */
function checkRun(said: Said): Told | undefined {
  const check = record(said["check_run"]);
  const [commit, name] = [textOf(check["head_sha"]), textOf(check["name"])];
  if (typeof check["id"] !== "number" || commit === undefined || name === undefined) return undefined;
  if (textOf(record(check["app"])["slug"]) === "github-actions") return undefined;
  const state = gitHubState(check["status"], check["conclusion"]);
  return {
    run: `check-${check["id"]}`,
    name,
    branch: textOf(record(check["check_suite"])["head_branch"]) ?? "",
    commit,
    message: textOf(record(check["output"])["title"]) ?? "",
    author: textOf(record(check["app"])["name"]) ?? "",
    state,
    attempt: 1,
    ...addressOf(check["html_url"]),
    ...timesOf(state, check["started_at"], check["completed_at"]),
    at: latest(check["completed_at"], check["started_at"]),
    jobs: [],
  };
}

function commitStatus(said: Said): Told | undefined {
  const [commit, name] = [textOf(said["sha"]), textOf(said["context"])];
  const state = ({ pending: "running", success: "succeeded", failure: "failed", error: "failed" } as const)[
    String(said["state"]) as "pending"
  ];
  if (commit === undefined || name === undefined || state === undefined) return undefined;
  const made = record(record(said["commit"])["commit"]);
  const branches = Array.isArray(said["branches"]) ? (said["branches"] as unknown[]) : [];
  return {
    run: `status-${name}-${commit}`,
    name,
    branch: textOf(record(branches[0])["name"]) ?? "",
    commit,
    message: textOf(made["message"]) ?? textOf(said["description"]) ?? "",
    author: textOf(record(made["author"])["name"]) ?? "",
    state,
    attempt: 1,
    ...addressOf(said["target_url"]),
    ...timesOf(state, said["created_at"], said["updated_at"]),
    at: latest(said["updated_at"], said["created_at"]),
    jobs: [],
  };
}

function gitHubState(status: unknown, conclusion: unknown): State {
  if (status !== "completed") return status === "in_progress" ? "running" : "queued";
  if (conclusion === "success" || conclusion === "neutral") return "succeeded";
  if (conclusion === "skipped") return "skipped";
  return conclusion === "cancelled" || conclusion === "stale" ? "cancelled" : "failed";
}

/** What GitLab tells of pipelines and of jobs, which it calls builds. */
export function buildOfGitLab(said: Said): Omit<ToldBuild, "host"> | undefined {
  const told = said["object_kind"] === "pipeline" ? gitLabPipeline(said) : said["object_kind"] === "build" ? gitLabJob(said) : undefined;
  return told && { system: "gitlab", ...told };
}

type WithRepository = Told & { readonly repository: string };

function gitLabPipeline(said: Said): WithRepository | undefined {
  const [run, project, commit] = [record(said["object_attributes"]), record(said["project"]), record(said["commit"])];
  const [repository, sha] = [textOf(project["path_with_namespace"]), textOf(run["sha"])];
  if (typeof run["id"] !== "number" || repository === undefined || sha === undefined) return undefined;
  const builds = (Array.isArray(said["builds"]) ? (said["builds"] as unknown[]) : []).map(record);
  // One that waits for somebody's click is not over.
  const state = run["status"] === "manual" ? "running" : gitLabState(run["status"], false);
  const started = builds.map((build) => iso(build["started_at"])).filter((at) => at !== undefined);
  const at = latest(
    run["finished_at"],
    run["created_at"],
    ...builds.flatMap((build) => [build["finished_at"], build["started_at"], build["created_at"]]),
  );
  const page = textOf(project["web_url"]);
  return {
    repository,
    run: `pipeline-${run["id"]}`,
    name: textOf(run["name"]) ?? "pipeline",
    branch: textOf(run["ref"]) ?? "",
    commit: sha,
    message: (textOf(commit["message"]) ?? "").trim(),
    author: textOf(record(commit["author"])["name"]) ?? textOf(record(said["user"])["name"]) ?? "",
    state,
    attempt: 1,
    ...addressOf(textOf(run["url"]) ?? (page === undefined ? undefined : `${page}/-/pipelines/${run["id"]}`)),
    ...timesOf(state, started.toSorted()[0] ?? run["created_at"], run["finished_at"]),
    at,
    jobs: builds.flatMap((build): Job[] => {
      if (typeof build["id"] !== "number") return [];
      const jobState = gitLabState(build["status"], build["allow_failure"] === true);
      return [{ ...jobOf(build["id"], build["name"], jobState, build), ...errorOf(jobState, build["failure_reason"]) }];
    }),
  };
}

/** It names its project by the address of its page. */
function gitLabJob(said: Said): WithRepository | undefined {
  const [sha, homepage] = [textOf(said["sha"]), textOf(record(said["repository"])["homepage"])];
  const repository = homepage === undefined || !URL.canParse(homepage) ? undefined : new URL(homepage).pathname.replace(/^\/|\/$/g, "");
  if (typeof said["build_id"] !== "number" || typeof said["pipeline_id"] !== "number" || sha === undefined || !repository) return undefined;
  const commit = record(said["commit"]);
  const state = gitLabState(said["build_status"], said["build_allow_failure"] === true);
  const times = { started_at: said["build_started_at"], finished_at: said["build_finished_at"] };
  return {
    repository,
    run: `pipeline-${said["pipeline_id"]}`,
    name: "pipeline",
    branch: textOf(said["ref"]) ?? "",
    commit: sha,
    message: (textOf(commit["message"]) ?? "").trim(),
    author: textOf(commit["author_name"]) ?? "",
    attempt: 1,
    at: latest(said["build_finished_at"], said["build_started_at"], said["build_created_at"]),
    jobs: [{ ...jobOf(said["build_id"], said["build_name"], state, times), ...errorOf(state, said["build_failure_reason"]) }],
  };
}

/** What may fail does not make its pipeline fail. */
function gitLabState(status: unknown, mayFail: boolean): State {
  switch (status) {
    case "success":
      return "succeeded";
    case "failed":
      return mayFail ? "skipped" : "failed";
    case "canceled":
    case "canceling":
      return "cancelled";
    case "skipped":
    case "manual":
      return "skipped";
    case "running":
      return "running";
    default:
      return "queued";
  }
}

function jobOf(id: number, name: unknown, state: State, times: Said): Job {
  return {
    id: String(id),
    name: textOf(name) ?? String(id),
    state,
    ...timesOf(state, times["started_at"], times["completed_at"] ?? times["finished_at"]),
  };
}

function errorOf(state: State, reason: unknown): { error?: string } {
  const why = textOf(reason);
  return state === "failed" && why !== undefined ? { error: why.replaceAll("_", " ") } : {};
}

function timesOf(state: State, started: unknown, ended: unknown): { startedAt?: string; endedAt?: string } {
  const [from, to] = [iso(started), ["queued", "running"].includes(state) ? undefined : iso(ended)];
  return { ...(from === undefined || state === "queued" ? {} : { startedAt: from }), ...(to === undefined ? {} : { endedAt: to }) };
}

function addressOf(value: unknown): { address?: string } {
  const address = textOf(value);
  return address !== undefined && /^https?:\/\//.test(address) ? { address } : {};
}

/** GitLab writes `2016-08-12 15:23:28 UTC`. */
function iso(value: unknown): string | undefined {
  const text = textOf(value)?.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) UTC$/, "$1T$2Z");
  const at = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

function latest(...values: readonly unknown[]): string {
  return (
    values
      .flatMap((value) => iso(value) ?? [])
      .toSorted()
      .at(-1) ?? new Date(0).toISOString()
  );
}
