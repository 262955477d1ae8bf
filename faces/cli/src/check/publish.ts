import { readFile } from "node:fs/promises";

import { InvalidError, UnavailableError } from "@roadbed/core";

import {
  annotationsOf,
  COMMENT_MARK,
  FORMATS,
  headline,
  suggestedEdits,
  type Annotation,
  type Checked,
} from "@roadbed/contracts/standards/check-report";

type Env = Readonly<Record<string, string | undefined>>;

/** GitHub takes no more annotations in one request. */
const MOST_ANNOTATIONS = 50;
const MOST_PAGES = 30;
const TIMEOUT_MS = 30_000;

/**
 * Tells the result where the change is talked about: one comment, which is edited from then on, and at GitHub a check with annotations.
 * Who and where is read from what the pipeline sets.
 */
export async function publish(host: string, checked: Checked, env: Env): Promise<string> {
  if (host === "github") return publishToGitHub(checked, env);
  if (host === "gitlab") return publishToGitLab(checked, env);
  throw new InvalidError(`Nothing is known of "${host}".`, { mend: "Publish to github or gitlab." });
}

async function publishToGitHub(checked: Checked, env: Env): Promise<string> {
  const repository = need(env, "GITHUB_REPOSITORY");
  const { number, head } = await readPullRequest(env);
  const call = caller(`${env["GITHUB_API_URL"] ?? "https://api.github.com"}/repos/${repository}`, {
    authorization: `Bearer ${need(env, "GITHUB_TOKEN")}`,
    accept: "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
  });
  const body = FORMATS["markdown"]!(checked);
  const mine = await findMine(call, `/issues/${number}/comments`);
  if (mine === undefined) await call("POST", `/issues/${number}/comments`, { body });
  else await call("PATCH", `/issues/comments/${mine}`, { body });
  await publishCheckRun(call, head, checked);
  await suggestAtGitHub(call, number, head, checked);
  return `Told on pull request ${number}`;
}

async function publishCheckRun(call: Caller, head: string, checked: Checked): Promise<void> {
  const annotations = annotationsOf(checked).map(toGitHub);
  const output = { title: headline(checked), summary: FORMATS["markdown"]!(checked).slice(0, 60_000) };
  const conclusion = { deny: "failure", warn: "neutral", allow: "success", unknown: "failure" }[checked.verdict];
  const { id } = await call<{ id: number }>("POST", "/check-runs", {
    name: "Roadbed policies",
    head_sha: head,
    status: "completed",
    conclusion,
    output: { ...output, annotations: annotations.slice(0, MOST_ANNOTATIONS) },
  });
  for (let at = MOST_ANNOTATIONS; at < annotations.length; at += MOST_ANNOTATIONS) {
    await call("PATCH", `/check-runs/${id}`, { output: { ...output, annotations: annotations.slice(at, at + MOST_ANNOTATIONS) } });
  }
}

function toGitHub({ path, line, level, title, message }: Annotation): object {
  return { path, start_line: line, end_line: line, annotation_level: level, title, message };
}

/** Edits that are taken with a click, each once: those that an earlier check suggested stay where they are. */
async function suggestAtGitHub(call: Caller, number: number, head: string, checked: Checked): Promise<void> {
  const edits = suggestedEdits(checked, "github");
  if (edits.length === 0) return;
  const known = await call<{ body?: string }[]>("GET", `/pulls/${number}/comments?per_page=100`);
  const fresh = edits.filter(({ body }) => !known.some((one) => one.body?.startsWith(body.split("\n")[0]!)));
  for (const { path, line, body } of fresh.slice(0, MOST_EDITS)) {
    // A line that the change does not touch takes no comment: the annotation is there.
    await call("POST", `/pulls/${number}/comments`, { body, path, line, side: "RIGHT", commit_id: head }).catch(() => undefined);
  }
}

const MOST_EDITS = 20;

async function readPullRequest(env: Env): Promise<{ readonly number: number; readonly head: string }> {
  const file = need(env, "GITHUB_EVENT_PATH");
  const event = JSON.parse(await readFile(file, "utf8")) as { pull_request?: { number?: number; head?: { sha?: string } } };
  const { number, head } = event.pull_request ?? {};
  if (number === undefined || head?.sha === undefined)
    throw new InvalidError("This pipeline runs for no pull request.", { mend: "Publish only where the event is pull_request." });
  return { number, head: head.sha };
}

async function publishToGitLab(checked: Checked, env: Env): Promise<string> {
  const [project, iid] = [need(env, "CI_PROJECT_ID"), need(env, "CI_MERGE_REQUEST_IID")];
  const call = caller(`${need(env, "CI_API_V4_URL")}/projects/${encodeURIComponent(project)}/merge_requests/${iid}`, {
    "private-token": need(env, "GITLAB_TOKEN"),
  });
  const body = FORMATS["markdown"]!(checked);
  const mine = await findMine(call, "/notes");
  if (mine === undefined) await call("POST", "/notes", { body });
  else await call("PUT", `/notes/${mine}`, { body });
  await suggestAtGitLab(call, checked);
  return `Told on merge request ${iid}`;
}

/** The same as discussions at their lines, each once. */
async function suggestAtGitLab(call: Caller, checked: Checked): Promise<void> {
  const edits = suggestedEdits(checked, "gitlab");
  if (edits.length === 0) return;
  const { diff_refs: refs } = await call<{ diff_refs?: { base_sha?: string; start_sha?: string; head_sha?: string } }>("GET", "");
  const known = (await call<{ notes?: { body?: string }[] }[]>("GET", "/discussions?per_page=100")).flatMap(({ notes = [] }) => notes);
  const fresh = edits.filter(({ body }) => !known.some((one) => one.body?.startsWith(body.split("\n")[0]!)));
  for (const { path, line, body } of fresh.slice(0, MOST_EDITS)) {
    const position = { position_type: "text", ...refs, old_path: path, new_path: path, new_line: line };
    // A line that the change does not touch takes no discussion: the comment says it.
    await call("POST", "/discussions", { body, position }).catch(() => undefined);
  }
}

/** The number of the comment that an earlier check wrote. */
async function findMine(call: Caller, path: string): Promise<number | undefined> {
  for (let page = 1; page <= MOST_PAGES; page++) {
    const comments = await call<{ id: number; body?: string }[]>("GET", `${path}?per_page=100&page=${page}`);
    const mine = comments.find(({ body }) => body?.startsWith(COMMENT_MARK));
    if (mine) return mine.id;
    if (comments.length < 100) return undefined;
  }
  return undefined;
}

type Caller = <Answer>(method: string, path: string, body?: object) => Promise<Answer>;

function caller(base: string, headers: Readonly<Record<string, string>>): Caller {
  return async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { "user-agent": "roadbed", "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: unknown) => {
      throw new UnavailableError(`${new URL(base).host} does not answer (${String(error)}).`, { mend: "Try again." });
    });
    if (!response.ok) {
      const mend =
        response.status === 403 || response.status === 401
          ? "Give the token the right to write comments and checks."
          : "See what the host says.";
      throw new UnavailableError(`${new URL(base).host} refused ${method} ${path.split("?")[0]} (${response.status}).`, { mend });
    }
    return (await response.json()) as Answer;
  };
}

function need(env: Env, name: string): string {
  const value = env[name];
  if (value === undefined || value === "")
    throw new InvalidError(`${name} is not set.`, { mend: "The pipeline of the host sets it; a token has to be handed over by name." });
  return value;
}
