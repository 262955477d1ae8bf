import { ConflictError, InvalidError } from "@roadbed/core";
import { posix } from "node:path";
import { z } from "zod";

import type { Outside, RepositoryFile } from "../../deps.ts";
import { listFiles, resolveInside } from "../../workspace/workspace.ts";
import { defineAction, type Action, type ActionContext } from "../action.ts";
import { connect, missingConnection, pageOf, placeOf, type Place } from "../outside/connect.ts";
import { authorOf, readFiles } from "../published.ts";
import { pathOf } from "./repository.ts";

const Input = z.object({
  repoUrl: z.string().min(1),
  branchName: z.string().min(1),
  targetBranchName: z.string().optional(),
  title: z.string().min(1),
  description: z.string().default(""),
  draft: z.boolean().default(false),
  sourcePath: z.string().default("."),
  targetPath: z.string().default(""),
  filesToDelete: z.array(z.string()).default([]),
  token: z.string().optional(),
  reviewers: z.array(z.string()).default([]),
  teamReviewers: z.array(z.string()).default([]),
  assignees: z.array(z.string()).default([]),
  commitMessage: z.string().optional(),
  update: z.boolean().default(false),
  forceFork: z.boolean().default(false),
  gitAuthorName: z.string().optional(),
  gitAuthorEmail: z.string().optional(),
  forceEmptyGitAuthor: z.boolean().optional(),
  createWhenEmpty: z.boolean().default(true),
  allowedHosts: z.array(z.string()).optional(),
});
type Input = z.output<typeof Input>;

/** The workspace as a pull request on top of a repository that is there. */
export function makePublishGithubPullRequest(outside: Outside | undefined): Action {
  return defineAction({
    id: "publish:github:pull-request",
    description: "Opens a pull request at GitHub with the files of the workspace.",
    input: Input,
    output: z.object({ targetBranchName: z.string(), remoteUrl: z.string(), pullRequestNumber: z.number() }),
    examples: [
      {
        description: "A pull request against the default branch",
        input: {
          repoUrl: "github.com?owner=acme&repo=gitops",
          branchName: "add-orders",
          title: "Add orders",
          description: "From the path",
        },
      },
    ],
    reach: "outside",
    async describe(c, input) {
      const files = await listFiles(await resolveInside(c.workspace, input.sourcePath, "sourcePath"));
      const place = placeOf("github", input.repoUrl);
      const name = `${place.owner}/${place.repo}`;
      return {
        words: `Opens the pull request "${input.title}" in ${name} at ${place.host} with ${files.length} files, from ${input.branchName}.`,
        resources: [{ kind: "PullRequest", name, summary: `${input.title} (${files.length} files)` }],
        output: { targetBranchName: input.targetBranchName ?? "main", remoteUrl: `${pageOf(place)}/pull/0`, pullRequestNumber: 0 },
        problems: [
          ...(await missingConnection(outside, "github", input)),
          ...(input.forceFork ? [{ about: "forceFork", ...NO_FORK }] : []),
        ],
      };
    },
    async run(c, input) {
      if (input.forceFork) throw new InvalidError(`The ${NO_FORK.reason}.`, { mend: NO_FORK.mend });
      const files = await readFiles(await resolveInside(c.workspace, input.sourcePath, "sourcePath"));
      const place = await connect(c, outside, "github", input);
      const base = input.targetBranchName ?? String((await place.ask("GET", pathOf(place))).body?.default_branch ?? "main");
      await commitToBranch(c, place, base, input, files);
      const pull = await openPull(c, place, base, input);
      await call(c, place, pull.number, input);
      return { targetBranchName: base, remoteUrl: pull.url, pullRequestNumber: pull.number };
    },
    async undo(c, { input, output }) {
      const number = output["pullRequestNumber"];
      if (input === undefined || typeof number !== "number")
        return { done: false, words: "Which pull request it opened cannot be told any more." };
      const place = await connect(c, outside, "github", input);
      const { body } = await place.ask("GET", `${pathOf(place)}/pulls/${number}`, { accept: [404] });
      if (body?.merged === true)
        return { done: false, words: `Pull request ${number} of ${place.owner}/${place.repo} was merged: what it brought stays.` };
      await place.ask("PATCH", `${pathOf(place)}/pulls/${number}`, { body: { state: "closed" }, accept: [404], repeatable: true });
      return { done: true, words: `Pull request ${number} of ${place.owner}/${place.repo} is closed.` };
    },
  });
}

const NO_FORK = { reason: "pull request is made from a branch here, not from a fork", mend: "Leave forceFork out." };

/** What the branch stood on when the step began: kept, so that a second try makes the very same commit. */
interface Start {
  readonly parent: string;
  readonly tree: string;
  readonly at: string;
  /** Whether the branch was there before. */
  readonly there: boolean;
}

