import { ConflictError, InvalidError } from "@roadbed/core";
import { createHash } from "node:crypto";
import { posix } from "node:path";
import { z } from "zod";

import type { Outside, RepositoryFile } from "../../deps.ts";
import { listFiles, resolveInside } from "../../workspace/workspace.ts";
import { defineAction, type Action, type ActionContext } from "../action.ts";
import { connect, missingConnection, pageOf, placeOf, type Place } from "../outside/connect.ts";
import { readFiles } from "../published.ts";
import { projectPath } from "./project.ts";

const Input = z.object({
  repoUrl: z.string().min(1),
  projectid: z.string().optional(),
  title: z.string().min(1),
  description: z.string().default(""),
  branchName: z.string().min(1),
  targetBranchName: z.string().optional(),
  sourcePath: z.string().optional(),
  targetPath: z.string().optional(),
  token: z.string().optional(),
  commitAction: z.enum(["create", "update", "delete", "skip", "auto"]).default("auto"),
  removeSourceBranch: z.boolean().default(false),
  assignee: z.string().optional(),
  reviewers: z.array(z.string()).default([]),
  labels: z.union([z.string(), z.array(z.string())]).optional(),
  assignReviewersFromApprovalRules: z.boolean().optional(),
  allowedHosts: z.array(z.string()).optional(),
});
type Input = z.output<typeof Input>;

/** The workspace as a merge request on top of a project that is there. */
export function makePublishGitlabMergeRequest(outside: Outside | undefined): Action {
  return defineAction({
    id: "publish:gitlab:merge-request",
    description: "Opens a merge request at GitLab with the files of the workspace.",
    input: Input,
    output: z.object({ targetBranchName: z.string(), projectid: z.string(), projectPath: z.string(), mergeRequestUrl: z.string() }),
    examples: [
      {
        description: "A merge request against the default branch",
        input: { repoUrl: "gitlab.com?owner=acme&repo=gitops", branchName: "add-orders", title: "Add orders" },
      },
    ],
    reach: "outside",
    async describe(c, input) {
      const files = await listFiles(await folderOf(c, input));
      const { host, owner, repo } = placeOf("gitlab", input.repoUrl);
      const name = `${owner}/${repo}`;
      return {
        words: `Opens the merge request "${input.title}" in ${name} at ${host} with ${files.length} files, from ${input.branchName}.`,
        resources: [{ kind: "PullRequest", name, summary: `${input.title} (${files.length} files)` }],
        output: {
          targetBranchName: input.targetBranchName ?? "main",
          projectid: name,
          projectPath: name,
          mergeRequestUrl: `${pageOf({ host, owner, repo })}/-/merge_requests/0`,
        },
        problems: await missingConnection(outside, "gitlab", input),
      };
    },
    async run(c, input) {
      const place = await connect(c, outside, "gitlab", input);
      const target = input.targetBranchName ?? (await defaultBranchOf(place));
      await commit(c, place, target, input);
      const mergeRequestUrl = await open(c, place, target, input);
      const name = `${place.owner}/${place.repo}`;
      return { targetBranchName: target, projectid: name, projectPath: name, mergeRequestUrl };
    },
    async undo(c, { input, output }) {
      const { mergeRequestUrl: url } = output;
      const number = typeof url === "string" ? /(\d+)\/?$/.exec(url)?.[1] : undefined;
      if (input === undefined || number === undefined)
        return { done: false, words: "Which merge request it opened cannot be told any more: close it there." };
      const place = await connect(c, outside, "gitlab", input);
      const name = `${place.owner}/${place.repo}`;
      const at = `${projectPath(place)}/merge_requests/${number}`;
      const { body } = await place.ask("GET", at, { accept: [404] });
      if (body?.state === "merged") return { done: false, words: `Merge request ${number} of ${name} was merged: what it brought stays.` };
      if (body?.state === "opened") await place.ask("PUT", at, { body: { state_event: "close" }, accept: [404], repeatable: true });
      return { done: true, words: `Merge request ${number} of ${name} is closed.` };
    },
  });
}

/** As Backstage does it: without `sourcePath` the files are those below `targetPath`. */
function folderOf(c: Pick<ActionContext, "workspace">, { sourcePath, targetPath }: Input): Promise<string> {
  return resolveInside(c.workspace, sourcePath ?? targetPath ?? ".", "sourcePath");
}

async function defaultBranchOf(place: Place): Promise<string> {
  const branch = (await place.ask("GET", projectPath(place))).body?.default_branch;
  if (typeof branch === "string" && branch !== "") return branch;
  throw new InvalidError(`${place.owner}/${place.repo} has no default branch.`, { mend: "Name targetBranchName." });
}

/** Made once: a branch that was not there when the step began and holds this very message now is the one it made. */
async function commit(c: ActionContext, place: Place, target: string, input: Input): Promise<void> {
  const before = await c.once("branch", async () => (await branchOf(place, input.branchName)) !== undefined);
  const now = await branchOf(place, input.branchName);
  if (before) throw taken(place, input.branchName);
  if (now !== undefined) {
    if (now.commit?.message?.trim() === input.title.trim()) return;
    throw taken(place, input.branchName);
  }
  const actions = input.commitAction === "skip" ? [] : await actionsOf(place, target, input, await readFiles(await folderOf(c, input)));
  if (actions.length === 0) {
    const query = `branch=${encodeURIComponent(input.branchName)}&ref=${encodeURIComponent(target)}`;
    await place.ask("POST", `${projectPath(place)}/repository/branches?${query}`, { accept: [400] });
    return;
  }
  await place.ask("POST", `${projectPath(place)}/repository/commits`, {
    body: { branch: input.branchName, start_branch: target, commit_message: input.title, actions },
  });
  await c.log("info", `${actions.length} files committed to ${input.branchName}.`);
}

async function actionsOf(place: Place, target: string, input: Input, files: readonly RepositoryFile[]): Promise<Record<string, unknown>[]> {
  const actions: Record<string, unknown>[] = [];
  for (const file of files) {
    const path = posix.join(input.targetPath ?? "", file.path).replace(/^(\.?\/)+/, "");
    const action = input.commitAction === "auto" ? await detect(place, target, path, file) : input.commitAction;
    if (action === "skip") continue;
    actions.push({
      action,
      file_path: path,
      ...(action === "delete" ? {} : { encoding: "base64", content: Buffer.from(file.content).toString("base64") }),
      ...(file.executable ? { execute_filemode: true } : {}),
    });
  }
  return actions;
}

async function detect(place: Place, ref: string, path: string, { content }: RepositoryFile): Promise<"create" | "update" | "skip"> {
  const { status, body } = await place.ask(
    "GET",
    `${projectPath(place)}/repository/files/${encodeURIComponent(path)}?ref=${encodeURIComponent(ref)}`,
    { accept: [404] },
  );
  if (status === 404) return "create";
  return body?.content_sha256 === createHash("sha256").update(content).digest("hex") ? "skip" : "update";
}

async function branchOf(place: Place, branch: string): Promise<{ commit?: { message?: string } } | undefined> {
  const { status, body } = await place.ask("GET", `${projectPath(place)}/repository/branches/${encodeURIComponent(branch)}`, {
    accept: [404],
  });
  return status === 404 ? undefined : body;
}

function taken({ owner, repo }: Place, branch: string): ConflictError {
  return new ConflictError(`The branch ${branch} of ${owner}/${repo} is there already.`, { mend: "Choose another branchName." });
}

async function open(c: ActionContext, place: Place, target: string, input: Input): Promise<string> {
  const at = `${projectPath(place)}/merge_requests`;
  const [known] = (await place.ask("GET", `${at}?state=opened&source_branch=${encodeURIComponent(input.branchName)}`)).body as any[];
  if (known !== undefined) return String(known.web_url);
  const assignee = input.assignee === undefined ? undefined : await userId(c, place, input.assignee);
  const reviewers = await Promise.all(input.reviewers.map((name) => userId(c, place, name)));
  const { body } = await place.ask("POST", at, {
    body: {
      source_branch: input.branchName,
      target_branch: target,
      title: input.title,
      description: input.description,
      remove_source_branch: input.removeSourceBranch,
      ...(assignee === undefined ? {} : { assignee_id: assignee }),
      ...(reviewers.length === 0 ? {} : { reviewer_ids: reviewers.filter((id) => id !== undefined) }),
      ...(input.labels === undefined ? {} : { labels: [input.labels].flat().join(",") }),
    },
  });
  await c.log("info", `Merge request: ${body.web_url}`);
  return String(body.web_url);
}

async function userId(c: ActionContext, place: Place, name: string): Promise<number | undefined> {
  const [found] = (await place.ask("GET", `/users?username=${encodeURIComponent(name)}`)).body as any[];
  if (found === undefined) await c.log("warn", `${place.host} knows no ${name}.`);
  return found?.id;
}