/** The files as one commit on a branch of its own; the same again is the same commit. */
export async function commitToBranch(
  c: ActionContext,
  place: Place,
  base: string,
  input: Input,
  files: readonly RepositoryFile[],
): Promise<void> {
  const { ask } = place;
  const at = pathOf(place);
  const start = await c.once("branch", async (): Promise<Start> => {
    const own = await headOf(place, input.branchName);
    if (own !== undefined && !input.update) throw taken(place, input.branchName);
    const parent = own ?? (await headOf(place, base));
    if (parent === undefined)
      throw new InvalidError(`${place.owner}/${place.repo} has no branch ${base}.`, { mend: "Name a branch that is there." });
    const { body } = await ask("GET", `${at}/git/commits/${parent}`);
    return { parent, tree: String(body?.tree?.sha), at: new Date().toISOString(), there: own !== undefined };
  });
  const tree = await ask("POST", `${at}/git/trees`, {
    body: { base_tree: start.tree, tree: await entriesOf(place, input, files) },
    repeatable: true,
  });
  const author = { ...authorOf(c, input), date: start.at };
  const commit = await ask("POST", `${at}/git/commits`, {
    body: { message: input.commitMessage ?? input.title, tree: tree.body.sha, parents: [start.parent], author, committer: author },
    repeatable: true,
  });
  await moveBranch(place, input.branchName, String(commit.body.sha), start);
  await c.log("info", `${files.length} files committed to ${input.branchName} as ${String(commit.body.sha).slice(0, 10)}.`);
}

/** Texts travel inside the tree; what is no text is sent before. */
async function entriesOf(place: Place, input: Input, files: readonly RepositoryFile[]): Promise<Record<string, unknown>[]> {
  const entries: Record<string, unknown>[] = [];
  for (const { path, content, executable } of files) {
    const entry = { path: inTarget(input.targetPath, path), mode: executable ? "100755" : "100644", type: "blob" };
    const text = textOf(content);
    if (text !== undefined) entries.push({ ...entry, content: text });
    else {
      const blob = { content: Buffer.from(content).toString("base64"), encoding: "base64" };
      entries.push({ ...entry, sha: (await place.ask("POST", `${pathOf(place)}/git/blobs`, { body: blob, repeatable: true })).body.sha });
    }
  }
  for (const path of input.filesToDelete) entries.push({ path: inTarget(input.targetPath, path), mode: "100644", type: "blob", sha: null });
  return entries;
}

function inTarget(target: string, path: string): string {
  return posix.join(target, path).replace(/^(\.?\/)+/, "");
}

function textOf(content: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

async function moveBranch(place: Place, branch: string, sha: string, start: Start): Promise<void> {
  const head = await headOf(place, branch);
  if (head === sha) return;
  if (head === undefined) {
    const made = await place.ask("POST", `${pathOf(place)}/git/refs`, { body: { ref: `refs/heads/${branch}`, sha }, accept: [422] });
    if (made.status !== 422 || (await headOf(place, branch)) === sha) return;
    throw taken(place, branch);
  }
  if (!start.there || head !== start.parent) throw taken(place, branch);
  await place.ask("PATCH", `${pathOf(place)}/git/refs/heads/${refPath(branch)}`, { body: { sha, force: false } });
}

async function headOf(place: Place, branch: string): Promise<string | undefined> {
  const { status, body } = await place.ask("GET", `${pathOf(place)}/git/ref/heads/${refPath(branch)}`, { accept: [404, 409] });
  return status === 200 && typeof body?.object?.sha === "string" ? body.object.sha : undefined;
}

function refPath(branch: string): string {
  return branch.split("/").map(encodeURIComponent).join("/");
}

function taken({ owner, repo }: Place, branch: string): ConflictError {
  return new ConflictError(`The branch ${branch} of ${owner}/${repo} is there already with other commits.`, {
    mend: "Choose another branchName, or set update to commit on top of it.",
  });
}

/** The request for that branch, or the one that is open already. */
export async function openPull(c: ActionContext, place: Place, base: string, input: Input): Promise<{ number: number; url: string }> {
  const query = `state=open&head=${encodeURIComponent(`${place.owner}:${input.branchName}`)}&base=${encodeURIComponent(base)}`;
  const [known] = (await place.ask("GET", `${pathOf(place)}/pulls?${query}`)).body as any[];
  const pull =
    known ??
    (
      await place.ask("POST", `${pathOf(place)}/pulls`, {
        body: { title: input.title, body: input.description, head: input.branchName, base, draft: input.draft },
      })
    ).body;
  await c.log("info", `Pull request ${pull.number}: ${pull.html_url}`);
  return { number: Number(pull.number), url: String(pull.html_url) };
}

/** Who is asked to look; a name that GitHub does not know is told and does not undo the pull request. */
async function call(c: ActionContext, place: Place, number: number, { reviewers, teamReviewers, assignees }: Input): Promise<void> {
  const tell = (error: unknown): Promise<void> =>
    c.log("warn", `Not everybody was asked: ${error instanceof Error ? error.message : String(error)}`);
  if (reviewers.length + teamReviewers.length > 0)
    await place
      .ask("POST", `${pathOf(place)}/pulls/${number}/requested_reviewers`, {
        body: { reviewers, team_reviewers: [...new Set(teamReviewers)] },
        repeatable: true,
      })
      .catch(tell);
  if (assignees.length > 0)
    await place.ask("POST", `${pathOf(place)}/issues/${number}/assignees`, { body: { assignees }, repeatable: true }).catch(tell);
}
